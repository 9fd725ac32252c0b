"""Runs the gateway of one cloud in this process: starts, reloads, retires and drains it."""

import asyncio
import os
from datetime import UTC, datetime
from http import HTTPStatus

import structlog

from openstackoid.federation import Cloud, Federation, FederationError, load
from openstackoid.federation.blocked import blocked_file
from openstackoid.gateway.admission import certificates
from openstackoid.gateway.admission.blocklist import Blocklist
from openstackoid.gateway.admission.client_address import sender_of
from openstackoid.gateway.admission.clocks import Clocks
from openstackoid.gateway.admission.limits import MAX_FDS_DIVISOR, Connections, Limits, files
from openstackoid.gateway.admission.logins import Logins
from openstackoid.gateway.admission.peers import Peers, PeersError
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.admission.tls import Listening
from openstackoid.gateway.dispatch.handler import Handler
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.downstream import own_headers
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.handover import Alone, Shared
from openstackoid.gateway.http import Client, Pairs, ProtocolError, Resolve, Server
from openstackoid.gateway.listeners import ListenError, Listeners, listeners_of, look_up
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.gateway.settings import Settings, journal_of, replicas_of
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.routing import Refusal

DAY = 86_400.0
"""Seconds until the certificates are looked at again."""

log = structlog.get_logger()


class Gateway:
    """The gateway of one cloud; needs a running event loop.

    `shared` provides sockets and memory that are shared with other workers; the default shares
    nothing. `journal`: a process keeps the journal, and writes to several clouds are written into
    it. `resolve` finds the addresses of other clouds; the default asks the system. Raises
    FederationError, ListenError, PeersError and BlockedError.
    """

    def __init__(
        self,
        settings: Settings,
        shared: Shared | None = None,
        resolve: Resolve | None = None,
        *,
        journal: bool = False,
    ) -> None:
        self._settings = settings
        self._log = log.bind(gateway=settings.cloud, worker=os.getpid())
        self._shared = shared or Alone()
        self._used_signatures = UsedSignatures(self._shared.memory)
        self._clocks = Clocks()
        federation, peers = self._load()
        self._blocked_file = blocked_file(federation, settings.cloud, settings.federation)
        self._blocklist = Blocklist(settings.cloud, lambda: self._blocked_file)
        self._pool = Client(settings.connect_timeout, settings.idle_timeout, resolve)
        self._health = Health(lambda cloud, service: self._handler.site.answers(cloud, service))
        self.confirming = Confirming(
            settings.cloud,
            lambda issuer, asked: self._handler.site.assertions.asking.ask(
                issuer, asked, self._blocklist.has_key
            ),
        )
        limits = Limits(settings.cloud, settings.rate)
        self._handler = Handler(
            self._site(federation, peers),
            limits,
            self._blocklist,
            Logins(settings.cloud, self._shared.memory),
            self._health,
            idle_timeout=settings.idle_timeout,
            patience=settings.patience,
            journal=journal_of(federation, settings) if journal else None,
            replicas=replicas_of(federation, settings) if journal else None,
        )
        self._server = Server(
            self._handler.handle,
            self._unreadable,
            Connections(
                files() // MAX_FDS_DIVISOR, limits.known, lambda: self._handler.site.proxies
            ),
            settings.idle_timeout,
        )
        tls = Listening(lambda: self._handler.site.peers.serving)
        self._listeners = Listeners(self._shared, self._server, tls, settings.idle_timeout)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the listeners; raises ListenError."""
        await self._listen(self._handler.site.ours)
        self._blocklist.start()
        if self._handler.state.journal is not None:
            self._handler.state.journal.start()
        self._log.info("listening", addresses=self._listeners.addresses)
        self._watch()

    async def reload(self) -> None:
        """Load the federation file again; if it can't be used, log why and change nothing."""
        try:
            # In a thread, since requests must not wait for it.
            federation, peers = await asyncio.to_thread(self._load)
            await self._listen(federation.clouds[self._settings.cloud])
        except (FederationError, PeersError, ListenError) as error:
            self._log.warning("not reloaded", error=str(error))
            return
        except Exception as error:  # noqa: BLE001  (no error of a reload may end the gateway)
            self._log.error("not reloaded", error=fault_of(error))
            return
        self._handler.site = self._site(federation, peers)
        self._blocked_file = blocked_file(
            federation, self._settings.cloud, self._settings.federation
        )
        self._blocklist.refresh()
        self._log.info(
            "reloaded", clouds=sorted(federation.clouds), addresses=self._listeners.addresses
        )
        self._watch()

    def _site(self, federation: Federation, peers: Peers) -> Site:
        settings = self._settings
        return Site.of(
            federation,
            settings.cloud,
            peers,
            self._pool,
            settings.made,
            self.confirming,
            self._health,
        )

    async def retire(self) -> None:
        """Accept no new connections, and wait for the end of the open ones.

        Each gets `Connection: close` with its next reply; none is closed during a request.
        """
        self._unwatch()
        self._listeners.leave()
        await self._server.retire()

    async def close(self) -> None:
        """Finish the requests under way within the drain timeout, and stop."""
        self._unwatch()
        self._listeners.leave()
        await self._server.close(self._settings.drain_timeout)
        if self._handler.state.journal is not None:
            await self._handler.state.journal.close()
        await self._blocklist.close()
        await self._health.close()
        await self.confirming.close()
        await self._pool.close()
        self._handler.state.turned_away.summarize()
        audit.flush()

    def _watch(self) -> None:
        """Begin to log, now and each day, what will soon be wrong with the certificates."""
        self._unwatch()
        self._watching = asyncio.get_running_loop().create_task(self._warn())

    def _unwatch(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _warn(self) -> None:
        while True:
            ours, name = self._handler.site.ours, self._settings.cloud
            found = certificates.warnings(ours, name, datetime.now(UTC))
            for warning in await asyncio.to_thread(list, found):
                self._log.warning("certificate", error=warning)
            await asyncio.sleep(DAY)

    def _load(self) -> tuple[Federation, Peers]:
        """Load the federation file, and the keys and certificates that it names.

        Raises FederationError, ListenError and PeersError.
        """
        name = self._settings.cloud
        federation = load(self._settings.federation, name)
        if name not in federation.clouds:
            raise ListenError(f"{self._settings.federation} does not have {name} any more")
        return federation, Peers(federation, name, self._used_signatures, self._clocks)

    async def _listen(self, cloud: Cloud) -> None:
        """Open and close listeners as a cloud needs; if it raises ListenError, nothing changes."""
        await self._listeners.follow(listeners_of(cloud, await look_up(cloud)))

    def _unreadable(self, error: ProtocolError, client: str) -> tuple[Pairs, bytes]:
        """Log why a request is not valid HTTP, once for each sender; return the reply."""
        if self._handler.state.turned_away.is_first(sender_of(client)):
            log.warning("unreadable request", client=client, error=str(error))
        message = f"the gateway could not read this request: {error}"
        refusal = Refusal(HTTPStatus(error.status), message, cloud=self._settings.cloud)
        return own_headers(), refusal.body
