"""Decides by whose right a copy is read and written: that of who has ordered it."""

import time
from typing import NamedTuple

from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.trust.accepting import Accepting
from openstackoid.gateway.trust.service_account import AccountError
from openstackoid.identity.assertion import BadAssertionError, Claims
from openstackoid.replication.apis.api import Api, is_line
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.parcel import Parcel, digest
from openstackoid.replication.validity import MAX_MEMBERS
from openstackoid.routing import Refusal, Route
from openstackoid.scope import CloudRef, Scope
from openstackoid.services import IDENTITY

RECENT = 60_000
"""Milliseconds after which the cloud of a user is asked first whether he still may."""


MAX_RIGHTS = 2 * MAX_MEMBERS
"""Clouds for which one operation may have a right: its members, and those of its users."""


MAX_RIGHT = 4096
"""Characters of one of them: what services take in a head."""


class NoRightError(Exception):
    """Whoever has ordered something may not do it here, as the message says."""


class NoAnswerError(Exception):
    """Nobody can say at present whether somebody may do something here."""


class Right(NamedTuple):
    """An assertion with which an operation is carried out here, and what it says."""

    assertion: str
    claims: Claims


class Rights:
    """The rights of those who have ordered operations, in the cloud `here`."""

    def __init__(self, accepting: Accepting, here: str) -> None:
        self._accepting = accepting
        self._here = here

    def of(self, parcel: Parcel) -> Right:
        """Return the right that a parcel has for this cloud; raises NoRightError."""
        operation = parcel.operation
        api = APIS[operation.kind]
        longest = max(map(len, parcel.rights.values()), default=0)
        if len(parcel.rights) > MAX_RIGHTS or longest > MAX_RIGHT:
            raise NoRightError("it has too many rights, or one is too long")
        if not all(map(is_line, parcel.rights)):
            raise NoRightError("it has rights for what is no cloud")
        assertion = parcel.rights.get(self._here)
        if assertion is None:
            raise NoRightError(f"nothing says who has ordered it for {self._here}")
        try:
            claims = self._accepting.right(assertion, digest(operation), api.service)
        except BadAssertionError as error:
            raise NoRightError(str(error)) from error
        if claims.iss != operation.at.cloud:
            raise NoRightError("its time is not by the clock of the cloud of its user")
        return Right(assertion, claims)

    async def token(self, parcel: Parcel) -> str:
        """Return what a service here takes of who has ordered an operation.

        Raises NoRightError and NoAnswerError.
        """
        right = self.of(parcel)
        api = APIS[parcel.operation.kind]
        first = time.time() * 1000 - parcel.operation.at.milliseconds > RECENT
        try:
            return await self._accepting.by_right(
                right.assertion, right.claims, self._route(api, right.claims.iss), first=first
            )
        except BadAssertionError as error:
            raise NoRightError(str(error)) from error
        except Refusal as refusal:
            raise NoAnswerError(refusal.message) from refusal
        except AccountError as error:
            raise NoAnswerError(str(error)) from error

    def _route(self, api: Api, issuer: str) -> Route:
        scope = Scope(((IDENTITY, CloudRef(issuer)),)).completed(self._here)
        return Route(api.service, PUBLIC, "/", scope, CloudRef(self._here), None, issuer)
