"""Subnets, as Neutron has them; their network is replicated, too.

See https://docs.openstack.org/api-ref/network/v2/#subnets.
"""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from openstackoid.replication.apis.api import Draft, NotReplicatedError, check_known, is_line
from openstackoid.replication.apis.neutron import (
    AFTERWARDS,
    TEXTS,
    Neutron,
    Part,
    is_bool,
)
from openstackoid.replication.desired import Place
from openstackoid.replication.kinds import Joined, Kind, Recognized

_RANGES = ("gateway_ip", "allocation_pools")
"""What must fit together, and so is one field: `ranges`."""

_MOST = 64
"""Pools, or name servers, at most."""


class Subnet(Neutron):
    """Subnets: their ranges are said in full, so that no cloud chooses its own."""

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about subnets."""
        subnet = document.get(self.one) if isinstance(document, dict) else None
        if isinstance(subnet, dict) and "/subnets" in path:
            document = {self.one: _folded(subnet, creates=method == "POST")}
        return super().asked(method, path, document)

    def _body(self, values: Mapping[Place, str | None]) -> dict[str, Any]:
        body = super()._body(values)
        ranges = body.pop("ranges", {})
        return {**body, **ranges}

    def _values(self, shown: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        return super()._values({**shown, "ranges": {name: shown[name] for name in _RANGES}})


def _folded(subnet: dict[str, Any], *, creates: bool) -> dict[str, Any]:
    """Return a body with the ranges as one field; raises NotReplicatedError."""
    check_known(subnet, {*_NAMES, *_RANGES})
    others = {name: said for name, said in subnet.items() if name not in _RANGES}
    given = {name: subnet[name] for name in _RANGES if name in subnet}
    if creates and len(given) < len(_RANGES):
        given = {**_chosen(others.get("cidr"), given), **given}
    if given and len(given) < len(_RANGES):
        raise NotReplicatedError("gateway_ip and allocation_pools fit together: change both")
    cidr, version = others.get("cidr"), others.get("ip_version")
    if _is_network(cidr) and version != ip_network(str(cidr)).version:
        raise NotReplicatedError("ip_version is not that of the cidr")
    return {**others, "ranges": given} if given else others


def _chosen(cidr: object, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ranges that Neutron would choose; raises NotReplicatedError."""
    if not _is_network(cidr):
        raise NotReplicatedError("the body has no cidr of a network")
    network = ip_network(str(cidr))
    if network.num_addresses < _SMALL:
        raise NotReplicatedError("of so small a subnet say gateway_ip and allocation_pools")
    first, last = int(network.network_address) + 1, int(network.broadcast_address)
    last -= network.version == 4
    gateway = given.get("gateway_ip", str(network.network_address + 1))
    if not _is_address(gateway) and gateway is not None:
        raise NotReplicatedError("gateway_ip is not an address")
    middle = int(ip_address(gateway)) if gateway is not None else first - 1
    parts = [(first, last)]
    if first <= middle <= last:
        parts = [(first, middle - 1), (middle + 1, last)]
    make = type(network.network_address)
    pools = [{"start": str(make(a)), "end": str(make(b))} for a, b in parts if a <= b]
    return {"gateway_ip": gateway, "allocation_pools": pools}


def _is_address(said: object) -> bool:
    try:
        return isinstance(said, str) and bool(str(ip_address(said)))
    except ValueError:
        return False


def _is_network(said: object) -> bool:
    try:
        return isinstance(said, str) and "/" in said and bool(str(ip_network(said)))
    except ValueError:
        return False


def _are_addresses(said: object) -> bool:
    return isinstance(said, list) and len(said) <= _MOST and all(map(_is_address, said))


def _are_ranges(said: object) -> bool:
    if not isinstance(said, dict) or said.keys() != set(_RANGES):
        return False
    gateway, pools = (said[name] for name in _RANGES)
    if not isinstance(pools, list) or len(pools) > _MOST:
        return False
    return (gateway is None or _is_address(gateway)) and all(map(_is_pool, pools))


def _is_pool(said: object) -> bool:
    ends = said if isinstance(said, dict) else {}
    return ends.keys() == {"start", "end"} and all(map(_is_address, ends.values()))


def _plain_ranges(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return ranges in one way, whatever order a service shows them in."""
    gateway = said["gateway_ip"]
    pools = [{end: str(ip_address(one[end])) for end in one} for one in said["allocation_pools"]]
    return {
        "gateway_ip": None if gateway is None else str(ip_address(gateway)),
        "allocation_pools": sorted(pools, key=lambda one: int(ip_address(one["start"]))),
    }


_PARTS = {
    **TEXTS,
    "network": Part("network_id", is_line),
    "version": Part("ip_version", lambda said: said in (4, 6) and not isinstance(said, bool)),
    "cidr": Part("cidr", _is_network, plain=lambda said: str(ip_network(said))),
    "ranges": Part("ranges", _are_ranges, plain=_plain_ranges),
    "dhcp": Part("enable_dhcp", is_bool, default=True),
    "dns": Part(
        "dns_nameservers",
        _are_addresses,
        default=[],
        plain=lambda said: [str(ip_address(one)) for one in said],
    ),
}
_NAMES = {part.name for name, part in _PARTS.items() if name != "ranges"}
_SMALL = 4
"""Addresses below which Neutron has no room for a gateway."""

SUBNET = Subnet(
    kind=Kind(
        "subnet",
        Recognized.MARK,
        {
            "name": Joined.WHOLE,
            "description": Joined.WHOLE,
            "network": Joined.FIXED,
            "version": Joined.FIXED,
            "cidr": Joined.FIXED,
            "ranges": Joined.WHOLE,
            "dhcp": Joined.WHOLE,
            "dns": Joined.WHOLE,
            "tags": Joined.BY_ELEMENT,
        },
        afterwards=AFTERWARDS,
    ),
    service="network",
    references={"network": "network"},
    completes=frozenset({"network"}),
    one="subnet",
    collection="subnets",
    parts=_PARTS,
)
