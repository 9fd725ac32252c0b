"""Replaces the values of some keys in a JSON body while it streams; every other byte stays.

A string or a list is replaced, however long it is and whatever is in it. Any other value stays: an
object under such a key is a schema that describes it, and numbers lead nowhere.

A key is found by its quotes, as in `link_editor`. One that is written with escapes is not found;
`foreign_ids` refuses it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from openstackoid.routing.link_editor import LinkEditor

_BLANKS = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_FLAT = re.compile(
    rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{][^"\[\]{}]*+[\]}])*+', re.DOTALL
)
"""Whole strings, and lists and objects without any, as far as they go."""

_BRACKETS = re.compile(rb"[\[{]+|[\]}]+")
_QUOTE, _COLON, _BACKSLASH, _LIST = b'":\\['
_OPENING = b"[{"

_Step: TypeAlias = Callable[[bytes, int, list[bytes]], int]
"""Reads on from a position, adds to the edited pieces, and returns where the next step begins."""


class ValueEditor:
    """Edits one body piece by piece, and hands it to the editor of its links.

    `values` maps keys to the JSON that replaces their values. It holds back at most the beginning
    of a key.
    """

    strict = False
    """Whether the whole body must be edited before any of it is sent."""

    def __init__(self, values: Mapping[str, bytes], then: LinkEditor) -> None:
        self._values = {b'"%b"' % key.encode(): value for key, value in values.items()}
        self._longest = max(map(len, self._values))
        # A backslash before the quote means that it is in a string.
        self._key = re.compile(rb"(?<!\\)(?:%b)" % b"|".join(map(re.escape, self._values)))
        self._then = then
        self._held = b""
        self._there = False
        """Whether a key is anywhere in this piece."""
        self._next: _Step = self._copied
        self._new = b""
        """What replaces the value of the last key."""
        self._depth = 0
        """The depth within a list that is replaced."""
        self._in_string = False
        """Whether a string within that list is open."""

    def feed(self, data: bytes) -> bytes:
        """Add a piece of the body; return the edited bytes that no later piece can change."""
        body = self._held + data
        self._held = b""
        # Most bodies have none of them, which is found much faster like this.
        self._there = any(key in body for key in self._values)
        pieces: list[bytes] = []
        position = 0
        while position < len(body):
            position = self._next(body, position, pieces)
        return self._then.feed(b"".join(pieces))

    def rest(self) -> Iterator[bytes]:
        """Yield the rest of the body: at most the beginning of a key, and one link."""
        yield self.end()

    def end(self) -> bytes:
        """Return the rest of the body, edited."""
        return self._then.feed(self._held) + self._then.end()

    def _copied(self, body: bytes, start: int, pieces: list[bytes]) -> int:
        """Copy up to the end of the next key."""
        if self._there and (key := self._key.search(body, start)):
            pieces.append(body[start : key.end()])
            self._new = self._values[key[0]]
            self._next = self._behind_key
            return key.end()
        # Hold back what may be the beginning of a key, and the byte before it.
        quote = body.rfind(b'"', max(start, len(body) - self._longest))
        end = len(body) if quote < 0 else max(start, quote - 1)
        pieces.append(body[start:end])
        self._held = body[end:]
        return len(body)

    def _behind_key(self, body: bytes, start: int, pieces: list[bytes]) -> int:
        """Copy up to a value; without a colon, what was found is no key."""
        end = self._blanks(body, start, pieces)
        if end < len(body):
            self._next = self._at_value if body[end] == _COLON else self._copied
        return end

    def _at_value(self, body: bytes, start: int, pieces: list[bytes]) -> int:
        """Replace a value, if it is a string or a list."""
        if body[start] == _COLON:
            pieces.append(b":")
            return start + 1
        end = self._blanks(body, start, pieces)
        if end == len(body):
            return end
        if body[end] not in {_QUOTE, _LIST}:
            self._next = self._copied
            return end
        pieces.append(self._new)
        self._depth = 1
        self._next = self._left_string if body[end] == _QUOTE else self._left_list
        return end + 1

    def _left_string(self, body: bytes, start: int, _pieces: list[bytes]) -> int:
        """Leave out the rest of a string."""
        end = self._end_of(_STRING, body, start)
        if end == len(body):
            return end
        self._next = self._copied
        return end + 1

    def _left_list(self, body: bytes, start: int, _pieces: list[bytes]) -> int:
        """Leave out the rest of a list."""
        end = start
        while self._depth:
            end = self._end_of(_STRING if self._in_string else _FLAT, body, end)
            if end == len(body):
                return end
            brackets = _BRACKETS.match(body, end)
            if brackets is None:
                self._in_string = not self._in_string
                end += 1
            elif body[end] in _OPENING:
                end = brackets.end()
                self._depth += len(brackets[0])
            else:
                closed = min(len(brackets[0]), self._depth)
                end += closed
                self._depth -= closed
        self._next = self._copied
        return end

    def _end_of(self, text: re.Pattern[bytes], body: bytes, start: int) -> int:
        """Return where a match ends; a backslash at the end of a piece is held back."""
        match = text.match(body, start)
        end = match.end() if match else start
        if end == len(body) - 1 and text is _STRING and body[end] == _BACKSLASH:
            self._held = b"\\"
            return len(body)
        return end

    def _blanks(self, body: bytes, start: int, pieces: list[bytes]) -> int:
        match = _BLANKS.match(body, start)
        end = match.end() if match else start
        pieces.append(body[start:end])
        return end
