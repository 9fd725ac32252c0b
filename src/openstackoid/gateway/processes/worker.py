"""A worker: the process that answers a gateway's requests; its supervisor starts it.

    python -m openstackoid.gateway.processes.worker FILE SETTINGS

FILE is the file descriptor of its end of the channel, SETTINGS are the gateway's settings as JSON.
"""

import asyncio
import gc
import os
import signal
import socket
import sys

import structlog
import uvloop

from openstackoid.federation import FederationError
from openstackoid.federation.blocked import BlockedError
from openstackoid.gateway.admission.peers import PeersError
from openstackoid.gateway.handover import Supervised
from openstackoid.gateway.listeners import ListenError
from openstackoid.gateway.processes.signals import ignore_others
from openstackoid.gateway.reporting.log import configure
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

log = structlog.get_logger()


def main() -> None:
    """Run until the supervisor sends SIGTERM, exchanges this worker, or has ended."""
    file, text = sys.argv[1:]
    settings = Settings.of(text)
    shared = Supervised(socket.socket(fileno=int(file)))
    configure(shared.log())
    # Objects of the start stay for ever, and merged lists make many that are not garbage: collect
    # less often.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        uvloop.run(_serve(settings, shared))
    except (FederationError, PeersError, ListenError, BlockedError) as error:
        shared.failed(str(error))
        sys.exit(1)


async def _serve(settings: Settings, shared: Supervised) -> None:
    bound_log = log.bind(gateway=settings.cloud, worker=os.getpid())
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2):
        loop.add_signal_handler(number, signals.put_nowait, number)
    ignore_others((signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2), bound_log)
    if settings.journal is None:
        bound_log.warning("no journal", error=_NO_JOURNAL)
    gateway = Gateway(settings, shared, journal=settings.journal is not None)
    loop.add_reader(shared.channel, _exit_with_supervisor, shared)
    try:
        await gateway.start()
        shared.ready()
        while (received := await signals.get()) is signal.SIGHUP:
            await gateway.reload()
        retired = False
        if received is signal.SIGUSR2:
            bound_log.info("retiring")
            retired = await _retired(gateway, signals)
        if not retired:
            bound_log.info("draining", seconds=settings.drain_timeout)
    finally:
        await gateway.close()
    bound_log.info("stopped")


_NO_JOURNAL = (
    "the supervisor is of a release that keeps none: until the gateway is restarted, writes to "
    "several clouds are not written down"
)


async def _retired(gateway: Gateway, signals: asyncio.Queue[signal.Signals]) -> bool:
    """Retire the gateway; return False if SIGTERM came before its last connection ended."""
    retiring = asyncio.ensure_future(gateway.retire())
    hurrying = asyncio.ensure_future(_terminated(signals))
    done, _ = await asyncio.wait({retiring, hurrying}, return_when=asyncio.FIRST_COMPLETED)
    retiring.cancel()
    hurrying.cancel()
    return retiring in done


async def _terminated(signals: asyncio.Queue[signal.Signals]) -> None:
    while await signals.get() is not signal.SIGTERM:
        pass


def _exit_with_supervisor(shared: Supervised) -> None:
    """Exit at once if the supervisor has ended: who kills it wants to end the whole gateway."""
    if shared.alone():
        log.error("the supervisor has ended")
        os._exit(1)


if __name__ == "__main__":
    main()
