"""Holds what one federation file, and the files that it names, make of this cloud's gateway."""

from dataclasses import dataclass

from openstackoid.federation import Cloud, Federation
from openstackoid.gateway.admission.client_address import TrustedProxies
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Client
from openstackoid.gateway.trust.foreign_tokens import ForeignTokens


@dataclass(frozen=True, slots=True)
class Site:
    """An immutable snapshot for the gateway of the cloud `here`; a reload makes a new one.

    A request uses the same site from beginning to end, even if a reload happens meanwhile.
    """

    here: str
    federation: Federation
    upstream: Upstream
    foreign_tokens: ForeignTokens
    proxies: TrustedProxies | None

    @classmethod
    def of(cls, federation: Federation, here: str, peers: Peers, pool: Client) -> "Site":
        """Return the site of the cloud `here` in a federation."""
        upstream = Upstream(pool, peers)
        proxies = federation.clouds[here].own.proxies
        return cls(
            here,
            federation,
            upstream,
            ForeignTokens(federation, here, upstream),
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

    def addresses(self, cloud: str) -> set[tuple[str, int]]:
        """Return host and port of another cloud's gateway, for each of its frontends.

        The set is empty if the cloud is not in the federation any more.
        """
        description = self.federation.clouds.get(cloud)
        if description is None:
            return set()
        urls = (frontend.url for frontend in description.addresses)
        return {(str(description.connect or url.host), url.port) for url in urls}
