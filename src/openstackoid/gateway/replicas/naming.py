"""Finds the replicated resources that users mean by the ids of copies."""

from collections.abc import Iterator, Sequence
from typing import Any

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.identity.witness import witness_of
from openstackoid.replication import references
from openstackoid.replication.apis.api import Api, Draft
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.operation import Write
from openstackoid.replication.parcel import Resource


class NotNamedError(Exception):
    """An id is of nothing that can be meant; the message says what to do."""


def owner_of(api: Api, document: dict[str, Any]) -> str:
    """Return the id of the project or the user whose a resource is."""
    witness = witness_of(document)
    return witness.user.id if api.personal else witness.project.id


class Naming:
    """Knows the ids of copies: those here, and those that other clouds have told."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def by_id(
        self, api: Api, owner: str, identifier: str, clouds: Sequence[str]
    ) -> Resource | None:
        """Return what has an id here, or in one of some clouds, of what is not deleted.

        What a cloud says of its own ids counts only for who names that cloud, and last: it must not
        say that something of his is something else here.
        """
        every = list(self._of_kind(api, owner))
        for resource in every:
            chosen = api.number(resource.key, self._memory.state(resource.id).values, 0)
            if identifier in {chosen, self._memory.id_here(resource.id)}:
                return resource
        for resource in every:
            told = self._memory.told(resource.id)
            if identifier in {told.get(cloud) for cloud in clouds}:
                return resource
        return None

    def unknown(
        self, api: Api, draft: Draft, document: dict[str, Any], clouds: Sequence[str]
    ) -> list[str]:
        """Return the resources of which one may have an id that nobody here knows yet."""
        meant = [(one, APIS[kind]) for one, kind in _meant(api, draft)]
        if draft.id is not None:
            meant.append((draft.id, api))
        return [
            resource.id
            for identifier, its in meant
            if self.by_id(its, owner_of(its, document), identifier, clouds) is None
            for resource in self._of_kind(its, owner_of(its, document))
        ]

    def writes(
        self,
        api: Api,
        draft: Draft,
        document: dict[str, Any],
        members: Sequence[str],
        clouds: Sequence[str],
    ) -> tuple[Write, ...]:
        """Return what a draft writes, with replicated resources in place of ids of copies.

        They are of the user whose token `document` is, or of his project. Raises NotNamedError.
        """
        ids = {}
        for identifier, kind in _meant(api, draft):
            owner = owner_of(APIS[kind], document)
            resource = self.by_id(APIS[kind], owner, identifier, clouds)
            if resource is None:
                raise NotNamedError(
                    f"the {kind} {identifier[:64]} is not replicated, so nobody knows what it is "
                    f"in another cloud: make a {kind} with the policy eventual first"
                )
            has = self._memory.state(resource.id).members
            if lacking := [cloud for cloud in members if cloud not in has]:
                raise NotNamedError(
                    f"the {kind} {identifier[:64]} has no copy in {' and '.join(lacking)}; take "
                    "clouds that have one"
                )
            ids[identifier] = resource.id
        return references.rewritten(draft.writes, api.references, ids)

    def _of_kind(self, api: Api, owner: str) -> Iterator[Resource]:
        for identifier in self._memory.of_owner([(self._memory.here, owner)]):
            resource = Resource.of(identifier)
            if resource.kind == api.kind.name and self._memory.state(identifier).generation:
                yield resource


def _meant(api: Api, draft: Draft) -> list[tuple[str, str]]:
    """Return the ids in a draft, each with the kind of what it is of."""
    values = ((write.place, write.value) for write in draft.writes)
    return list(references.named(values, api.references).items())
