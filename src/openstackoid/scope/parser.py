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
from collections.abc import Collection, Mapping
from functools import lru_cache

from openstackoid.scope.errors import ScopeError, ScopeTooLongError, nearest
from openstackoid.scope.expression_reader import Expressions, Piece
from openstackoid.scope.model import EVERYTHING, Scope
from openstackoid.services import known_names, service_type

MAX_BYTES = 4096
"""Bytes of a scope at most; uwsgi by default accepts 4 KB for all headers together."""

_ODD = re.compile(r"[^ -~\t\r\n]")
_SERVICE = re.compile(r"\*|[A-Za-z][A-Za-z0-9_-]*")
_JSON = json.JSONDecoder()
_OTHER_JSON = re.compile(r"null|true|false|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SPACE = re.compile(r"[ \t\r\n]*")
_BARE_EXPRESSION = re.compile(r"[A-Za-z0-9._&+|() \t\r\n-]*")


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
    if odd := _ODD.search(text):
        what = "a control character" if odd[0].isascii() else "not ASCII"
        raise ScopeError(f"{odd[0]!r} is {what}; names here are ASCII", text, odd.start())
    scope = _Reader(text, clouds, services).scope()
    if len(scope.canonical) > MAX_BYTES:
        raise ScopeTooLongError(
            f"the scope's canonical form is {len(scope.canonical)} bytes long; "
            f"at most {MAX_BYTES} fit"
        )
    return scope


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
            values, expected = self._values(":", "}"), "the end"
        else:
            values, expected = self._values("=", ""), '"," or the end'
        if self.position < len(self.text):
            raise self._unexpected(expected)
        expressions = Expressions(self.text, self.clouds)
        return Scope.of((service, expressions.read(value)) for service, value in values)

    def _values(self, assign: str, close: str) -> list[tuple[str, Piece]]:
        """Read `key assign value, …` up to `close`, or up to the end if `close` is empty.

        Return the services with their values. A service that there is not, or that is there twice,
        ends the reading: so there are never more of them than there are services.
        """
        values: list[tuple[str, Piece]] = []
        written: dict[str, str] = {}
        self._skip_space()
        if close and self._take(close):
            return values
        while True:
            key = self._piece(_SERVICE, 'a service like "image"')
            if not self._take(assign):
                raise self._unexpected(f'"{assign}" and a cloud')
            value = self._piece(_BARE_EXPRESSION, 'a cloud like "CloudTwo"')
            if close and value.bare and _OTHER_JSON.fullmatch(value.value):
                reason = f"{value.value} is no text in JSON; put the cloud's name in quotes"
                raise ScopeError(reason, self.text, value.start, value.end)
            values.append((self._service(key, written), value))
            if self._take(","):
                continue
            if close and not self._take(close):
                raise self._unexpected(f'"," or "{close}"')
            return values

    def _piece(self, bare: re.Pattern[str], expected: str) -> Piece:
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
            piece = Piece(value, start + 1, self.position - 1, literal)
        else:
            match = bare.match(self.text, start)
            value = match.group().rstrip() if match else ""
            if not value:
                raise self._unexpected(expected)
            self.position = start + len(value)
            piece = Piece(value, start, self.position, literal=True, bare=True)
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

    def _service(self, key: Piece, written: dict[str, str]) -> str:
        """Return the service that a key names, and add it to those that are `written`."""
        name = key.value
        if name == EVERYTHING or name in self.services:
            service: str | None = name
        else:
            service = service_type(name) if _SERVICE.fullmatch(name) else None
        if service is None:
            hint = nearest(name, (*known_names(), *self.services))
            raise ScopeError(f'unknown service "{name}"{hint}', self.text, key.start, key.end)
        if service in written:
            twice = (
                f'"{name}" is given twice'
                if written[service] == name
                else f'"{written[service]}" and "{name}" are the same service, {service}'
            )
            raise ScopeError(f"{twice}; keep one of them", self.text, key.start, key.end)
        written[service] = name
        return service
