"""What a token is sealed for, by the scope it is used with; loaded only where there is a key."""

from collections import defaultdict
from collections.abc import Mapping

from openstackoid.identity.callers import follows
from openstackoid.identity.keys import sealer
from openstackoid.identity.sealing import Presenter, Terms, digest, seal
from openstackoid.scope import Scope
from openstackoid.scope.expression import clouds
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import CALLS, IDENTITY


def sealed(
    token: str,
    cloud: str,
    key: str,
    scope: Scope,
    home: str,
    expires: int,
    shown: Mapping[str, str],
) -> str:
    """Return a token of a cloud, sealed for those who need it to carry out the scope.

    `shown` are the user's tokens by cloud: a gateway may present it for whoever shows that of its
    own cloud.
    """
    presenters = {
        name: Presenter(services, digest(shown[name]))
        for name, services in _presenters(scope, cloud, home).items()
        if name in shown  # any other could not get that far
    }
    return seal(token, Terms(cloud, presenters, expires), sealer(key))


def _presenters(scope: Scope, cloud: str, home: str) -> dict[str, set[str]]:
    """Return the clouds that may present a token of a cloud, each with the services it may call.

    Home's gateway may call all that the scope takes there, for every request begins at home. Any
    other gateway may call what a service that the scope takes in its cloud calls for a user. Home
    itself is shown home's token clear; sealed, it is for the services of other clouds alone.
    """
    completed = scope.completed(home)
    presenters: defaultdict[str, set[str]] = defaultdict(set)
    if cloud != home:
        presenters[home] = _taken(scope, completed, cloud)
    for caller, service in CALLS:
        callers, called = _clouds(completed, caller), _clouds(completed, service)
        if cloud not in called or follows(completed, caller, service):
            continue
        for other in callers - {cloud}:
            presenters[other].add(service)
    return dict(presenters)


def _taken(scope: Scope, completed: Scope, cloud: str) -> set[str]:
    """Return what the scope takes in another cloud than home, as the user has written it.

    Keystone makes of a token credentials that have no end, so completing a scope adds it for
    nobody.
    """
    services = {service for service, expression in completed.items if cloud in clouds(expression)}
    return services - ({EVERYTHING, IDENTITY} - {service for service, _ in scope.items})


def _clouds(completed: Scope, service: str) -> set[str]:
    expression = completed.resolve(service)
    return set(clouds(expression)) if expression else set()
