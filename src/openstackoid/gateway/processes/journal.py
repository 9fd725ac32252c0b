"""The process that keeps a gateway's journal; its supervisor starts it.

    python -m openstackoid.gateway.processes.journal SETTINGS

SETTINGS are the gateway's settings as JSON.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog
import uvloop
from structlog.typing import FilteringBoundLogger

from openstackoid.federation import FederationError, load
from openstackoid.gateway.processes.signals import ignore_others
from openstackoid.gateway.reporting.log import configure, fault_of
from openstackoid.gateway.settings import Settings, journal_of
from openstackoid.identity.keys import KeysError, read
from openstackoid.journal.keeper import Keeper
from openstackoid.journal.secret import secrets_of
from openstackoid.journal.store import JournalError, Store

RETRY = 0.5
"""Seconds between two tries to open a journal that cannot be used."""

log = structlog.get_logger()


def main() -> None:
    """Run until SIGTERM, or until the supervisor has ended."""
    settings = Settings.of(sys.argv[1])
    configure()
    try:
        uvloop.run(_serve(settings))
    except Exception as error:  # noqa: BLE001  (the supervisor starts it again)
        fault = fault_of(error)  # its text may hold a token
        log.error("journal failed", gateway=settings.cloud, error=fault)  # noqa: TRY400
        sys.exit(1)


async def _serve(settings: Settings) -> None:
    bound_log = log.bind(gateway=settings.cloud, process=os.getpid())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    again = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    ignore_others((signal.SIGTERM, signal.SIGHUP), bound_log)
    loop.add_reader(sys.stdin, stop.set)  # the supervisor never writes, so it has ended
    told = None
    while not stop.is_set():
        try:
            store = _opened(settings)
            keeper = Keeper(store)
        except (JournalError, FederationError, KeysError) as error:
            if str(error) != told:
                bound_log.error("journal cannot be used", error=str(error))
            told = str(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY):
                    await stop.wait()
            continue
        watching = loop.create_task(_rewrap(again, store, settings, bound_log))
        try:
            await keeper.run(stop, bound_log)
        finally:
            watching.cancel()
            store.close()


async def _rewrap(
    again: asyncio.Event, store: Store, settings: Settings, log: FilteringBoundLogger
) -> None:
    """Wrap the journal's key with the gateway's first key whenever that may be another."""
    while True:
        await again.wait()
        again.clear()
        try:
            secret, *_ = _secrets(settings, store.directory)
            store.rewrap(secret)
        except (JournalError, FederationError, KeysError) as error:
            log.error("the journal's key is not wrapped anew", error=str(error))  # noqa: TRY400


def _opened(settings: Settings) -> Store:
    """Open the journal; raises JournalError, FederationError and KeysError."""
    directory = journal_of(load(settings.federation, settings.cloud), settings)
    return Store(directory, _secrets(settings, directory))


def _secrets(settings: Settings, directory: Path) -> Sequence[bytes]:
    federation = load(settings.federation, settings.cloud)
    return secrets_of(directory, tuple(map(read, federation.clouds[settings.cloud].own.keys)))


if __name__ == "__main__":
    main()
