"""Decides which IP addresses another cloud's frontends may lead to; internal ones only by `allow`.

The owner of a host's name decides where it leads, and may change that at any time: to a service
that trusts its own machine or network, such as a cloud's metadata service at 169.254.169.254.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from openstackoid.federation.model import PUBLIC, Cloud, Federation, Url
from openstackoid.federation.networks import IPV4_AT_THE_END

_KINDS = {
    "unspecified": ("0.0.0.0/8", "::/128"),
    "loopback": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "private": (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # of carriers (RFC 6598)
        "fc00::/7",
        "fec0::/10",  # of a site (RFC 3879)
        "64:ff9b:1::/48",  # of a site's own translator (RFC 8215)
    ),
    "reserved": (
        "192.0.0.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "100::/64",  # to be thrown away (RFC 6666)
        "2001:2::/48",  # for benchmarks (RFC 5180)
        "2001:10::/28",  # no addresses (RFC 4843)
        "2001:db8::/32",  # for examples (RFC 3849)
        "3fff::/20",  # for examples (RFC 9637)
        "5f00::/16",  # of a site's routers (RFC 9602)
    ),
    "of the machine's provider": ("168.63.129.16/32",),  # Azure gives machines their secrets there
    "multicast": ("224.0.0.0/4", "ff00::/8"),
}
"""Networks that are not of the internet (IANA's registries of special-purpose addresses)."""

_NETWORKS = [(ip_network(text), kind) for kind, texts in _KINDS.items() for text in texts]


@dataclass(frozen=True, eq=False, slots=True)
class Permitted:
    """The addresses to which the gateway of the cloud `here` may send other clouds' requests.

    Everything on the internet, and the networks of `allow`, but never a backend of `here`.
    """

    here: str
    allow: tuple[IPv4Network | IPv6Network, ...]
    backends: frozenset[tuple[str, int]]
    """Host and port of each backend of `here`."""

    @classmethod
    def of(cls, federation: Federation, here: str) -> "Permitted":
        """Return what the file of a cloud permits its gateway."""
        cloud = federation.clouds[here]
        urls = {url for endpoints in cloud.backends.values() for url in endpoints.values()}
        return cls(here, cloud.own.allow, frozenset((url.host, url.port) for url in urls))

    def backends_at(self, port: int) -> list[str]:
        """Return the hosts of the backends of `here` at a port."""
        return sorted(host for host, at in self.backends if at == port)

    def fault(self, address: str, own: Collection[str]) -> str | None:
        """Return what an address is that is not permitted, and what to do; None if it is permitted.

        `own` has the IP addresses of the backends at the port to connect to.
        """
        meant = _meant(address)
        if meant in map(_meant, own):
            return f"where {self.here} itself has a backend; correct the entry of that cloud"
        if (kind := _kind(meant)) is None or self._allows(address):
            return None
        return (
            f"an internal address ({kind}); if that is meant, add to clouds.{self.here}.own in the "
            f'federation file of {self.here}: allow: ["{meant}"]'
        )

    def _allows(self, address: str) -> bool:
        forms = (_meant(address), ip_address(address))
        return any(form in network for form in forms for network in self.allow)


def misled(
    federation: Federation, names: Collection[str], addresses: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Yield a sentence for each host of these clouds where gateways of other clouds will not go.

    `addresses` has the IP addresses of `hosts(federation)`, as far as they are known. The gateways
    are those of the clouds with backends; without any, it is one that allows nothing.
    """
    gateways = [Permitted.of(federation, here) for here in sorted(federation.served)]
    for name in names:
        cloud = federation.clouds[name]
        for gateway in gateways or [Permitted("HERE", (), frozenset())]:
            if gateway.here != name:
                for why, services in _misled(cloud, gateway, addresses).items():
                    refused = f"{', '.join(services)} of {name}: {why}"
                    yield f"the gateway of {gateway.here} will refuse {refused}"


def _misled(
    cloud: Cloud, gateway: Permitted, addresses: Mapping[str, Collection[str]]
) -> dict[str, list[str]]:
    """Return why a gateway will refuse services of a cloud, with these services."""
    services: dict[str, list[str]] = {}
    for service, url in _public(cloud):
        host = _host(cloud, url)
        own = [a for name in gateway.backends_at(url.port) for a in addresses.get(name, ())]
        for address in addresses.get(host, ()):
            if fault := gateway.fault(address, own):
                leads = f"{host} is" if host == address else f"{host} leads to {address},"
                services.setdefault(f"{leads} {fault}", []).append(service)
    return services


def hosts(federation: Federation) -> frozenset[str]:
    """Return the hosts whose addresses `misled` needs."""
    clouds = federation.clouds.values()
    return frozenset(
        [_host(cloud, url) for cloud in clouds for _, url in _public(cloud)]
        + [url.host for cloud in clouds for at in cloud.backends.values() for url in at.values()]
    )


def _public(cloud: Cloud) -> Iterator[tuple[str, Url]]:
    """Yield each service with its public frontend, the only one that other gateways connect to."""
    return ((service, endpoints[PUBLIC]) for service, endpoints in cloud.frontends.items())


def _host(cloud: Cloud, url: Url) -> str:
    return str(cloud.connect or url.host)


@lru_cache(4096)
def _meant(address: str) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, other addresses as they are."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv4Address) or _kind(parsed) is not None:
        return parsed  # ::1 is no IPv4 address
    if any(parsed in network for network in IPV4_AT_THE_END):
        return IPv4Address(int(parsed) & 0xFFFF_FFFF)
    teredo = parsed.teredo  # (server, client) (RFC 4380)
    return parsed.sixtofour or (teredo and teredo[1]) or parsed


@lru_cache(4096)
def _kind(address: IPv4Address | IPv6Address) -> str | None:
    """Return what an internal address is, in words; None for one of the internet."""
    return next((kind for network, kind in _NETWORKS if address in network), None)
