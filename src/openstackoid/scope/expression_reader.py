"""Reads an expression over clouds: what a scope says behind the name of a service.

Anybody can send 4 KB of them. So their clouds are counted before they are read, and what is known
of an operand is not worked out again for each pair of parentheses around it.
"""

import re
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from openstackoid.scope.errors import ScopeError, nearest
from openstackoid.scope.expression import All, Any, CloudRef, Expression, combine

MAX_DEPTH = 32
"""Levels of nested parentheses at most; what evaluates an expression recurses."""

MAX_PARTS = 128
"""Clouds, words and parentheses of a scope at most, where a federation is no larger (`most`).

Equal expressions are read and count once. One of a single cloud does not count: a scope is
completed by such ones, and there are no more of them than services.
"""

_SPACE = re.compile(r"[ \t\r\n]*")
_CLOUD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PART = re.compile(r"\(|[A-Za-z0-9][A-Za-z0-9._-]*")
_AFTER_OPERAND = re.compile(
    r"[ \t\r\n]*+(?:([&+]|(?<=[ \t\r\n])and(?![^ \t\r\n]))"
    r"|(\||(?<=[ \t\r\n])or(?![^ \t\r\n]))|(\)))[ \t\r\n]*"
)
"""What may follow an operand, with the blanks around it: by its group, `&`, `|` or `)`."""

_BOTH, _EITHER, _CLOSING = 1, 2, 3
_WORD = re.compile(r"(?:and|or)(?![A-Za-z0-9._-])", re.IGNORECASE)

_Kind: TypeAlias = type[All] | type[Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A key or a value: `value` is decoded, `start` and `end` are its place in the whole text."""

    value: str
    start: int
    end: int
    literal: bool
    """Whether `value` has no escapes, so that its characters are those of the text."""
    bare: bool = False
    """Whether it is written without quotes."""

    def at(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the text of a part of `value`; with escapes that of the whole."""
        if not self.literal:
            return self.start, self.end
        return self.start + start, self.start + end


def most(clouds: Collection[str] | None) -> int:
    """Return how many clouds, words and parentheses a scope may have in a federation of clouds.

    Who does not know the federation reads his own scope: it may have as many as fit.
    """
    return sys.maxsize if clouds is None else max(MAX_PARTS, 2 * len(clouds))


class Expressions:
    """Reads the expressions of one scope, whose text is `text`.

    With `clouds`, every other cloud is refused.
    """

    def __init__(self, text: str, clouds: Collection[str] | None) -> None:
        self._text = text
        self._clouds = clouds
        self._parts = 0
        self._most = most(clouds)
        self._known: dict[str, Expression] = {}
        """Those that were read: a completed scope has some of them several times."""

    def read(self, piece: Piece) -> Expression:
        """Return the expression in one value; raises ScopeError."""
        known = self._known.get(piece.value)
        if known is None:
            parts = len(_PART.findall(piece.value))
            self._parts += parts if parts > 1 else 0
            if self._parts > self._most:
                what = "clouds, words and parentheses"
                reason = f"the scope has more than {self._most} {what}; name fewer clouds"
                raise ScopeError(reason, self._text, piece.start, piece.end)
            known = self._known[piece.value] = _Reader(piece, self._text, self._clouds).read()
        return known


class _Operand:
    """An expression while it is read: the operands of one operator (any, if there is only one).

    `names` are those of its clouds, `parts` the texts of the operands.
    """

    __slots__ = ("_kind", "_operands", "names", "parts")

    def __init__(self, name: str) -> None:
        self._kind: _Kind = Any
        self._operands: list[Expression] = [CloudRef(name)]
        self.names = self.parts = frozenset((name,))

    @property
    def expression(self) -> Expression:
        """What is read until now."""
        return combine(self._kind, self._operands)

    def join(self, kind: _Kind, other: "_Operand") -> None:
        """Add another operand behind an operator; raises ValueError if that repeats something.

        A cloud in two operands of `&` would get every request twice, also those that write.
        """
        self._become(kind)
        other._become(kind)
        if not self.parts.isdisjoint(other.parts):
            twice = next(p for p in map(str, other._operands) if p in self.parts)
            raise ValueError(f'"{twice}" is given twice; keep one of them')
        if kind is All and not self.names.isdisjoint(other.names):
            twice = min(self.names & other.names)
            raise ValueError(f'{twice} is on both sides of "&"; name it on one')
        self._operands += other._operands
        plain = self.names is self.parts and other.names is other.parts  # as most are
        self.names |= other.names
        self.parts = self.names if plain else self.parts | other.parts

    def _become(self, kind: _Kind) -> None:
        """Make one operand of what has another operator."""
        if self._kind is not kind:
            if len(self._operands) > 1:
                whole = self.expression
                self._operands = [whole]
                self.parts = frozenset((str(whole),))
            self._kind = kind


class _Group:
    """What is read between two parentheses, or of all: `both` is the last operand of `either`.

    `start` is where the parenthesis opens, `begun` where `both` begins.
    """

    __slots__ = ("begun", "both", "either", "start")

    def __init__(self, start: int) -> None:
        self.start = self.begun = start
        self.both: _Operand | None = None
        self.either: _Operand | None = None


class _Reader:
    """Reads one value from left to right; `groups` are those that are open."""

    def __init__(self, piece: Piece, text: str, clouds: Collection[str] | None) -> None:
        self.piece = piece
        self.text = text
        self.clouds = clouds
        self.value = piece.value
        self.position = 0
        self.groups = [_Group(0)]

    def read(self) -> Expression:
        whole = None
        self._skip_space()
        while whole is None:
            whole = self._read_operator(self._read_operand())
        return whole.expression

    def _read_operand(self) -> _Operand:
        """Read opening parentheses and the name of a cloud; return what `&` joins with it."""
        group = self.groups[-1]
        if group.both is None:
            group.begun = self.position
        while self.value.startswith("(", self.position):
            if len(self.groups) > MAX_DEPTH:
                reason = f"more than {MAX_DEPTH} parentheses within one another"
                raise self._fault(reason, self.position)
            group = _Group(self.position)
            self.groups.append(group)
            self.position += 1
            self._skip_space()
            group.begun = self.position
        match = _CLOUD.match(self.value, self.position)
        if not match:
            raise self._unexpected('a cloud like "CloudTwo"')
        name = match.group()
        if self.clouds is not None and name not in self.clouds:
            hint = partial(nearest, name, self.clouds)
            raise self._fault(f'unknown cloud "{name}"', *match.span(), hint=hint)
        self.position = match.end()
        return self._joined_both(_Operand(name), *match.span())

    def _read_operator(self, both: _Operand) -> _Operand | None:
        """Read closing parentheses and an operator; return all that is read, if it ends there."""
        while True:
            end = self.position
            match = _AFTER_OPERAND.match(self.value, end)
            found = match.lastindex if match else None
            if match and found == _BOTH:
                self.position = match.end()
                return None
            group = self.groups[-1]
            either = self._joined(Any, group.either, both, group.begun, end)
            if match and found == _EITHER:
                group.either, group.both = either, None
                self.position = match.end()
                return None
            if not match or len(self.groups) == 1:
                return self._ended(either)
            self.groups.pop()
            both = self._joined_both(either, group.start, match.end(_CLOSING))
            self.position = match.end(_CLOSING)

    def _ended(self, whole: _Operand) -> _Operand:
        """Return all that is read; raises ScopeError if that is not all, or not complete."""
        self._skip_space()
        if len(self.groups) > 1:
            raise self._unexpected('")"')
        if self.position < len(self.value):
            raise self._unexpected('"&", "|" or the end')
        return whole

    def _joined_both(self, operand: _Operand, start: int, end: int) -> _Operand:
        group = self.groups[-1]
        group.both = self._joined(All, group.both, operand, start, end)
        return group.both

    def _joined(
        self, kind: _Kind, first: _Operand | None, operand: _Operand, start: int, end: int
    ) -> _Operand:
        if first is None:
            return operand
        try:
            first.join(kind, operand)
        except ValueError as error:
            raise self._fault(str(error), start, end) from error
        return first

    def _skip_space(self) -> None:
        match = _SPACE.match(self.value, self.position)
        self.position = match.end() if match else self.position

    def _unexpected(self, expected: str) -> ScopeError:
        if word := _WORD.match(self.value, self.position):
            reason = 'write "and" and "or" in small letters, with a blank on either side'
            return self._fault(reason, *word.span())
        found = self.value[self.position : self.position + 1]
        what = f"found {found!r}" if found else "the expression ends"
        return self._fault(f"expected {expected} here, but {what}", self.position)

    def _fault(
        self, reason: str, start: int, end: int | None = None, hint: Callable[[], str] = str
    ) -> ScopeError:
        place = self.piece.at(start, start + 1 if end is None else end)
        return ScopeError(reason, self.text, *place, hint=hint)
