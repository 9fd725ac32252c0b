"""Signs requests to other gateways, and checks the signatures and certificates of theirs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from openstackoid.federation import Federation
from openstackoid.gateway.admission import tls
from openstackoid.gateway.admission.client_address import sender_of
from openstackoid.gateway.admission.clocks import Clocks, steady
from openstackoid.gateway.admission.replay import SIGNATURES, WINDOW, Taking, UsedSignatures
from openstackoid.identity import MAX_AUTH_BODY
from openstackoid.identity.handles import client_handle, user_handle
from openstackoid.identity.keys import KeysError, Signer, read_all, signer
from openstackoid.identity.signature import (
    LIFETIME,
    NOTHING,
    PROOF,
    Crossing,
    ProofError,
    Told,
    check,
    digest_of,
    sign,
)
from openstackoid.message import SAFE_METHODS, Head, Headers
from openstackoid.routing import Destination, Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN, SCOPE_HEADER


class PeersError(Exception):
    """The keys or certificates in a federation file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What proved the sender of a request: `by` has "certificate", "signature", both or neither.

    `identifier` is the id of the signature, which may be used once, and `key` that of the key that
    made it; None without a signature. `told` is what the signature tells beside the request.
    """

    by: tuple[str, ...] = ()
    identifier: str | None = None
    key: str | None = None
    told: Told = NOTHING


class Asking(NamedTuple):
    """Who asks for a request, and how long the sender waits.

    - `client`: the client's address, if one has sent it.
    - `by_service`: a service of this cloud has, with a token of its own.
    - `within`: the seconds in which a write has to begin, None if the sender waits for ever.
    - `whole`: the body, if the sender has it whole; empty if there is none, None if it is streamed.
    """

    client: str = ""
    by_service: bool = False
    within: float | None = None
    whole: bytes | None = None


class Signed(NamedTuple):
    """The headers of a request to send, and what was told of it.

    `at` is when it was signed, by `clocks.steady`. `last` is until when it may begin, by
    time.monotonic(); None if the other gateway was not told.
    """

    headers: Headers
    told: Told | None = None
    at: float = 0.0
    last: float | None = None


_NONE = Proof()


class Peers:
    """The keys and certificates of one gateway, and the proofs that it requires of others.

    `keys` are its pairs of private keys: it signs with the first, and tokens that are sealed to any
    of them are unsealed. All are from one federation file. Raises PeersError if a file of keys or
    certificates can't be used. `clocks` are those of other clouds, which outlive a reload.
    """

    def __init__(
        self,
        federation: Federation,
        here: str,
        seen: UsedSignatures,
        clocks: Clocks | None = None,
    ) -> None:
        self.clocks = Clocks() if clocks is None else clocks
        self._federation = federation
        self.here = here
        self._used_signatures = seen
        cloud = federation.clouds[here]
        try:
            self.keys = read_all(cloud.own.keys, cloud.keys, here)
            self.asking = tls.asking(cloud.own)
            self.serving = tls.serving(cloud.own)
            self._revoked = tls.revoked(cloud.own)
        except (KeysError, tls.TlsError) as error:
            raise PeersError(str(error)) from error
        self._signers: dict[str, tuple[Signer, ...]] = {
            name: tuple(map(signer, other.keys)) for name, other in federation.clouds.items()
        }

    def signed(
        self,
        method: str,
        destination: Destination,
        route: Route,
        headers: Headers,
        asking: Asking | None = None,
    ) -> Signed:
        """Return the headers to send, with a signature added if they go to another gateway.

        The signature tells what is known of the request if the other gateway reads that.
        """
        if not self.keys or not destination.remote or SCOPE_HEADER not in headers:
            return Signed(headers)
        cloud, now = destination.cloud, steady()
        asking = asking or Asking()
        told = last = None
        if self.clocks.speaks(cloud, now) or (asking.by_service and self.clocks.has_spoken(cloud)):
            told = self._told(method, cloud, headers, asking, now)
            if told.end is not None and asking.within is not None:
                last = time.monotonic() + asking.within
        crossing = Crossing(self.here, cloud, route.service, method, destination.path, headers)
        proof = sign(crossing, self.keys[0].sign, time.time(), told)
        return Signed(Headers((*headers, (PROOF.title(), proof))), told, now, last)

    def _told(self, method: str, cloud: str, headers: Headers, asking: Asking, now: float) -> Told:
        """Return what to tell another cloud's gateway of a request."""
        key = self.keys[0].sign
        end = digest = None
        if method not in SAFE_METHODS:
            offset = self.clocks.offset(cloud, now)
            if asking.within is not None and offset is not None:
                end = int((now + asking.within + offset.least) * 1000)
            if asking.whole is not None and len(asking.whole) <= MAX_AUTH_BODY:
                digest = digest_of(asking.whole)
        client = asking.client and client_handle(key, cloud, sender_of(asking.client))
        user = user_handle(key, self.here, cloud, headers.get(AUTH_TOKEN))
        return Told(end, digest, user, client or None, asking.by_service)

    def admit(
        self,
        head: Head,
        route: Route,
        proofs: Sequence[str],
        certificate: Mapping[str, Any] | None,
    ) -> Proof:
        """Check that a request comes from the gateway that it names, and return the proof.

        `certificate` is the verified client certificate of the connection (SSLSocket.getpeercert).
        The signature is not yet marked as used: `take` does that once the rate limit is checked.
        Raises Refusal.
        """
        if route.sender is None:
            return _NONE
        sender = self._federation.clouds.get(route.sender)
        if route.sender == self.here:
            raise self._refusal(route, "no gateway sends a request to itself")
        if sender is None:
            raise self._refusal(route, f"its file has no cloud {route.sender}; add it there")
        if tls.is_revoked(certificate, self._revoked):
            raise self._refusal(route, "the certificate of its connection is revoked")
        if not sender.gateway:
            raise self._refusal(route, f"its file says that {route.sender} has no gateway")
        if sender.peer is not None and sender.peer.lower() not in tls.names(certificate):
            raise self._refusal(
                route, f"it has to show a certificate for {sender.peer}, by the authority in own.ca"
            )
        proven = () if sender.peer is None else ("certificate",)
        if not sender.keys:
            return Proof(proven)
        if len(proofs) != 1:
            raise self._refusal(route, "it has to sign what it sends, once; give it own.keys")
        crossing = Crossing(
            route.sender, self.here, route.service, head.method, head.target, head.headers
        )
        earliest = self._used_signatures.earliest(time.monotonic())
        try:
            signers = self._signers[route.sender]
            checked = check(proofs[0], crossing, signers, time.time(), earliest)
        except ProofError as error:
            raise self._refusal(route, str(error)) from error
        if self._used_signatures.has(route.sender, checked.identifier, time.monotonic()):
            raise self._replayed(route)
        return Proof((*proven, "signature"), checked.identifier, checked.key, checked.told)

    def take(self, route: Route, proof: Proof) -> None:
        """Mark the signature of a request as used.

        Raises Refusal if it was used before, or if there is no room for its id: older ids must not
        be forgotten, or their signatures could be used again.
        """
        if proof.identifier is None or route.sender is None:
            return
        taking = self._used_signatures.take(route.sender, proof.identifier, time.monotonic())
        if taking is Taking.USED:
            raise self._replayed(route)
        if taking is Taking.FULL:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"the gateway of {route.sender} has sent more than {SIGNATURES} requests within "
                f"{WINDOW} seconds; send them slower",
                cloud=self.here,
                sent=False,
                retry_after=LIFETIME,
            )

    def check_body(self, route: Route, digest: str, body: bytes) -> None:
        """Raise Refusal if a body is not the one whose digest the sender has signed."""
        if digest != digest_of(body):
            raise self._refusal(route, "its body is not the one that was signed")

    def _replayed(self, route: Route) -> Refusal:
        return self._refusal(route, "its signature was used before")

    def _refusal(self, route: Route, why: str) -> Refusal:
        message = (
            f"{self.here} refuses a request in the name of the gateway of {route.sender}: {why}. "
            "Nothing was executed; compare the federation files of both"
        )
        return Refusal(
            HTTPStatus.UNAUTHORIZED, message, cloud=self.here, service=route.service, sent=False
        )
