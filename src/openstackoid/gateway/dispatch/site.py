"""Holds what one federation file, and the files that it names, make of this cloud's gateway."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from openstackoid.federation import Cloud, Federation
from openstackoid.federation.internal import Permitted
from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.admission.client_address import TrustedProxies
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Client, HungError, Origin, UnreachableError
from openstackoid.gateway.trust.assertions import Assertions
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.gateway.trust.foreign_tokens import ForeignTokens
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.made import Made
from openstackoid.gateway.trust.service_account import ServiceAccount
from openstackoid.routing import Refusal, Route, destination_of
from openstackoid.scope import CloudRef


@dataclass(frozen=True, slots=True)
class Site:
    """An immutable snapshot for the gateway of the cloud `here`; a reload makes a new one.

    A request uses the same site from beginning to end, even if a reload happens meanwhile.
    """

    here: str
    federation: Federation
    upstream: Upstream
    foreign_tokens: ForeignTokens
    assertions: Assertions
    home_tokens: HomeTokens
    proxies: TrustedProxies | None

    @classmethod
    def of(
        cls,
        federation: Federation,
        here: str,
        peers: Peers,
        pool: Client,
        made: Path,
        confirming: Confirming,
        health: Health,
    ) -> "Site":
        """Return the site of the cloud `here` in a federation.

        `made` is the file with what services of other clouds have created here, `confirming` what
        other clouds have said of their assertions, `health` what is down; they outlive the site, as
        the pool does.
        """
        upstream = Upstream(pool, peers, Permit(Permitted.of(federation, here)))
        account = ServiceAccount(federation, here, upstream, health)
        keystone, tokens = LocalKeystone(account), HomeTokens(account)
        proxies = federation.clouds[here].own.proxies
        return cls(
            here,
            federation,
            upstream,
            ForeignTokens(federation, here, upstream, keystone, tokens),
            Assertions.of(
                federation, here, peers.keys, keystone, tokens, Made(made), upstream, confirming
            ),
            tokens,
            TrustedProxies(proxies) if proxies else None,
        )

    @property
    def ours(self) -> Cloud:
        """The cloud of this gateway."""
        return self.federation.clouds[self.here]

    @property
    def peers(self) -> Peers:
        """The keys, certificates and proofs of this gateway and its peers."""
        return self.upstream.peers

    async def answers(self, cloud: str, service: str | None) -> bool:
        """Return whether a service of a cloud answers, or whether a cloud can be reached.

        Also if the cloud, or its service, is not in the federation any more.
        """
        if service is not None:
            return await self._answers(cloud, service)
        origins = self.origins(cloud)
        return not origins or any(await asyncio.gather(*map(self._reaches, origins)))

    async def _answers(self, cloud: str, service: str) -> bool:
        route = Route(service, PUBLIC, "/", None, CloudRef(cloud), None)
        try:
            destination = destination_of(route, cloud, self.federation, self.here)
            await self.upstream.ask(destination)
        except Refusal:
            return True
        except (UnreachableError, HungError):
            return False
        return True

    async def _reaches(self, origin: Origin) -> bool:
        try:
            await self.upstream.reach(origin)
        except UnreachableError:
            return False
        return True

    def origins(self, cloud: str) -> set[Origin]:
        """Return where this gateway connects to another cloud, for each of its services.

        The set is empty if the cloud is not in the federation any more.
        """
        description = self.federation.clouds.get(cloud)
        if description is None:
            return set()
        permit = self.upstream.permit
        urls = (endpoints[PUBLIC] for endpoints in description.frontends.values())
        return {
            Origin(str(description.connect or url.host), url.port, permit=permit) for url in urls
        }
