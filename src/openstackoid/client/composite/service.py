"""Which service a command is of, and where its scope sends it."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from cliff.command import Command
from cliff.commandmanager import CommandManager

from openstackoid.scope import CloudRef, Expression, Scope, ScopeError
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import BOUND, COMPUTE, IDENTITY, service_type

_FOLLOWING = frozenset({COMPUTE, IDENTITY, EVERYTHING, *BOUND})
"""What goes where the command goes, as far as the same expression is written for it."""

_ACCOUNTED = frozenset({COMPUTE, *BOUND})
_COMMON = {"limits": _ACCOUNTED, "quota": _ACCOUNTED, "availability": _ACCOUNTED}
"""The services that commands of no service of their own ask, where that is not all of them."""


OURS = "oid"
"""The API that our own commands are declared for, in their group."""


class AmbiguousScopeError(ScopeError):
    """A command of several services, with more than one composite expression."""


@dataclass(frozen=True)
class Known:
    """A command as its plugin declares it: `server create` in `openstack.compute.v2`."""

    name: str
    group: str

    @classmethod
    def of(cls, manager: CommandManager, command: Command) -> "Known | None":
        """Return what a command is known as; found by its class, for people shorten names."""
        target = f"{type(command).__module__}:{type(command).__qualname__}"
        return next(
            (
                cls(name, point.group)
                for name, point in manager.commands.items()
                if isinstance(point, EntryPoint) and point.value == target
            ),
            None,
        )

    @property
    def service(self) -> str | None:
        """The official service type, None for commands that are of no single service."""
        api = self.group.split(".")[1]
        return service_type(api) or service_type(api.removesuffix("client"))

    @property
    def creates(self) -> bool:
        """Whether it says of itself that it creates something."""
        return self.name.endswith(" create")

    @property
    def noun(self) -> str:
        """What it is about, e.g. `security group`."""
        return self.name.rpartition(" ")[0]


@dataclass(frozen=True)
class Placement:
    """Where one command runs: the expression, and which services are taken there with it."""

    scope: Scope
    expression: Expression
    services: Collection[str]

    def scope_in(self, cloud: str) -> Scope:
        """Return the scope of the branch in one cloud.

        Composite expressions of services that do not follow stay: the gateway evaluates them.
        """
        return Scope.of(
            (s, CloudRef(cloud) if e == self.expression and s in self.services else e)
            for s, e in self.scope.items
        )


def placement(scope: Scope, known: Known) -> Placement | None:
    """Return where a command runs if that is more than one cloud, None if it is one.

    A command that asks several services runs where their only composite expression says. Ours are
    for the own gateway, which reads the whole scope. Raises AmbiguousScopeError if there are two.
    """
    if known.group.split(".")[1] == OURS:
        return None
    if known.service:
        expression = scope.resolve(known.service)
        if expression is None or isinstance(expression, CloudRef):
            return None
        return Placement(scope, expression, {known.service, *_FOLLOWING})
    asked = _COMMON.get(known.name.split()[0])
    written = [scope.resolve(s) for s in asked] if asked else [e for _, e in scope.items]
    composite = list(dict.fromkeys(e for e in written if e and not isinstance(e, CloudRef)))
    if not composite:
        return None
    if len(composite) > 1:
        raise AmbiguousScopeError(
            f"{known.name} is of several services, and the scope takes them in different clouds "
            f"({', '.join(map(str, composite))}); write one expression for all of them, or name "
            "one cloud"
        )
    return Placement(scope, composite[0], [s for s, _ in scope.items])
