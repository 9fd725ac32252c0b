"""Says in what state copies are: to other gateways, and to the users whose they are."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openstackoid.gateway.replicas.deliveries import Deliveries
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Told
from openstackoid.gateway.replicas.peers import NoWordError, Peers
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.delivery import Copy
from openstackoid.replication.desired import Desired
from openstackoid.replication.explained import State, explained, refusal
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Conflicting, Drift, Failed, Fits, Step

MAX_LISTED = 200
"""Resources in a list for a user: the last ones."""

ASKING = 2.0
"""Seconds that other clouds have to say the states for a list."""

AWAY = "unreachable"
"""The state of a copy in a cloud that does not answer: it is brought up to date when it is back."""


class Telling:
    """Tells of the copies that this gateway keeps, and asks others for theirs."""

    def __init__(self, memory: Memory, deliveries: Deliveries, peers: Peers) -> None:
        self._memory = memory
        self._deliveries = deliveries
        self._peers = peers

    def told(self, resource: str, at: Timestamp | None = None) -> Told:
        """Return the state of the copy here; `at` is an operation that it is asked about."""
        if not self._memory.knows(resource):
            return Told(State.PENDING.value, knows=False)
        knows = self._memory.knows(resource, at)
        copy = self._memory.copies.get(resource, Copy())
        identifier = copy.replica.id if copy.replica is not None else None
        steps = self._deliveries.steps(resource)
        state = self._memory.state(resource)
        more = list(self._more(resource, copy, steps or ()))
        if self._memory.here not in state.members and copy == Copy():
            return Told("no member", knows, more=tuple(more))
        trouble = self._deliveries.troubles.get(resource)
        if trouble is not None and trouble.status is not None:
            refused = State.REFUSED.value
            return Told(refused, knows, identifier, trouble.status, trouble.words, tuple(more))
        if steps is None or trouble is not None:
            return Told(State.PENDING.value, knows, identifier, more=tuple(more))
        said = explained(copy, steps).value
        refusing = refusal(copy, steps)
        if refusing is not None and said in {State.REFUSED.value, State.DATA_FAILED.value}:
            return Told(said, knows, identifier, refusing.status, refusing.words, tuple(more))
        return Told(said, knows, identifier, more=tuple(more))

    def _more(self, resource: str, copy: Copy, steps: Sequence[Step]) -> list[str]:
        """Return what else there is to say of a copy, line by line."""
        lines = []
        if trouble := self._deliveries.troubles.get(resource):
            lines.append(f"it can't be read: {trouble.words}")
        for step in steps:
            match step:
                case Fits(drift) | Change(drift=drift):
                    lines += [f"changed by hand: {_named(one)}" for one in drift]
                case Failed(words):
                    lines.append(f"it failed: {words}")
                case Conflicting(to):
                    lines.append(f"made otherwise at {when(to)} in {to.cloud}")
        lines += [f"may be a copy: {one.id}" for one in copy.doubtful]
        lines += [f"goes: {one.id}" for one in copy.leftovers]
        if progress := self._deliveries.data.progress(resource):
            lines.append(progress)
        for one in self._memory.waiting(resource):
            lines.append(f"from the future: {one.action.value} of {when(one.at)} by {one.at.cloud}")
        return list(dict.fromkeys(lines))

    def names(self, identifier: str) -> set[str]:
        """Return what a user may call a resource by."""
        resource = Resource.of(identifier)
        copy = self._memory.copies.get(identifier, Copy())
        name = _name(resource, self._memory.state(identifier))
        return {identifier, resource.key, name} | ({copy.replica.id} if copy.replica else set())

    def documents(self, resources: list[str], told: Mapping[str, Mapping[str, Told]]) -> list[Any]:
        """Return what is replicated, for a user: each with the states that were told by clouds."""
        return [self._document(one, told[one]) for one in resources]

    def _document(self, identifier: str, told: Mapping[str, Told]) -> dict[str, Any]:
        resource, state = Resource.of(identifier), self._memory.state(identifier)
        return {
            "id": identifier,
            "kind": resource.kind,
            "name": _name(resource, state),
            "deleted": state.generation is None,
            "clouds": [
                {
                    "cloud": cloud,
                    "state": said.state if said.knows else State.PENDING.value,
                    "id": said.id,
                    "status": said.status,
                    "words": said.words,
                    "more": list(said.more),
                }
                for cloud, said in told.items()
            ],
            "wanted": [
                {"field": field, "key": key, "value": value}
                for (field, key), value in sorted(state.values.items(), key=str)
            ],
            "lost": [
                {
                    "at": when(one.at),
                    "cloud": one.at.cloud,
                    "field": one.field,
                    "key": one.key,
                    "value": one.value,
                    "to": f"{when(one.to)} in {one.to.cloud}",
                }
                for one in state.lost
            ],
            "conflicts": [
                {"field": one.field, "at": when(one.at), "cloud": one.at.cloud, "to": when(one.to)}
                for one in state.conflicts
            ],
        }

    async def everywhere(self, resources: list[str]) -> dict[str, dict[str, Told]]:
        """Return the states of copies in all their clouds, in the order of its members."""
        members = {one: self._memory.state(one).members for one in resources}
        others = {c for clouds in members.values() for c in clouds if c != self._memory.here}
        asked = {c: [one for one in resources if c in members[one]] for c in sorted(others)}
        asking = (self.of(c, dict.fromkeys(ones), ASKING) for c, ones in asked.items())
        answers = await asyncio.gather(*asking)
        said = dict(zip(asked, answers, strict=True))
        return {
            one: {
                cloud: self.told(one)
                if cloud == self._memory.here
                else said[cloud].get(one, Told(State.PENDING.value, knows=False))
                for cloud in members[one]
            }
            for one in resources
        }

    async def of(
        self,
        cloud: str,
        resources: Mapping[str, Timestamp | None],
        seconds: float,
        wait: float = 0.0,
    ) -> Mapping[str, Told]:
        """Return the states of copies in another cloud, which has so many seconds to say them.

        It may `wait` so long for those that are pending.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._peers.states(cloud, resources, wait)
        except (NoWordError, TimeoutError):
            return dict.fromkeys(resources, Told(AWAY))


def is_settled(told: Told) -> bool:
    """Return whether there is nothing to wait for: it is as it should be, or was refused."""
    return told.knows and told.state not in {State.PENDING.value, AWAY}


def is_done(told: Told) -> bool:
    """Return whether a copy is there, as far as it was ordered."""
    done = {State.FITS.value, State.DRIFTED.value}
    return told.knows and told.state in done


def when(at: Timestamp) -> str:
    """Return a time of an operation, in UTC (RFC 3339)."""
    try:
        return datetime.fromtimestamp(at.milliseconds / 1000, UTC).isoformat(
            timespec="milliseconds"
        )
    except (ValueError, OverflowError):
        return f"{at.milliseconds} ms"


def _named(drift: Drift) -> str:
    where = drift.field if drift.key is None else f"{drift.field} {drift.key}"
    return f"{where} is {drift.value}" if drift.value is not None else f"{where} is gone"


def _name(resource: Resource, state: Desired) -> str:
    """Return the name of a resource: its key, unless it has one that can be changed."""
    name = state.values.get(("name", None))
    return resource.key if name in {None, "null"} else str(name).strip('"')
