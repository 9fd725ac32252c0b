"""Decides which foreign tokens are accepted here, and rewrites their validation to this cloud."""

import hashlib
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.downstream import read_whole
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Response
from openstackoid.gateway.trust.home_tokens import UNKNOWN, HomeTokens
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.gateway.trust.service_account import AccountError, account_refusal
from openstackoid.identity import CatalogError
from openstackoid.identity.added import missing
from openstackoid.identity.assertion import BadAssertionError, claimed, is_assertion
from openstackoid.identity.catalog import document_of, user_of
from openstackoid.identity.stamp import cut
from openstackoid.identity.subject import document_of as document_of_claims
from openstackoid.identity.token_document import Distrust, seconds_of
from openstackoid.identity.trust import (
    advice,
    not_theirs,
    rewritten,
    star_moves_identity,
    theirs,
    untrusted,
    wanted,
)
from openstackoid.message import Head, Headers
from openstackoid.routing import Destination, Refusal, Route, destination_of
from openstackoid.routing.projects import in_project, may_have_project
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import DELIMITER, CloudRef, Scope, join, split
from openstackoid.services import IDENTITY

KEPT = 60.0
"""Seconds that the projects of a token are remembered."""

MAX_TOKENS = 10_000
"""Tokens of which something is remembered."""

_VALIDATION = "/v3/auth/tokens?nocatalog=1"

Ids = Mapping[str, str]
"""Maps project ids of this cloud to those that the client knows."""


_NOT_KNOWN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND})
"""How a Keystone says that it does not know a token: 401 if the token asks about itself."""


class _Pair(NamedTuple):
    """The ids of a token's project at its issuer and here."""

    theirs: str
    ours: str


class ForeignTokens:
    """Applies the trust of one federation file to foreign tokens."""

    def __init__(
        self,
        federation: Federation,
        here: str,
        upstream: Upstream,
        keystone: LocalKeystone,
        tokens: HomeTokens,
    ) -> None:
        self._federation = federation
        self._here = here
        self._upstream = upstream
        self._trust = federation.clouds[here].trust
        self._keystone = keystone
        self._tokens = tokens
        self._pairs: Remembered[bytes, _Pair] = Remembered(MAX_TOKENS)
        self._unknown: Remembered[bytes, bool] = Remembered(MAX_TOKENS)

    async def admit(
        self, head: Head, route: Route, destination: Destination
    ) -> tuple[Route, Destination, Ids]:
        """Return a request's route and destination with this cloud's project id in the path.

        The third value maps the project ids for the answer. All else passes unchanged. Raises
        Refusal if the request is for a service of this cloud, and the token's issuer is not
        accepted here. The token itself is checked when the service validates it.
        """
        if not self._concerns(head, route, destination):
            return route, destination, {}
        if issuers := untrusted(route, self._trust, self._here):
            raise self._refusal(HTTPStatus.UNAUTHORIZED, advice(self._here, issuers[0]), route)
        if not may_have_project(route.rest) or not (pair := await self._pair_of(head, route)):
            return route, destination, {}
        if pair.theirs == pair.ours:
            return route, destination, {}
        rest = in_project(route.rest, route.service, {pair.theirs: pair.ours})
        route = route._replace(rest=rest)
        destination = destination_of(route, self._here, self._federation, self._here)
        return route, destination, {pair.ours: pair.theirs}

    async def explain(self, head: Head, route: Route, destination: Destination) -> None:
        """Raise Refusal if a service answered 401 for a reason that only a gateway knows.

        A service here may not get the token through trust; one elsewhere gets it as a token of the
        cloud to which `*` has moved identity. (An assertion says itself whose it is.)
        """
        asserted = is_assertion(head.headers.get(AUTH_TOKEN))
        if self._concerns(head, route, destination):
            await self._pair_of(head, route)
        elif destination.remote and not asserted and star_moves_identity(route, self._here):
            issuer, here = route.issuer, self._here
            message = (
                f"{route.service} of {destination.cloud} answered 401: the scope takes identity in "
                f'{issuer}, as "*" stands for every service that is not named, so the token counts '
                f'as one of {issuer}. If it is one of {here}, add "identity": "{here}" to the scope'
            )
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                message,
                cloud=destination.cloud,
                service=route.service,
                sent=False,
            )

    def _concerns(self, head: Head, route: Route, destination: Destination) -> bool:
        """Return whether a scoped request takes a token to a service here, Keystone excepted."""
        local = route.scope is not None and not destination.remote
        return local and route.service != IDENTITY and bool(head.headers.first(AUTH_TOKEN))

    async def _pair_of(self, head: Head, route: Route) -> _Pair | None:
        """Return the project ids of a request's foreign token.

        None if the token has no issuer or was issued here. Raises Refusal.
        """
        issuer = route.issuer
        if issuer is None or issuer == self._here:
            return None
        token, _ = split(head.headers.first(AUTH_TOKEN) or "")
        try:
            return await self._pair(token, route, issuer)
        except Distrust as distrust:
            message = f"{self._here} does not take this token of {issuer}: {distrust}"
            raise self._refusal(HTTPStatus.UNAUTHORIZED, message, route) from distrust
        except AccountError as error:
            raise account_refusal(error, self._here, route) from error

    async def user_of(self, token: str, route: Route) -> Mapping[str, Any] | None:
        """Return the user of a request's token, as its issuer's Keystone has it.

        Empty if the Keystone does not know the token, None if it does not say. The token is its own
        credential, as no account in another cloud exists.
        """
        issuer = route.issuer or self._here
        bare = token.partition(DELIMITER)[0]
        if is_assertion(bare):
            return _user_of_assertion(bare)
        try:
            if issuer == self._here:
                status, document = await self._own(bare, route)
            else:
                status, document = await self._theirs(bare, route, issuer)
        except (Refusal, Distrust, AccountError):
            return None
        return {} if status in _NOT_KNOWN else user_of(document)

    async def check(self, head: Head, route: Route, destination: Destination) -> None:
        """Raise Refusal for a validation of a token whose issuer is not known, or not accepted.

        Also raises it for any method but GET and HEAD: a service here must not revoke a foreign
        token, and the answer could not be rewritten.
        """
        if route.issuer != destination.cloud:
            message = (
                "the scope takes identity in several clouds, so nobody can tell whose this token "
                f"is, and {destination.cloud} is not shown it; name one cloud for identity"
            )
            raise self._refusal(HTTPStatus.NOT_FOUND, message, route)
        if head.method not in {"GET", "HEAD"}:
            message = (
                f"this token is of {destination.cloud}; a service here may ask whose it is, by GET "
                "or HEAD. Send anything else with the token itself as X-Auth-Token"
            )
            raise self._refusal(HTTPStatus.FORBIDDEN, message, route)
        if destination.cloud not in self._trust:
            raise self._refusal(HTTPStatus.NOT_FOUND, advice(self._here, destination.cloud), route)
        try:
            await self._check_not_ours(split(head.headers.get(SUBJECT_TOKEN))[0], route)
        except AccountError as error:
            raise account_refusal(error, self._here, route) from error

    async def _check_not_ours(self, token: str, route: Route) -> None:
        """Refuse to ask another cloud about a token of this one; raises AccountError."""
        if await self._tokens.is_ours(token):
            message = not_theirs(self._here, route.issuer)
            raise self._refusal(HTTPStatus.NOT_FOUND, message, route)

    async def validated(
        self, answer: Response, route: Route, destination: Destination
    ) -> dict[str, Any] | None:
        """Return the issuer's answer to a validation, rewritten for the services here.

        None if the answer may pass unchanged: an error, or a success without a body. Raises
        Refusal, with 404 for a 401: keystonemiddleware expects 404 for an unknown token, but
        Keystone answers 401 if an invalid token asks about itself. A redirection is refused, since
        the service would take its credentials along.
        """
        if answer.status == HTTPStatus.UNAUTHORIZED:
            message = f"{destination.cloud} does not know this token, or it has expired"
            raise Refusal(
                HTTPStatus.NOT_FOUND, message, cloud=destination.cloud, service=route.service
            )
        asks = answer.method == "GET"
        silent = not asks and answer.status < HTTPStatus.MULTIPLE_CHOICES
        if answer.status >= HTTPStatus.BAD_REQUEST or silent:
            return None
        if answer.status != HTTPStatus.OK:
            who = destination.cloud
            message = f"{who} answered {answer.status} where Keystone says who a token is of"
            raise self._refusal(HTTPStatus.BAD_GATEWAY, message, route)
        try:
            document = await _document(answer)
            return await self._rewritten(document, route, destination.cloud)
        except Distrust as distrust:
            message = f"{self._here} does not take this token of {destination.cloud}: {distrust}"
            raise self._refusal(HTTPStatus.NOT_FOUND, message, route) from distrust
        except AccountError as error:
            raise account_refusal(error, self._here, route) from error

    async def _rewritten(self, document: object, route: Route, issuer: str) -> dict[str, Any]:
        trust = self._trust[issuer]
        project = await self._keystone.project(wanted(document, trust, issuer))
        catalog = await self._keystone.catalog(project.id)
        # Other clouds know the project by the issuer's id.
        scope, known = route.scope or Scope(), theirs(document)
        catalog += missing(catalog, scope, self._federation, self._here, known)
        return rewritten(document, trust, issuer, project, catalog)

    async def _pair(self, token: str, route: Route, issuer: str) -> _Pair | None:
        """Return the project ids of a token, from the cache or its issuer.

        None if the issuer does not validate it. Raises Distrust and AccountError.
        """
        key = _key(token, issuer)
        if (pair := self._pairs.get(key)) is not None:
            return pair
        if is_assertion(token):  # it was checked when it came
            document: object = document_of_claims(claimed(cut(token)))
        else:
            document = await self._self_validation(token, route, issuer)
        if document is None:
            return None
        trust = self._trust[issuer]
        project = await self._keystone.project(wanted(document, trust, issuer))
        seen = rewritten(document, trust, issuer, project, ())["token"]
        pair = _Pair(theirs(document), project.id)
        self._pairs.put(key, pair, min(KEPT, seconds_of(seen, "expires_at") - time.time()))
        return pair

    async def _self_validation(self, token: str, route: Route, issuer: str) -> object | None:
        """Let a token validate itself at its issuer; return the document, None unless it is 200.

        Raises Distrust if the answer is not JSON.
        """
        try:
            return (await self._theirs(token, route, issuer))[1]
        except Refusal:  # unreachable; the service here may have cached the token
            return None

    async def _theirs(self, token: str, route: Route, issuer: str) -> tuple[int, object | None]:
        """Return what a token's issuer says of it: the status, and the document if that is 200.

        That it does not know the token is remembered for a moment: one request asks in several
        places. Raises Refusal, Distrust and AccountError.
        """
        key = _key(token, issuer)
        if self._unknown.get(key):
            return HTTPStatus.NOT_FOUND, None
        status, document = await _read(await self._itself(token, route, issuer))
        if status in _NOT_KNOWN:
            self._unknown.put(key, value=True, seconds=UNKNOWN)
        return status, document

    async def _own(self, token: str, route: Route) -> tuple[int, object | None]:
        """Return what the Keystone here says of a token of its own, which asks about itself."""
        asks = route._replace(
            service=IDENTITY, rest=_VALIDATION, scope=None, wallet=None, outside=False
        )
        destination = destination_of(asks, self._here, self._federation, self._here)
        headers = Headers([("X-Auth-Token", token), ("X-Subject-Token", token)])
        return await _read(await self._upstream.send("GET", destination, asks, headers, None))

    async def _itself(self, token: str, route: Route, issuer: str) -> Response:
        """Ask a token's issuer about it, with itself; raises Refusal and AccountError."""
        await self._check_not_ours(token, route)
        subject = join(token, route.scope or Scope())
        head = Head("GET", "/v3/auth/tokens", Headers([("X-Subject-Token", subject)]), 0)
        validation = route._replace(
            service=IDENTITY,
            rest=_VALIDATION,
            expression=CloudRef(issuer),
            sender=None,
            wallet=None,
        )
        destination = destination_of(validation, issuer, self._federation, self._here)
        headers = identity.headers_for(head, validation, destination, self._here)
        return await self._upstream.send("GET", destination, validation, headers, None)

    def _refusal(self, status: HTTPStatus, message: str, route: Route) -> Refusal:
        return Refusal(status, message, cloud=self._here, service=route.service, sent=False)


def _user_of_assertion(assertion: str) -> Mapping[str, Any]:
    """Return the user that an assertion names, which nobody may have checked yet."""
    try:
        claims = claimed(cut(assertion))
    except BadAssertionError:
        return {}
    return {"id": claims.sub, "name": claims.user[0]}


def _key(token: str, issuer: str) -> bytes:
    return hashlib.sha256(f"{issuer} {token}".encode("utf-8", "surrogatepass")).digest()


async def _read(answer: Response) -> tuple[int, object | None]:
    """Return the status of an answer, and its document if that is 200; raises Distrust."""
    with answer:
        return answer.status, await _document(answer) if answer.status == HTTPStatus.OK else None


async def _document(answer: Response) -> object:
    try:
        return document_of(await read_whole(answer))
    except CatalogError as error:
        raise Distrust(f"the answer of its Keystone {error}") from error
    except (HttpError, TimeoutError) as error:
        raise Distrust("the answer of its Keystone broke off") from error
