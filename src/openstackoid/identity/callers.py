"""The table of callers: which services call which with their user's token, and what that gives.

A cloud that takes part in a request gets what its services must call in others, and no more.
"""

from collections.abc import Collection
from dataclasses import dataclass

from openstackoid.scope import EVERYTHING, Scope
from openstackoid.scope.expression import clouds
from openstackoid.services import BOUND, CALLS, IDENTITY, special


@dataclass(frozen=True, slots=True)
class Reach:
    """What one cloud gets by a scope.

    - `services`: its own services that the scope takes there; `*` is every one but identity.
    - `back`: services of home that these call.
    - `beyond`: services of other clouds that these call, by the names of the clouds.
    """

    services: tuple[str, ...]
    back: tuple[str, ...]
    beyond: tuple[tuple[str, tuple[str, ...]], ...]


def covers(services: Collection[str], service: str) -> bool:
    """Return whether a service is among some; `*` is every one but identity.

    In Keystone one can create credentials that outlive a token.
    """
    return service in services or (service != IDENTITY and EVERYTHING in services)


def reach(scope: Scope, cloud: str, home: str) -> Reach:
    """Return what another cloud gets by a completed scope of home's.

    Clouds side by side under an operator get nothing for each other: each server uses the bound
    services of its own cloud (`follows`).
    """
    services = tuple(
        service
        for service, expression in scope.items
        if service != IDENTITY and cloud in clouds(expression)
    )
    called = {
        service
        for caller, service in CALLS
        if cloud in _clouds(scope, caller) and not follows(scope, caller, service)
    }
    elsewhere: dict[str, list[str]] = {}
    for service in sorted(called):
        for other in _clouds(scope, service):
            if other != cloud:
                elsewhere.setdefault(other, []).append(service)
    back = tuple(elsewhere.pop(home, ()))
    return Reach(services, back, tuple((o, tuple(s)) for o, s in sorted(elsewhere.items())))


def follows(scope: Scope, caller: str, service: str) -> bool:
    """Return whether a caller in each of its clouds uses the service of that cloud alone."""
    return service in BOUND and scope.resolve(service) == scope.resolve(caller)


def called_by(services: Collection[str]) -> tuple[str, ...]:
    """Return the services that some services call, sorted."""
    return tuple(sorted({called for caller, called in CALLS if covers(services, caller)}))


def _clouds(scope: Scope, service: str) -> tuple[str, ...]:
    expression = scope.resolve(service)
    return () if expression is None else tuple(clouds(expression))


def created_in(service: str, path: str) -> tuple[bool, str]:
    """Return whether a path is of what callers create in a service, and the id in the path.

    The id is "" for the collection. `path` begins behind the service's prefix, without a query.
    """
    created = special(service).created
    found = created.fullmatch(path) if created is not None else None
    return (True, found["id"] or "") if found is not None else (False, "")
