"""The OpenStack services and other processes of a lab's cloud, and facts about them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

_BEHIND = 10_000  # from a service's usual port to the port of its backend


@dataclass(frozen=True)
class Service:
    """One OpenStack service.

    `port` is its port in Kolla, `prefix` its path in devstack; `version` ends its URL in the
    catalog.
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
"""The process name of a cloud's gateway."""
HAPROXY = "haproxy"
"""The process name of HAProxy, in clouds that have it in front of their gateway."""
FRONTS = (GATEWAY, HAPROXY)
LINKS = "links"
"""The process name of the links to the other clouds."""


def chosen(extra: Collection[str]) -> Iterator[Service]:
    """Yield the services that every cloud has, and the optional ones whose type is in `extra`."""
    return (s for s in SERVICES if not s.optional or s.type in extra)
