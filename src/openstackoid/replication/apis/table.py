"""The table of all kinds that are replicated."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from openstackoid.replication.apis.api import Api, Draft, NotReplicatedError
from openstackoid.replication.apis.flavor import FLAVOR
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.apis.keypair import KEYPAIR
from openstackoid.replication.apis.network import NETWORK
from openstackoid.replication.apis.security_group import SECURITY_GROUP
from openstackoid.replication.apis.server import SERVER
from openstackoid.replication.apis.subnet import SUBNET

APIS: Mapping[str, Api] = {
    api.kind.name: api for api in (FLAVOR, IMAGE, KEYPAIR, NETWORK, SUBNET, SECURITY_GROUP, SERVER)
}
"""By the name of the kind."""


class Asked(NamedTuple):
    """What a request orders, and of which kind."""

    api: Api
    draft: Draft


def asks(service: str, method: str, path: str) -> str | None:
    """Return the path of what a cloud has to show before a write says what it orders."""
    every = (api.asks(method, path) for api in APIS.values() if api.service == service)
    return next((one for one in every if one is not None), None)


def asked(service: str, method: str, path: str, document: Any) -> Asked:
    """Return what a write to a service orders; raises NotReplicatedError."""
    for api in APIS.values():
        if api.service != service:
            continue
        if (draft := api.asked(method, path, document)) is not None:
            return Asked(api, draft)
    kinds = ", ".join(f"{api.kind.name}s" for api in APIS.values())
    raise NotReplicatedError(
        f"{method} {path[:128]} of {service} is not replicated; what is: creating, changing and "
        f"deleting {kinds}. Take the policy all or any, or one cloud"
    )
