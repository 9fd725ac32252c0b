"""IP networks as a federation file has them, and the IPv6 networks that stand for IPv4 ones."""

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_interface, ip_network
from typing import Annotated

from pydantic import BeforeValidator

from openstackoid.scope.errors import printable

IPV4_AT_THE_END = tuple(
    IPv6Network(text)
    for text in (
        "::ffff:0:0/96",  # mapped (RFC 4291)
        "::/96",  # compatible (RFC 4291)
        "::ffff:0:0:0/96",  # translated (RFC 2765)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
    )
)
"""IPv6 networks whose addresses stand for the IPv4 address in their last 32 bits."""

_IPV4_BEGINS = {
    **dict.fromkeys(IPV4_AT_THE_END, 96),
    IPv6Network("2001::/32"): 96,  # Teredo (RFC 4380)
    IPv6Network("2002::/16"): 16,  # 6to4 (RFC 3056)
}
"""At which bit of an IPv6 address the IPv4 address begins that it stands for."""

_WIDEST_IPV4 = 8
_WIDEST_IPV6 = 16
"""Lengths of the shortest prefixes: a wider network is much of the internet."""

_OF_NOBODY = IPv6Network("fc00::/7")
"""Private addresses (RFC 4193), which may be allowed as a whole."""


def _network(value: object) -> IPv4Network | IPv6Network:
    """Return a network, or an address as a network of one; raises ValueError."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str):
        raise ValueError("must be an IP address or a network, in quotes")  # noqa: TRY004
    try:
        if "%" in value:
            raise ValueError("an address of one link")
        network, address = ip_network(value, strict=False), ip_interface(value).ip
    except ValueError as error:
        message = f'"{printable(value)}" must be an IP address, or a network like 10.0.0.0/24'
        raise ValueError(message) from error
    if address != network.network_address:
        raise ValueError(f'"{value}" is an address within {network}; write the one or the other')
    if fault := _width_fault(network):
        raise ValueError(f'"{value}" is {fault}; name those that are meant')
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if mapped:
        length = network.prefixlen - 96
        meant = mapped if length == mapped.max_prefixlen else f"{mapped}/{length}"
        raise ValueError(f'"{value}" is a way to write {meant}; write that')
    return network


def _width_fault(network: IPv4Network | IPv6Network) -> str | None:
    """Return what a network is that is too wide to be meant, None if it is not."""
    length = network.prefixlen
    if length == 0:
        return "every address"
    if isinstance(network, IPv4Network):
        return f"wider than /{_WIDEST_IPV4}" if length < _WIDEST_IPV4 else None
    if length < _WIDEST_IPV6 and not network.subnet_of(_OF_NOBODY):
        return f"wider than /{_WIDEST_IPV6}"
    for form, begins in _IPV4_BEGINS.items():
        if network.overlaps(form) and length < begins + _WIDEST_IPV4:
            return f"a way to write an IPv4 network that is wider than /{_WIDEST_IPV4}"
    return None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
