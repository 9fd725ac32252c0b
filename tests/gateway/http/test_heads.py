"""Heads: what is read in them, and what is refused."""

import itertools
from collections.abc import Iterable

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.gateway.http.framing import request_framing
from openstackoid.gateway.http.heads import (
    LENIENT,
    MAX_HEAD,
    MAX_HEADER,
    MAX_HEADERS,
    MAX_OWN_HEADERS,
    REQUEST,
    STRICT,
    RequestHead,
    RequestReader,
    ResponseHead,
    ResponseReader,
    Rules,
    encoded,
)

GET = b"GET /a%2Fb?c HTTP/1.1\r\nHost: x\r\n"


def request(data: bytes, cuts: Iterable[int] = (), rules: Rules = REQUEST) -> RequestHead:
    """Read a head cut into pieces; it ends with the last one."""
    reader = RequestReader(rules)
    edges = [0, *sorted(cuts), len(data)]
    whole = [reader.feed(data[a:b]) for a, b in itertools.pairwise(edges) if a < b]
    assert whole == [False] * (len(whole) - 1) + [True]
    return reader.head()


def response(data: bytes, rules: Rules = STRICT) -> ResponseHead:
    reader = ResponseReader(rules)
    assert reader.feed(data)
    return reader.head()


HEAD = GET + "x-ODD:  caf\u00e9 \t\r\nEmpty:\r\nX-odd: 2\r\n".encode() + b"Raw: \xe9\r\n\r\n"


@given(st.lists(st.integers(0, len(HEAD) - 1)))
def test_a_head_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    """Order, case and bytes of headers are kept, space around values is not."""
    head = request(HEAD, cuts)
    assert (head.method, head.target, head.minor) == ("GET", "/a%2Fb?c", 1)
    assert head.headers.pairs == (
        ("Host", "x"),
        ("x-ODD", "café"),
        ("Empty", ""),
        ("X-odd", "2"),
        ("Raw", "\udce9"),
    )
    assert head.headers.all("x-odd") == ["café", "2"]
    assert "empty" in head.headers
    again = encoded("GET /a%2Fb?c HTTP/1.1", head.headers.pairs)
    assert again == HEAD.replace(b":  caf", b": caf").replace(b" \t\r", b"\r").replace(
        b"Empty:\r", b"Empty: \r"
    )


@given(st.binary(max_size=40))
def test_what_is_behind_a_head_is_left(rest: bytes) -> None:
    """To the byte, though it looks like more of it."""
    reader = RequestReader(REQUEST)
    assert reader.feed(GET + b"\r\n" + rest)
    assert reader.rest == rest


def test_an_empty_line_before_a_head_is_none_of_it() -> None:
    """Some clients send one behind a body."""
    reader = RequestReader(REQUEST)
    assert not reader.feed(b"\r\n\r\n")
    assert reader.feed(b"\r\n" + GET + b"\r\n")
    assert reader.head().target == "/a%2Fb?c"


@pytest.mark.parametrize(
    "line",
    [
        b"GET  / HTTP/1.1",
        b"GET /  HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET / HTTP/1.1\r",
        b"GET /",
        b"GET / HTTP/0.9",
        b"GET / HTTP/1.2",
        b"GET / HTTP/2.0",
        b"GET / http/1.1",
        b"GET / RTSP/1.0",
        b"OPTIONS / RTSP/1.0",
        b"SOURCE / ICE/1.0",
        b"get / HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\t HTTP/1.1",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_request_line_that_is_none_is_refused(line: bytes) -> None:
    """Two servers might not agree on what it asks for."""
    with pytest.raises(ProtocolError):
        request(line + b"\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize("rules", [REQUEST, STRICT, LENIENT])
@pytest.mark.parametrize(
    "header",
    [
        b"A : b",
        b" A: b",
        b"A\t: b",
        b"A b: c",
        b"A",
        b"a" * 100,
        b": b",
        b"A\x00: b",
        b"A\x7f: b",
        b"A: \x00",
        b"A: \x01",
        b"A: \x7f",
        b"A: \x0b",
        b"A: b\n c",
        b"A: b\r\n c",
        b"A: b\r\n c: d",
        b"A: b\r\n\tc",
        b"A: b\r\n " + b"c" * 100,
        b"A:\r\n b",
        b"A: b\nB: c",
        b"A: b\rB: c",
        b"A: b\r\r\nB: c",
    ],
)
def test_a_header_that_is_none_is_refused_whoever_sends_it(header: bytes, rules: Rules) -> None:
    """Two readers might not agree on what it says."""
    with pytest.raises(ProtocolError):
        response(b"HTTP/1.1 200 OK\r\n" + header + b"\r\n\r\n", rules)
    with pytest.raises(ProtocolError):
        request(GET + header + b"\r\n\r\n", rules=rules)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("X-Object-Meta-Gr\u00f6\u00dfe".encode(), {REQUEST, LENIENT}),
        ("X-Object-Meta-\u540d\u524d".encode(), {REQUEST, LENIENT}),
        ("X-Object-Meta-Gr\u00f6\u00dfe".encode("latin-1"), {REQUEST, LENIENT}),
        ("X-\u212aey\u00a0".encode(), {REQUEST, LENIENT}),
        (b"X-\x85", {REQUEST, LENIENT}),
        (b"X-Object-Meta-(a)", {LENIENT}),
        (b'X-Object-Meta-"/[]{}@,;<=>?\\', {LENIENT}),
        (b"X-!#$%&'*+.^_`|~" + b"a" * 100, {REQUEST, STRICT, LENIENT}),
    ],
)
def test_which_names_a_header_may_have(name: bytes, taken: set[Rules]) -> None:
    """All bytes of them are kept; those beyond ASCII are no letters, and no space, to `str`."""
    head = b"HTTP/1.1 200 OK\r\n" + name + b": 7\r\n\r\n"
    for rules in (REQUEST, STRICT, LENIENT):
        if rules in taken:
            headers = response(head, rules).headers
            assert encoded("HTTP/1.1 200 OK", headers.pairs) == head
            assert headers.pairs[0][0].lower().encode("utf-8", "surrogateescape") == name.lower()
            assert headers.pairs[0][0].strip() == headers.pairs[0][0]
        else:
            with pytest.raises(ProtocolError):
                response(head, rules)


def test_a_name_that_is_not_ascii_is_told() -> None:
    """As it is written; but no value is, nor what may be one."""
    for name, told in (
        ("Gr\u00f6\u00dfe", "its header Gr\u00f6\u00dfe is not ASCII"),
        ("gAAAA" * 20 + "\u00f6", "its header with a long name is not ASCII"),
        ("X-\u202e", "its header with a long name is not ASCII"),
        ("secret {", "one of its headers has a character that no name has"),
    ):
        with pytest.raises(ProtocolError) as raised:
            response(f"HTTP/1.1 200 OK\r\n{name}: secret\r\n\r\n".encode())
        assert told in str(raised.value)
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "target", ["/b\u00fccher.txt".encode(), b"/b\xfccher.txt?\xa0\x85", "/\u00a0\u3000".encode()]
)
def test_the_bytes_of_a_target_are_kept(target: bytes) -> None:
    """Whatever their encoding; whether it is taken is for others to say."""
    read = request(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target).target
    assert read.encode("utf-8", "surrogateescape") == target
    assert not read.isascii()
    assert read.split() == [read]


MUTATIONS = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"\xc3\xb6",
    b"\xff",
    b"\x0b",
    b"(",
    b"-",
]


class Told:
    """What llhttp tells of a head."""

    def __init__(self) -> None:
        self.target = b""
        self.pairs: list[tuple[bytes, bytes]] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.pairs.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self.complete = True


BEYOND_ASCII = bytes.maketrans(bytes(range(0x80, 0x100)), b"x" * 0x80)


@given(st.lists(st.tuples(st.integers(0, len(HEAD)), st.sampled_from(MUTATIONS)), max_size=3))
@example([(len(GET), b"A: b\r\n c\r\n")])
def test_whatever_is_taken_another_parser_reads_in_the_same_way(
    mutations: list[tuple[int, bytes]],
) -> None:
    """Llhttp, the parser of Node.js; what is not ASCII aside, which it does not take in names."""
    data = HEAD
    for at, piece in mutations:
        data = data[:at] + piece + data[at:]
    reader = RequestReader(REQUEST)
    try:
        if not reader.feed(data):
            return
        head = reader.head()
    except ProtocolError:
        return
    if not head.target.startswith("/"):
        return  # routing refuses it
    told = Told()
    parser = httptools.HttpRequestParser(told)
    whole = data[: len(data) - len(reader.rest)].translate(BEYOND_ASCII)
    try:
        parser.feed_data(whole)
    except httptools.HttpParserInvalidMethodError:
        return  # it knows some forty
    assert told.complete
    assert (parser.get_method().decode(), parser.get_http_version()[-1]) == (
        head.method,
        str(head.minor),
    )
    pairs = [
        (n.encode("utf-8", "surrogateescape"), v.encode("utf-8", "surrogateescape"))
        for n, v in head.headers.pairs
    ]
    masked = [(n.translate(BEYOND_ASCII), v.translate(BEYOND_ASCII)) for n, v in pairs]
    assert told.pairs == masked
    target = head.target.encode("utf-8", "surrogateescape").translate(BEYOND_ASCII)
    assert told.target == target


@pytest.mark.parametrize("method", ["COPY", "REPORT", "M-SEARCH", "FOO"])
def test_a_method_may_be_any(method: str) -> None:
    """Services have some of their own: without a scope they are the service's to refuse."""
    assert request(f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode()).method == method


def test_a_host_has_to_be_named() -> None:
    """But in HTTP/1.0, which does not know it."""
    with pytest.raises(ProtocolError):
        request(b"GET / HTTP/1.1\r\nA: b\r\n\r\n")
    assert request(b"GET / HTTP/1.0\r\nA: b\r\n\r\n").minor == 0


def test_nothing_is_upgraded() -> None:
    """It is a request like any other, and what is behind it is its body."""
    upgrade = b"Connection: upgrade\r\nUpgrade: h2c\r\n"
    head = request(GET + upgrade + b"Content-Length: 2\r\n\r\n")
    assert request_framing(head.headers) == 2
    assert request(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").method == "CONNECT"


def long(name: str, size: int) -> bytes:
    """Return a header of so many bytes."""
    return name.encode() + b": " + b"b" * (size - len(name) - 2) + b"\r\n"


@pytest.mark.parametrize(
    ("head", "status", "why"),
    [
        (b"GET /" + b"a" * MAX_HEADER + b" HTTP/1.1", 414, "its first line is longer than 65536"),
        (b"GET /" + b"a" * 10 * MAX_HEADER, 414, "its first line is longer than 65536"),
        (GET + long("A", MAX_HEADER + 1), 431, "its header A is longer than 65536"),
        (GET + long("A", 10 * MAX_HEADER), 431, "its header A is longer than 65536"),
        (GET + b"a" * (MAX_HEADER + 1), 431, "its header with a long name is longer than 65536"),
        (GET + b"{" * (MAX_HEADER + 1), 431, "its header is longer than 65536"),
        (GET + long("A", MAX_HEADER) * 2, 431, "its headers are longer than 131072"),
        (GET + b"A: b\r\n" * MAX_HEAD, 431, "its headers are longer than 131072"),
        (GET + b"A: b\r\n" * MAX_HEADERS, 431, "it has more than 128 headers"),
    ],
)
@pytest.mark.parametrize("piece", [1 << 30, 50_000])
def test_a_head_has_limits_and_each_is_told(head: bytes, status: int, why: str, piece: int) -> None:
    """With the status that says whether the line or a header is too long; before its end, too."""
    data = head + b"\r\n\r\n"
    with pytest.raises(ProtocolError, match=why) as raised:
        request(data, range(piece, len(data), piece))
    assert raised.value.status == status


def test_what_is_within_the_limits_is_taken() -> None:
    """To the byte."""
    line = b"GET /" + b"a" * (MAX_HEADER - len("GET / HTTP/1.1")) + b" HTTP/1.1\r\n"
    request(line + b"Host: x\r\n\r\n")
    request(GET + long("A", MAX_HEADER) + b"\r\n")
    assert len(request(GET + b"A: b\r\n" * (MAX_HEADERS - 1) + b"\r\n").headers.pairs) == 128


def test_how_many_headers_an_answer_may_have() -> None:
    """Several hundred, of an own service: an object has one for each of its metadata."""
    for rules, most in ((STRICT, MAX_HEADERS), (LENIENT, MAX_OWN_HEADERS)):
        head = b"HTTP/1.1 200 OK\r\n"
        assert len(response(head + b"A: b\r\n" * most + b"\r\n", rules).headers.pairs) == most
        with pytest.raises(ProtocolError, match=f"more than {most} headers"):
            response(head + b"A: b\r\n" * (most + 1) + b"\r\n", rules)


@pytest.mark.parametrize(
    "begun",
    [
        b"\x16\x03\x01",
        b"hello",
        b"GET / HTTP/1.1\nHost",
        b"GET /\0",
        b"GET / HTTP/1.1\r\nA: b\rc",
    ],
)
def test_what_can_become_no_head_is_refused_before_its_end(begun: bytes) -> None:
    """Nobody has to wait for it: TLS at a port without, for example."""
    with pytest.raises(ProtocolError):
        request(begun, range(len(begun)))


def test_an_answer_that_can_become_none_is_refused_before_its_end() -> None:
    """By its first byte, if need be."""
    with pytest.raises(ProtocolError, match="does not begin with HTTP/1"):
        ResponseReader(STRICT).feed(b"\x15")
    reader = ResponseReader(STRICT)
    for byte in b"HTTP/1.1 200 OK\r":
        assert not reader.feed(bytes([byte]))


@pytest.mark.parametrize(
    ("line", "read"),
    [
        (b"HTTP/1.1 200 As You Like", (200, "As You Like", 1)),
        (b"HTTP/1.1 200 ", (200, "", 1)),
        (b"HTTP/1.1 200", (200, "", 1)),
        (b"HTTP/1.0 599 caf\xc3\xa9", (599, "café", 0)),
    ],
)
def test_a_status_line(line: bytes, read: tuple[int, str, int]) -> None:
    """A reason may be anything, or nothing."""
    assert response(line + b"\r\nA: b\r\n\r\n")[:3] == read


@pytest.mark.parametrize(
    "line",
    [
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 600 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1 200OK",
        b"HTTP/2.0 200 OK",
        b"ICE/1.0 200 OK",
        b"HTTP/1.1 200 \x00",
        b"HTTP/1.1 200 \x1b[2J",
        b"GET / HTTP/1.1",
    ],
)
def test_a_status_line_that_is_none_is_refused(line: bytes) -> None:
    """Llhttp lets some of them pass."""
    with pytest.raises(ProtocolError):
        response(line + b"\r\n\r\n")


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nb", "a\rb", "a\0b"])
def test_nothing_that_is_written_makes_two_headers_of_one(value: str) -> None:
    """Wherever a value comes from."""
    with pytest.raises(ValueError, match="line end"):
        encoded("GET / HTTP/1.1", [("A", value)])
