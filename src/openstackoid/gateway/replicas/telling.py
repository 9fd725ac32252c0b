"""Says in what state copies are: to other gateways, and to the users whose they are."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from msgspec.structs import replace

from openstackoid.gateway.replicas.deliveries import Deliveries
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Told
from openstackoid.gateway.replicas.peers import NoWordError, Peers
from openstackoid.gateway.replicas.taking import Taking
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.copy import Copy
from openstackoid.replication.desired import Desired
from openstackoid.replication.explained import State, explained, refusal
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Conflicting, Drift, Failed, Fits, Step

MAX_LISTED = 200
"""Resources in a list for a user: the last ones."""

ASKING = 2.0
"""Seconds that other clouds have to say the states for a list."""

READING = 5.0
"""Seconds that clouds have to read copies anew."""

AWAY = "unreachable"
"""The state of a copy in a cloud that does not answer: it is brought up to date when it is back."""

OUT = "taken out"
"""The state of a copy in a cloud that is not in the federation file any more: it stays as it is."""


class Telling:
    """Tells of the copies that this gateway keeps, and asks others for theirs."""

    def __init__(
        self, memory: Memory, taking: Taking, deliveries: Deliveries, peers: Peers
    ) -> None:
        self._memory = memory
        self._taking = taking
        self._deliveries = deliveries
        self._peers = peers

    def told(self, resource: str, at: Timestamp | None = None) -> Told:
        """Return the state of the copy here; `at` is an operation that it is asked about."""
        if not self._memory.knows(resource):
            return self.not_taken(resource, at)
        refused = self._taking.refused(resource)
        knows = self._memory.knows(resource, at)
        copy = self._memory.copies.get(resource, Copy())
        identifier = copy.replica.id if copy.replica is not None else None
        steps = self._deliveries.steps(resource)
        state = self._memory.state(resource)
        more = (*self._more(resource, copy, steps or ()), *_lines(refused))
        said = Told(State.PENDING.value, knows, identifier, more=more, drift=_drift(steps or ()))
        if not knows and at is not None and at in refused:
            return replace(_refused(said, HTTPStatus.FORBIDDEN, refused[at]), knows=True)
        if self._memory.here not in state.members and copy == Copy():
            return replace(said, state="no member")
        trouble = self._deliveries.troubles.get(resource)
        if trouble is not None and trouble.status is not None:
            return _refused(said, trouble.status, trouble.words)
        if steps is None or trouble is not None:
            return said
        found, refusing = explained(copy, steps), refusal(copy, steps)
        if resource in self._deliveries.waiting and found is State.PENDING:
            found = State.WAITING
        said = replace(said, state=found.value)
        if refusing is not None and found in {State.REFUSED, State.PENDING, State.DATA_FAILED}:
            return replace(said, status=refusing.status, words=refusing.words)
        return said

    def not_taken(self, resource: str, at: Timestamp | None) -> Told:
        """Return what there is to say of an operation that was not taken, and of nothing else."""
        refused = self._taking.refused(resource)
        if at is not None and at in refused:
            return _refused(Told(State.REFUSED.value), HTTPStatus.FORBIDDEN, refused[at])
        return Told(State.PENDING.value, knows=False)

    def _more(self, resource: str, copy: Copy, steps: Sequence[Step]) -> list[str]:
        """Return what else there is to say of a copy, line by line."""
        lines = []
        if (on := self._deliveries.waiting.get(resource)) is not None:
            lines.append(f"waiting for {Resource.of(on).kind} {self._called(on)}")
        if trouble := self._deliveries.troubles.get(resource):
            lines.append(f"it can't be read: {trouble.words}")
        for step in steps:
            match step:
                case Failed(words):
                    lines.append(f"it failed: {words}")
                case Conflicting(to):
                    lines.append(f"made otherwise at {when(to)} in {to.cloud}")
        lines += [f"changed by hand, and lost: {_named(one)}" for one in copy.overwritten]
        lines += [f"may be a copy: {one.id}" for one in copy.doubtful]
        lines += [f"goes: {one.id}" for one in copy.leftovers]
        if progress := self._deliveries.data.progress(resource):
            lines.append(progress)
        for one in self._memory.waiting(resource):
            lines.append(f"from the future: {one.action.value} of {when(one.at)} by {one.at.cloud}")
        return list(dict.fromkeys(lines))

    def _called(self, identifier: str) -> str:
        """Return the name of a resource that this gateway may not have heard of yet."""
        resource = Resource.of(identifier)
        known = self._memory.knows(identifier)
        return _name(resource, self._memory.state(identifier)) if known else resource.key

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
                    "more": [f"changed by hand: {_named(d)}" for d in said.drift] + [*said.more],
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

    async def everywhere(
        self, resources: list[str], *, again: bool = False
    ) -> dict[str, dict[str, Told]]:
        """Return the states of copies in all their clouds, in the order of its members.

        With `again`, other clouds read them anew, and have some seconds for that.
        """
        members = {one: self._memory.state(one).members for one in resources}
        others = {c for clouds in members.values() for c in clouds if c != self._memory.here}
        asked = {c: [one for one in resources if c in members[one]] for c in sorted(others)}
        wait = READING if again else 0.0
        asking = (
            self.of(
                c, {one: self._memory.latest(one) for one in ones}, ASKING + wait, wait, again=again
            )
            for c, ones in asked.items()
        )
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
        *,
        again: bool = False,
    ) -> Mapping[str, Told]:
        """Return the states of copies in another cloud, which has so many seconds to say them.

        It may `wait` so long for those that are pending, or which it is to read `again`.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._peers.states(cloud, resources, wait, again=again)
        except (NoWordError, TimeoutError):
            return dict.fromkeys(resources, self.silent(cloud))

    def silent(self, cloud: str) -> Told:
        """Return what there is to say of a copy in a cloud that says nothing."""
        return Told(AWAY if self._peers.is_known(cloud) else OUT)


def _refused(said: Told, status: int, words: str) -> Told:
    return replace(said, state=State.REFUSED.value, status=status, words=words)


def _drift(steps: Iterable[Step]) -> tuple[Drift, ...]:
    """Return what somebody has changed in this cloud alone."""
    every = [step.drift for step in steps if isinstance(step, Fits | Change)]
    return tuple(dict.fromkeys(drift for one in every for drift in one))


def _lines(refused: Mapping[Timestamp, str]) -> list[str]:
    return [f"not taken: ordered at {when(at)} in {at.cloud}" for at in sorted(refused)]


def is_settled(told: Told) -> bool:
    """Return whether there is nothing to wait for: it is as it should be, or was refused."""
    return told.knows and told.state not in {State.PENDING.value, State.WAITING.value, AWAY, OUT}


def is_done(told: Told) -> bool:
    """Return whether a copy is there, or being made, as far as it was ordered."""
    done = {State.FITS.value, State.DRIFTED.value, State.BUILDING.value}
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
    """Return the name of a resource: its key, unless it has, or had, one that can be changed."""
    place = ("name", None)
    name = state.values.get(place) or max(state.said.get(place, ()), default=None)
    return resource.key if name in {None, "null", '""'} else str(name).strip('"')
