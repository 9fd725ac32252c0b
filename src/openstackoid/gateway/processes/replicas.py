"""The process that keeps a gateway's replicas; its supervisor starts it.

    python -m openstackoid.gateway.processes.replicas SETTINGS

SETTINGS are the gateway's settings as JSON.
"""

import asyncio
import secrets

from openstackoid.federation import Federation, load
from openstackoid.federation.blocked import blocked_file
from openstackoid.gateway.admission.blocklist import Blocklist
from openstackoid.gateway.admission.clocks import Clocks
from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.handover import Alone
from openstackoid.gateway.http import Client
from openstackoid.gateway.processes import beside
from openstackoid.gateway.processes.beside import Signals
from openstackoid.gateway.replicas.link import serve
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.replicator import Replicator, Surroundings
from openstackoid.gateway.settings import Settings, replicas_of
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.identity.keys import read
from openstackoid.journal.records import Records
from openstackoid.journal.secret import secrets_of
from openstackoid.journal.store import Store


def main() -> None:
    """Run until SIGTERM, or until the supervisor has ended."""
    beside.run("replicas", _serve)


async def _serve(settings: Settings, signals: Signals) -> None:
    keeping = await signals.opened(lambda: Keeping(settings), "replicas cannot be kept")
    if keeping is None:
        return
    try:
        await keeping.run(signals)
    finally:
        await keeping.close()


class Keeping:
    """What the process has open: its journal, its connections, and all that is under way.

    Raises JournalError, FederationError, PeersError, KeysError and BlockedError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        federation, peers = self._load()
        ours = federation.clouds[settings.cloud].own
        self._blocked_file = blocked_file(federation, settings.cloud, settings.federation)
        self._blocklist = Blocklist(settings.cloud, lambda: self._blocked_file)
        self.directory = replicas_of(federation, settings)
        pairs = tuple(map(read, ours.keys))
        self._store = Store(self.directory, secrets_of(self.directory, pairs))
        self._pool = Client(settings.connect_timeout, settings.idle_timeout)
        self._health = Health(lambda cloud, service: self.site.answers(cloud, service))
        self._confirming = Confirming(
            settings.cloud,
            lambda issuer, asked: self.site.assertions.asking.ask(
                issuer, asked, self._blocklist.has_key
            ),
        )
        self.site = self._site(federation, peers)
        memory = Memory(Records(self._store), settings.cloud, secrets.randbits(48) + 1, ours.settle)
        self.replicator = Replicator(memory, ours.settle)

    async def run(self, signals: Signals) -> None:
        """Serve until the process has to stop; read the files again when they have changed."""
        self._use()
        self._blocklist.start()
        following = signals.follow(self.reload, "replicas: not reloaded")
        watching = asyncio.get_running_loop().create_task(following)
        try:
            await serve(
                self.directory,
                self.replicator.answer,
                lambda: signals.log.info("replicas kept", directory=str(self.directory)),
                signals.stop,
            )
        finally:
            watching.cancel()

    async def close(self) -> None:
        """End what is under way, and close everything."""
        await self.replicator.close()
        await self._blocklist.close()
        await self._health.close()
        await self._confirming.close()
        await self._pool.close()
        self._store.close()

    def reload(self) -> None:
        """Use the files as they are now.

        Raises JournalError, FederationError, PeersError and KeysError.
        """
        federation, peers = self._load()
        ours = federation.clouds[self._settings.cloud].own
        secret, *_ = secrets_of(self.directory, tuple(map(read, ours.keys)))
        self._store.rewrap(secret)
        self._blocked_file = blocked_file(
            federation, self._settings.cloud, self._settings.federation
        )
        self._blocklist.refresh()
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
