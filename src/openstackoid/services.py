"""The one table of what is special about a service type; all others follow OpenStack's conventions.

A path is the one behind the service's prefix, without its query.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """What is special about one service type.

    `data` matches paths whose bodies are the user's own bytes: they are never read or edited.
    """

    data: re.Pattern[str] | None = None


_PLAIN = Service()

_SERVICES = {
    "image": Service(data=re.compile(r"/v2/images/[^/]+/(?:file|stage)")),
    # All but the listings of an account and a container.
    "object-store": Service(data=re.compile(r"(?!(?:/v1)?/[^/]*(?:/[^/]*)?/?\Z).*", re.DOTALL)),
}


def is_data(service: str, path: str) -> bool:
    """Tell whether bodies at a path of a service are the user's own bytes, whatever their type."""
    data = _SERVICES.get(service, _PLAIN).data
    return data is not None and data.fullmatch(path) is not None
