"""The scope itself: an immutable, hashable mapping of service types to expressions."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from openstackoid.scope.expression import Cloud, Expression, clouds
from openstackoid.services import BOUND, COMPUTE, IDENTITY

EVERYTHING = "*"
"""The key for every service that a scope does not name."""


@dataclass(frozen=True)
class Scope:
    """For each service type, an expression over clouds.

    `items` is sorted by service type, without repeats; `parse` makes it so. An empty scope is
    false: it names no cloud at all. Neither a str nor a mapping on purpose: openstacksdk formats
    the strings and renames the keys of whatever it finds in a cloud's configuration.
    """

    items: tuple[tuple[str, Expression], ...] = ()

    @classmethod
    def of(cls, items: Iterable[tuple[str, Expression]]) -> "Scope":
        """Return the scope of these services, which must be official types without repeats."""
        return cls(tuple(sorted(items, key=lambda item: item[0])))

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        return self.canonical

    @cached_property
    def canonical(self) -> str:
        """The one way to write this scope: ASCII JSON, no spaces, keys sorted.

        See docs/reference/scope.md#the-canonical-form.
        """
        return json.dumps({s: str(e) for s, e in self.items}, separators=(",", ":"))

    def get(self, service: str) -> Expression | None:
        """Return the expression written for this service type, None if the scope has none."""
        return self._by_service.get(service)

    def resolve(self, service: str) -> Expression | None:
        """Return where a service is taken: as named, as bound to compute, or as `*` says."""
        named = self.get(service)
        if named is None and service in BOUND:
            named = self.get(COMPUTE)
        return named if named is not None else self.get(EVERYTHING)

    def completed(self, home: str) -> "Scope":
        """Return the scope as it travels: with `*` (home), identity and the bound services.

        Completing twice changes nothing, so a gateway can tell whether a scope is complete.
        """
        scope = self if self.get(EVERYTHING) else self.having(EVERYTHING, Cloud(home))
        needed = (IDENTITY, *BOUND) if scope.get(COMPUTE) else (IDENTITY,)
        missing = [(s, e) for s in needed if not scope.get(s) and (e := scope.resolve(s))]
        return Scope.of((*scope.items, *missing)) if missing else scope

    def having(self, service: str, expression: Expression) -> "Scope":
        """Return this scope with another expression for one service."""
        return Scope.of((*((s, e) for s, e in self.items if s != service), (service, expression)))

    def composites(self) -> Iterator[tuple[str, Expression]]:
        """Yield the services whose expression has an operator."""
        return ((s, e) for s, e in self.items if not isinstance(e, Cloud))

    @cached_property
    def clouds(self) -> tuple[str, ...]:
        """The names of all clouds, each once, in the order of the services."""
        return tuple(dict.fromkeys(name for _, e in self.items for name in clouds(e)))

    @cached_property
    def _by_service(self) -> dict[str, Expression]:
        return dict(self.items)
