"""Who the client is, and what it speaks, behind the cloud's own proxies: by their word alone."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from openstackoid.message import Headers

HEADER = "x-forwarded-for"
SCHEME = "x-forwarded-proto"

_HOPS = 20
"""So many proxies may stand in a row; what is said of those before is not looked at."""

_LONGEST = 45
"""Characters of an address: one of IPv4 within one of IPv6, with all its zeros."""

_KNOWN = 4096
"""Addresses that need not be read again."""


class _Hop(NamedTuple):
    address: str
    proxy: bool


class TrustedProxies:
    """The addresses of `own.proxies`.

    They say by X-Forwarded-For who their client is, and by X-Forwarded-Proto what it speaks.
    """

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self._networks = networks
        self._hop = lru_cache(maxsize=_KNOWN)(self._look)

    def __contains__(self, address: str) -> bool:
        hop = self._hop(address)
        return hop is not None and hop.proxy

    def client(self, peer: str, headers: Headers) -> str:
        """Return the address that a request of a peer's came from, as far as proxies vouch for it.

        Each proxy puts behind the others' words whom it was connected from (several lines are one
        list, RFC 9110, section 5.3). So the list is read from its end: the first that is no proxy
        is the client, and all before is only what the client says. What is no address ends it, too.
        """
        if peer not in self:
            return peer
        found = peer
        elements = ",".join(headers.all(HEADER)).rsplit(",", _HOPS)
        for element in reversed(elements):
            text = element.strip(" \t")
            hop = self._hop(text) if len(text) <= _LONGEST else None
            if hop is None:
                break
            found = hop.address
            if not hop.proxy:
                break
        return found

    @staticmethod
    def scheme(headers: Headers) -> str | None:
        """Return "http" or "https" as a proxy says it, None if it says neither, or both."""
        said = {value.strip(" \t").lower() for value in headers.all(SCHEME)}
        return said.pop() if said in ({"http"}, {"https"}) else None

    def _look(self, text: str) -> _Hop | None:
        """Read an address, which is written in one way then; None if it is none."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return None
            address = address.ipv4_mapped or address
        return _Hop(str(address), any(address in network for network in self._networks))
