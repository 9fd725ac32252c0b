"""Decides whose a replicated resource is in this cloud: who may order something, and see it.

A resource of a project is also that of other clouds' users who act in the same project here, by the
rules of `trust`: so each cloud decides by what it says of its own projects.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError, Rights
from openstackoid.gateway.trust.answering import Acting, Answering
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.gateway.trust.service_account import AccountError
from openstackoid.identity.assertion import Claims
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.witness import witness_of
from openstackoid.replication.apis.api import Owner
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.operation import Action
from openstackoid.replication.parcel import Parcel, Resource
from openstackoid.replication.references import named

ADMIN = "admin"
"""The role that orders what belongs to nobody, as services ask for by default."""

NOBODYS = 60.0
"""Seconds for which a resource is nobody's here, for lists and orders of others."""

MOST_NOBODYS = 100_000
"""Resources of which that is remembered."""


class Party(NamedTuple):
    """Somebody with an account in `cloud`; `user` and `project` are ids there, `roles` names.

    `claims` are those of his assertion, None for a user of this cloud with a token.
    """

    cloud: str
    user: str
    project: str
    roles: tuple[str, ...]
    claims: Claims | None = None


class Ownership:
    """Whose resources are, in the cloud `here`."""

    def __init__(self, memory: Memory, rights: Rights, answering: Answering) -> None:
        self._memory = memory
        self._rights = rights
        self._answering = answering
        self._projects: dict[str, str] = {}
        self._nobodys: Remembered[str, bool] = Remembered(MOST_NOBODYS)

    def user(self, document: dict[str, Any]) -> Party:
        """Return a user of this cloud, by the document of his token; raises Distrust."""
        who = witness_of(document)
        roles = tuple(role.name for role in who.roles)
        return Party(self._memory.here, who.user.id, who.project.id, roles)

    def is_signed(self, parcel: Parcel) -> bool:
        """Return whether the cloud of a parcel's user has signed it, for this cloud."""
        try:
            self._rights.of(parcel)
        except NoRightError:
            return False
        return True

    async def check(self, parcel: Parcel, beside: Sequence[Parcel] = ()) -> None:
        """Raise NoRightError unless whoever has ordered an operation owns what it is about.

        That is its resource, and all that it names. `beside` is what counts as known, too. Raises
        NoAnswerError.
        """
        claims, operation = self._rights.of(parcel).claims, parcel.operation
        party = _of(claims)
        owns = await self.owns(party, operation.resource, beside)
        resource = Resource.of(operation.resource)
        foreign = bool(resource.issuer) and resource.issuer != party.cloud
        if not owns or (foreign and operation.action is Action.CREATE):
            raise NoRightError(f"who has ordered it does not own the resource{_why(resource)}")
        values = ((write.place, write.value) for write in operation.writes)
        for one, kind in named(values, APIS[operation.kind].references).items():
            is_nobodys = APIS[kind].owner is Owner.NOBODY
            if not is_nobodys and not await self.owns(party, one, beside):
                raise NoRightError(f"it names a {kind} that who has ordered it does not own")

    async def owned(self, party: Party) -> list[str]:
        """Return all resources that somebody owns; raises NoAnswerError.

        What was nobody's here a minute ago is not asked about again.
        """
        every = (one for one in self._memory.resources() if self._nobodys.get(one) is None)
        return [one for one in every if await self._is_own(party, one)]

    async def owns(self, party: Party, identifier: str, beside: Sequence[Parcel] = ()) -> bool:
        """Return whether somebody owns a resource; raises NoRightError and NoAnswerError."""
        resource = Resource.of(identifier)
        match APIS[resource.kind].owner:
            case Owner.NOBODY:
                return ADMIN in (await self._acting(party)).roles
            case Owner.USER:
                return (party.cloud, party.user) == (resource.issuer, resource.owner)
            case Owner.PROJECT if party.cloud == resource.issuer:
                return party.project == resource.owner
            case _:
                return (await self._acting(party)).project == await self._project(resource, beside)

    async def project(self, identifier: str) -> str | None:
        """Return the id of the project here whose a resource is, None if it is nobody's here.

        Raises NoAnswerError.
        """
        return await self._project(Resource.of(identifier), ())

    async def _is_own(self, party: Party, identifier: str) -> bool:
        try:
            return await self.owns(party, identifier)
        except NoRightError:
            return False

    async def _acting(self, party: Party) -> Acting:
        """Return as what somebody acts in this cloud; raises NoRightError and NoAnswerError."""
        if party.claims is None:
            return Acting(party.project, party.roles)
        try:
            return await self._answering.acting(party.claims)
        except Distrust as distrust:
            raise NoRightError(str(distrust)) from distrust
        except AccountError as error:
            raise NoAnswerError(str(error)) from error

    async def _project(self, resource: Resource, beside: Sequence[Parcel]) -> str | None:
        """Return the id of the project here whose a resource is, None if it is nobody's here.

        Raises NoAnswerError.
        """
        if resource.issuer == self._memory.here:
            return resource.owner
        if (known := self._projects.get(resource.id)) is not None:
            return known
        for parcel in (*self._memory.parcels(resource.id), *beside):
            operation = parcel.operation
            if operation.resource != resource.id or operation.action is not Action.CREATE:
                continue
            try:
                acting = await self._acting(_of(self._rights.of(parcel).claims))
            except NoRightError:
                continue
            self._projects[resource.id] = acting.project
            return acting.project
        self._nobodys.put(resource.id, True, NOBODYS)
        return None


def _of(claims: Claims) -> Party:
    return Party(claims.iss, claims.sub, claims.project[0], claims.roles, claims)


def _why(resource: Resource) -> str:
    return "" if resource.issuer else f": it takes the role {ADMIN} here"
