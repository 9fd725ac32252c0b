"""How gateways prove themselves to each other: by signatures, and by certificates."""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from openstackoid.federation import Federation
from openstackoid.gateway import tls
from openstackoid.identity import Headers
from openstackoid.identity.keys import KeysError, read, signer
from openstackoid.identity.signature import LIFETIME, PROOF, Hop, ProofError, check, sign
from openstackoid.routing import Head, Refusal, Route, Target
from openstackoid.routing.scoping import SCOPE_HEADER


class PeersError(Exception):
    """Why a gateway cannot prove itself as the federation file says."""


class Seen:
    """The ids of signatures that were taken, kept as long as they could be taken again."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def first(self, issuer: str, identifier: str, now: float) -> bool:
        """Tell whether an id is new, and remember it; `now` in seconds that never go back."""
        for known, until in list(self._until.items()):
            if until > now:
                break
            del self._until[known]
        if (issuer, identifier) in self._until:
            return False
        self._until[issuer, identifier] = now + 2 * LIFETIME
        return True


class Peers:
    """Keys and certificates of one gateway and what it asks of others, by one federation file.

    Raises PeersError if the files of keys or certificates can't be used.
    """

    def __init__(self, federation: Federation, here: str, seen: Seen) -> None:
        self._federation = federation
        self.here = here
        self._seen = seen
        cloud = federation.clouds[here]
        try:
            self.keys = read(cloud.own.keys) if cloud.own.keys else None
            self.asking = tls.asking(cloud.own)
            self.serving = tls.serving(cloud.own)
        except (KeysError, tls.TlsError) as error:
            raise PeersError(str(error)) from error
        if cloud.keys != (self.keys.public if self.keys else None):
            raise PeersError(
                f"keys of {here} are not the public halves of {cloud.own.keys or 'any own.keys'}; "
                "write both as `openstackoid federation keys` gave them"
            )

    def signed(
        self, method: str, path: str, target: Target, route: Route, headers: Headers
    ) -> Headers:
        """Return the headers to send, with a signature if they go to another gateway."""
        if self.keys is None or not target.remote:
            return headers
        head = Head(method, path, headers, 0)
        if head.value(SCOPE_HEADER) is None:
            return headers
        hop = Hop(self.here, target.cloud, route.service, head)
        return (*headers, (PROOF.title(), sign(hop, self.keys.sign, time.time())))

    def admit(
        self,
        head: Head,
        route: Route,
        proofs: Sequence[str],
        certificate: Mapping[str, Any] | None,
    ) -> tuple[str, ...]:
        """See that a request comes from the gateway it says; return by what. Raises Refusal.

        `certificate` is the client's on this connection, verified (SSLSocket.getpeercert).
        """
        if route.origin is None:
            return ()
        origin = self._federation.clouds.get(route.origin)
        if route.origin == self.here:
            raise self._refusal(route, "no gateway sends a request to itself")
        if origin is None:
            raise self._refusal(route, f"its file has no cloud {route.origin}; add it there")
        if origin.peer is not None and origin.peer.lower() not in tls.names(certificate):
            raise self._refusal(
                route, f"it has to show a certificate for {origin.peer}, by the authority in own.ca"
            )
        proven = () if origin.peer is None else ("certificate",)
        if origin.keys is None:
            return proven
        if len(proofs) != 1:
            raise self._refusal(route, "it has to sign what it sends, once; give it own.keys")
        hop = Hop(route.origin, self.here, route.service, head)
        try:
            identifier = check(proofs[0], hop, signer(origin.keys), time.time())
        except ProofError as error:
            raise self._refusal(route, str(error)) from error
        if not self._seen.first(route.origin, identifier, time.monotonic()):
            raise self._refusal(route, "its signature was used before")
        return (*proven, "signature")

    def _refusal(self, route: Route, why: str) -> Refusal:
        message = (
            f"{self.here} does not believe that the gateway of {route.origin} sent this: {why}. "
            "Nothing was executed; compare the federation files of both"
        )
        return Refusal(
            HTTPStatus.UNAUTHORIZED, message, cloud=self.here, service=route.service, sent=False
        )
