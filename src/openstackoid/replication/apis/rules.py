"""Says a rule of a security group in one way, whatever way users and services say it in.

Of two rules that Neutron takes for the same there can be only one in a group. So a rule is an
element, by all that tells it from others; its description is the value of that element.

See https://docs.openstack.org/api-ref/network/v2/#security-group-rules-security-group-rules.
"""

import json
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from openstackoid.replication.apis.api import (
    NotReplicatedError,
    check_known,
    is_line,
    text,
)
from openstackoid.replication.kinds import REFERS

_NAMES = {
    "direction": "direction",
    "ethertype": "ethertype",
    "protocol": "protocol",
    "min": "port_range_min",
    "max": "port_range_max",
    "prefix": "remote_ip_prefix",
    REFERS: "remote_group_id",
    "addresses": "remote_address_group_id",
}
"""What tells a rule from others in its group, with the names in the API."""

_ASKED = {*_NAMES.values(), "security_group_id", "description"} - {"remote_address_group_id"}

_DIRECTIONS = ("ingress", "egress")
_ETHERTYPES = {"ipv4": "IPv4", "ipv6": "IPv6"}
_MAX_PORT = 65_535
_ANY = frozenset({None, "-1", "any"})
_ICMP_V6 = "ipv6-icmp"
_PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": _ICMP_V6,
    "112": "vrrp",
    "132": "sctp",
    "icmpv6": _ICMP_V6,
}
"""Protocols, each with the name that stands for it here (neutron-lib, IP_PROTOCOL_MAP)."""


def element(rule: Mapping[str, Any]) -> str:
    """Return a rule as an element of its group; raises NotReplicatedError if it is none."""
    said = {name: rule.get(api) for name, api in _NAMES.items()}
    ethertype = _one_of(said["ethertype"] or "IPv4", _ETHERTYPES, "ethertype")
    ends = [_port(said[end], _NAMES[end]) for end in ("min", "max")]
    if ends == [1, _MAX_PORT]:
        ends = [None, None]
    said |= {
        "direction": _one_of(said["direction"], dict.fromkeys(_DIRECTIONS), "direction"),
        "ethertype": ethertype,
        "protocol": _protocol(said["protocol"], ethertype),
        "min": ends[0],
        "max": ends[1],
        "prefix": _prefix(said["prefix"], ethertype),
    }
    if said[REFERS] is not None and not is_line(said[REFERS]):
        raise NotReplicatedError("remote_group_id is no id")
    if said["prefix"] is not None and said[REFERS] is not None:
        raise NotReplicatedError("remote_ip_prefix and remote_group_id: a rule has one of them")
    return text({name: one for name, one in said.items() if one is not None})


def rule(element_: str) -> dict[str, Any]:
    """Return what a request says of a rule, but for its description and its group."""
    return {_NAMES[name]: one for name, one in json.loads(element_).items()}


def check(key: str) -> None:
    """Raise ValueError unless a key is a rule in the one way in which it is said."""
    said = json.loads(key)
    if not isinstance(said, dict) or said.keys() - _NAMES.keys() or "addresses" in said:
        raise ValueError("no rule")
    try:
        same = element(rule(key)) == key
    except NotReplicatedError:
        same = False
    if not same:
        raise ValueError("no rule")


def asked(document: Any) -> tuple[dict[str, Any], str, str]:
    """Return the rule that a request is about: its body, as an element, and its description.

    Raises NotReplicatedError.
    """
    said = document.get("security_group_rule") if isinstance(document, dict) else None
    if not isinstance(said, dict):
        raise NotReplicatedError(
            'the body has no "security_group_rule": rules are replicated one by one'
        )
    return said, element(said), str(said.get("description") or "")


def check_asked(said: Mapping[str, Any]) -> None:
    """Raise NotReplicatedError if a user says of a rule what can't be replicated."""
    check_known({name: one for name, one in said.items() if one is not None}, _ASKED)


def _one_of(said: object, known: Mapping[str, str | None], what: str) -> str:
    name = said.lower() if isinstance(said, str) else ""
    if name not in known:
        raise NotReplicatedError(f"{what} of the rule is not one of {', '.join(known)}")
    return known[name] or name


def _protocol(said: object, ethertype: str) -> str | None:
    name = str(said).lower() if said is not None and not isinstance(said, bool) else None
    if name in _ANY:
        return None
    if not is_line(name):
        raise NotReplicatedError("protocol of the rule is none")
    plain = _PROTOCOLS.get(str(name), str(name))
    return _ICMP_V6 if (plain, ethertype) == ("icmp", "IPv6") else plain


def _port(said: object, what: str) -> int | None:
    if said is None:
        return None
    port = int(str(said)) if str(said).isdecimal() and str(said).isascii() else -1
    if not 0 <= port <= _MAX_PORT:
        raise NotReplicatedError(f"{what} of the rule is no port")
    return port


def _prefix(said: object, ethertype: str) -> str | None:
    if said is None:
        return None
    try:
        network = ip_network(str(said), strict=False)
    except ValueError:
        network = None
    if network is None or ethertype != f"IPv{network.version}":
        raise NotReplicatedError(f"remote_ip_prefix of the rule is no {ethertype} network")
    return str(network) if network.prefixlen else None


BY_DEFAULT = tuple(
    element({"direction": "egress", "ethertype": ethertype}) for ethertype in _ETHERTYPES.values()
)
"""The rules with which Neutron makes a group, unless an operator has chosen others."""
