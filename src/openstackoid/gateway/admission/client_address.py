"""Finds the client's address and scheme behind trusted proxies, in the X-Forwarded-* headers."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from openstackoid.message import Headers

HEADER = "x-forwarded-for"
SCHEME = "x-forwarded-proto"

_MAX_PROXIES = 20
"""Proxies in a row; earlier elements of X-Forwarded-For are not read."""

_MAX_ADDRESS = 45
"""Characters of the longest address: IPv4 within IPv6, with all zeros."""

_CACHED = 4096
"""Parsed addresses in the cache."""


@lru_cache(maxsize=_CACHED)
def sender_of(address: str) -> str:
    """Return the sender that an address counts as: itself, or the /64 network of IPv6.

    One host can take any address of its /64 network (RFC 4291, section 2.5.1).
    """
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((int(IPv6Address(address)) >> 64 << 64, 64)))
    except ValueError:
        return address


def sender_told(values: Sequence[str]) -> str | None:
    """Return the client's address that another gateway tells, None if it is not one address.

    An address of a link (`fe80::1%eth0`) is none: behind the sign any text may stand.
    """
    try:
        address = ip_address(values[0]) if len(values) == 1 else None
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return None if address.scope_id is not None else str(address.ipv4_mapped or address)
    return None if address is None else str(address)


class _Address(NamedTuple):
    address: str
    proxy: bool


class TrustedProxies:
    """The proxies in `own.proxies`, whose X-Forwarded-For and X-Forwarded-Proto are accepted."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = networks
        self._address_of = lru_cache(maxsize=_CACHED)(self._parsed)

    def __contains__(self, address: str) -> bool:
        parsed = self._address_of(address)
        return parsed is not None and parsed.proxy

    def client(self, peer: str, headers: Headers) -> str:
        """Return the client's address for a request that came over a connection from `peer`.

        Each proxy appends the address that connected to it (several header lines are one list,
        RFC 9110, section 5.3). So the list is read from its end. The first address that is no
        trusted proxy is the client; everything before it could be forged. Reading also stops at an
        element that is not an address.
        """
        if peer not in self:
            return peer
        found = peer
        elements = ",".join(headers.all(HEADER)).rsplit(",", _MAX_PROXIES)
        for element in reversed(elements):
            text = element.strip(" \t")
            parsed = self._address_of(text) if len(text) <= _MAX_ADDRESS else None
            if parsed is None:
                break
            found = parsed.address
            if not parsed.proxy:
                break
        return found

    @staticmethod
    def scheme(headers: Headers) -> str | None:
        """Return "http" or "https" from X-Forwarded-Proto, None if it has neither, or both."""
        said = {value.strip(" \t").lower() for value in headers.all(SCHEME)}
        return said.pop() if said in ({"http"}, {"https"}) else None

    def _parsed(self, text: str) -> _Address | None:
        """Parse an address and normalise its spelling; None if the text is not an address."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return None
            address = address.ipv4_mapped or address
        return _Address(str(address), any(address in network for network in self._networks))
