r"""Reads and writes the heads of HTTP/1.1 messages (RFC 9112, sections 2 to 5). No I/O.

Where the standard lets a recipient be lenient, this module is strict: lines end in CR LF only, one
space is between the parts of a first line, none is before a colon, and no header is folded.

In names and request targets, each byte that is not ASCII becomes a lone surrogate (`\udc80` to
`\udcff`), so that no method of `str` takes it for a letter or a space.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import ClassVar, NamedTuple

from openstackoid.gateway.http.errors import ProtocolError
from openstackoid.gateway.http.framing import with_one_length
from openstackoid.message import Headers

MAX_HEADER = 65_536
"""Bytes of the first line and of each header: enough for a token with its suffix."""

MAX_HEAD = 2 * MAX_HEADER
"""Bytes of a whole head."""

MAX_HEADERS = 128
"""Headers of a request, or of a response of another cloud."""

MAX_OWN_HEADERS = 1000
"""Headers of a response of this cloud's own service: an object has one for each metadata item."""

_URI_TOO_LONG = 414
_FIELDS_TOO_LARGE = 431
_VERSION_NOT_SUPPORTED = 505

_TOKEN = r"!#$%&'*+.^_`|~0-9A-Za-z-"  # noqa: S105  (RFC 9110, section 5.6.2)
_BEYOND_ASCII = r"\x80-\U0010ffff"


_SHORT = 64
"""Characters up to which a name or a line is cached, or may be in a message."""


class _Names:
    """Checks header names against a pattern; caches the usual ones."""

    def __init__(self, pattern: str) -> None:
        self.match = re.compile(pattern).fullmatch
        self.short = lru_cache(maxsize=1024)(self.read)

    def read(self, name: str) -> str:
        """Return a checked name, with bytes beyond ASCII escaped; raises ProtocolError."""
        if self.match(name):
            return _escaped(name)
        if name.startswith((" ", "\t")):
            raise ProtocolError(_FOLDED)
        if REQUEST.names.match(name):
            raise ProtocolError(f"the name of its header {_shown(name)} is not ASCII")
        raise ProtocolError("the name of one of its headers has a character that no name has")


class Rules(NamedTuple):
    """The rules for a head, by who sends it.

    `headers` is their greatest number. `equal_lengths`: several equal Content-Length are merged.
    """

    names: _Names
    headers: int = MAX_HEADERS
    equal_lengths: bool = False


REQUEST = Rules(_Names(f"[{_TOKEN}{_BEYOND_ASCII}]+"))
"""For requests; the handler decides whether a name may have more than ASCII."""

STRICT = Rules(_Names(f"[{_TOKEN}]+"))
"""For responses of other clouds."""

LENIENT = Rules(_Names(rf"[\x21-9;-~{_BEYOND_ASCII}]+"), MAX_OWN_HEADERS, equal_lengths=True)
"""For responses of this cloud's services: objects stored with such headers stay readable."""

_END = b"\r\n\r\n"
_CONTROLS = bytes({*range(0x20), 0x7F} - {ord("\t")})
_STRAY = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLDED = "one of its headers is folded over two lines; send it in one"
_NOT_LINES = "a line of its head does not end in CR LF, or has a control character"

_METHOD = re.compile(r"[A-Z][A-Z-]*")
_MINORS = {"HTTP/1.1": 1, "HTTP/1.0": 0}
_OTHER_VERSION = re.compile(r"[A-Z][A-Z-]* [^ \t]+ HTTP/[0-9.]+")
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: (.*))?")
_NOT_A_REQUEST = "its first line is not a method, a path and HTTP/1.1, with one space between them"


class RequestHead(NamedTuple):
    """The head of a request; `target` is as received, `minor` the x of HTTP/1.x.

    `size` is its bytes.
    """

    method: str
    target: str
    minor: int
    headers: Headers
    size: int = 0


class ResponseHead(NamedTuple):
    """The head of a response."""

    status: int
    reason: str
    minor: int
    headers: Headers


class _Reader:
    """Reads one head from pieces of any size; `rest` has the bytes after it."""

    __slots__ = ("_raw", "_rules", "rest")

    _BEGINNING: ClassVar[re.Pattern[bytes]]
    """Matches the valid beginnings of a head, from the first byte on."""

    _NO_BEGINNING: ClassVar[str]

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._raw = b""
        self.rest = b""

    def feed(self, data: bytes) -> bool:
        """Add a piece and return whether the head is complete.

        Raises ProtocolError as soon as the head cannot become valid.
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
        """Check that an incomplete head may still become valid; raises ProtocolError."""
        if not self._BEGINNING.match(raw):
            raise ProtocolError(self._NO_BEGINNING)
        if _STRAY.search(raw, max(0, before - 1)):
            raise ProtocolError(_NOT_LINES)
        if len(raw) > MAX_HEAD or (len(raw) > MAX_HEADER and b"\r\n" not in raw):
            raise _too_long(raw)

    def _read(self) -> tuple[str, Headers]:
        """Parse the complete head to its first line and headers; raises ProtocolError."""
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
        """Parse the complete head; raises ProtocolError."""
        line, headers = self._read()
        method, _, rest = line.partition(" ")
        target, _, version = rest.partition(" ")  # a regular expression is slow over a long one
        minor = _MINORS.get(version)
        if minor is None or not target or "\t" in target or not _METHOD.fullmatch(method):
            if _OTHER_VERSION.fullmatch(line):
                message = "it is neither in HTTP/1.1 nor in HTTP/1.0"
                raise ProtocolError(message, _VERSION_NOT_SUPPORTED)
            raise ProtocolError(_NOT_A_REQUEST)
        if minor and "host" not in headers:
            raise ProtocolError("it has no Host")
        return RequestHead(method, _escaped(target), minor, headers, len(self._raw))


class ResponseReader(_Reader):
    """Reads the head of a response."""

    __slots__ = ()
    _BEGINNING = re.compile(rb"HTTP/1\.|(?:HTTP/1|HTTP/|HTTP|HTT|HT|H)\Z")
    _NO_BEGINNING = "it does not begin with HTTP/1"

    def head(self) -> ResponseHead:
        """Parse the complete head; raises ProtocolError."""
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
    """Return a text with each byte beyond ASCII as a lone surrogate."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("ascii", "surrogateescape")


def _too_long(raw: bytes) -> ProtocolError:
    """Return the error for a head that is too long, or has a line that is."""
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
    """Return a name for an error message; not a long one, which may be a token."""
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return shown if len(shown) <= _SHORT and shown.isprintable() else "with a long name"


def encoded(line: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Encode a head; `line` is its first line.

    Raises ValueError if a header has a line end: it would become two headers.
    """
    lines = [line]
    lines += [f"{name}: {value}" for name, value in headers]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header with a line end")
    return f"{text}\r\n\r\n".encode("utf-8", "surrogateescape")
