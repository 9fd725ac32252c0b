"""Opens and closes the listening sockets of a gateway: at its frontends, or at `bind`.

A listener is an IP address and a port, after names are resolved. So two names of one address are
one listener, and one port may be https at one address and http at another.
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
"""Bytes of a reply that the kernel buffers per client before they can be sent.

Its default is up to 4 MiB per client, of memory that all connections of the machine share. When it
runs out of that, it drops packets of all connections (tcp(7): TCP_NOTSENT_LOWAT, tcp_mem).
"""

_ADVICE = {
    errno.EADDRNOTAVAIL: "it is no address of this machine; set bind to one in the federation file",
    errno.EACCES: "a port below 1024 needs root, or CAP_NET_BIND_SERVICE",
}
_USUAL_ADVICE = "end the process that does, or set bind to another address in the federation file"

Addresses: TypeAlias = Mapping[str, Collection[str]]
"""The IP addresses of each host."""


class Listener(NamedTuple):
    """An address and port to accept connections at, and whether with TLS."""

    address: str
    port: int
    tls: bool

    @property
    def other(self) -> "Listener":
        """The same address and port, with `tls` reversed."""
        return self._replace(tls=not self.tls)

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class ListenError(Exception):
    """The gateway cannot listen as the federation file says; the message says why."""


def listeners_of(cloud: Cloud, addresses: Addresses) -> set[Listener]:
    """Return the listeners of a cloud's gateway: at its frontends, or at `bind` and the same ports.

    `addresses` has the IP addresses of the frontends' hosts; it is not used with `bind`. https
    frontends are served with TLS if the cloud has a certificate. Raises ListenError if neither the
    gateway nor a proxy would serve TLS for one, or if http and https share a listener.
    """
    by_address: dict[tuple[str, int], list[Url]] = defaultdict(list)
    for url in dict.fromkeys(frontend.url for frontend in cloud.addresses):
        for address in [str(cloud.bind)] if cloud.bind else addresses[url.host]:
            by_address[address, url.port].append(url)
    return {Listener(*at, tls=_speaks_tls(cloud, at, urls)) for at, urls in by_address.items()}


def _speaks_tls(cloud: Cloud, at: tuple[str, int], urls: Iterable[Url]) -> bool:
    """Return whether a listener of these frontends uses TLS; raises ListenError."""
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
    # A trusted proxy is the only client here, and uses TLS for all frontends.
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
    """Resolve the hosts of a cloud's frontends; return an empty mapping if it has `bind`.

    Raises ListenError with all hosts that cannot be resolved.
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
    """The open listeners of a gateway; needs a running event loop.

    `protocol` returns the protocol of a new connection. A connection is cut if its TLS handshake
    takes more than HEAD_TIMEOUT seconds, or the end of TLS more than `idle_timeout` seconds.
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
        self._servers: dict[Listener, list[asyncio.AbstractServer]] = {}

    @property
    def addresses(self) -> list[str]:
        """The address and port of each listener, as text."""
        return sorted(map(str, self._servers))

    async def follow(self, wanted: Collection[Listener]) -> None:
        """Open and close listeners, so that exactly the wanted ones are open.

        Raises ListenError; after this or any other exception the listeners are as before.
        """
        new, before = set(wanted) - self._servers.keys(), set(self._servers)
        try:
            for listener in sorted(new, key=lambda one: one.other in before):
                if listener.other in before:
                    self._close(listener.other)
                await self._open(listener)
        except Exception:
            for listener in self._servers.keys() - before:
                self._close(listener)
            for listener in before - self._servers.keys():
                await self._open(listener)
            raise
        for listener in self._servers.keys() - set(wanted):
            self._close(listener)

    def leave(self) -> None:
        """Close all listeners; connections stay open."""
        for listener in list(self._servers):
            self._close(listener)

    async def _open(self, listener: Listener) -> None:
        """Open a listener; raises ListenError."""
        try:
            sockets = self._shared.listen(listener.address, listener.port)
        except OSError as error:
            number = error.errno or 0
            raise ListenError(
                f"cannot listen at {listener}: {os.strerror(number)}; "
                f"{_ADVICE.get(number, _USUAL_ADVICE)}"
            ) from error
        self._servers[listener] = servers = []
        for one in sockets:
            # Accepted sockets inherit the option.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
            server = await asyncio.get_running_loop().create_server(
                self._protocol,
                sock=one,
                ssl=self._tls if listener.tls else None,
                ssl_handshake_timeout=HEAD_TIMEOUT if listener.tls else None,
                ssl_shutdown_timeout=self._idle_timeout if listener.tls else None,
                backlog=BACKLOG,
            )
            servers.append(server)

    def _close(self, listener: Listener) -> None:
        """Close a listener."""
        for server in self._servers.pop(listener):
            server.close()
        self._shared.leave(listener.address, listener.port)
