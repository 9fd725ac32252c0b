"""Assigns the addresses, frontends and backends of a lab's clouds.

Clouds differ on purpose: odd ones have one port with a path per service, as devstack does, even
ones have a port per service, as Kolla does.

In the network 127.x.0.0/16, cloud number i has the address 127.x.i.1, and its link to cloud number
j begins at 127.x.i.(j + 1).
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, ip_network

from openstackoid.lab.errors import LabError
from openstackoid.lab.services import Service

DEFAULT_NETWORK = "127.0.0.0/16"
MAX_CLOUDS = 254
LOOPBACK = IPv4Network("127.0.0.0/8")
_ONE_PORT = 8888


def network(text: str) -> IPv4Network:
    """Return the network of a lab; raises LabError unless it is a /16 of 127.0.0.0/8."""
    try:
        found = ip_network(text)
    except ValueError as error:
        raise LabError(f"{error}; write a network such as {DEFAULT_NETWORK}") from None
    if not isinstance(found, IPv4Network) or found.prefixlen != 16 or not found.subnet_of(LOOPBACK):
        raise LabError(f"a lab needs a /16 of {LOOPBACK}, such as 127.77.0.0/16, and not {text}")
    return found


def host(lab: IPv4Network, index: int) -> str:
    """Return the address of cloud number `index`, counted from 1."""
    return str(lab[index * 256 + 1])


def link(lab: IPv4Network, here: int, there: int) -> str:
    """Return the address at which cloud number `here` reaches cloud number `there`."""
    return str(lab[here * 256 + 1 + there])


def frontends(address: str, index: int, services: Iterable[Service]) -> dict[str, str]:
    """Return, by service type, the URL of the frontend."""
    if _has_paths(index):
        return {s.type: f"http://{address}:{_ONE_PORT}{s.prefix}" for s in services}
    return {s.type: f"http://{address}:{s.port}" for s in services}


def backends(address: str, index: int, services: Iterable[Service]) -> dict[str, str]:
    """Return, by service type, the URL of the backend: another port, the same path."""
    return {
        s.type: f"http://{address}:{s.backend_port}{s.prefix if _has_paths(index) else ''}"
        for s in services
    }


def _has_paths(index: int) -> bool:
    return index % 2 == 1
