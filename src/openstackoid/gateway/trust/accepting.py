"""Checks assertions where they arrive: at the border, and back home."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from msgspec import structs

from openstackoid.federation import Federation
from openstackoid.gateway.reporting.access_record import note_assertion
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.made import Made
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.identity import stamp
from openstackoid.identity.assertion import (
    CLOCKS,
    BadAssertionError,
    Claims,
    claimed,
    id_of,
    is_assertion,
    sign,
    verified,
)
from openstackoid.identity.callers import covers, created_in
from openstackoid.identity.headers import with_token
from openstackoid.identity.issuer_secrets import completed, let_in, own_token, stamp_secret
from openstackoid.identity.keys import SigningKey, assertion_signers
from openstackoid.identity.subject import has_kept, late_end, life_of
from openstackoid.identity.token_document import Distrust, role_names, seconds_of, token_of
from openstackoid.identity.trust import advice, not_theirs
from openstackoid.message import SAFE_METHODS, Head
from openstackoid.routing import Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import Scope, join, split
from openstackoid.services import IDENTITY

MAX_KNOWN = 10_000
"""Assertions whose signature is remembered."""


class Accepting:
    """Checks the assertions that requests bring to services of the cloud `here`."""

    def __init__(
        self,
        federation: Federation,
        here: str,
        keys: Sequence[SigningKey],
        tokens: HomeTokens,
        made: Made,
        confirming: Confirming,
    ) -> None:
        self._here = here
        self._own = federation.clouds[here].own
        self._trust = federation.clouds[here].trust
        self._keys = keys
        self.tokens = tokens
        self._made = made
        self._confirming = confirming
        clouds = federation.clouds
        self._signers = {name: assertion_signers(cloud.keys) for name, cloud in clouds.items()}
        self._known: Remembered[bytes, Claims] = Remembered(MAX_KNOWN)

    async def accepted(
        self, head: Head, route: Route, *, proven: bool, by_service: bool = False
    ) -> tuple[Head, Route]:
        """Return head and route for a service here, with an assertion stamped.

        `proven` says whether the request is proven to come from its sender, and `by_service`
        whether that proof says that a service of the sender's goes on with an assertion that is
        over. A token of another cloud that another gateway has sent is refused. Raises Refusal, and
        AccountError.
        """
        value = head.headers.first(AUTH_TOKEN)
        if value is None or route.scope is None or route.service == IDENTITY:
            return head, route
        token = split(value)[0]
        if not is_assertion(token):
            await self._check_token(token, route)
            return head, route
        if route.sender is None:
            await self._check_stamp(token, route)
            return head, route
        if not proven:
            raise self._refused(
                f"nothing proves that the gateway of {route.sender} presents it; give that one "
                f"keys, and write them into the federation file of {self._here}",
                route,
            )
        token = stamp.cut(token)  # an old worker over there does not cut what a new one stamps
        try:
            late, claims = False, self.verified(token)
            if claims.iss == self._here:
                brought = claims.jti
                claims = await self._returned(claims, head.method, route, by_service=by_service)
                token = sign(claims, self._keys[0])
                note_assertion("back", brought, claims.jti)
                route = route._replace(wallet=None)
            else:
                late = self._check_border(claims, head.method, route, by_service=by_service)
                await self._check_standing(claims, route)
                note_assertion("taken", claims.jti)
        except BadAssertionError as error:
            note_assertion("refused", id_of(token))
            raise self._refused(str(error), route) from error
        return with_token(head, stamp.stamped(token, self._stamp(route, late=late))), route

    def right(self, assertion: str, operation: str, service: str) -> Claims:
        """Return the claims of an assertion for one operation on a replicated resource.

        `operation` is its digest. Whoever has brought it, it is for a service here and that
        operation alone. Raises BadAssertionError.
        """
        claims = self.verified(assertion)
        if not operation or claims.operation != operation:
            raise BadAssertionError("it is not for this operation")
        if claims.aud != self._here:
            raise BadAssertionError(f"it is for {claims.aud}, and this is {self._here}")
        if not covers(claims.services, service):
            raise BadAssertionError(f"it is not for {service}")
        return claims

    async def by_right(self, assertion: str, claims: Claims, route: Route, *, first: bool) -> str:
        """Return what a service here takes of somebody who has ordered an operation.

        `first`: it is some time ago, so his cloud is asked first whether he still may.

        Raises BadAssertionError if he may not do it any more, Refusal if nobody says so for too
        long, and AccountError.
        """
        if claims.iss != self._here and claims.iss not in self._trust:
            raise BadAssertionError(advice(self._here, claims.iss))
        check_time(claims, time.time())
        await self._check_standing(claims, route, first=first)
        return join(
            stamp.stamped(assertion, self._stamp(route, late=False)), route.scope or Scope()
        )

    def learns(self, head: Head, route: Route) -> Callable[[list[str]], None] | None:
        """Return what remembers the ids in an answer, None if the request creates nothing.

        Only what services of another cloud create in a user's name is remembered.
        """
        sender, service = route.sender, route.service
        token = head.headers.get(AUTH_TOKEN)
        if sender is None or head.method != "POST" or not is_assertion(token):
            return None
        creates, id_ = created_in(service, route.rest.partition("?")[0])
        if not creates or id_:
            return None
        claims = claimed(stamp.cut(split(token)[0]))  # it has been checked
        if claims.presenter == claims.iss:  # its user himself
            return None
        return lambda ids: self._made.add(sender, service, ids)

    def verified(self, assertion: str) -> Claims:
        """Return the claims of an assertion that its issuer has signed; raises BadAssertionError.

        An assertion is verified once, and remembered.
        """
        digest = hashlib.sha256(assertion.encode("utf-8", "surrogatepass")).digest()
        if (known := self._known.get(digest)) is not None:
            return known
        issuer = claimed(assertion).iss
        claims, _ = verified(assertion, self._signers.get(issuer, ()))
        self._known.put(digest, claims)
        return claims

    def stamped(self, token: str) -> Claims:
        """Return the claims of an assertion that a gateway here has let in, and so has stamped.

        A gateway of an older release has let it in without a stamp. Such a one counts as long as
        tokens of its issuer are taken, if it came from there. Raises BadAssertionError.
        """
        if (claims := let_in(token, self._keys, time.time())) is not None:
            return claims
        if (claims := self._from_before(token)) is not None:
            return claims
        raise BadAssertionError("it has not come by the gateway of this cloud")

    def _from_before(self, token: str) -> Claims | None:
        older = {issuer for issuer, trust in self._trust.items() if trust.tokens}
        if not older:
            return None
        try:
            claims = self.verified(token)
        except BadAssertionError:
            return None
        mine = (
            not claims.operation
            and claims.iss in older
            and (claims.aud, claims.presenter) == (self._here, claims.iss)
        )
        return claims if mine else None

    async def _check_token(self, token: str, route: Route) -> None:
        """Refuse the token of another cloud that a gateway has sent, unless that is an old one.

        Also refuse one of this cloud that a client says is another's, before that one is asked.
        """
        issuer = route.issuer
        if issuer == self._here:
            return
        if route.sender is None:
            clear = issuer is not None and route.wallet is None
            if clear and await self.tokens.is_ours(token):
                raise self._refused(not_theirs(self._here, issuer), route)
            return
        if issuer is None:
            raise self._refused("its scope takes identity in several clouds; name one", route)
        trust = self._trust.get(issuer)
        if trust is not None and not trust.tokens:
            raise self._refused(
                f"a token of {issuer} does not cross a border: its gateway sends assertions in its "
                f"place. Go by way of {issuer}'s gateway; if that is of an older release, the "
                f"operator of {self._here} may write clouds.{self._here}.trust.{issuer}.tokens: "
                "true meanwhile",
                route,
            )

    async def _check_stamp(self, token: str, route: Route) -> None:
        try:
            claims = self.stamped(token)
            self._check_issuer(claims, route)
            note_assertion("stamped", claims.jti)
            await self._check_standing(claims, route, stamped=True)
        except BadAssertionError as error:
            raise self._refused(str(error), route) from error

    async def _check_standing(
        self, claims: Claims, route: Route, *, stamped: bool = False, first: bool = False
    ) -> None:
        """Refuse an assertion that its issuer has revoked, or has not confirmed for too long.

        Raises BadAssertionError, Refusal and AccountError.
        """
        if claims.iss == self._here:
            if await self.tokens.standing(own_token(claims, self._keys), late=True) is None:
                raise BadAssertionError("the token that it stands for was revoked")
            return
        of_issuer = claims.presenter == claims.iss and not claims.operation
        await self._confirming.check(
            claims,
            self._trust.get(claims.iss),
            route.service,
            brought=of_issuer and not stamped,
            first=first,
        )

    def _check_issuer(self, claims: Claims, route: Route) -> None:
        if claims.iss != route.issuer:
            raise BadAssertionError(
                f"it is of {claims.iss}, and the scope takes identity in {route.issuer}"
            )

    def _check_border(self, claims: Claims, method: str, route: Route, *, by_service: bool) -> bool:
        """Raise BadAssertionError unless a sender may present an assertion to a service here.

        A service of a third cloud may go on with one that is over, for as long as `trust` says.
        Return whether it does.
        """
        self._check_issuer(claims, route)
        check_for_requests(claims)
        if claims.aud != self._here:
            raise BadAssertionError(f"it is for {claims.aud}, and this is {self._here}")
        if claims.presenter != route.sender:
            raise BadAssertionError(f"it is not for the gateway of {route.sender} to present")
        if not covers(claims.services, route.service):
            raise BadAssertionError(
                f"it is not for {route.service}, which its scope does not take in {self._here}"
            )
        trust = self._trust.get(claims.iss)
        third = claims.presenter != claims.iss
        now, goes_on = time.time(), third and by_service
        check_time(claims, now, trust.late if trust and goes_on else 0)
        if third:
            self._check_caller(method, route)
        return goes_on and claims.exp <= now

    def _check_caller(self, method: str, route: Route) -> None:
        """Refuse what services of the sender may not do here in the name of a user.

        They may read, create what they need, and change what they have created. Raises
        BadAssertionError.
        """
        if method in SAFE_METHODS:
            return
        path = route.rest.partition("?")[0]
        creates, id_ = created_in(route.service, path)
        if creates and not id_ and method == "POST":
            return
        if id_ and route.sender and self._made.has(route.sender, route.service, id_):
            return
        raise BadAssertionError(
            f"services of {route.sender} may read here what its user can, and change only what "
            "they have created here within two days"
        )

    async def _returned(
        self, claims: Claims, method: str, route: Route, *, by_service: bool
    ) -> Claims:
        """Return what this cloud says for itself, for an assertion that its audience brings back.

        For a service of the audience that goes on, or of home that has called it late, also if the
        token is over, until `own.late` after its end. What is made then ends with the next full
        quarter of an hour: services here, which are not told that a service asks, take it as it is.
        Raises BadAssertionError and AccountError.
        """
        self._check_issuer(claims, route)
        check_for_requests(claims)
        if claims.aud != route.sender:
            raise BadAssertionError(f"it is not for the gateway of {route.sender} to bring back")
        if not covers(claims.back, route.service):
            raise BadAssertionError(
                f"no service that its scope takes in {claims.aud} calls {route.service} here"
            )
        now = time.time()
        check_time(claims, now, math.inf if by_service else 0)
        self._check_caller(method, route)
        token = own_token(claims, self._keys)
        goes_on = by_service or claims.late
        document = await self.tokens.document(token, late=goes_on)
        if document is None:
            raise BadAssertionError("the token that it stands for has expired or was revoked")
        if has_kept(role_names(document["token"]), self._own.keep):  # since it was made
            raise BadAssertionError(
                "its user has got a role that stays at home, as clouds."
                f"{self._here}.own.keep says; log in again"
            )
        begin, end, late = claims.iat, claims.exp, claims.late
        if goes_on:
            begin, end, late = self._life(document, now)
        itself = structs.replace(
            claims,
            iat=begin,
            exp=end,
            late=late,
            aud=self._here,
            presenter=claims.aud,
            services=(route.service,),
            back=(),
            jti="",
            own="",
        )
        return completed(itself, token, self._keys[0])

    def _life(self, document: dict[str, Any], now: float) -> tuple[int, int, bool]:
        """Return the life of what is made of a token that may be over; raises BadAssertionError."""
        try:
            token = token_of(document)
            if now >= seconds_of(token, "expires_at") + self._own.late:
                raise BadAssertionError("the token that it stands for is over; log in again")
            return life_of(token, self._own.longest, now)
        except Distrust as distrust:
            raise BadAssertionError(str(distrust)) from distrust

    def _stamp(self, route: Route, *, late: bool) -> bytes:
        """Return what to stamp with; an assertion that is over has a stamp that ends."""
        if self._keys:
            return stamp_secret(self._keys[0], late_end(time.time()) if late else None)
        raise self._refused(
            f"the gateway of {self._here} has no key for assertions; its operator makes one: "
            "openstackoid federation keys",
            route,
        )

    def _refused(self, why: str, route: Route) -> Refusal:
        message = f"{self._here} does not take what says who the user is: {why}"
        status = HTTPStatus.UNAUTHORIZED
        return Refusal(status, message, cloud=self._here, service=route.service, sent=False)


def check_for_requests(claims: Claims) -> None:
    """Raise BadAssertionError for an assertion that is good for an operation, and no request."""
    if claims.operation:
        raise BadAssertionError("it is for one operation on a replicated resource, and no request")


def check_time(claims: Claims, now: float, longer: float = 0) -> None:
    """Raise BadAssertionError unless an assertion is valid, or was some seconds ago.

    The clocks of two clouds may differ.
    """
    if now >= claims.exp + CLOCKS + longer:
        raise BadAssertionError("it is over; log in again")
    if now < claims.iat - CLOCKS:
        raise BadAssertionError("it is not valid yet; compare the clocks of the two clouds")
