"""Answers the services of this cloud that ask whose an assertion is, without asking another cloud.

keystonemiddleware asks its Keystone about each token that it does not remember: by way of the
gateway, which knows what the assertion says. See docs/reference/gateway.md#whose-an-assertion-is.
"""

import time
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from openstackoid.federation import Federation
from openstackoid.federation.trust import Trust
from openstackoid.gateway.reporting.access_record import note_assertion
from openstackoid.gateway.trust.accepting import Accepting, check_for_requests
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.identity import stamp
from openstackoid.identity.added import missing
from openstackoid.identity.assertion import BadAssertionError, Claims, id_of, is_assertion
from openstackoid.identity.issuer_secrets import own_token
from openstackoid.identity.keys import SigningKey
from openstackoid.identity.stamp import cut
from openstackoid.identity.subject import document_of
from openstackoid.identity.token_document import Distrust, role_names, roles_of, written
from openstackoid.identity.trust import Project, advice, rewritten, wanted
from openstackoid.message import Head
from openstackoid.routing import Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import Scope, split
from openstackoid.services import IDENTITY


def asks_about_assertion(head: Head) -> bool:
    """Return whether the subject of a request is an assertion."""
    return is_assertion(head.headers.get(SUBJECT_TOKEN))


class Acting(NamedTuple):
    """As what somebody acts in this cloud: the id of his project, and the names of his roles."""

    project: str
    roles: tuple[str, ...]


class Answering:
    """Says whose the assertions are that the gateway of the cloud `here` has let in."""

    def __init__(
        self,
        federation: Federation,
        here: str,
        accepting: Accepting,
        tokens: HomeTokens,
        keystone: LocalKeystone,
        keys: tuple[SigningKey, ...],
        confirming: Confirming,
    ) -> None:
        self._federation = federation
        self._here = here
        self._trust = federation.clouds[here].trust
        self._accepting = accepting
        self._tokens = tokens
        self._keystone = keystone
        self._keys = keys
        self._confirming = confirming

    async def answer(self, head: Head, route: Route, *, proven: bool) -> dict[str, Any]:
        """Return the document of the assertion that a request asks about.

        Raises Refusal: 404 for one that is not valid, as Keystone does, and 503 for one of which
        nobody knows. Raises AccountError.
        """
        subject = split(head.headers.get(SUBJECT_TOKEN))[0]
        note_assertion("asked about", id_of(cut(subject)))
        if head.method not in {"GET", "HEAD"}:
            message = "a service may ask whose an assertion is, by GET or HEAD, and no more"
            raise self._refusal(HTTPStatus.FORBIDDEN, message, route)
        try:
            if route.sender is not None:
                return await self._for_its_audience(subject, route, proven=proven)
            await self._check_asker(head, route)
            claims = self._accepting.stamped(subject)
            late = "allow_expired" in parse_qs(route.rest.partition("?")[2])
            self._check_end(claims, late=late)
            if claims.iss == self._here:
                return await self._own(claims, late=late)
            return await self._foreign(claims, route)
        except (BadAssertionError, Distrust) as error:
            message = f"{self._here} does not take this assertion: {error}"
            raise self._refusal(HTTPStatus.NOT_FOUND, message, route) from error

    async def _check_asker(self, head: Head, route: Route) -> None:
        asker = split(head.headers.get(AUTH_TOKEN))[0]
        status = await self._tokens.may_ask(asker) if asker else HTTPStatus.UNAUTHORIZED
        if status != HTTPStatus.OK:
            message = (
                f"the Keystone of {self._here} lets only services ask whose another's token is: "
                "the role service, or reader on the system"
            )
            raise self._refusal(status, message, route)

    async def _for_its_audience(
        self, subject: str, route: Route, *, proven: bool
    ) -> dict[str, Any]:
        """Return the document of the token that an assertion of this cloud stands for.

        The gateway of an older release asks so, as it asks about any token; also about one that a
        new worker beside it has stamped, while the program is exchanged.
        """
        claims = self._accepting.verified(stamp.cut(subject))
        check_for_requests(claims)
        if claims.iss != self._here or claims.aud != route.sender or not proven:
            raise BadAssertionError(f"it is not for the gateway of {route.sender} to ask about")
        self._check_end(claims, late=False)
        return await self._own(claims, late=False)

    async def _own(self, claims: Claims, *, late: bool) -> dict[str, Any]:
        """Return what the Keystone here says of the token that an assertion stands for."""
        late = late or claims.late
        document = await self._tokens.standing(own_token(claims, self._keys), late=late)
        if document is None:
            raise BadAssertionError("the token that it stands for has expired or was revoked")
        catalog = await self._keystone.catalog(claims.project[0])
        token = document["token"] | {"catalog": catalog}
        if claims.presenter != self._here:  # another cloud has brought it: no role that it lacks
            token["roles"] = [r for r in roles_of(token) if r.get("name") in claims.roles]
        if claims.late:  # or the service that asks would find it expired
            token["expires_at"] = written(claims.exp)
        return {"token": token}

    async def _foreign(self, claims: Claims, route: Route) -> dict[str, Any]:
        """Return what the rules of `trust` make of an assertion of another cloud."""
        trust = self._trust_in(claims)
        await self._confirming.check(claims, trust, IDENTITY)
        project = await self._project(claims)
        catalog = await self._keystone.catalog(project.id)
        # Other clouds know the project by the issuer's id.
        scope, known = route.scope or Scope(), claims.project[0]
        catalog += missing(catalog, scope, self._federation, self._here, known)
        return rewritten(document_of(claims), trust, claims.iss, project, catalog)

    async def acting(self, claims: Claims) -> Acting:
        """Return as what somebody acts in this cloud; raises Distrust and AccountError."""
        if claims.iss == self._here:
            return Acting(claims.project[0], claims.roles)
        trust, project = self._trust_in(claims), await self._project(claims)
        token = rewritten(document_of(claims), trust, claims.iss, project, ())["token"]
        return Acting(project.id, tuple(role_names(token)))

    def _trust_in(self, claims: Claims) -> Trust:
        """Return the rules for the cloud of an assertion; raises Distrust if there are none."""
        if claims.iss not in self._trust:
            raise Distrust(advice(self._here, claims.iss))
        return self._trust[claims.iss]

    async def _project(self, claims: Claims) -> Project:
        """Return the project of this cloud in which somebody acts; raises Distrust."""
        which = wanted(document_of(claims), self._trust_in(claims), claims.iss)
        return await self._keystone.project(which)

    def _check_end(self, claims: Claims, *, late: bool) -> None:
        """Raise BadAssertionError for an assertion that is over, or has been for too long."""
        rules = self._trust.get(claims.iss)
        longer = (rules.late if rules else self._federation.clouds[self._here].own.late) * late
        if time.time() >= claims.exp + longer:
            raise BadAssertionError("it is over; log in again")

    def _refusal(self, status: HTTPStatus, message: str, route: Route) -> Refusal:
        return Refusal(status, message, cloud=self._here, service=route.service, sent=False)
