"""The process that keeps a gateway's replicas; its supervisor starts it.

    python -m openstackoid.gateway.processes.replicas SETTINGS

SETTINGS are the gateway's settings as JSON.
"""

import asyncio
import os
import secrets
import signal
import sys
from contextlib import suppress

import structlog
import uvloop
from structlog.typing import FilteringBoundLogger

from openstackoid.federation import Federation, FederationError, load
from openstackoid.gateway.admission.clocks import Clocks
from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.handover import Alone
from openstackoid.gateway.http import Client, Resolve
from openstackoid.gateway.processes.signals import ignore_others
from openstackoid.gateway.replicas.link import serve
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.replicator import Replicator, Surroundings
from openstackoid.gateway.reporting.log import configure, fault_of
from openstackoid.gateway.settings import Settings, replicas_of
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.identity.keys import KeysError, read
from openstackoid.journal.records import Records
from openstackoid.journal.secret import secrets_of
from openstackoid.journal.store import JournalError, Store

RETRY = 0.5
"""Seconds between two tries to open what cannot be used."""

log = structlog.get_logger()


def main() -> None:
    """Run until SIGTERM, or until the supervisor has ended."""
    settings = Settings.of(sys.argv[1])
    configure()
    try:
        uvloop.run(_serve(settings))
    except Exception as error:  # noqa: BLE001  (the supervisor starts it again)
        fault = fault_of(error)  # its text may hold a token
        log.error("replicas failed", gateway=settings.cloud, error=fault)  # noqa: TRY400
        sys.exit(1)


async def _serve(settings: Settings) -> None:
    bound_log = log.bind(gateway=settings.cloud, process=os.getpid())
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.set)
    ignore_others((signal.SIGTERM, signal.SIGHUP), bound_log)
    loop.add_reader(sys.stdin, stop.set)  # the supervisor never writes, so it has ended
    told = None
    while not stop.is_set():
        try:
            keeping = Keeping(settings)
        except (JournalError, FederationError, PeersError, KeysError) as error:
            if str(error) != told:
                bound_log.error("replicas cannot be kept", error=str(error))
            told = str(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY):
                    await stop.wait()
            continue
        try:
            await keeping.run(stop, again, bound_log)
        finally:
            await keeping.close()


class Keeping:
    """What the process has open: its journal, its connections, and all that is under way.

    `resolve` finds the addresses of other clouds; the default asks the system. Raises JournalError,
    FederationError, PeersError and KeysError.
    """

    def __init__(self, settings: Settings, resolve: Resolve | None = None) -> None:
        self._settings = settings
        federation, peers = self._load()
        ours = federation.clouds[settings.cloud].own
        self.directory = replicas_of(federation, settings)
        pairs = tuple(map(read, ours.keys))
        self._store = Store(self.directory, secrets_of(self.directory, pairs))
        self._pool = Client(settings.connect_timeout, settings.idle_timeout, resolve)
        self._health = Health(lambda cloud, service: self.site.answers(cloud, service))
        self._confirming = Confirming(
            settings.cloud,
            lambda issuer, asked: self.site.assertions.asking.ask(issuer, asked, lambda _: False),
        )
        self.site = self._site(federation, peers)
        memory = Memory(Records(self._store), settings.cloud, secrets.randbits(48) + 1, ours.settle)
        self.replicator = Replicator(memory, ours.settle)

    async def run(
        self, stop: asyncio.Event, again: asyncio.Event, log: FilteringBoundLogger
    ) -> None:
        """Serve until an event; `again` says that the files have changed."""
        self._use()
        log.info("replicas kept", directory=str(self.directory))
        watching = asyncio.get_running_loop().create_task(self._follow(again, log))
        try:
            await serve(self.directory, self.replicator.answer, stop)
        finally:
            watching.cancel()

    async def close(self) -> None:
        """End what is under way, and close everything."""
        await self.replicator.close()
        await self._health.close()
        await self._confirming.close()
        await self._pool.close()
        self._store.close()

    async def _follow(self, again: asyncio.Event, log: FilteringBoundLogger) -> None:
        while True:
            await again.wait()
            again.clear()
            try:
                self.reload()
            except (JournalError, FederationError, PeersError, KeysError) as error:
                log.warning("replicas: not reloaded", error=str(error))

    def reload(self) -> None:
        """Use the files as they are now.

        Raises JournalError, FederationError, PeersError and KeysError.
        """
        federation, peers = self._load()
        ours = federation.clouds[self._settings.cloud].own
        secret, *_ = secrets_of(self.directory, tuple(map(read, ours.keys)))
        self._store.rewrap(secret)
        self.site = self._site(federation, peers)
        self._use()

    def _use(self) -> None:
        site = self.site
        self.replicator.use(
            Surroundings(site.federation, site.upstream, site.assertions, site.origins)
        )

    def _load(self) -> tuple[Federation, Peers]:
        name = self._settings.cloud
        federation = load(self._settings.federation, name)
        if name not in federation.clouds:
            raise PeersError(f"{self._settings.federation} does not have {name} any more")
        return federation, Peers(federation, name, UsedSignatures(Alone().memory), Clocks())

    def _site(self, federation: Federation, peers: Peers) -> Site:
        return Site.of(
            federation,
            self._settings.cloud,
            peers,
            self._pool,
            self._settings.made,
            self._confirming,
            self._health,
        )


if __name__ == "__main__":
    main()
