"""Makes the assertions that leave this cloud in place of its users' tokens."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from msgspec import structs

from openstackoid.federation import Federation
from openstackoid.gateway.reporting.access_record import note_assertion
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.identity import access_rules as rules
from openstackoid.identity import stamp
from openstackoid.identity.assertion import (
    CLOCKS,
    BadAssertionError,
    Claims,
    id_of,
    is_assertion,
    sign,
)
from openstackoid.identity.callers import Reach, called_by, covers, reach
from openstackoid.identity.headers import with_token
from openstackoid.identity.issuer_secrets import completed, let_in, own_token
from openstackoid.identity.keys import SigningKey
from openstackoid.identity.subject import access_rules, claims_of, has_kept
from openstackoid.identity.token_document import Distrust, role_names, token_of
from openstackoid.identity.trust import not_theirs
from openstackoid.identity.witness import LASTS, text_of, witness_of
from openstackoid.message import Head
from openstackoid.routing import Destination, Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN, SERVICE_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import Scope, Wallet, WalletEntry, join, split
from openstackoid.services import IDENTITY

MAX_TOKEN = 2900
"""Bytes of X-Auth-Token at most: uWSGI takes 4096 for a whole head, of which some 1130 are used."""

MAX_KNOWN = 2_000
"""Tokens, each with a scope and a cloud, whose assertions are remembered."""


class _Issued(NamedTuple):
    """What was made of a document of Keystone's: assertions, with their claims."""

    document: dict[str, Any]
    made: list[tuple[Claims, str]]


class Issuing:
    """Makes the assertions of the cloud `here`; `keys` are its keys for them, the first signs.

    `stamped` returns the claims of an assertion that the gateway has let in; else it raises
    BadAssertionError.
    """

    def __init__(
        self,
        federation: Federation,
        here: str,
        keys: Sequence[SigningKey],
        tokens: HomeTokens,
        stamped: Callable[[str], Claims],
        confirming: Confirming,
    ) -> None:
        self._here = here
        self._own = federation.clouds[here].own
        self._trust = federation.clouds[here].trust
        self._confirming = confirming
        self._keys = keys
        self._tokens = tokens
        self._stamped = stamped
        self._known: Remembered[tuple[str, str, str], _Issued] = Remembered(MAX_KNOWN)

    async def asserted(
        self, head: Head, route: Route, destination: Destination
    ) -> tuple[Head, Route]:
        """Return head and route of a hop to another cloud, without a token of this cloud's.

        `route` is narrowed to that cloud. A token of home's becomes an assertion; an assertion that
        has come here goes on as the one for that cloud. A token of the other cloud itself passes.
        Raises Refusal, and AccountError.
        """
        cloud, headers = destination.cloud, head.headers
        if route.service == IDENTITY:
            for subject in headers.all(SUBJECT_TOKEN):
                await self.check_not_ours(split(subject)[0], route, cloud)
        value = headers.first(AUTH_TOKEN)
        if value is None:
            return head, route
        token = split(value)[0]
        if is_assertion(token):
            if route.service == IDENTITY or not destination.gateway:
                raise self._refused(
                    f"what says who a user is goes to no Keystone, and to no cloud without a "
                    f"gateway; {route.service} of {cloud} takes tokens of its own alone",
                    route,
                )
            return await self._passed_on(head, route, token, cloud)
        if route.issuer == cloud:  # its own, by which it knows its user
            await self.check_not_ours(token, route, cloud)
            return head, route
        if route.issuer != self._here or route.service == IDENTITY:
            raise self._refused(
                f"this token is of {route.issuer or 'one of several clouds'}, and goes to no other "
                f"cloud; log in to {self._here}, or give the client an account in {cloud} (an "
                f"entry {cloud} in clouds.yaml)",
                route,
            )
        document = await self._document(head, route, token)
        (claims, front), *others = self._issued(
            document, token, cloud, route.scope or Scope(), route
        )
        entries = tuple((one.aud, WalletEntry(assertion)) for one, assertion in others)
        route = route._replace(wallet=Wallet(entries) if entries else None)
        self._check_length(route, claims, front)
        note_assertion("made", claims.jti, *(one.jti for one, _ in others))
        return with_token(head, front), route

    async def ordering(self, head: Head, route: Route) -> dict[str, Any]:
        """Return what Keystone says of the token of whoever orders an operation.

        Raises Refusal if it is not one of this cloud's by which something can be done later, and
        AccountError.
        """
        token = split(head.headers.get(AUTH_TOKEN))[0]
        if not token or is_assertion(token) or route.issuer not in {None, self._here}:
            raise self._refused(
                f"what is carried out later is ordered by users of {self._here} alone, with a "
                f"token of {self._here}",
                route,
            )
        document = await self._document(head, route, token)
        try:
            witness_of(document)
            if access_rules(document) is not None:
                raise Distrust("its application credential has access rules")
        except Distrust as distrust:
            raise self._refused(
                f"nothing is carried out later by this token: {distrust}", route
            ) from distrust
        return document

    def rights(
        self, document: dict[str, Any], route: Route, operation: str, clouds: Iterable[str]
    ) -> dict[str, str]:
        """Return an assertion for each of some clouds that is good for one operation alone.

        `operation` is its digest, `document` what `ordering` has returned. Raises Refusal.
        """
        key, now = self._key(route), int(time.time())
        limits = Reach((route.service,), (), ())
        rights = {}
        try:
            witness = text_of(witness_of(document))
            for cloud in clouds:
                claims = self._claims(document, limits, cloud, self._here)
                claims = structs.replace(
                    claims, iat=now, exp=now + LASTS, late=False, operation=operation
                )
                claims = completed(claims, witness, key)
                rights[cloud] = sign(claims, key)
                self._check_length(route, claims, rights[cloud])
        except Distrust as distrust:
            raise self._refused(
                f"this token stays in {self._here}: {distrust}", route
            ) from distrust
        return rights

    async def goes_on(self, head: Head, route: Route) -> bool:
        """Return whether a service here goes on for a user whose assertion is over, or nearly so.

        Another gateway is told so, and may take the assertion all the same: by its clock it may be
        over by now. Raises AccountError.
        """
        token = split(head.headers.get(AUTH_TOKEN))[0]
        if route.sender is not None:
            return False
        now = time.time()
        claims = let_in(token, self._keys, now)
        return claims is not None and claims.exp <= now + CLOCKS and await self._is_a_service(head)

    async def check_not_ours(self, token: str, route: Route, cloud: str) -> None:
        """Refuse a token of this cloud's whose scope says that it is one of another cloud.

        The token that a wallet has for that cloud is its own. Raises Refusal, and AccountError.
        """
        entry = route.wallet and route.wallet.get(cloud)
        if route.sender is not None or is_assertion(token) or (entry and entry.token == token):
            return
        if await self._tokens.is_ours(token):
            raise self._refused(not_theirs(self._here, cloud), route)

    async def _document(self, head: Head, route: Route, token: str) -> dict[str, Any]:
        """Return what Keystone says of a token; raises Refusal if it may not be used like this."""
        service = await self._is_a_service(head)
        document = await self._tokens.document(token)
        if document is None and service:
            document = await self._tokens.document(token, late=True)
        if document is None:
            raise self._refused(
                f"{self._here} does not know this token, or it has expired; log in again", route
            )
        try:
            restricted = None if service else access_rules(document)
        except Distrust as distrust:
            raise self._refused(
                f"this token stays in {self._here}: {distrust}", route
            ) from distrust
        if restricted is not None and not rules.allowed(
            restricted, route.service, head.method, unquote(head.path)
        ):
            raise self._refused(
                f"the access rules of its application credential do not allow {head.method} "
                f"{head.path} of {route.service}",
                route,
            )
        return document

    async def _is_a_service(self, head: Head) -> bool:
        """Return whether a service of this cloud sends a request for a user, by its own token."""
        token = head.headers.first(SERVICE_TOKEN)
        document = token and await self._tokens.document(split(token)[0])
        if not document:
            return False
        return not set(self._own.service_roles).isdisjoint(role_names(token_of(document)))

    def _issued(
        self, document: dict[str, Any], token: str, cloud: str, scope: Scope, route: Route
    ) -> list[tuple[Claims, str]]:
        """Return what `_made` yields for a scope, remembered while Keystone's answer is."""
        key = token, scope.canonical, cloud
        known = self._known.get(key)
        if known is None or known.document is not document:
            limits = reach(scope, cloud, self._here)
            made = list(self._made(document, token, cloud, limits, route))
            known = _Issued(document, made)
            self._known.put(key, known, made[0][0].exp - time.time())
        return known.made

    def _made(
        self, document: dict[str, Any], token: str, cloud: str, limits: Reach, route: Route
    ) -> Iterator[tuple[Claims, str]]:
        """Yield the assertion for a cloud, then those that it presents to others, with the claims.

        Raises Refusal.
        """
        key = self._key(route)
        try:
            claims = completed(self._claims(document, limits, cloud, self._here), token, key)
            yield claims, sign(claims, key)
            if has_kept(claims.roles, self._own.keep):
                return
            for other, services in limits.beyond:
                only = Reach(services, (), ())
                claims = completed(self._claims(document, only, other, cloud), token, key)
                yield claims, sign(claims, key)
        except Distrust as distrust:
            raise self._refused(
                f"this token stays in {self._here}: {distrust}", route
            ) from distrust

    def _claims(
        self, document: dict[str, Any], limits: Reach, audience: str, presenter: str
    ) -> Claims:
        own = self._own
        parties = (self._here, audience, presenter)
        return claims_of(
            document, limits, parties, longest=own.longest, now=time.time(), keep=own.keep
        )

    async def _passed_on(
        self, head: Head, route: Route, token: str, cloud: str
    ) -> tuple[Head, Route]:
        """Return head and route with the assertion for another cloud in place of the one here.

        That is the same one back at its issuer, and else one that came along. Raises Refusal.
        """
        if route.sender is not None:
            raise self._refused("this assertion has not come by the gateway of this cloud", route)
        try:
            claims = self._stamped(token)
        except BadAssertionError as error:
            raise self._refused(f"this assertion does not go on: {error}", route) from error
        if claims.iss == self._here:
            return await self._returned(head, route, claims, cloud)
        try:
            await self._confirming.check(claims, self._trust.get(claims.iss), route.service)
        except BadAssertionError as error:
            message = f"{self._here} does not pass on what says who the user is: {error}"
            raise self._refused(message, route) from error
        if claims.iss == cloud:
            note_assertion("passed on", claims.jti)
            return with_token(head, stamp.cut(token)), route._replace(wallet=None)
        entry = route.wallet and route.wallet.get(cloud)
        if not entry:
            raise self._refused(
                f"the user of {claims.iss} has given {self._here} nothing for {route.service} of "
                f"{cloud}: no service that the scope takes in {self._here} calls it for a user",
                route,
            )
        note_assertion("passed on", id_of(entry.token))
        return with_token(head, entry.token), route._replace(wallet=None)

    async def _returned(
        self, head: Head, route: Route, claims: Claims, cloud: str
    ) -> tuple[Head, Route]:
        """Let a service here that another cloud called call that cloud; raises Refusal."""
        services = called_by(claims.services)
        if cloud != claims.presenter or not covers(services, route.service):
            raise self._refused(
                f"{claims.presenter} has called a service here, which may call {cloud} for nothing",
                route,
            )
        token = own_token(claims, self._keys)
        document = await self._tokens.document(token, late=claims.late)
        if document is None:
            raise self._refused(f"{self._here} no longer knows the token; log in again", route)
        ((made, front),) = self._made(document, token, cloud, Reach(services, (), ()), route)
        route = route._replace(wallet=None)
        self._check_length(route, made, front)
        note_assertion("made", made.jti)
        return with_token(head, front), route

    def _key(self, route: Route) -> SigningKey:
        if self._keys:
            return self._keys[0]
        raise self._refused(
            f"the gateway of {self._here} has no key for assertions, without which no user of it "
            f"is believed elsewhere; its operator makes one: openstackoid federation keys",
            route,
            HTTPStatus.SERVICE_UNAVAILABLE,
        )

    def _check_length(self, route: Route, claims: Claims, front: str) -> None:
        """Raise Refusal if a token does not fit into the heads that services take."""
        length = len(join(front, route.scope or Scope(), route.wallet)) + stamp.LENGTH
        if length <= MAX_TOKEN:
            return
        parts = {
            "the names of user, project and domains": _bytes(*claims.user, *claims.project),
            "the names of its roles": _bytes(*claims.roles),
            "the token": len(claims.own),
            "what the scope takes in other clouds": len(route.wallet.text) if route.wallet else 0,
        }
        longest = max(parts, key=lambda part: parts[part])
        raise self._refused(
            f"what says who the user is would be {length} bytes long, and {MAX_TOKEN} fit; the "
            f"longest part is {longest}",
            route,
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
        )

    def _refused(
        self, message: str, route: Route, status: HTTPStatus = HTTPStatus.UNAUTHORIZED
    ) -> Refusal:
        return Refusal(status, message, cloud=self._here, service=route.service, sent=False)


def _bytes(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)
