"""The services a lab's cloud is made of."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

_BEHIND = 10_000  # from a service's usual port to the one it listens on behind the gateway


@dataclass(frozen=True)
class Service:
    """One OpenStack service: the facts that every part of the lab agrees on.

    `port` and `prefix` are those of Kolla and of devstack; `version` ends its URL in the catalog.
    """

    type: str
    project: str
    port: int
    prefix: str
    version: str = ""
    databases: tuple[str, ...] = ()
    optional: bool = False

    @property
    def backend_port(self) -> int:
        """The port the service itself listens on."""
        return self.port + _BEHIND


SERVICES = (
    Service("identity", "keystone", 5000, "/identity", databases=("keystone",)),
    Service("image", "glance", 9292, "/image", databases=("glance",)),
    Service("placement", "placement", 8778, "/placement", databases=("placement",)),
    Service("compute", "nova", 8774, "/compute", "/v2.1", ("nova_api", "nova_cell0", "nova_cell1")),
    Service("network", "neutron", 9696, "/network", databases=("neutron",)),
    Service("block-storage", "cinder", 8776, "/volume", "/v3", ("cinder",), optional=True),
)

BY_TYPE = {service.type: service for service in SERVICES}
OPTIONAL = tuple(service.type for service in SERVICES if service.optional)
GATEWAY = "gateway"
"""The name of a cloud's gateway where its processes are listed."""
HAPROXY = "haproxy"
"""The same of HAProxy, in clouds that have it before their gateway."""
FRONTS = (GATEWAY, HAPROXY)
LINKS = "links"
"""And of the process for the links to the other clouds."""


def chosen(extra: Collection[str]) -> Iterator[Service]:
    """Yield the services every cloud has, and those of the optional ones whose type is named."""
    return (s for s in SERVICES if not s.optional or s.type in extra)
