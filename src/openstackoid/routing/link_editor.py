"""Rewrites links in a JSON body while it streams; every other byte stays as it is.

A link is a string that is a whole URL under one of these keys: `href`; the relations `self`,
`first`, `last`, `next`, `prev` and `previous`; any key that ends in `_ref`. Objects whose keys
users choose have no links: `metadata` and any key that ends in it, `properties`, `extra_specs`,
`labels`, `parameters`.

Keys and values are found by their quotes. Quotes within a JSON string are escaped, so text in a
string is never taken for a link.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

_KEYS = frozenset({b"first", b"href", b"last", b"next", b"prev", b"previous", b"self"})
_REFERENCE = b"_ref"
_MAX_NAME = 64
"""Bytes of a link's key at most."""

_MAX_COLON = 9
"""Bytes between a key and its value at most, the colon included."""

_LINK_KEY = re.compile(
    rb'(?:%b)"[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"' % b"|".join([*sorted(_KEYS), _REFERENCE])
)
"""The end of a link's key, and the quote before its value."""

_PLAIN = rb'[^"\\\x00-\x20\x7f]*+'
_URL = re.compile(rb"%b(?:\\(?:/|u[0-9A-Fa-f]{4})%b)*+" % (_PLAIN, _PLAIN))
_UPWARD_URL = re.compile(rb"%b(?:\\(?:[/nrt]|u[0-9A-Fa-f]{4})%b)*+" % (_PLAIN, _PLAIN))
_MAX_URL = 8192
"""Bytes of a link at most; servers accept no longer URLs."""

_MAX_HELD = _MAX_NAME + _MAX_COLON + _MAX_URL + 5
"""Bytes held back at most: a link with its key, four quotes, and the byte before them."""

_SHARE = 16
"""What is held is looked at again once a part of it, one of so many, is new."""

_ABSOLUTE = re.compile(rb"://")
_RELATIVE = re.compile(
    rb'"(?:%b)[ \t\r\n]{0,8}:[ \t\r\n]{0,8}"/'
    % b"|".join(b'(?<=%b")' % key for key in [*sorted(_KEYS), _REFERENCE])
)
_DOTS = (b"..", b".\\", b"%2", b"\\u002")
_DOT = rb"(?:\.|%2[eE]|\\u002[eE])"
_UPWARD = re.compile(rb"%b(?:\\[nrt]|\\u000[9aAdD])*+%b" % (_DOT, _DOT))
"""Two dots, which may be a step upward, in any spelling; what clients drop may be between.

Each has one of `_DOTS`, which are found faster.
"""

_SCHEMES = frozenset({b"http", b"https"})

_USER_OBJECTS = (b"metadata", b'"properties', b'"extra_specs', b'"labels', b'"parameters')
"""The endings of keys whose objects have keys that users choose."""

_OBJECT = re.compile(
    rb'"(?:%b)\s{0,4}:\s{0,4}\{' % b"|".join(b'(?<=%b")' % key for key in _USER_OBJECTS)
)
"""The end of such a key, and the beginning of its object."""

_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_FLAT = re.compile(rb'(?:[^"{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|\{[^"{}]*+\})*+', re.DOTALL)
"""Whole strings, and objects without any, as far as they go."""

_BRACES = re.compile(rb"\{+|\}+")
_BACKSLASH, _OPENING = b"\\{"

_NONE = (sys.maxsize, sys.maxsize)

_Span: TypeAlias = tuple[int, int]
_Change: TypeAlias = tuple[int, int, bytes]


class LinkEditor:
    """Edits one body piece by piece; holds back at most a link that may be incomplete.

    `lead` returns the rewritten link. Relative links are rewritten only if `relative` is true, and
    those with two dots in any case.
    """

    strict = False
    """Whether the whole body must be edited before any of it is sent."""

    def __init__(self, lead: Callable[[str], str], *, relative: bool) -> None:
        self._lead = lead
        self._relative = relative
        self._held = b""
        self._unread = 0
        """Bytes at the end of what is held that were not looked at."""
        self._depth = 0
        """The depth of nested objects within a user's object, 0 outside of one."""
        self._in_string = False
        """Whether a string within that object is open."""

    def feed(self, data: bytes) -> bytes:
        """Add a piece of the body; return the edited bytes that no later piece can change."""
        self._held += data
        self._unread += len(data)
        if self._unread * _SHARE < len(self._held):  # a cloud may send each byte alone
            return b""
        self._unread = 0
        return self._edited(self._complete_until())

    def rest(self) -> Iterator[bytes]:
        """Yield the rest of the body: at most one link."""
        yield self.end()

    def end(self) -> bytes:
        """Return the rest of the body, edited."""
        return self._edited(len(self._held))

    def _complete_until(self) -> int:
        """Return where the first key with an incomplete value can begin: three quotes back."""
        start = len(self._held)
        oldest = max(0, start - _MAX_HELD)
        for _ in range(3):
            start = self._held.rfind(b'"', oldest, start)
            if start < 0:
                return oldest
        return max(oldest, start - 1)

    def _edited(self, until: int) -> bytes:
        """Return the edited body up to `until`, or to the end of a link or object beyond it."""
        skipped = list(self._user_objects())
        pieces: list[bytes] = []
        position = 0
        for start, end, new in self._changes(skipped):
            pieces += self._held[position:start], new
            position = end
        until = max(until, position, skipped[-1][1] if skipped else 0)
        pieces.append(self._held[position:until])
        self._held = self._held[until:]
        return b"".join(pieces)

    def _changes(self, skipped: Sequence[_Span]) -> Iterator[_Change]:
        """Yield start, end and replacement of each complete link that changes, in their order."""
        quotes = self._absolute()
        upward = set(self._upward())
        more = [*(self._paths() if self._relative else ()), *upward]
        for quote in _outside(sorted({*quotes, *more}) if more else quotes, skipped):
            start = quote + 1
            end = self._held.find(b'"', start, start + _MAX_URL + 1)
            url = _UPWARD_URL if quote in upward else _URL
            if end > 0 and self._is_link(quote) and url.fullmatch(self._held, start, end):
                old = self._held[start:end].decode("latin-1")  # byte for byte
                if (new := self._lead(old)) != old:
                    yield start, end, new.encode("latin-1")

    def _is_link(self, quote: int) -> bool:
        """Return whether the value that begins at a quote has the key of a link."""
        held = self._held
        end = held.rfind(b'"', max(0, quote - _MAX_COLON - 1), quote)
        if end < 0 or held[end + 1 : quote].strip() != b":":
            return False
        start = held.rfind(b'"', max(0, end - _MAX_NAME - 1), end)
        if start < 0:
            return False
        key = held[start + 1 : end]
        # A backslash before the quote means that this is the end of a longer key.
        return (key in _KEYS or key.endswith(_REFERENCE)) and held[start - 1 : start] != b"\\"

    def _absolute(self) -> Iterator[int]:
        """Yield the quote before each absolute URL.

        Searching for `://` is fastest, as most of a body is not a URL.
        """
        for match in _ABSOLUTE.finditer(self._held):
            end = match.start()
            quote = self._held.rfind(b'"', max(0, end - 6), end)
            if quote >= 0 and self._held[quote + 1 : end].lower() in _SCHEMES:
                yield quote

    def _paths(self) -> Iterator[int]:
        return (match.end() - 2 for match in _RELATIVE.finditer(self._held))

    def _upward(self) -> Iterator[int]:
        """Yield the quote before each link with two dots in a row, in any spelling."""
        held = self._held
        if not any(dots in held for dots in _DOTS):
            return
        for key in _LINK_KEY.finditer(held):
            start = key.end()
            end = held.find(b'"', start, start + _MAX_URL + 1)
            if end > 0 and _UPWARD.search(held, start, end):
                yield start - 1

    def _user_objects(self) -> Iterator[_Span]:
        """Yield the spans of objects whose keys users choose.

        The last one may continue in the next piece.
        """
        start = 0
        while True:
            if self._depth:
                end = self._skipped(start)
                yield start, end
                start = end
            if self._depth:
                return
            match = _OBJECT.search(self._held, start)
            if match is None:
                return
            start = match.end()
            self._depth = 1

    def _skipped(self, position: int) -> int:
        """Return where a user's object ends, or this piece (before a backslash at its end)."""
        held = self._held
        while self._depth:
            match = (_TEXT if self._in_string else _FLAT).match(held, position)
            position = match.end() if match else position
            if position == len(held) or (self._in_string and held[position] == _BACKSLASH):
                break
            braces = _BRACES.match(held, position)
            if braces is None:
                self._in_string = not self._in_string
                position += 1
            elif held[position] == _OPENING:
                position = braces.end()
                self._depth += len(braces[0])
            else:
                closed = min(len(braces[0]), self._depth)
                position += closed
                self._depth -= closed
        return position


def _outside(positions: Iterable[int], spans: Sequence[_Span]) -> Iterator[int]:
    """Yield the positions that are in none of the spans; both must be sorted."""
    following = iter(spans)
    start, end = next(following, _NONE)
    for position in positions:
        while position >= end:
            start, end = next(following, _NONE)
        if position < start:
            yield position
