"""The process: listeners, signals, reload and drain."""

import asyncio
import gc
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from openstackoid.federation import Cloud, FederationError, load
from openstackoid.gateway.protocol import Server
from openstackoid.gateway.relay import Relay
from openstackoid.gateway.upstream import Upstream

log = structlog.get_logger()

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a gateway runs; times in seconds."""

    federation: Path
    cloud: str
    connect_timeout: float = 5.0
    idle_timeout: float = 300.0
    drain_timeout: float = 60.0
    patience: float = 30.0


class ListenError(Exception):
    """Why the gateway cannot listen where the federation file wants it to."""


class Gateway:
    """The gateway of one cloud, within a running event loop; raises FederationError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        federation = load(settings.federation)
        self._upstream = Upstream(settings.connect_timeout, settings.idle_timeout)
        self._relay = Relay(
            federation, settings.cloud, self._upstream, settings.idle_timeout, settings.patience
        )
        self._runner = web.ServerRunner(
            Server(self._relay.handle, settings.cloud), shutdown_timeout=settings.drain_timeout
        )
        self._sites: dict[Address, web.TCPSite] = {}

    async def start(self) -> None:
        """Listen at the frontends; raises ListenError."""
        await self._runner.setup()
        await self._listen(self._relay.federation.clouds[self._settings.cloud])
        self._say("listening", addresses=self._addresses())

    async def reload(self) -> None:
        """Take over a changed federation file; one that can't be used changes nothing."""
        name = self._settings.cloud
        try:
            federation = load(self._settings.federation)
            if name not in federation.clouds:
                raise ListenError(f"{name} is not in the file any more")
            await self._listen(federation.clouds[name])
        except (FederationError, ListenError) as error:
            log.warning("not reloaded", gateway=name, error=str(error))
            return
        self._relay.federation = federation
        self._say("reloaded", clouds=sorted(federation.clouds), addresses=self._addresses())

    async def close(self) -> None:
        """Let the requests under way come to their end, within the drain timeout, and stop."""
        await self._runner.cleanup()
        await self._relay.health.close()
        await self._upstream.close()

    async def _listen(self, cloud: Cloud) -> None:
        """Listen at the addresses of a cloud's frontends, and no longer at others.

        Raises ListenError, and then listens as before.
        """
        wanted = addresses(cloud)
        added: dict[Address, web.TCPSite] = {}
        try:
            for address in sorted(wanted - self._sites.keys()):
                added[address] = await self._site(address)
        except ListenError:
            for site in added.values():
                await site.stop()
            raise
        self._sites |= added
        for address in self._sites.keys() - wanted:
            await self._sites.pop(address).stop()

    async def _site(self, address: Address) -> web.TCPSite:
        site = web.TCPSite(self._runner, *address)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(
                f"cannot listen at {address[0]}:{address[1]}: {os.strerror(error.errno or 0)}; "
                "end the process that does, or set bind to another address in the federation file"
            ) from error
        return site

    def _addresses(self) -> list[str]:
        return sorted(f"{host}:{port}" for host, port in self._sites)

    def _say(self, event: str, **fields: object) -> None:
        log.info(event, gateway=self._settings.cloud, **fields)


def addresses(cloud: Cloud) -> set[Address]:
    """Return host and port of each listener: those of the frontends, or `bind` for the host."""
    return {
        (str(cloud.bind or frontend.url.host), frontend.url.port) for frontend in cloud.addresses
    }


def serve(settings: Settings) -> None:
    """Run a gateway until SIGTERM or SIGINT; SIGHUP reads the federation file again.

    Raises FederationError if the file can't be used and ListenError if an address is taken.
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
