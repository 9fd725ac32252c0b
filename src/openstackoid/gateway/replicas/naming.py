"""Finds the replicated resources that users mean by the ids of copies."""

from collections.abc import Iterator, Sequence

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.replication import references
from openstackoid.replication.apis.api import Api, Draft, Owner
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.operation import Write
from openstackoid.replication.parcel import Resource


class NotNamedError(Exception):
    """An id is of nothing that can be meant; the message says what to do."""


class Naming:
    """Knows the ids of copies: those here, and those that other clouds have told."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def by_id(
        self, api: Api, his: Sequence[str], identifier: str, clouds: Sequence[str]
    ) -> Resource | None:
        """Return what has an id here, or in one of some clouds, of what is his and not deleted.

        What a cloud says of its own ids counts only for who names that cloud, and last: it must not
        say that something of his is something else here. If two clouds say it of two resources,
        nobody knows which is meant.
        """
        every = list(self._of_kind(api, his))
        for resource in every:
            chosen = api.number(resource.key, self._memory.state(resource.id).values, 0)
            if identifier in {chosen, self._memory.id_here(resource.id)}:
                return resource
        meant = []
        for resource in every:
            told = self._memory.told(resource.id)
            if identifier in {told.get(cloud) for cloud in clouds}:
                meant.append(resource)
        return meant[0] if len(meant) == 1 else None

    def unknown(
        self, api: Api, draft: Draft, his: Sequence[str], clouds: Sequence[str]
    ) -> list[str]:
        """Return the resources of which one may have an id that nobody here knows yet."""
        meant = [(one, APIS[kind]) for one, kind in _meant(api, draft)]
        if draft.id is not None:
            meant.append((draft.id, api))
        return [
            resource.id
            for identifier, its in meant
            if self.by_id(its, his, identifier, clouds) is None
            for resource in self._of_kind(its, his)
        ]

    def writes(
        self,
        api: Api,
        draft: Draft,
        his: Sequence[str],
        members: Sequence[str],
        clouds: Sequence[str],
    ) -> tuple[Write, ...]:
        """Return what a draft writes, with replicated resources in place of ids of copies.

        They are among those that are `his`, or nobody's. Raises NotNamedError.
        """
        ids = {}
        for identifier, kind in _meant(api, draft):
            resource = self.by_id(APIS[kind], his, identifier, clouds)
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

    def _of_kind(self, api: Api, his: Sequence[str]) -> Iterator[Resource]:
        every = self._memory.resources() if api.owner is Owner.NOBODY else his
        for identifier in every:
            resource = Resource.of(identifier)
            if resource.kind == api.kind.name and self._memory.state(identifier).generation:
                yield resource


def _meant(api: Api, draft: Draft) -> list[tuple[str, str]]:
    """Return the ids in a draft, each with the kind of what it is of."""
    values = ((write.place, write.value) for write in draft.writes)
    return list(references.named(values, api.references).items())
