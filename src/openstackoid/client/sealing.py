"""What a token is sealed for, by the scope it is used with; loaded only where there is a key."""

from openstackoid.identity.keys import sealer
from openstackoid.identity.sealing import Terms, seal
from openstackoid.scope import Scope
from openstackoid.scope.expression import clouds

_HOME = "*"  # no cloud has this name


def sealed(token: str, cloud: str, key: str, scope: Scope, home: str | None, expires: int) -> str:
    """Return a token of a cloud, for the services the scope takes there.

    Clouds of the scope may present it; any, if it is not known which is home.
    """
    completed = scope.completed(home or _HOME)
    services = [s for s, expression in completed.items if cloud in clouds(expression)]
    origins = None if home is None else completed.clouds
    return seal(token, Terms(cloud, services, origins, expires), sealer(key))
