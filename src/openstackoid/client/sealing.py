"""What a token is sealed for, by the scope it is used with; loaded only where there is a key."""

from openstackoid.identity.keys import sealer
from openstackoid.identity.sealing import Terms, seal
from openstackoid.scope import Scope
from openstackoid.scope.expression import clouds


def sealed(token: str, cloud: str, key: str, scope: Scope, home: str, expires: int) -> str:
    """Return a token of a cloud, for the services the scope takes there.

    Clouds of the scope may present it.
    """
    completed = scope.completed(home)
    services = [s for s, expression in completed.items if cloud in clouds(expression)]
    return seal(token, Terms(cloud, services, completed.clouds, expires), sealer(key))
