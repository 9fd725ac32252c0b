"""Parses scopes: from text and from mappings.

    scope  ::=  { service: expr, … }
    expr   ::=  and ( "|" and )*
    and    ::=  atom ( "&" atom )*
    atom   ::=  CLOUD | "(" expr ")"

There are three forms: JSON, the same without quotes (`{nova: Berlin}`), and `compute=A,image=B|C`.
Because shells interpret `&` and `|`, one can write `+` or the word `and` for `&`, and the word `or`
for `|`. A word is an operator only between blanks, and only where an operator must be; elsewhere it
is the name of a cloud.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from openstackoid.scope.errors import ScopeError, ScopeTooLongError, nearest
from openstackoid.scope.expression import All, Any, CloudRef, Expression, clouds, combine
from openstackoid.scope.model import EVERYTHING, Scope
from openstackoid.services import known_names, service_type

MAX_BYTES = 4096
"""Bytes of a scope at most; uwsgi by default accepts 4 KB for all headers together."""

MAX_DEPTH = 32
"""Levels of nested parentheses at most; the parser recurses, and Python's stack is finite."""

_CLOUD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SERVICE = re.compile(r"\*|[A-Za-z][A-Za-z0-9_-]*")
_JSON = json.JSONDecoder()
_OTHER_JSON = re.compile(r"null|true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SPACE = re.compile(r"[ \t\r\n]*")
_BARE_EXPRESSION = re.compile(r"[A-Za-z0-9._&+|() \t\r\n-]*")
_AND = re.compile(r"[&+]|(?<=[ \t\r\n])and(?![^ \t\r\n])")
_OR = re.compile(r"\||(?<=[ \t\r\n])or(?![^ \t\r\n])")
_OPEN = re.compile(r"\(")
_CLOSE = re.compile(r"\)")
_WORD = re.compile(r"(?:and|or)(?![A-Za-z0-9._-])", re.IGNORECASE)


def parse(
    text: str, *, clouds: Collection[str] | None = None, services: Collection[str] = ()
) -> Scope:
    """Return the scope written in `text`, in any of the three forms.

    With `clouds`, every other cloud is refused. `services` are service types to allow besides the
    official ones. Raises only ScopeError, with the place of the fault.
    """
    known = None if clouds is None else frozenset(clouds)
    return _parse(text, known, frozenset(services))


def parse_mapping(mapping: Mapping[str, object]) -> Scope:
    """Return the scope in a mapping of services to expressions, as YAML loads it.

    Raises ScopeError.
    """
    for service, value in mapping.items():
        if not isinstance(service, str):  # YAML also has numbers and booleans as keys
            raise ScopeError(f"{service!r} must be text that names a service")
        if not isinstance(value, str):
            raise ScopeError(f'"{service}" must be text that names clouds, not {value!r}')
    return parse(json.dumps(mapping))


@lru_cache(maxsize=1024)
def _parse(text: str, clouds: frozenset[str] | None, services: frozenset[str]) -> Scope:
    if len(text) > MAX_BYTES:
        raise ScopeTooLongError(f"the scope is {len(text)} bytes long; at most {MAX_BYTES} fit")
    for position, character in enumerate(text):
        if not (character.isascii() and (character.isprintable() or character in "\t\r\n")):
            what = "a control character" if character.isascii() else "not ASCII"
            raise ScopeError(f"{character!r} is {what}; names here are ASCII", text, position)
    scope = _Reader(text, clouds, services).scope()
    if len(scope.canonical) > MAX_BYTES:
        raise ScopeTooLongError(
            f"the scope's canonical form is {len(scope.canonical)} bytes long; "
            f"at most {MAX_BYTES} fit"
        )
    return scope


@dataclass(frozen=True, slots=True)
class _Piece:
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


class _Reader:
    """Reads the services and values of one text, from left to right."""

    def __init__(self, text: str, clouds: frozenset[str] | None, services: frozenset[str]) -> None:
        self.text = text
        self.clouds = clouds
        self.services = services
        self.position = 0

    def scope(self) -> Scope:
        self._skip_space()
        if self.position == len(self.text):
            raise ScopeError('the scope is empty; write one like {"image": "CloudTwo"}')
        if self.text[self.position] == "{":
            self.position += 1
            pairs, expected = self._pairs(":", "}"), "the end"
        else:
            pairs, expected = self._pairs("=", ""), '"," or the end'
        if self.position < len(self.text):
            raise self._unexpected(expected)
        return self._checked(pairs)

    def _pairs(self, assign: str, close: str) -> list[tuple[_Piece, _Piece]]:
        """Read `key assign value, …` up to `close`, or up to the end if `close` is empty."""
        pairs: list[tuple[_Piece, _Piece]] = []
        self._skip_space()
        if close and self._take(close):
            return pairs
        while True:
            key = self._piece(_SERVICE, 'a service like "image"')
            if not self._take(assign):
                raise self._unexpected(f'"{assign}" and a cloud')
            value = self._piece(_BARE_EXPRESSION, 'a cloud like "CloudTwo"')
            if close and value.bare and _OTHER_JSON.fullmatch(value.value):
                reason = f"{value.value} is no text in JSON; put the cloud's name in quotes"
                raise ScopeError(reason, self.text, value.start, value.end)
            pairs.append((key, value))
            if self._take(","):
                continue
            if close and not self._take(close):
                raise self._unexpected(f'"," or "{close}"')
            return pairs

    def _piece(self, bare: re.Pattern[str], expected: str) -> _Piece:
        self._skip_space()
        start = self.position
        if self.text[start : start + 1] == '"':
            try:
                value, self.position = _JSON.raw_decode(self.text, start)
            except json.JSONDecodeError as error:
                fault = min(error.pos, len(self.text) - 1)
                problem = error.msg.removesuffix(" at").removesuffix(" starting").rstrip(": ")
                raise ScopeError(f"not JSON: {problem}", self.text, fault) from error
            literal = len(value) == self.position - start - 2
            piece = _Piece(value, start + 1, self.position - 1, literal)
        else:
            match = bare.match(self.text, start)
            value = match.group().rstrip() if match else ""
            if not value:
                raise self._unexpected(expected)
            self.position = start + len(value)
            piece = _Piece(value, start, self.position, literal=True, bare=True)
        self._skip_space()
        return piece

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _take(self, character: str) -> bool:
        if not self.text.startswith(character, self.position):
            return False
        self.position += len(character)
        self._skip_space()
        return True

    def _unexpected(self, expected: str) -> ScopeError:
        found = self.text[self.position : self.position + 1]
        what = f"found {found!r}" if found else "the text ends"
        return ScopeError(f"expected {expected} here, but {what}", self.text, self.position)

    def _checked(self, pairs: list[tuple[_Piece, _Piece]]) -> Scope:
        written: dict[str, str] = {}
        items: list[tuple[str, Expression]] = []
        for key, value in pairs:
            service = self._service(key)
            if service in written:
                twice = (
                    f'"{key.value}" is given twice'
                    if written[service] == key.value
                    else f'"{written[service]}" and "{key.value}" are the same service, {service}'
                )
                raise ScopeError(f"{twice}; keep one of them", self.text, key.start, key.end)
            written[service] = key.value
            items.append((service, _Expression(self, value).read()))
        return Scope.of(items)

    def _service(self, key: _Piece) -> str:
        name = key.value
        if name == EVERYTHING or name in self.services:
            return name
        if _SERVICE.fullmatch(name) and (official := service_type(name)):
            return official
        hint = nearest(name, (*known_names(), *self.services))
        raise ScopeError(f'unknown service "{name}"{hint}', self.text, key.start, key.end)


class _Expression:
    """Reads the expression in one value of a text."""

    def __init__(self, reader: _Reader, piece: _Piece) -> None:
        self.reader = reader
        self.piece = piece
        self.value = piece.value
        self.position = 0

    def read(self) -> Expression:
        expression = self._or(0)
        if self.position < len(self.value):
            raise self._unexpected('"&", "|" or the end')
        return expression

    def _or(self, depth: int) -> Expression:
        return self._joined(Any, _OR, self._and, depth)

    def _and(self, depth: int) -> Expression:
        return self._joined(All, _AND, self._atom, depth)

    def _joined(
        self,
        kind: type[All] | type[Any],
        operator: re.Pattern[str],
        read: Callable[[int], Expression],
        depth: int,
    ) -> Expression:
        """Read operands with an operator between them; refuse repeated ones.

        A cloud in two operands of `&` would get every request twice, also those that write.
        """
        operands: list[Expression] = []
        seen: set[Expression] = set()
        named: set[str] = set()
        while not operands or self._take(operator):
            start = self.position
            operand = read(depth)
            for part in operand.operands if isinstance(operand, kind) else (operand,):
                if part in seen:
                    end = len(self.value[: self.position].rstrip())
                    raise self._fault(f'"{part}" is given twice; keep one of them', start, end)
                seen.add(part)
            if kind is All and (twice := named.intersection(clouds(operand))):
                end = len(self.value[: self.position].rstrip())
                reason = f'{min(twice)} is on both sides of "&"; name it on one'
                raise self._fault(reason, start, end)
            named.update(clouds(operand))
            operands.append(operand)
        return combine(kind, operands)

    def _atom(self, depth: int) -> Expression:
        start = self.position
        if self._take(_OPEN):
            if depth == MAX_DEPTH:
                raise self._fault(f"more than {MAX_DEPTH} parentheses within one another", start)
            inner = self._or(depth + 1)
            if not self._take(_CLOSE):
                raise self._unexpected('")"')
            return inner
        match = _CLOUD.match(self.value, self.position)
        if not match:
            raise self._unexpected('a cloud like "CloudTwo"')
        known = self.reader.clouds
        name = match.group()
        if known is not None and name not in known:
            raise self._fault(f'unknown cloud "{name}"', *match.span(), hint=nearest(name, known))
        self.position = match.end()
        self._skip_space()
        return CloudRef(name)

    def _skip_space(self) -> None:
        match = _SPACE.match(self.value, self.position)
        self.position = match.end() if match else self.position

    def _take(self, token: re.Pattern[str]) -> bool:
        self._skip_space()
        match = token.match(self.value, self.position)
        if match is None:
            return False
        self.position = match.end()
        self._skip_space()
        return True

    def _unexpected(self, expected: str) -> ScopeError:
        if word := _WORD.match(self.value, self.position):
            reason = 'write "and" and "or" in small letters, with a blank on either side'
            return self._fault(reason, *word.span())
        found = self.value[self.position : self.position + 1]
        what = f"found {found!r}" if found else "the expression ends"
        return self._fault(f"expected {expected} here, but {what}", self.position)

    def _fault(self, reason: str, start: int, end: int | None = None, hint: str = "") -> ScopeError:
        place = self.piece.at(start, start + 1 if end is None else end)
        return ScopeError(reason, self.reader.text, *place, hint=hint)
