"""Replaces links in a body of JSON while it streams; every other byte stays as it is.

A link is a string that is nothing but a URL, under a key that says so: `href`; the relations
`self`, `first`, `last`, `next`, `prev` and `previous`; whatever ends in `_ref`. Objects in which
users choose the keys have no links: `metadata` and what ends so, `properties`, `extra_specs`,
`labels`, `parameters`.

Keys and values are found by their quotes: within a string of JSON those are escaped, so that
nothing in a text is taken for a link.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

_KEYS = frozenset({b"first", b"href", b"last", b"next", b"prev", b"previous", b"self"})
_REFERENCE = b"_ref"
_MAX_NAME = 64
"""Bytes of a key."""

_MAX_COLON = 9
"""Bytes between a key and its value, the colon included."""

_PLAIN = rb'[^"\\\x00-\x20\x7f]*+'
_URL = re.compile(rb"%b(?:\\(?:/|u[0-9A-Fa-f]{4})%b)*+" % (_PLAIN, _PLAIN))
_MAX_URL = 8192
"""Bytes of a link; servers take no longer ones."""

_MAX_HELD = _MAX_NAME + _MAX_COLON + _MAX_URL + 5
"""Bytes in which any link is whole, with its key, the quotes, and the byte before them."""

_ABSOLUTE = re.compile(rb"://")
_RELATIVE = re.compile(rb'"/')
_SCHEMES = frozenset({b"http", b"https"})

_OBJECT = re.compile(rb'"\s{0,4}:\s{0,4}\{')
_OWNED = (b"metadata", b'"properties', b'"extra_specs', b'"labels', b'"parameters')
"""How the keys of objects end in which users choose the keys."""

_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_BETWEEN = re.compile(rb'[^"{}]*+')
_QUOTE, _BACKSLASH, _OPENING = b'"\\{'

_NONE = (sys.maxsize, sys.maxsize)

_Span: TypeAlias = tuple[int, int]
_Change: TypeAlias = tuple[int, int, bytes]


class LinkEditor:
    """Edits one body piece by piece; holds back no more than a link that may not be whole.

    `lead` returns what a link is to be. Relative links are looked at if `relative` is true.
    """

    strict = False
    """Whether nothing of the body may pass before all of it is edited."""

    def __init__(self, lead: Callable[[str], str], *, relative: bool) -> None:
        self._lead = lead
        self._relative = relative
        self._held = b""
        self._depth = 0
        """How many objects are open of a user's one, that one included."""
        self._in_text = False
        """Whether a string is open in it."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece of the body, return what is certain by now."""
        self._held += data
        return self._edited(self._certain())

    def end(self) -> bytes:
        """Return the rest."""
        return self._edited(len(self._held))

    def _certain(self) -> int:
        """Return where the first key may be whose value is not whole: three quotes back."""
        start = len(self._held)
        oldest = max(0, start - _MAX_HELD)
        for _ in range(3):
            start = self._held.rfind(b'"', oldest, start)
            if start < 0:
                return oldest
        return max(oldest, start - 1)

    def _edited(self, until: int) -> bytes:
        """Return the body up to `until`, or to the end of what is whole and goes beyond."""
        owned = list(self._owned())
        pieces: list[bytes] = []
        position = 0
        for start, end, new in self._changes(owned):
            pieces += self._held[position:start], new
            position = end
        until = max(until, position, owned[-1][1] if owned else 0)
        pieces.append(self._held[position:until])
        self._held = self._held[until:]
        return b"".join(pieces)

    def _changes(self, owned: Sequence[_Span]) -> Iterator[_Change]:
        """Yield start, end and replacement of each whole link that changes, in their order."""
        quotes = sorted((*self._absolute(), *self._paths())) if self._relative else self._absolute()
        for quote in _outside(quotes, owned):
            start = quote + 1
            end = self._held.find(b'"', start, start + _MAX_URL + 1)
            if end > 0 and self._is_link(quote) and _URL.fullmatch(self._held, start, end):
                old = self._held[start:end].decode("latin-1")  # byte for byte
                if (new := self._lead(old)) != old:
                    yield start, end, new.encode("latin-1")

    def _is_link(self, quote: int) -> bool:
        """Tell whether the key before the value that begins at a quote is that of a link."""
        held = self._held
        end = held.rfind(b'"', max(0, quote - _MAX_COLON - 1), quote)
        if end < 0 or held[end + 1 : quote].strip() != b":":
            return False
        start = held.rfind(b'"', max(0, end - _MAX_NAME - 1), end)
        if start < 0:
            return False
        key = held[start + 1 : end]
        # Behind a backslash it is part of a longer key.
        return (key in _KEYS or key.endswith(_REFERENCE)) and held[start - 1 : start] != b"\\"

    def _absolute(self) -> Iterator[int]:
        """Yield the quote before each absolute URL: most of a body is none, and this is fastest."""
        for match in _ABSOLUTE.finditer(self._held):
            end = match.start()
            quote = self._held.rfind(b'"', max(0, end - 6), end)
            if quote >= 0 and self._held[quote + 1 : end].lower() in _SCHEMES:
                yield quote

    def _paths(self) -> Iterator[int]:
        return (match.start() for match in _RELATIVE.finditer(self._held))

    def _owned(self) -> Iterator[_Span]:
        """Yield what is within objects of users; the last one may go on in the next piece."""
        start = 0
        while True:
            if self._depth:
                end = self._skipped(start)
                yield start, end
                start = end
            if self._depth:
                return
            for match in _OBJECT.finditer(self._held, start):
                if self._held.endswith(_OWNED, 0, match.start()):
                    start = match.end()
                    self._depth = 1
                    break
            else:
                return

    def _skipped(self, position: int) -> int:
        """Return where a user's object ends, or this piece of it; less a backslash at its end."""
        held = self._held
        while self._depth:
            match = (_TEXT if self._in_text else _BETWEEN).match(held, position)
            position = match.end() if match else position
            if position == len(held) or (self._in_text and held[position] == _BACKSLASH):
                break
            if held[position] == _QUOTE:
                self._in_text = not self._in_text
            else:
                self._depth += 1 if held[position] == _OPENING else -1
            position += 1
        return position


def _outside(positions: Iterable[int], spans: Sequence[_Span]) -> Iterator[int]:
    """Yield those of the positions that are in none of the spans; both are in their order."""
    following = iter(spans)
    start, end = next(following, _NONE)
    for position in positions:
        while position >= end:
            start, end = next(following, _NONE)
        if position < start:
            yield position
