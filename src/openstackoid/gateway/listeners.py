"""Opens and closes the sockets that a gateway listens at: those of its frontends, or of `bind`.

Listeners are told apart by IP address and port, once names are looked up: two names of one address
are one listener, and https may be at one address and http at another with the same port.
"""

import asyncio
import errno
import os
import socket
import ssl
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from openstackoid.federation import Cloud
from openstackoid.federation.model import Url
from openstackoid.gateway.handover import BACKLOG, Shared
from openstackoid.gateway.http import HEAD_TIMEOUT

UNSENT = 131_072
"""Bytes that the kernel takes of an answer before its client has room for them.

By itself it takes 4 MiB for each client, of memory that all connections of the machine share; when
that is short, it drops packets of all of them (tcp(7): TCP_NOTSENT_LOWAT, tcp_mem).
"""

_ADVICE = {
    errno.EADDRNOTAVAIL: "it is no address of this machine; set bind to one in the federation file",
    errno.EACCES: "a port below 1024 needs root, or CAP_NET_BIND_SERVICE",
}
_USUAL_ADVICE = "end the process that does, or set bind to another address in the federation file"

Addresses: TypeAlias = Mapping[str, Collection[str]]
"""The IP addresses of each host."""


class Listener(NamedTuple):
    """Where to accept connections, and whether they speak TLS."""

    address: str
    port: int
    tls: bool

    @property
    def other(self) -> "Listener":
        """The same address with TLS instead of without, or the other way round."""
        return self._replace(tls=not self.tls)

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class ListenError(Exception):
    """Why the gateway cannot listen where the federation file wants it to."""


def listeners_of(cloud: Cloud, addresses: Addresses) -> set[Listener]:
    """Return where a cloud's gateway listens: at its frontends, or at `bind` and the same ports.

    `addresses` has the hosts of the frontends; with `bind` it is not looked at. https frontends are
    served with TLS if the cloud has a certificate. Raises ListenError where nobody would do it, and
    where a client could not tell whether to speak TLS.
    """
    by_address: dict[tuple[str, int], list[Url]] = defaultdict(list)
    for url in dict.fromkeys(frontend.url for frontend in cloud.addresses):
        for address in [str(cloud.bind)] if cloud.bind else addresses[url.host]:
            by_address[address, url.port].append(url)
    return {Listener(*at, tls=_speaks_tls(cloud, at, urls)) for at, urls in by_address.items()}


def _speaks_tls(cloud: Cloud, at: tuple[str, int], urls: Iterable[Url]) -> bool:
    """Tell whether a listener of some frontends speaks TLS; raises ListenError."""
    schemes = {url.scheme: url for url in urls}
    https, http = schemes.get("https"), schemes.get("http")
    if https is None:
        return False
    if cloud.own.certificate is None and cloud.bind is None:
        raise ListenError(
            f"nobody would speak TLS at {https}: give the gateway own.certificate and own.key, "
            "or bind, and let a proxy in front speak it"
        )
    if cloud.own.certificate is None:
        return False
    # A proxy that the gateway knows is the one client here, and speaks TLS for all frontends.
    if http is not None and not (cloud.bind and cloud.own.proxies):
        advice = (
            "name the proxy that is in front of both in own.proxies, or use two ports"
            if cloud.bind
            else "use two ports, or two addresses"
        )
        raise ListenError(
            f"{Listener(*at, tls=True)} cannot be http and https at once ({http}, {https}); "
            f"{advice}"
        )
    return True


async def look_up(cloud: Cloud) -> Addresses:
    """Return the IP addresses of the hosts of a cloud's frontends, of none if it has `bind`.

    Raises ListenError with every host that is not known.
    """
    hosts = {} if cloud.bind else dict.fromkeys(f.url.host for f in cloud.addresses)
    found = await asyncio.gather(*map(_look_up, hosts), return_exceptions=True)
    addresses: dict[str, frozenset[str]] = {}
    unknown: list[str] = []
    for host, result in zip(hosts, found, strict=True):
        if isinstance(result, frozenset):
            addresses[host] = result
        elif isinstance(result, socket.gaierror):
            unknown.append(f"{host} ({result.strerror})")
        else:
            raise result
    if unknown:
        raise ListenError(
            f"not known here: {', '.join(unknown)}; set bind to an address of this machine, or "
            "leave the interfaces with such a host out of the frontends"
        )
    return addresses


async def _look_up(host: str) -> frozenset[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return frozenset(str(address[0]) for *_, address in found)


class Listeners:
    """The listeners of a gateway that are open, within a running event loop.

    `protocol` returns the protocol of a new connection. One that sends nothing of its TLS handshake
    or of its end is cut, after `HEAD_TIMEOUT` and `idle_timeout` seconds.
    """

    def __init__(
        self,
        shared: Shared,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext,
        idle_timeout: float,
    ) -> None:
        self._shared = shared
        self._protocol = protocol
        self._tls = tls
        self._idle_timeout = idle_timeout
        self._sites: dict[Listener, list[asyncio.AbstractServer]] = {}

    @property
    def addresses(self) -> list[str]:
        """Address and port of each."""
        return sorted(map(str, self._sites))

    async def follow(self, wanted: Collection[Listener]) -> None:
        """Listen where it is wanted, and no longer elsewhere.

        Raises ListenError, and then listens as before; so it does whatever else is raised.
        """
        new, before = set(wanted) - self._sites.keys(), set(self._sites)
        try:
            for listener in sorted(new, key=lambda one: one.other in before):
                if listener.other in before:
                    self._leave(listener.other)
                await self._join(listener)
        except Exception:
            for listener in self._sites.keys() - before:
                self._leave(listener)
            for listener in before - self._sites.keys():
                await self._join(listener)
            raise
        for listener in self._sites.keys() - set(wanted):
            self._leave(listener)

    def leave(self) -> None:
        """Accept no more connections."""
        for listener in list(self._sites):
            self._leave(listener)

    async def _join(self, listener: Listener) -> None:
        """Accept connections at a listener; raises ListenError."""
        try:
            sockets = self._shared.listen(listener.address, listener.port)
        except OSError as error:
            number = error.errno or 0
            raise ListenError(
                f"cannot listen at {listener}: {os.strerror(number)}; "
                f"{_ADVICE.get(number, _USUAL_ADVICE)}"
            ) from error
        self._sites[listener] = sites = []
        for one in sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)  # of each accepted
            site = await asyncio.get_running_loop().create_server(
                self._protocol,
                sock=one,
                ssl=self._tls if listener.tls else None,
                ssl_handshake_timeout=HEAD_TIMEOUT if listener.tls else None,
                ssl_shutdown_timeout=self._idle_timeout if listener.tls else None,
                backlog=BACKLOG,
            )
            sites.append(site)

    def _leave(self, listener: Listener) -> None:
        """Accept no more connections at a listener."""
        for site in self._sites.pop(listener):
            site.close()
        self._shared.leave(listener.address, listener.port)
