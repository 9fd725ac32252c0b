"""The type `Scope`: an immutable, hashable mapping of service types to expressions."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from openstackoid.scope.expression import CloudRef, Expression, clouds
from openstackoid.services import BOUND, COMPUTE, IDENTITY

EVERYTHING = "*"
"""The key that stands for every service that a scope does not name."""


@dataclass(frozen=True)
class Scope:
    """For each service type, an expression over clouds.

    `items` is sorted by service type and has each type once; `parse` and `of` see to that. An empty
    scope is false. A scope is neither a `str` nor a `Mapping`, because openstacksdk formats strings
    and renames keys in a cloud's configuration.
    """

    items: tuple[tuple[str, Expression], ...] = ()

    @classmethod
    def of(cls, items: Iterable[tuple[str, Expression]]) -> "Scope":
        """Return a scope of these items; the services must be official types, each given once."""
        return cls(tuple(sorted(items, key=lambda item: item[0])))

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        return self.canonical

    @cached_property
    def canonical(self) -> str:
        """The canonical text of this scope: ASCII JSON, no spaces, keys sorted.

        See docs/reference/scope.md#the-canonical-form.
        """
        return json.dumps({s: str(e) for s, e in self.items}, separators=(",", ":"))

    def get(self, service: str) -> Expression | None:
        """Return the expression that the scope names for a service type, None if there is none."""
        return self._by_service.get(service)

    def resolve(self, service: str) -> Expression | None:
        """Return where a service is taken, None if the scope does not say.

        That is the expression of the service, else of compute for a bound service, else of `*`.
        """
        named = self.get(service)
        if named is None and service in BOUND:
            named = self.get(COMPUTE)
        return named if named is not None else self.get(EVERYTHING)

    def completed(self, home: str) -> "Scope":
        """Return the completed scope: with `*` (home), identity and the bound services.

        A completed scope stays as it is, so a gateway can check whether a scope is completed.
        """
        scope = self if self.get(EVERYTHING) else self.having(EVERYTHING, CloudRef(home))
        needed = (IDENTITY, *BOUND) if scope.get(COMPUTE) else (IDENTITY,)
        missing = [(s, e) for s in needed if not scope.get(s) and (e := scope.resolve(s))]
        return Scope.of((*scope.items, *missing)) if missing else scope

    def having(self, service: str, expression: Expression) -> "Scope":
        """Return this scope with the given expression for one service."""
        return Scope.of((*((s, e) for s, e in self.items if s != service), (service, expression)))

    def composites(self) -> Iterator[tuple[str, Expression]]:
        """Yield the services whose expression has an operator, with the expression."""
        return ((s, e) for s, e in self.items if not isinstance(e, CloudRef))

    @cached_property
    def clouds(self) -> tuple[str, ...]:
        """The names of all clouds in the scope, each once, in the order of the services."""
        return tuple(dict.fromkeys(name for _, e in self.items for name in clouds(e)))

    @cached_property
    def _by_service(self) -> dict[str, Expression]:
        return dict(self.items)
