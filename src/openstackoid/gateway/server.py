"""The process: listeners, signals, reload and drain."""

import asyncio
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


class ListenError(Exception):
    """Why the gateway cannot listen where the federation file wants it to."""


def serve(settings: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT; SIGHUP reads the federation file again.

    Raises FederationError if the file can't be used and ListenError if an address is taken.
    """
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    federation = load(settings.federation)
    upstream = Upstream(settings.connect_timeout, settings.idle_timeout)
    relay = Relay(federation, settings.cloud, upstream)
    runner = web.ServerRunner(
        Server(relay.handle, settings.cloud), shutdown_timeout=settings.drain_timeout
    )
    await runner.setup()
    listeners: dict[Address, web.TCPSite] = {}
    stop = asyncio.Event()
    reload = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    try:
        await _listen(runner, listeners, federation.clouds[settings.cloud])
        log.info("listening", gateway=settings.cloud, addresses=_shown(listeners))
        while not stop.is_set():
            await _either(stop, reload)
            if reload.is_set():
                reload.clear()
                await _reload(settings, relay, runner, listeners)
        log.info("draining", gateway=settings.cloud, seconds=settings.drain_timeout)
    finally:
        await runner.cleanup()
        await upstream.close()
    log.info("stopped", gateway=settings.cloud)


async def _either(*events: asyncio.Event) -> None:
    waiters = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()


async def _reload(
    settings: Settings,
    relay: Relay,
    runner: web.ServerRunner,
    listeners: dict[Address, web.TCPSite],
) -> None:
    """Take over a changed federation; one that can't be used changes nothing."""
    try:
        federation = load(settings.federation)
        if settings.cloud not in federation.clouds:
            log.warning(
                "not reloaded", gateway=settings.cloud, error="this cloud is not in the file"
            )
            return
        await _listen(runner, listeners, federation.clouds[settings.cloud])
    except (FederationError, ListenError) as error:
        log.warning("not reloaded", gateway=settings.cloud, error=str(error))
        return
    relay.federation = federation
    log.info(
        "reloaded",
        gateway=settings.cloud,
        clouds=sorted(federation.clouds),
        addresses=_shown(listeners),
    )


async def _listen(
    runner: web.ServerRunner, listeners: dict[Address, web.TCPSite], cloud: Cloud
) -> None:
    """Listen at the addresses of a cloud's frontends, and no longer at others."""
    wanted = addresses(cloud)
    for address in wanted - listeners.keys():
        site = web.TCPSite(runner, *address, shutdown_timeout=0)
        try:
            await site.start()
        except OSError as error:
            where = f"{address[0]}:{address[1]}"
            raise ListenError(
                f"cannot listen at {where}: {error.strerror}; end the process that does, "
                "or set bind to another address in the federation file"
            ) from error
        listeners[address] = site
    for address in listeners.keys() - wanted:
        await listeners.pop(address).stop()


def addresses(cloud: Cloud) -> set[Address]:
    """Return host and port of each listener: those of the frontends, or `bind` for the host."""
    return {
        (str(cloud.bind or frontend.url.host), frontend.url.port) for frontend in cloud.addresses
    }


def _shown(listeners: dict[Address, web.TCPSite]) -> list[str]:
    return sorted(f"{host}:{port}" for host, port in listeners)
