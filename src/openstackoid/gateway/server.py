"""The gateway of one cloud: listeners, reload and drain."""

import asyncio
import os
import socket
from typing import NamedTuple

import structlog

from openstackoid.federation import Cloud, Federation, FederationError, load
from openstackoid.gateway.admission.limits import MAX_FDS_DIVISOR, Connections, Limits, files
from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.admission.replay import Seen
from openstackoid.gateway.admission.tls import Listening
from openstackoid.gateway.dispatch.handler import Handler
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.errors import body_of, fault_of, unreadable
from openstackoid.gateway.http import HEAD_TIMEOUT, Client, Pairs, Server
from openstackoid.gateway.processes.handover import BACKLOG, Alone, Shared
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.settings import Settings
from openstackoid.message import JSON

log = structlog.get_logger()

UNSENT = 131_072
"""Bytes that the kernel takes of an answer before its client has room for them.

By itself it takes 4 MiB for each client, of memory that all connections of the machine share; when
that is short, it drops packets of all of them (tcp(7): TCP_NOTSENT_LOWAT, tcp_mem).
"""


class Listener(NamedTuple):
    """Where to accept connections."""

    host: str
    port: int
    tls: bool

    @property
    def other(self) -> "Listener":
        """The same address with TLS instead of without, or the other way round."""
        return self._replace(tls=not self.tls)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class ListenError(Exception):
    """Why the gateway cannot listen where the federation file wants it to."""


class Gateway:
    """The gateway of one cloud, within a running event loop.

    Raises FederationError, ListenError and PeersError. `shared` is what it has in common with other
    processes.
    """

    def __init__(self, settings: Settings, shared: Shared | None = None) -> None:
        self._settings = settings
        self._log = log.bind(gateway=settings.cloud, worker=os.getpid())
        self._shared = shared or Alone()
        self._seen = Seen(self._shared.memory)
        federation, peers = self._load()
        self._pool = Client(settings.connect_timeout, settings.idle_timeout)
        limits = Limits(settings.cloud, settings.rate)
        self._handler = Handler(
            Site.of(federation, settings.cloud, peers, self._pool),
            limits,
            connect_timeout=settings.connect_timeout,
            idle_timeout=settings.idle_timeout,
            patience=settings.patience,
        )
        self._listening = Listening(lambda: self._handler.site.peers.serving)
        self._server = Server(
            self._handler.handle,
            self._unreadable,
            Connections(
                files() // MAX_FDS_DIVISOR, limits.known, lambda: self._handler.site.proxies
            ),
            settings.idle_timeout,
        )
        self._sites: dict[Listener, list[asyncio.AbstractServer]] = {}

    async def start(self) -> None:
        """Listen at the frontends; raises ListenError."""
        await self._listen(self._handler.site.ours)
        self._say("listening", addresses=self._addresses())

    async def reload(self) -> None:
        """Take over a changed federation file; one that can't be used changes nothing."""
        try:
            # In a thread, for it takes longer than a request should wait.
            federation, peers = await asyncio.to_thread(self._load)
            await self._listen(federation.clouds[self._settings.cloud])
        except (FederationError, PeersError, ListenError) as error:
            self._log.warning("not reloaded", error=str(error))
            return
        except Exception as error:  # noqa: BLE001  (what nobody thought of ends no gateway)
            self._log.error("not reloaded", error=fault_of(error))
            return
        self._handler.site = Site.of(federation, self._settings.cloud, peers, self._pool)
        self._say("reloaded", clouds=sorted(federation.clouds), addresses=self._addresses())

    async def retire(self) -> None:
        """Take no new connections, and come to an end with those there are.

        None is closed under a request: each learns with its next answer that it was the last.
        """
        for listener in list(self._sites):
            self._leave(listener)
        await self._server.retire()

    async def close(self) -> None:
        """Let the requests under way come to their end, within the drain timeout, and stop."""
        for listener in list(self._sites):
            self._leave(listener)
        await self._server.close(self._settings.drain_timeout)
        await self._handler.health.close()
        await self._pool.close()
        audit.flush()

    def _load(self) -> tuple[Federation, Peers]:
        """Return what the federation file says, and the files that it names.

        Raises FederationError, ListenError, PeersError.
        """
        name = self._settings.cloud
        federation = load(self._settings.federation)
        if name not in federation.clouds:
            raise ListenError(f"{self._settings.federation} does not have {name} any more")
        return federation, Peers(federation, name, self._seen)

    async def _listen(self, cloud: Cloud) -> None:
        """Listen at a cloud's frontends, and no longer elsewhere.

        Raises ListenError, and then listens as before; so it does whatever else is raised.
        """
        wanted, before = listeners(cloud), set(self._sites)
        try:
            for listener in sorted(wanted - before, key=lambda one: one.other in before):
                if listener.other in before:
                    self._leave(listener.other)
                await self._join(listener)
        except Exception:
            for listener in self._sites.keys() - before:
                self._leave(listener)
            for listener in before - self._sites.keys():
                await self._join(listener)
            raise
        for listener in self._sites.keys() - wanted:
            self._leave(listener)

    async def _join(self, listener: Listener) -> None:
        """Accept connections at a listener; raises ListenError."""
        try:
            sockets = self._shared.listen(listener.host, listener.port)
        except OSError as error:
            raise ListenError(
                f"cannot listen at {listener}: {os.strerror(error.errno or 0)}; "
                "end the process that does, or set bind to another address in the federation file"
            ) from error
        self._sites[listener] = sites = []
        for one in sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)  # of each accepted
            site = await asyncio.get_running_loop().create_server(
                self._server,
                sock=one,
                ssl=self._listening if listener.tls else None,
                ssl_handshake_timeout=HEAD_TIMEOUT if listener.tls else None,
                ssl_shutdown_timeout=self._settings.idle_timeout if listener.tls else None,
                backlog=BACKLOG,
            )
            sites.append(site)

    def _leave(self, listener: Listener) -> None:
        """Accept no more connections at a listener."""
        for site in self._sites.pop(listener):
            site.close()
        self._shared.leave(listener.host, listener.port)

    def _unreadable(self, status: int) -> tuple[Pairs, bytes]:
        body = body_of(unreadable(status, self._settings.cloud))
        return (("Content-Type", JSON),), body

    def _addresses(self) -> list[str]:
        return sorted(map(str, self._sites))

    def _say(self, event: str, **fields: object) -> None:
        self._log.info(event, **fields)


def listeners(cloud: Cloud) -> set[Listener]:
    """Return where a cloud's gateway listens: at its frontends, or at `bind` and the same ports.

    Frontends with https are served with TLS if the cloud has a certificate. Raises ListenError
    where nobody would do it.
    """
    wanted = {
        Listener(
            str(cloud.bind or url.host),
            url.port,
            url.scheme == "https" and cloud.own.certificate is not None,
        )
        for url in (frontend.url for frontend in cloud.addresses)
    }
    if cloud.own.certificate is None and cloud.bind is None:
        for url in (frontend.url for frontend in cloud.addresses if frontend.url.scheme == "https"):
            raise ListenError(
                f"nobody would speak TLS at {url}: give the gateway own.certificate and own.key, "
                "or bind, and let a proxy in front speak it"
            )
    for listener in wanted:
        if listener.other in wanted:
            raise ListenError(f"{listener} cannot be http and https at once; use two ports")
    return wanted
