"""What a token is sealed for, by the scope it is used with; loaded only where there is a key."""

from openstackoid.identity.keys import sealer
from openstackoid.identity.sealing import Terms, seal
from openstackoid.scope import Scope
from openstackoid.scope.expression import clouds
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import IDENTITY, called, callers_of


def sealed(token: str, cloud: str, key: str, scope: Scope, home: str, expires: int) -> str:
    """Return a token of a cloud, sealed for the services that the scope takes there.

    The gateways of the clouds in the scope may present it, and home's, which the client sends
    every request to, whatever the scope takes there.
    """
    presenting = {home, *scope.completed(home).clouds}
    services = _services(scope, cloud, home)
    return seal(token, Terms(cloud, services, presenting, expires), sealer(key))


def _services(scope: Scope, cloud: str, home: str) -> set[str]:
    """Return what of a cloud others need its token for: no more than the user has written.

    Keystone makes of a token credentials that have no end, so completing a scope adds it for
    nobody. Home itself is shown home's token clear: sealed, it is for services elsewhere that call
    home's. They ask no other Keystone than their own, and fetch images.
    """
    completed = scope.completed(home)
    services = {s for s, e in completed.items if cloud in clouds(e)}
    if cloud != home:
        return services - ({EVERYTHING, IDENTITY} - {s for s, _ in scope.items})
    return services - {EVERYTHING, IDENTITY} | {
        service
        for service in called()
        if home in _clouds(completed, service)
        and set().union(*(_clouds(completed, c) for c in callers_of(service))) - {home}
    }


def _clouds(scope: Scope, service: str) -> set[str]:
    expression = scope.resolve(service)
    return set(clouds(expression)) if expression else set()
