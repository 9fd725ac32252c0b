"""What a request goes by: one snapshot of a federation file and of the files that it names."""

from dataclasses import dataclass

from openstackoid.federation import Cloud, Federation
from openstackoid.gateway.admission.client_address import TrustedProxies
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Client
from openstackoid.gateway.trust.foreign_tokens import ForeignTokens


@dataclass(frozen=True, slots=True)
class Site:
    """The gateway of the cloud `here`, as the federation file has it; a reload makes a new one.

    A request goes by the same site to its end, whatever is reloaded meanwhile.
    """

    here: str
    federation: Federation
    upstream: Upstream
    foreign_tokens: ForeignTokens
    proxies: TrustedProxies | None

    @classmethod
    def of(cls, federation: Federation, here: str, peers: Peers, pool: Client) -> "Site":
        """Return the site that a federation file describes."""
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
        """By what gateways prove themselves to each other."""
        return self.upstream.peers

    def addresses(self, cloud: str) -> set[tuple[str, int]]:
        """Return where another cloud's gateway accepts connections, nowhere if it has left."""
        description = self.federation.clouds.get(cloud)
        if description is None:
            return set()
        urls = (frontend.url for frontend in description.addresses)
        return {(str(description.connect or url.host), url.port) for url in urls}
