"""Runs a process beside a gateway's workers, until SIGTERM, or until the supervisor has ended."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
import uvloop
from structlog.typing import FilteringBoundLogger

from openstackoid.federation import FederationError
from openstackoid.federation.blocked import BlockedError
from openstackoid.gateway.admission.peers import PeersError
from openstackoid.gateway.processes.signals import ignore_others
from openstackoid.gateway.reporting.log import configure, fault_of
from openstackoid.gateway.settings import Settings
from openstackoid.identity.keys import KeysError
from openstackoid.journal.store import JournalError

RETRY = 0.5
"""Seconds between two tries to open what cannot be used."""

UNUSABLE = (JournalError, FederationError, PeersError, KeysError, BlockedError)
"""What says that a file cannot be used, and what to do."""

log = structlog.get_logger()

Opened = TypeVar("Opened")


@dataclass
class Signals:
    """What a process is told: to `stop`, or to read its files `again`."""

    log: FilteringBoundLogger
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    again: asyncio.Event = field(default_factory=asyncio.Event)

    async def opened(self, opening: Callable[[], Opened], event: str) -> Opened | None:
        """Return what can be opened at last, None if the process has to stop before.

        Why it can't is logged as an event, once.
        """
        told = None
        while not self.stop.is_set():
            try:
                return opening()
            except UNUSABLE as error:
                if str(error) != told:
                    self.log.error(event, error=str(error))  # noqa: TRY400
                told = str(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY):
                    await self.stop.wait()
        return None

    async def follow(self, reload: Callable[[], None], event: str) -> None:
        """Reload whenever the files may have changed; why that can't be is logged as an event."""
        while True:
            await self.again.wait()
            self.again.clear()
            try:
                reload()
            except UNUSABLE as error:
                self.log.error(event, error=str(error))  # noqa: TRY400


def run(name: str, serve: Callable[[Settings, Signals], Coroutine[None, None, None]]) -> None:
    """Run a process whose argument are the gateway's settings as JSON; exit 1 if it fails."""
    settings = Settings.of(sys.argv[1])
    configure()
    try:
        uvloop.run(_watched(settings, serve))
    except Exception as error:  # noqa: BLE001  (the supervisor starts it again)
        fault = fault_of(error)  # its text may hold a token
        log.error(f"{name} failed", gateway=settings.cloud, error=fault)  # noqa: TRY400
        sys.exit(1)


async def _watched(
    settings: Settings, serve: Callable[[Settings, Signals], Coroutine[None, None, None]]
) -> None:
    signals = Signals(log.bind(gateway=settings.cloud, process=os.getpid()))
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, signals.stop.set)
    loop.add_signal_handler(signal.SIGHUP, signals.again.set)
    ignore_others((signal.SIGTERM, signal.SIGHUP), signals.log)
    # The supervisor never writes: so if there is something to read, it has ended.
    loop.add_reader(sys.stdin, signals.stop.set)
    await serve(settings, signals)
