"""Finds unsafe ids in answers of another cloud: ids that would lead a client to another resource.

Clients put ids of an answer into the paths of their next requests, and HTTP libraries remove dot
segments from a path: `../../network/v2.0/networks/…` as the id of an image would become a request
for a network of home. The search works on bytes, piece by piece. It is right for every JSON text,
because a quote within a string is escaped, so that `"id":` is always a key.
"""

import re

MAX_ID = 255
"""Characters of an id at most, as in the columns of OpenStack's databases."""

_BLANKS = rb"[ \t\r\n]{0,64}"
_NOT_PLAIN = re.compile(
    rb'id"(?:[ \t\r\n]{65}|%b:(?!%b(?:"(?!\.\.?")[^"\\/?#%%\x00-\x1f\x7f]{0,%d}"|[-0-9ntf{])))'
    % (_BLANKS, _BLANKS, MAX_ID)
)
"""An id whose value is not a plain string, a number, null, true, false or an object.

An object is the `id` of a JSON schema.
"""

_KEY = re.compile(rb"(id|uuid|kernel_id|ramdisk_id)|[a-z_]{1,60}_(?:id|uuid)")
"""A key with an id, between its quotes; of its group, the value must be one segment.

Nova takes a kernel's id with a slash for a URL, and sends its user's token there.
"""

_KEY_LENGTH = 66

_VALUE = re.compile(
    rb'id"%b:%b"((?:[^"\\\x00-\x1f\x7f]|\\u(?!00[0-7])[0-9A-Fa-f]{4}){0,%d})"'
    % (_BLANKS, _BLANKS, 2 * MAX_ID)
)
_DOT_SEGMENTS = re.compile(rb"\.\.|%2e|\?|#|^\.$", re.IGNORECASE)
_SEPARATORS = re.compile(rb"[/?#%]|^\.{1,2}$")

_ESCAPE = re.compile(rb"\\u00(?:3[Aa]|4[1-9A-Fa-f]|5[0-9AFaf]|6[1-9A-Fa-f]|7[0-9Aa])")
"""An escaped letter or colon: in a key, it could be any key, and no encoder writes one."""

_REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_IS_KEY = re.compile(rb'"(?:[ \t\r\n]{65}|%b:)' % _BLANKS)

_MAX_ESCAPED = 1024
"""Bytes of a key behind its escape at most; one that counts is shorter even if all is escaped."""

_BEFORE_JSON = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"
"""Bytes that clients skip before JSON: blanks, and the marks of UTF-8, UTF-16 and UTF-32."""

_REACH = 2048
"""Bytes that are kept and searched again with the next piece: longer than any match."""

_AT_ONCE = 4 * _REACH
"""Bytes that are searched at once, at least: pieces may have one byte."""


class UnsafeIdError(Exception):
    """An answer of another cloud has an id that would lead a client to another resource."""

    def __str__(self) -> str:
        return "has an id that would lead a client's next request to something else"


def has_unsafe_id(body: bytes) -> bool:
    """Return whether a whole JSON text has an id that is not safe as a segment of a path."""
    return _unsafe(body, len(body))


class Search:
    """Searches one body for unsafe ids, piece by piece; a body that is not JSON is skipped.

    `is_json` is None until the first byte that is not blank.
    """

    def __init__(self) -> None:
        self._kept = b""
        self.is_json: bool | None = None

    def feed(self, data: bytes) -> None:
        """Search a piece of the body; raises UnsafeIdError."""
        if self.is_json is None:
            if start := data.lstrip(_BEFORE_JSON):
                self.is_json = start.startswith((b"{", b"["))
            elif b"\0" in data:
                self._kept = b"\0"
        if self.is_json:
            self._kept += data
            if len(self._kept) >= _AT_ONCE:
                self._look(len(self._kept) - _REACH)

    def end(self) -> None:
        """Search the rest of the body; raises UnsafeIdError."""
        if self.is_json:
            self._look(len(self._kept))

    def _look(self, until: int) -> None:
        """Raise UnsafeIdError if an unsafe id begins before `until`, and keep the rest."""
        if until <= 0:
            return
        if _unsafe(self._kept, until):
            raise UnsafeIdError
        # And the bytes before it: they may be a key, or backslashes that escape a backslash.
        self._kept = self._kept[max(0, until - _REACH) :]


def _unsafe(body: bytes, until: int) -> bool:
    """Return whether an unsafe id begins before `until`."""
    if b"\0" in body:  # UTF-16 or UTF-32, which is not searched; JSON in UTF-8 has no NUL
        return True
    # One byte is found much faster than several, and few texts have a backslash.
    escaped = b"\\" in body and b"\\u00" in body and _has_escaped_key(body, until)
    return escaped or any(
        m.start() < until and _is_unsafe_id(body, m.start()) for m in _NOT_PLAIN.finditer(body)
    )


def _has_escaped_key(body: bytes, until: int) -> bool:
    """Return whether a key with an escape begins before `until`; reads each string once."""
    escape = _ESCAPE.search(body)
    while escape is not None and escape.start() < until:
        position = escape.end()
        if _is_escape(body, escape.start()):
            rest = _REST_OF_STRING.match(body, position)
            end = rest.end() if rest else position
            if _IS_KEY.match(body, end):
                near = _ESCAPE.finditer(body, max(escape.start(), end - _MAX_ESCAPED), end)
                if any(m.start() < until and _is_escape(body, m.start()) for m in near):
                    return True
            position = end
        escape = _ESCAPE.search(body, position)
    return False


def _is_escape(body: bytes, position: int) -> bool:
    """Return whether the backslash at a position is not escaped itself."""
    before = body[max(0, position - _REACH) : position]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 0


def _is_unsafe_id(body: bytes, position: int) -> bool:
    """Return whether the `id` at a position ends a key whose value is unsafe in a path.

    A reference (`network_id`) may have slashes, as a user's id from an identity provider has, but
    no dot segments.
    """
    end = position + len(b"id")
    quote = body.rfind(b'"', max(0, end - _KEY_LENGTH), end)
    key = _KEY.fullmatch(body, quote + 1, end) if quote >= 0 else None
    if key is None:
        return False
    value = _VALUE.match(body, position)
    if value is None:
        return True
    unsafe = _SEPARATORS if key[1] else _DOT_SEGMENTS
    return unsafe.search(value[1]) is not None
