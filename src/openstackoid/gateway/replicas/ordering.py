"""Makes operations of what users order, and refuses what can't be one."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from openstackoid.federation import Federation
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Order, Upload
from openstackoid.gateway.replicas.taking import MAX_OPERATIONS
from openstackoid.gateway.trust.issuing import Issuing
from openstackoid.identity.witness import witness_of
from openstackoid.replication.apis.api import Api, Draft
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.operation import Action, Operation
from openstackoid.replication.parcel import Parcel, Resource, digest
from openstackoid.replication.validity import MAX_MEMBERS, BadOperationError, check
from openstackoid.routing import Refusal, Route

MAX_RESOURCES = 1000
"""Replicated resources of a project or a user that are there at one time."""


class Ordering:
    """Makes the operations of the users of the cloud `here`."""

    def __init__(self, memory: Memory, federation: Federation, issuing: Issuing) -> None:
        self._memory = memory
        self._federation = federation
        self._issuing = issuing

    def parcel(
        self, order: Order, api: Api, draft: Draft, document: dict[str, Any], route: Route
    ) -> Parcel:
        """Return what a user orders, with the rights to carry it out; it is not kept yet.

        `document` is that of his token. Raises Refusal.
        """
        owner = owner_of(api, document)
        if draft.action is Action.CREATE:
            resource, members = self._new(api, draft, owner, order, route), order.clouds
            self._check_members(members, route)
            operation = self._memory.next(
                resource, Action.CREATE, members=members, writes=draft.writes
            )
        else:
            resource = self._there(api, draft, owner, route)
            members = self._copied(resource, order.clouds, route)
            operation = self._memory.next(resource, draft.action, writes=draft.writes)
        if self._memory.count(resource.id) >= MAX_OPERATIONS:
            raise self._refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"it was changed {MAX_OPERATIONS} times; make another one in its place",
                route,
            )
        return self.with_rights(operation, members, document, route)

    def image(self, upload: Upload, document: dict[str, Any], route: Route) -> Resource:
        """Return the image whose data is uploaded, by its path; raises Refusal."""
        draft = Draft(Action.CHANGE, id=upload.path.split("/")[-2])
        resource = self._there(IMAGE, draft, owner_of(IMAGE, document), route)
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
        clouds = dict.fromkeys((*members, self._memory.here))
        rights = self._issuing.rights(document, route, digest(operation), clouds)
        return Parcel(operation, rights)

    def _new(self, api: Api, draft: Draft, owner: str, order: Order, route: Route) -> Resource:
        """Return the resource that a create makes."""
        here = self._memory.here
        key = draft.name or str(uuid.uuid4())
        resource = Resource(api.kind.name, here, owner, key)
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
        his = self._memory.of_owner([(here, owner)])
        if sum(self._memory.state(one).generation is not None for one in his) >= MAX_RESOURCES:
            raise self._refusal(
                HTTPStatus.FORBIDDEN,
                f"{MAX_RESOURCES} of its resources are replicated already; delete some",
                route,
            )
        return resource

    def _there(self, api: Api, draft: Draft, owner: str, route: Route) -> Resource:
        """Return the resource that has an id in one of its clouds: here, or where it was chosen."""
        for identifier in self._memory.of_owner([(self._memory.here, owner)]):
            resource, state = Resource.of(identifier), self._memory.state(identifier)
            if resource.kind != api.kind.name or state.generation is None:
                continue
            copy = self._memory.copies.get(identifier)
            ids = {api.number(resource.key, state.values, 0)}
            if copy is not None and copy.replica is not None:
                ids.add(copy.replica.id)
            if draft.id in ids:
                return resource
        raise self._refusal(
            HTTPStatus.NOT_FOUND,
            f"no {api.kind.name} with this id is replicated: what was not made with the policy "
            "eventual is changed with another one, or in one cloud",
            route,
        )

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


def owner_of(api: Api, document: dict[str, Any]) -> str:
    """Return the id of the project or the user whose a resource is."""
    witness = witness_of(document)
    return witness.user.id if api.personal else witness.project.id


def owners(document: dict[str, Any], here: str) -> list[tuple[str, str]]:
    """Return all owners that a user speaks for: himself, and his project."""
    return [(here, one) for one in {owner_of(api, document) for api in APIS.values()}]
