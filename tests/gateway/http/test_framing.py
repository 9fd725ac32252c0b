"""How bodies are framed, and whether connections stay open."""

import pytest

from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.gateway.http.framing import (
    CHUNKED,
    TO_END,
    Framing,
    persists,
    request_framing,
    response_framing,
)
from openstackoid.gateway.http.heads import (
    LENIENT,
    REQUEST,
    STRICT,
    RequestReader,
    ResponseReader,
    Rules,
)
from openstackoid.message import Headers


def request(headers: bytes) -> Framing:
    reader = RequestReader(REQUEST)
    assert reader.feed(b"PUT / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
    return request_framing(reader.head().headers)


def response(data: bytes, method: str, rules: Rules = STRICT) -> Framing:
    reader = ResponseReader(rules)
    assert reader.feed(data + b"\r\n")
    head = reader.head()
    return response_framing(head.status, head.minor, head.headers, method)


@pytest.mark.parametrize(
    "headers",
    [
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
def test_a_request_with_two_framings_or_an_unknown_one_is_refused(headers: bytes) -> None:
    """What is behind it could be taken for a request of somebody else."""
    with pytest.raises(ProtocolError):
        request(headers)


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
    assert response(head, method) == framing


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
    with pytest.raises(ProtocolError):
        response(head, method)


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


LENGTH = b"Content-Length: 2\r\n"


@pytest.mark.parametrize(
    "lengths",
    [
        LENGTH,
        LENGTH * 2,
        LENGTH * 3,
        b"content-LENGTH: 2, 2\r\n",
        LENGTH + b"Content-length: 2 ,2\r\n",
    ],
)
@pytest.mark.parametrize(("method", "framing"), [("GET", 2), ("HEAD", 0)])
def test_equal_lengths_of_an_own_service_are_one(lengths: bytes, method: str, framing: int) -> None:
    """And only one is passed on, for clients may refuse two."""
    data = OK + b"A: b\r\n" + lengths
    assert response(data, method, LENIENT) == framing
    reader = ResponseReader(LENIENT)
    reader.feed(data + b"\r\n")
    assert reader.head().headers.all("content-length") == ["2"]


@pytest.mark.parametrize(
    "lengths",
    [
        LENGTH + b"Content-Length: 3\r\n",
        LENGTH + b"Content-Length: 02\r\n",
        b"Content-Length: 2, 3\r\n",
        b"Content-Length: 2,\r\n",
        b"Content-Length: ,\r\n",
        LENGTH * 2 + b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: x, x\r\n",
    ],
)
def test_lengths_that_differ_are_none_whoever_sends_them(lengths: bytes) -> None:
    """Nobody knows where such an answer ends."""
    with pytest.raises(ProtocolError):
        response(OK + lengths, "GET", LENIENT)
