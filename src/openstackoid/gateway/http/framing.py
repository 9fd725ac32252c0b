"""Finds how the body of a message is framed, and whether its connection stays open. No I/O."""

from typing import TypeAlias

from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.message import Headers

CHUNKED = -1
TO_END = -2

Framing: TypeAlias = int
"""The length of a body in bytes, CHUNKED, or TO_END: until the connection ends."""

BODILESS = frozenset({204, 304})
"""Statuses of responses that have no body, whatever their headers say."""

_MAX_DIGITS = 18
"""Digits of the longest Content-Length: more could overflow 64 bits."""


def persists(headers: Headers, minor: int) -> bool:
    """Return whether a message keeps its connection open; `minor` is the x of HTTP/1.x."""
    if "connection" not in headers:
        return minor == 1
    words = headers.words("connection")
    return "close" not in words and (minor == 1 or "keep-alive" in words)


def request_framing(headers: Headers) -> Framing:
    """Return how the body of a request is framed; raises ProtocolError.

    Other codings before `chunked` are allowed here; the handler refuses them.
    """
    coding = _coding(headers)
    if coding is None:
        return _length(headers, 0)
    codings = [one.strip() for one in coding.split(",")]
    if codings.count("chunked") != 1 or codings[-1] != "chunked":
        raise ProtocolError("its Transfer-Encoding does not end in chunked, or has it twice")
    return CHUNKED


def response_framing(status: int, minor: int, headers: Headers, method: str) -> Framing:
    """Return how the body of a response is framed; `method` is its request's.

    Raises ProtocolError.
    """
    coding = _coding(headers)
    if coding is not None and (coding != "chunked" or minor == 0):
        raise ProtocolError("its Transfer-Encoding is not chunked alone, or it is in HTTP/1.0")
    length = _length(headers, TO_END)
    if method == "HEAD" or status in BODILESS:
        return 0
    return length if coding is None else CHUNKED


def with_one_length(headers: Headers) -> Headers:
    """Return the headers with equal Content-Length values merged to one (RFC 9110, section 8.6)."""
    values = [one.strip() for value in headers.all("content-length") for one in value.split(",")]
    if len(values) < 2 or len(set(values)) > 1:
        return headers
    kept = headers.without({"content-length"})
    return Headers((*kept, ("Content-Length", values[0])))


def _coding(headers: Headers) -> str | None:
    """Return the transfer coding, None without one; raises ProtocolError if it is ambiguous."""
    if "transfer-encoding" not in headers:
        return None
    codings = headers.all("transfer-encoding")
    if len(codings) > 1:
        raise ProtocolError("it has Transfer-Encoding twice")
    if "content-length" in headers:
        raise ProtocolError("it has both Content-Length and Transfer-Encoding")
    return codings[0].lower()


def _length(headers: Headers, absent: Framing) -> Framing:
    values = headers.all("content-length")
    if not values:
        return absent
    value = values[0]
    if len(values) > 1:
        raise ProtocolError("it has Content-Length twice")
    if not (value.isascii() and value.isdigit()) or len(value) > _MAX_DIGITS:
        raise ProtocolError("its Content-Length is not one number")
    return int(value)
