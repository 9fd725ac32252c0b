"""Heads of messages: bytes to what they say, and back. No I/O.

llhttp reads them, strictly. What it leaves open is closed here: one space between the parts of a
request line, HTTP/1.0 or 1.1 and no other protocol, one framing of a body.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import httptools

from openstackoid.gateway.http.errors import MalformedError
from openstackoid.message import Headers

MAX_HEADER = 65_536
"""Bytes of one header: a token, its scope (4 KB), and some room."""

MAX_HEAD = 2 * MAX_HEADER
"""Bytes of all headers together."""

MAX_HEADERS = 128
"""How many headers a message may have."""

CHUNKED = -1
TO_END = -2

Framing: TypeAlias = int
"""The bytes of a body, CHUNKED, or TO_END of the connection."""

BODILESS = frozenset({204, 304})
"""Answers without a body, whatever their headers say."""

_END = b"\r\n\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_DIGITS = 18
"""Of a length; more are beyond all numbers."""


class RequestHead(NamedTuple):
    """What a request begins with; `target` is raw, `minor` the digit of HTTP/1.x."""

    method: str
    target: str
    minor: int
    headers: Headers


class ResponseHead(NamedTuple):
    """What an answer begins with."""

    status: int
    reason: str
    minor: int
    headers: Headers


class TooLongError(MalformedError):
    """A head does not end."""


class _Head:
    """What llhttp tells of a head."""

    __slots__ = ("complete", "pairs", "target")

    def __init__(self) -> None:
        self.target = b""
        self.pairs: list[tuple[str, str]] = []
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.pairs.append(
            (name.decode("ascii"), value.rstrip(b" \t").decode("utf-8", "surrogateescape"))
        )

    def on_headers_complete(self) -> None:
        if self.complete:
            raise MalformedError("two heads in one")
        self.complete = True


class HeadReader:
    """Reads one head, in whatever pieces it comes.

    `parser` is httptools' for requests or for responses.
    """

    __slots__ = ("_head", "_parser", "_raw", "rest")

    def __init__(self, parser: Any) -> None:
        self._head = _Head()
        self._parser = parser(self._head)
        self._raw = b""
        self.rest = b""
        """What came behind the head."""

    def feed(self, data: bytes) -> bool:
        """Take a piece, tell whether the head is whole; raises MalformedError."""
        before = self._raw
        if not before:
            data = data.lstrip(b"\r\n")  # some clients end a body with a line (RFC 9112, 2.2)
            if not data:
                return False
        raw = before + data
        end = raw.find(_END, max(0, len(before) - 3))
        if end < 0:
            self._raw = raw
            self._parse(data)
            if self._head.complete:
                raise MalformedError("a head without an empty line")
            if len(raw) > MAX_HEAD:
                raise TooLongError("a head without end")
            return False
        end += len(_END)
        if len(raw) == end:
            self._raw = raw
            self._parse(data)
        else:
            self._raw, self.rest = raw[:end], raw[end:]
            self._parse(self._raw[len(before) :])
        if not self._head.complete:
            raise MalformedError("an empty line within a head")
        return True

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nothing is upgraded: the headers that ask for it end here
        except httptools.HttpParserError as error:
            raise MalformedError(str(error)) from error

    def _checked(self) -> tuple[bytes, Headers]:
        """Return the first line and the headers."""
        raw, pairs = self._raw, self._head.pairs
        if len(pairs) > MAX_HEADERS:
            raise MalformedError(f"more than {MAX_HEADERS} headers")
        if len(raw) > MAX_HEADER and max(map(len, raw.split(b"\r\n"))) > MAX_HEADER:
            raise MalformedError(f"a line of more than {MAX_HEADER} bytes")
        return raw[: raw.index(b"\r\n")], Headers(pairs)

    def request(self) -> RequestHead:
        """Return a whole head of a request; raises MalformedError."""
        line, headers = self._checked()
        method, target = self._parser.get_method(), self._head.target
        rest = line.removeprefix(b"%b %b " % (method, target))
        if rest == b"HTTP/1.1":
            minor = 1
        elif rest == b"HTTP/1.0":
            minor = 0
        else:
            raise MalformedError("not HTTP/1.1", 505 if b"HTTP/" in line else 400)
        if minor and "host" not in headers:
            raise MalformedError("no host")
        return RequestHead(method.decode("ascii"), target.decode("ascii"), minor, headers)

    def response(self) -> ResponseHead:
        """Return a whole head of an answer; raises MalformedError."""
        line, headers = self._checked()
        minor, status, reason = _status_line(line)
        return ResponseHead(status, reason, minor, headers)


@lru_cache(maxsize=256)
def _status_line(line: bytes) -> tuple[int, int, str]:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise MalformedError("a status line that is none")
    reason = (match[3] or b"").decode("utf-8", "surrogateescape")
    return int(match[1]), int(match[2]), reason


def persists(headers: Headers, minor: int) -> bool:
    """Tell whether a message lets its connection stay open."""
    if "connection" not in headers:
        return minor == 1
    words = headers.words("connection")
    return "close" not in words and (minor == 1 or "keep-alive" in words)


def request_framing(headers: Headers) -> Framing:
    """Return how the body of a request is framed; raises MalformedError.

    What other coding there may be beside chunks is for whoever handles the request to refuse.
    """
    return _length(headers, 0) if _coding(headers) is None else CHUNKED


def response_framing(head: ResponseHead, method: str) -> Framing:
    """Return how the body of an answer is framed; raises MalformedError."""
    coding = _coding(head.headers)
    if coding is not None and (coding != "chunked" or head.minor == 0):
        raise MalformedError("an unknown transfer coding")
    length = _length(head.headers, TO_END)
    if method == "HEAD" or head.status in BODILESS:
        return 0
    return length if coding is None else CHUNKED


def _coding(headers: Headers) -> str | None:
    """Return the transfer coding of a body; raises MalformedError if it has two framings."""
    if "transfer-encoding" not in headers:
        return None
    codings = headers.all("transfer-encoding")
    if len(codings) > 1 or "content-length" in headers:
        raise MalformedError("a body with two framings")
    return codings[0].lower()


def _length(headers: Headers, absent: Framing) -> Framing:
    values = headers.all("content-length")
    if not values:
        return absent
    value = values[0]
    if len(values) > 1 or not (value.isascii() and value.isdigit()) or len(value) > _DIGITS:
        raise MalformedError("a length that is none")
    return int(value)


def encoded(line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return a head as it is sent.

    Raises ValueError if a header has a line end, which would make two of it.
    """
    lines = [line]
    lines += [f"{name}: {value}" for name, value in headers]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header with a line end")
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")
