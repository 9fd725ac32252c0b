"""Asks the Keystone of this cloud about its users, who order and ask."""

from http import HTTPStatus
from typing import Any

from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.issuing import Issuing
from openstackoid.gateway.trust.service_account import AccountError, account_refusal
from openstackoid.identity.token_document import Distrust
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import CloudRef, Scope
from openstackoid.services import IDENTITY


class Users:
    """The users of the cloud `here`."""

    def __init__(self, here: str, issuing: Issuing, tokens: HomeTokens) -> None:
        self.here = here
        self._issuing = issuing
        self._tokens = tokens

    def route(self, service: str, path: str) -> Route:
        """Return the route of a request of a user of this cloud, whose services are here."""
        scope = Scope(((IDENTITY, CloudRef(self.here)),)).completed(self.here)
        return Route(service, PUBLIC, path, scope, CloudRef(self.here), None, self.here)

    async def ordering(self, token: str, method: str, path: str, route: Route) -> dict[str, Any]:
        """Return the document of the token of whoever orders something; raises Refusal."""
        head = Head(method, path, Headers([(AUTH_TOKEN, token)]), 0)
        try:
            return await self._issuing.ordering(head, route)
        except AccountError as error:
            raise account_refusal(error, self.here, route) from error

    async def asking(self, token: str) -> dict[str, Any]:
        """Return the document of the token of whoever asks what is his; raises Refusal."""
        route = self.route(IDENTITY, "/")
        try:
            document = await self._tokens.document(token)
        except AccountError as error:
            raise account_refusal(error, self.here, route) from error
        except Distrust as distrust:
            raise self._refused(f"this token shows nothing: {distrust}") from distrust
        if document is None:
            text = f"the Keystone of {self.here} does not know this token; log in to {self.here}"
            raise self._refused(text)
        return document

    def _refused(self, message: str) -> Refusal:
        return Refusal(
            HTTPStatus.UNAUTHORIZED, message, cloud=self.here, service=IDENTITY, sent=False
        )
