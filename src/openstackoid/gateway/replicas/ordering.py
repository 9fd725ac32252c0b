"""Makes operations of what users order, and refuses what can't be one."""

import uuid
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any

from openstackoid.federation import Federation
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Order, Upload
from openstackoid.gateway.replicas.naming import Naming, NotNamedError
from openstackoid.gateway.replicas.ownership import ADMIN, Ownership, Party
from openstackoid.gateway.replicas.taking import MAX_OPERATIONS
from openstackoid.gateway.trust.issuing import Issuing
from openstackoid.replication.apis.api import Api, Draft, Owner
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.desired import Place
from openstackoid.replication.kinds import Joined
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel, Resource, digest
from openstackoid.replication.validity import MAX_MEMBERS, BadOperationError, check
from openstackoid.routing import Refusal, Route

MAX_RESOURCES = 1000
"""Replicated resources of a project or a user that are there at one time."""


class Ordering:
    """Makes the operations of the users of the cloud `here`."""

    def __init__(
        self, memory: Memory, federation: Federation, issuing: Issuing, ownership: Ownership
    ) -> None:
        self._memory = memory
        self._federation = federation
        self._issuing = issuing
        self._ownership = ownership
        self._naming = Naming(memory)

    async def unknown(
        self, order: Order, api: Api, draft: Draft, document: dict[str, Any]
    ) -> list[str]:
        """Return the resources whose ids in other clouds are to be asked for first.

        Raises NoAnswerError.
        """
        his = await self._ownership.owned(self._ownership.user(document))
        return self._naming.unknown(api, draft, his, order.clouds)

    async def parcel(
        self, order: Order, api: Api, draft: Draft, document: dict[str, Any], route: Route
    ) -> Parcel:
        """Return what a user orders, with the rights to carry it out; it is not kept yet.

        `document` is that of his token. Raises Refusal and NoAnswerError.
        """
        party = self._ownership.user(document)
        if api.owner is Owner.NOBODY and ADMIN not in party.roles:
            raise self._refusal(
                HTTPStatus.FORBIDDEN,
                f"a {api.kind.name} is no project's: whoever has the role {ADMIN} orders it",
                route,
            )
        his = await self._ownership.owned(party)  # nothing is waited for from here on
        if draft.action is Action.CREATE:
            resource, members = self._new(api, draft, party, his, order, route), order.clouds
            self._check_members(members, route)
            writes = self._writes(api, draft, his, members, order, route)
            operation = self._memory.next(resource, Action.CREATE, members=members, writes=writes)
        else:
            resource = self._there(api, draft, his, order, route)
            members = self._copied(resource, order.clouds, route)
            writes = self._writes(api, draft, his, members, order, route)
            operation = self._memory.next(resource, draft.action, writes=writes)
        self._check_number(resource, route)
        return self.with_rights(operation, members, document, route)

    async def image(self, upload: Upload, document: dict[str, Any], route: Route) -> Resource:
        """Return the image whose data is uploaded, by its path.

        Raises Refusal and NoAnswerError.
        """
        draft = Draft(Action.CHANGE, id=upload.path.split("/")[-2])
        his = await self._ownership.owned(self._ownership.user(document))
        resource = self._there(IMAGE, draft, his, upload, route)
        self._copied(resource, upload.clouds, route)
        return resource

    def _copied(self, resource: Resource, clouds: Sequence[str], route: Route) -> tuple[str, ...]:
        """Return the clouds that have a copy; raises Refusal if there is none in one of these."""
        members = self._memory.state(resource.id).members
        if others := [cloud for cloud in clouds if cloud not in members]:
            raise self._refusal(
                HTTPStatus.CONFLICT,
                f"there is no copy in {' and '.join(others)}, and the clouds that have one "
                f"stay the same: {', '.join(members)}",
                route,
            )
        return members

    def anew(
        self, resource: Resource, places: Collection[Place], document: dict[str, Any], route: Route
    ) -> Parcel | None:
        """Return the operation that orders once more what some fields should be.

        Return None if none of them can be changed. Raises Refusal.
        """
        state, fields = self._memory.state(resource.id), APIS[resource.kind].kind.fields
        writes = tuple(
            Write(field, state.values.get((field, key)), key)
            for field, key in sorted(places, key=str)
            if fields.get(field, Joined.FIXED) is not Joined.FIXED
            and (key is not None or (field, key) in state.values)
        )
        if not writes:
            return None
        self._check_number(resource, route)
        operation = self._memory.next(resource, Action.CHANGE, writes=writes)
        return self.with_rights(operation, state.members, document, route)

    def withdrawal(self, parcel: Parcel, document: dict[str, Any], route: Route) -> Parcel:
        """Return the deletion of what was to be created, with a newer time; raises Refusal."""
        resource = Resource.of(parcel.operation.resource)
        operation = self._memory.next(resource, Action.DELETE)
        return self.with_rights(operation, parcel.operation.members, document, route)

    def with_rights(
        self, operation: Operation, members: Sequence[str], document: dict[str, Any], route: Route
    ) -> Parcel:
        """Return the parcel of an operation; raises Refusal."""
        try:
            check(operation)
        except BadOperationError as error:
            raise self._refusal(
                HTTPStatus.BAD_REQUEST, f"this can't be replicated: {error}", route
            ) from error
        known = self._memory.clouds(operation.resource)
        clouds = dict.fromkeys((*members, *known, self._memory.here))
        rights = self._issuing.rights(document, route, digest(operation), clouds)
        return Parcel(operation, rights)

    def _new(
        self, api: Api, draft: Draft, party: Party, his: list[str], order: Order, route: Route
    ) -> Resource:
        """Return the resource that a create makes."""
        key = draft.name or str(uuid.uuid4())
        owner = {Owner.USER: party.user, Owner.PROJECT: party.project}.get(api.owner, "")
        resource = Resource(api.kind.name, self._memory.here if owner else "", owner, key)
        if self._memory.knows(resource.id) and self._memory.state(resource.id).generation:
            raise self._refusal(
                HTTPStatus.CONFLICT,
                f"{api.kind.name} {key} is replicated already; openstack replica show says where",
                route,
            )
        if len(order.clouds) > MAX_MEMBERS:
            raise self._refusal(
                HTTPStatus.BAD_REQUEST, f"it can have copies in {MAX_MEMBERS} clouds", route
            )
        if sum(self._memory.state(one).generation is not None for one in his) >= MAX_RESOURCES:
            raise self._refusal(
                HTTPStatus.FORBIDDEN,
                f"{MAX_RESOURCES} of its resources are replicated already; delete some",
                route,
            )
        return resource

    def _there(
        self, api: Api, draft: Draft, his: list[str], order: Order | Upload, route: Route
    ) -> Resource:
        """Return the resource that has an id in one of its clouds."""
        resource = self._naming.by_id(api, his, draft.id or "", order.clouds)
        if resource is not None:
            return resource
        raise self._refusal(
            HTTPStatus.NOT_FOUND,
            f"no {api.kind.name} with this id is replicated: what was not made with the policy "
            "eventual is changed with another one, or in one cloud",
            route,
        )

    def _check_number(self, resource: Resource, route: Route) -> None:
        if self._memory.count(resource.id) >= MAX_OPERATIONS:
            raise self._refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"it was changed {MAX_OPERATIONS} times; make another one in its place",
                route,
            )

    def _writes(
        self,
        api: Api,
        draft: Draft,
        his: list[str],
        members: Sequence[str],
        order: Order,
        route: Route,
    ) -> tuple[Write, ...]:
        """Return what is written, with the replicated resources in place of ids of copies."""
        try:
            return self._naming.writes(api, draft, his, members, order.clouds)
        except NotNamedError as error:
            raise self._refusal(HTTPStatus.BAD_REQUEST, str(error), route) from error

    def _check_members(self, members: Sequence[str], route: Route) -> None:
        """Raise Refusal unless each cloud has a gateway that can take part, and the service."""
        for name in members:
            cloud = self._federation.clouds[name]
            if not cloud.gateway or not cloud.keys:
                raise self._refusal(
                    HTTPStatus.BAD_REQUEST,
                    f"{name} has no gateway with keys, which would bring its copy up to date",
                    route,
                )
            if cloud.frontend(route.service, route.interface) is None:
                raise self._refusal(
                    HTTPStatus.BAD_REQUEST, f"{name} has no service {route.service}", route
                )

    def _refusal(self, status: HTTPStatus, message: str, route: Route) -> Refusal:
        return Refusal(status, message, cloud=self._memory.here, service=route.service, sent=False)
