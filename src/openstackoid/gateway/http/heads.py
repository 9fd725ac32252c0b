r"""Reads and writes the heads of HTTP/1.1 messages (RFC 9112, sections 2 to 5). No I/O.

What the standard leaves to a recipient is refused here: lines end in CR LF and in nothing else, one
space is between the parts of a first line, none is before a colon, no header is folded.

A name or a request target that is not ASCII has a lone surrogate (`\udc80` to `\udcff`) for each
such byte, so that no method of `str` takes it for a letter or a space.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.gateway.http.framing import with_one_length
from openstackoid.message import Headers

MAX_HEADER = 65_536
"""Bytes of the first line, and of each header: a token, its scope (4 KB), and some room."""

MAX_HEAD = 2 * MAX_HEADER
"""Bytes of a whole head."""

MAX_HEADERS = 128
"""How many headers a request may have, or an answer of somebody else's service."""

MAX_OWN_HEADERS = 1000
"""How many headers an answer of an own service may have: an object has one for each metadata."""

_URI_TOO_LONG = 414
_FIELDS_TOO_LARGE = 431
_VERSION_NOT_SUPPORTED = 505

_TOKEN = r"!#$%&'*+.^_`|~0-9A-Za-z-"  # noqa: S105  (RFC 9110, section 5.6.2)
_BEYOND_ASCII = r"\x80-\U0010ffff"


_SHORT = 64
"""Characters of a name or a line that is worth remembering, or may be shown."""


class _Names:
    """Reads names of headers that match a pattern; remembers the few that everyone sends."""

    def __init__(self, pattern: str) -> None:
        self.match = re.compile(pattern).fullmatch
        self.short = lru_cache(maxsize=1024)(self.read)

    def read(self, name: str) -> str:
        """Return a name as it is kept; raises ProtocolError."""
        if self.match(name):
            return _escaped(name)
        if name.startswith((" ", "\t")):
            raise ProtocolError(_FOLDED)
        if REQUEST.names.match(name):
            raise ProtocolError(f"the name of its header {_shown(name)} is not ASCII")
        raise ProtocolError("the name of one of its headers has a character that no name has")


class Rules(NamedTuple):
    """What a head may have, by who sends it.

    `equal_lengths` tells whether several equal lengths are one.
    """

    names: _Names
    headers: int = MAX_HEADERS
    equal_lengths: bool = False


REQUEST = Rules(_Names(f"[{_TOKEN}{_BEYOND_ASCII}]+"))
"""Of clients. Whether a name may be more than ASCII is for whoever handles the request to say."""

STRICT = Rules(_Names(f"[{_TOKEN}]+"))
"""Of services elsewhere."""

LENIENT = Rules(_Names(rf"[\x21-9;-~{_BEYOND_ASCII}]+"), MAX_OWN_HEADERS, equal_lengths=True)
"""Of own services: what was stored with such headers is to stay readable."""

_END = b"\r\n\r\n"
_CONTROLS = bytes({*range(0x20), 0x7F} - {ord("\t")})
_STRAY = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLDED = "one of its headers is folded over two lines; send it in one"
_NOT_LINES = "a line of its head does not end in CR LF, or has a control character"

_REQUEST_LINE = re.compile(r"([A-Z][A-Z-]*) ([^ \t]+) HTTP/1\.([01])")
_OTHER_VERSION = re.compile(r"[A-Z][A-Z-]* [^ \t]+ HTTP/[0-9.]+")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: (.*))?")
_NOT_A_REQUEST = "its first line is not a method, a path and HTTP/1.1, with one space between them"


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


class _Reader:
    """Reads one head, in whatever pieces it comes; `rest` is what came behind it."""

    __slots__ = ("_raw", "_rules", "rest")

    _BEGINNING: ClassVar[re.Pattern[bytes]]
    """What the first bytes may be, however few there are."""

    _NO_BEGINNING: ClassVar[str]

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._raw = b""
        self.rest = b""

    def feed(self, data: bytes) -> bool:
        """Take a piece, tell whether the head is whole.

        Raises ProtocolError as soon as it is clear that the head cannot be one.
        """
        before = self._raw
        if not before:
            data = data.lstrip(b"\r\n")  # some clients end a body with a line (RFC 9112, 2.2)
            if not data:
                return False
        raw = before + data
        end = raw.find(_END, max(0, len(before) - 3))
        if end < 0:
            self._raw = raw
            self._check_begun(raw, len(before))
            return False
        if end > MAX_HEAD:
            raise _too_long(raw[:end])
        self._raw, self.rest = raw[:end], raw[end + len(_END) :]
        return True

    def _check_begun(self, raw: bytes, before: int) -> None:
        """See that a head without an end may still become one; raises ProtocolError."""
        if not self._BEGINNING.match(raw):
            raise ProtocolError(self._NO_BEGINNING)
        if _STRAY.search(raw, max(0, before - 1)):
            raise ProtocolError(_NOT_LINES)
        if len(raw) > MAX_HEAD or (len(raw) > MAX_HEADER and b"\r\n" not in raw):
            raise _too_long(raw)

    def _read(self) -> tuple[str, Headers]:
        """Return the first line and the headers; raises ProtocolError."""
        raw, rules = self._raw, self._rules
        lines = raw.decode("utf-8", "surrogateescape").split("\r\n")
        first = lines.pop(0)
        if len(raw) - len(raw.translate(None, _CONTROLS)) != 2 * len(lines):
            raise ProtocolError(_NOT_LINES)
        if len(raw) > MAX_HEADER and max(map(len, raw.split(b"\r\n"))) > MAX_HEADER:
            raise _too_long(raw)
        if len(lines) > rules.headers:
            raise ProtocolError(f"it has more than {rules.headers} headers", _FIELDS_TOO_LARGE)
        names, known = rules.names, rules.names.short
        pairs = []
        for line in lines:
            name, colon, value = line.partition(":")
            if colon:
                name = known(name) if len(name) <= _SHORT else names.read(name)
            elif line.startswith((" ", "\t")):
                raise ProtocolError(_FOLDED)
            else:
                raise ProtocolError("one of its headers has no colon")
            pairs.append((name, value.strip(" \t")))
        return first, Headers(pairs)


class RequestReader(_Reader):
    """Reads the head of a request."""

    __slots__ = ()
    _BEGINNING = re.compile(rb"[A-Z][A-Z-]*(?: |\Z)")
    _NO_BEGINNING = _NOT_A_REQUEST

    def head(self) -> RequestHead:
        """Return the head, which is whole; raises ProtocolError."""
        line, headers = self._read()
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            if _OTHER_VERSION.fullmatch(line):
                message = "it is neither in HTTP/1.1 nor in HTTP/1.0"
                raise ProtocolError(message, _VERSION_NOT_SUPPORTED)
            raise ProtocolError(_NOT_A_REQUEST)
        method, target, minor = match.groups()
        if minor == "1" and "host" not in headers:
            raise ProtocolError("it has no Host")
        return RequestHead(method, _escaped(target), int(minor), headers)


class ResponseReader(_Reader):
    """Reads the head of an answer."""

    __slots__ = ()
    _BEGINNING = re.compile(rb"HTTP/1\.|(?:HTTP/1|HTTP/|HTTP|HTT|HT|H)\Z")
    _NO_BEGINNING = "it does not begin with HTTP/1"

    def head(self) -> ResponseHead:
        """Return the head, which is whole; raises ProtocolError."""
        line, headers = self._read()
        status_line = _status_line if len(line) <= _SHORT else _status_line.__wrapped__
        minor, status, reason = status_line(line)
        if self._rules.equal_lengths and "content-length" in headers:
            headers = with_one_length(headers)
        return ResponseHead(status, reason, minor, headers)


@lru_cache(maxsize=256)
def _status_line(line: str) -> tuple[int, int, str]:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise ProtocolError("its status line is not HTTP/1.1, a number and a reason")
    return int(match[1]), int(match[2]), match[3] or ""


def _escaped(text: str) -> str:
    """Return a text with a lone surrogate for each byte that is not ASCII."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("ascii", "surrogateescape")


def _too_long(raw: bytes) -> ProtocolError:
    """Return what is said of a head that is too long, or has a line that is."""
    first, *headers = raw.split(b"\r\n")
    if len(first) > MAX_HEADER:
        return ProtocolError(f"its first line is longer than {MAX_HEADER} bytes", _URI_TOO_LONG)
    for header in headers:
        if len(header) > MAX_HEADER:
            name = header[: _SHORT + 1].partition(b":")[0].decode("utf-8", "replace")
            shown = f" {_shown(name)}" if REQUEST.names.match(name) else ""
            message = f"its header{shown} is longer than {MAX_HEADER} bytes"
            return ProtocolError(message, _FIELDS_TOO_LARGE)
    message = f"its headers are longer than {MAX_HEAD} bytes together"
    return ProtocolError(message, _FIELDS_TOO_LARGE)


def _shown(name: str) -> str:
    """Return a name as it may stand in a message: not a long one, which may be a token."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return shown if len(shown) <= _SHORT and shown.isprintable() else "with a long name"


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
