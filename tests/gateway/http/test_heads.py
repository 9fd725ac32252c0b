"""Heads: what is read in them, and what is refused."""

import itertools

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.http.errors import MalformedError
from openstackoid.gateway.http.heads import (
    CHUNKED,
    MAX_HEAD,
    MAX_HEADERS,
    TO_END,
    HeadReader,
    RequestHead,
    ResponseHead,
    TooLongError,
    encoded,
    persists,
    request_framing,
    response_framing,
)
from openstackoid.message import Headers

GET = b"GET /a%2Fb?c HTTP/1.1\r\nHost: x\r\n"


def read(parser: type, data: bytes, cuts: list[int]) -> HeadReader:
    """Read a head cut into pieces; it ends with the last one."""
    reader = HeadReader(parser)
    edges = [0, *sorted(cuts), len(data)]
    whole = [reader.feed(data[a:b]) for a, b in itertools.pairwise(edges) if a < b]
    assert whole == [False] * (len(whole) - 1) + [True]
    return reader


def request(data: bytes, cuts: list[int] | None = None) -> RequestHead:
    return read(httptools.HttpRequestParser, data, cuts or []).request()


def response(data: bytes) -> ResponseHead:
    return read(httptools.HttpResponseParser, data, []).response()


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
    reader = HeadReader(httptools.HttpRequestParser)
    assert reader.feed(GET + b"\r\n" + rest)
    assert reader.rest == rest


def test_an_empty_line_before_a_head_is_none_of_it() -> None:
    """Some clients send one behind a body."""
    reader = HeadReader(httptools.HttpRequestParser)
    assert not reader.feed(b"\r\n\r\n")
    assert reader.feed(b"\r\n" + GET + b"\r\n")
    assert reader.request().target == "/a%2Fb?c"


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
        b"FOO / HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\xe9 HTTP/1.1",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_request_line_that_is_none_is_refused(line: bytes) -> None:
    """Two servers might not agree on what it asks for."""
    with pytest.raises(MalformedError):
        request(line + b"\r\nHost: x\r\n\r\n")


@pytest.mark.parametrize(
    "header",
    [
        b"A : b",
        b" A: b",
        b"A\t: b",
        b"A",
        b": b",
        b"A(b: c",
        b"A\xe9: b",
        b"A\x00: b",
        b"A: \x00",
        b"A: \x01",
        b"A: \x7f",
        b"A: \x0b",
        b"A: b\n c",
        b"A: b\r\n c",
        b"A: b\r\n\tc",
        b"A:\r\n b",
        b"A: b\nB: c",
        b"A: b\rB: c",
        b"A: b\r\r\nB: c",
        b"Content-Length: 1\r\nContent-Length: 1",
        b"Content-Length: 1, 1",
        b"Content-Length: +1",
        b"Content-Length: -1",
        b"Content-Length: 0x1",
        b"Content-Length: 1_0",
        b"Content-Length: 1 0",
        b"Content-Length:",
        b"Content-Length: \xd9\xa1",
        b"Content-Length: " + b"9" * 19,
        b"Content-Length: 1\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 1",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: chunked, gzip",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding:",
        b"Transfer-Encoding: \x0bchunked",
    ],
)
def test_a_header_that_is_none_is_refused(header: bytes) -> None:
    """Nor is one taken that frames the body in two ways, or in none that is known."""
    with pytest.raises(MalformedError):
        request_framing(request(GET + header + b"\r\n\r\n").headers)


def test_a_host_has_to_be_named() -> None:
    """But in HTTP/1.0, which does not know it."""
    with pytest.raises(MalformedError):
        request(b"GET / HTTP/1.1\r\nA: b\r\n\r\n")
    assert request(b"GET / HTTP/1.0\r\nA: b\r\n\r\n").minor == 0


def test_nothing_is_upgraded() -> None:
    """It is a request like any other, and what is behind it is its body."""
    upgrade = b"Connection: upgrade\r\nUpgrade: h2c\r\n"
    head = request(GET + upgrade + b"Content-Length: 2\r\n\r\n")
    assert request_framing(head.headers) == 2
    assert request(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").method == "CONNECT"


def test_a_head_has_an_end() -> None:
    """And no more headers, nor longer ones, than somebody may need."""
    reader = HeadReader(httptools.HttpRequestParser)
    pieces = [GET, *[b"A: b\r\n"] * MAX_HEAD]
    with pytest.raises(TooLongError):
        list(map(reader.feed, pieces))
    for header in (b"A: b\r\n" * MAX_HEADERS, b"A: " + b"b" * 65_536 + b"\r\n"):
        with pytest.raises(MalformedError):
            request(GET + header + b"\r\n")
    assert len(request(GET + b"A: b\r\n" * (MAX_HEADERS - 1) + b"\r\n").headers.pairs) == 128


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
    with pytest.raises(MalformedError):
        response(line + b"\r\n\r\n")


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("head", "method", "framing"),
    [
        (OK, "GET", TO_END),
        (OK + b"Content-Length: 012\r\n", "GET", 12),
        (OK + b"Content-Length: 12\r\n", "HEAD", 0),
        (OK + b"Transfer-Encoding: Chunked\r\n", "GET", CHUNKED),
        (b"HTTP/1.1 204 No\r\nContent-Length: 12\r\n", "GET", 0),
        (b"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n", "GET", 0),
        (b"HTTP/1.0 200 OK\r\n", "GET", TO_END),
    ],
)
def test_how_an_answer_is_framed(head: bytes, method: str, framing: int) -> None:
    """By its length, in chunks, or by the end of the connection."""
    assert response_framing(response(head + b"\r\n"), method) == framing


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "head",
    [
        OK + b"Content-Length: 1\r\nContent-Length: 1\r\n",
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        OK + b"Content-Length: +1\r\n",
        OK + b"Content-Length:\r\n",
        OK + b"Transfer-Encoding: gzip\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        OK + b"A: b\r\n c\r\n",
        OK + b"A : b\r\n",
        OK + b"A: b\nB: c\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_an_answer_with_two_framings_is_none(head: bytes, method: str) -> None:
    """What is behind it could be taken for the answer to somebody else's request."""
    with pytest.raises(MalformedError):
        response_framing(response(head + b"\r\n"), method)


@pytest.mark.parametrize(
    ("minor", "connection", "stays"),
    [
        (1, None, True),
        (1, "keep-alive, close", False),
        (1, "CLOSE", False),
        (1, "x", True),
        (0, None, False),
        (0, "Keep-Alive", True),
        (0, "x", False),
    ],
)
def test_whether_a_connection_stays_open(minor: int, connection: str | None, stays: bool) -> None:
    """HTTP/1.1 says when it does not, HTTP/1.0 when it does."""
    pairs = [] if connection is None else [("Connection", connection)]
    assert persists(Headers(pairs), minor) is stays


@pytest.mark.parametrize("value", ["a\r\nB: c", "a\nb", "a\rb", "a\0b"])
def test_nothing_that_is_written_makes_two_headers_of_one(value: str) -> None:
    """Wherever a value comes from."""
    with pytest.raises(ValueError, match="line end"):
        encoded("GET / HTTP/1.1", [("A", value)])
