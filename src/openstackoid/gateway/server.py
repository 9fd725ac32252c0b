"""The process: listeners, signals, reload and drain."""

import asyncio
import gc
import os
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog
import uvloop

from openstackoid.federation import Cloud, FederationError, load
from openstackoid.gateway import audit
from openstackoid.gateway.errors import CONTENT_TYPE, body_of, fault_of, unreadable
from openstackoid.gateway.http import HEAD_TIMEOUT, Pairs, Server
from openstackoid.gateway.limits import PART, Connections, Limits, files
from openstackoid.gateway.peers import Peers, PeersError, Seen
from openstackoid.gateway.relay import Relay
from openstackoid.gateway.tls import Listening
from openstackoid.gateway.upstream import Upstream

BACKLOG = 128
"""Connections of one listener that wait to be accepted."""

log = structlog.get_logger()


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


@dataclass(frozen=True, slots=True)
class Settings:
    """How a gateway runs; times in seconds, `rate` in requests per second of one address."""

    federation: Path
    cloud: str
    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    drain_timeout: float = 60.0
    patience: float = 30.0
    rate: int = 500


class ListenError(Exception):
    """Why the gateway cannot listen where the federation file wants it to."""


class Gateway:
    """The gateway of one cloud, within a running event loop.

    Raises FederationError and PeersError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        federation = load(settings.federation)
        self._seen = Seen()
        peers = Peers(federation, settings.cloud, self._seen)
        self._listening = Listening(ssl.PROTOCOL_TLS_SERVER)
        self._listening.current = peers.serving
        self._upstream = Upstream(peers, settings.connect_timeout, settings.idle_timeout)
        limits = Limits(settings.cloud, settings.rate)
        self._relay = Relay(
            federation,
            settings.cloud,
            self._upstream,
            limits,
            settings.idle_timeout,
            settings.patience,
        )
        self._server = Server(
            self._relay.handle,
            self._unreadable,
            Connections(files() // PART, limits),
            settings.idle_timeout,
        )
        self._sites: dict[Listener, asyncio.AbstractServer] = {}

    async def start(self) -> None:
        """Listen at the frontends; raises ListenError."""
        await self._listen(self._relay.federation.clouds[self._settings.cloud])
        self._say("listening", addresses=self._addresses())

    async def reload(self) -> None:
        """Take over a changed federation file; one that can't be used changes nothing."""
        name = self._settings.cloud
        try:
            federation = load(self._settings.federation)
            if name not in federation.clouds:
                raise ListenError(f"{name} is not in the file any more")
            peers = Peers(federation, name, self._seen)
            await self._listen(federation.clouds[name])
        except (FederationError, PeersError, ListenError) as error:
            log.warning("not reloaded", gateway=name, error=str(error))
            return
        except Exception as error:  # noqa: BLE001  (what nobody thought of ends no gateway)
            log.error("not reloaded", gateway=name, error=fault_of(error))  # noqa: TRY400
            return
        self._relay.follow(federation)
        self._upstream.peers = peers
        self._listening.current = peers.serving
        self._say("reloaded", clouds=sorted(federation.clouds), addresses=self._addresses())

    async def close(self) -> None:
        """Let the requests under way come to their end, within the drain timeout, and stop."""
        for site in self._sites.values():
            site.close()
        await self._server.close(self._settings.drain_timeout)
        await self._relay.health.close()
        await self._upstream.close()
        audit.flush()

    async def _listen(self, cloud: Cloud) -> None:
        """Listen at a cloud's frontends, and no longer elsewhere.

        Raises ListenError, and then listens as before; so it does whatever else is raised.
        """
        wanted = listeners(cloud)
        changed = {w for w in wanted if w.other in self._sites}
        added: dict[Listener, asyncio.AbstractServer] = {}
        ended: list[Listener] = []
        try:
            for listener in sorted(wanted - self._sites.keys() - changed):
                added[listener] = await self._site(listener)
            for listener in sorted(changed):
                self._sites.pop(listener.other).close()
                ended.append(listener.other)
                added[listener] = await self._site(listener)
        except Exception:
            for site in added.values():
                site.close()
            for listener in ended:
                self._sites[listener] = await self._site(listener)
            raise
        self._sites |= added
        for listener in self._sites.keys() - wanted:
            self._sites.pop(listener).close()

    async def _site(self, listener: Listener) -> asyncio.AbstractServer:
        try:
            return await asyncio.get_running_loop().create_server(
                self._server,
                listener.host,
                listener.port,
                ssl=self._listening if listener.tls else None,
                ssl_handshake_timeout=HEAD_TIMEOUT if listener.tls else None,
                ssl_shutdown_timeout=self._settings.idle_timeout if listener.tls else None,
                backlog=BACKLOG,
            )
        except OSError as error:
            raise ListenError(
                f"cannot listen at {listener}: {os.strerror(error.errno or 0)}; "
                "end the process that does, or set bind to another address in the federation file"
            ) from error

    def _unreadable(self, status: int) -> tuple[Pairs, bytes]:
        body = body_of(unreadable(status, self._settings.cloud))
        return (("Content-Type", CONTENT_TYPE),), body

    def _addresses(self) -> list[str]:
        return sorted(map(str, self._sites))

    def _say(self, event: str, **fields: object) -> None:
        log.info(event, gateway=self._settings.cloud, **fields)


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


def serve(settings: Settings) -> None:
    """Run a gateway until SIGTERM or SIGINT; SIGHUP reads the federation file again.

    Raises FederationError or PeersError if a file can't be used, ListenError if an address is
    taken.
    """
    # What is there at the start stays; and merging makes many objects that are not garbage.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    gateway = Gateway(settings)
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, signals.put_nowait, number)
    try:
        await gateway.start()
        while await signals.get() == signal.SIGHUP:
            await gateway.reload()
        log.info("draining", gateway=settings.cloud, seconds=settings.drain_timeout)
    finally:
        await gateway.close()
    log.info("stopped", gateway=settings.cloud)
