"""Decides what a cloud's gateway does next, so that its copy becomes what it should be."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired, Place

Values: TypeAlias = Mapping[Place, str]


class Replica(msgspec.Struct, frozen=True):
    """The copy in one cloud, as its gateway has last written it.

    `id` is what it is known by there. `generation` is the create that has made it. `written` is
    None if what was written there is not known: the copy was found, or the journal restored. `by`
    are the operations that have ordered it, also where they have taken something out. `elements`
    are the ids that the service has given to elements, by its last reading.
    """

    id: str
    generation: Timestamp
    written: Values | None
    by: Mapping[Place, Timestamp] = {}
    elements: Mapping[Place, str] = {}


class Seen(msgspec.Struct, frozen=True):
    """What a service shows of a copy.

    `busy`: it is still being made or changed. `failed` are the service's words if that has failed.
    `elements` are the ids that the service gives to elements. `going`: it is being deleted.
    `project` is the id of whose it is, None if the service does not say.
    """

    values: Values
    busy: bool = False
    failed: str | None = None
    elements: Mapping[Place, str] = {}
    going: bool = False
    project: str | None = None


class Create(msgspec.Struct, frozen=True, tag=True):
    """Make the copy, of this generation, with these values.

    `number` tells which of the ids it gets that may be chosen for it: the ones before can't be
    taken any more.
    """

    generation: Timestamp
    values: Values
    number: int = 0

    @property
    def by(self) -> Timestamp:
        """The operation that orders it."""
        return self.generation


class Drift(msgspec.Struct, frozen=True, order=True):
    """What somebody has changed in this cloud alone, by hand; `value` is what is there now."""

    field: str
    key: str | None
    value: str | None


class Change(msgspec.Struct, frozen=True, tag=True):
    """Write these values, None for what is taken out; `overwritten` was changed by hand.

    The operation `by` orders all of them; what other operations order is a change of its own.
    """

    values: Mapping[Place, str | None]
    by: Timestamp
    overwritten: tuple[Drift, ...] = ()
    drift: tuple[Drift, ...] = ()


class Delete(msgspec.Struct, frozen=True, tag=True):
    """Delete the copy with an id: the operation `by` has deleted what had made it."""

    id: str
    by: Timestamp


class Fits(msgspec.Struct, frozen=True):
    """There is nothing to do; `drift` is what was changed by hand and stays."""

    drift: tuple[Drift, ...] = ()


class Gone(msgspec.Struct, frozen=True):
    """The copy was deleted by hand: it is made again only if somebody says so."""


class Conflicting(msgspec.Struct, frozen=True):
    """Somebody has to choose between this copy and one that cannot become the same."""

    to: Timestamp


class Busy(msgspec.Struct, frozen=True):
    """The service is still at it, making it or, if it is `going`, deleting it: read it again."""

    going: bool = False


class Failed(msgspec.Struct, frozen=True):
    """The service took what was ordered, and failed later: somebody has to look."""

    words: str


class Unknown(msgspec.Struct, frozen=True):
    """The copy was made by a create that does not count: it is from the future, or was lost."""

    generation: Timestamp


Step: TypeAlias = Create | Change | Delete | Fits | Gone | Conflicting | Busy | Failed | Unknown


def plan(state: Desired, replica: Replica | None, there: Seen | None) -> tuple[Step, ...]:
    """Return what may be the next step; `there` is what the service shows, None if it has no copy.

    Where several operations order something, each is a step for itself: one that the cloud refuses
    holds up no other.

    `replica` is None as long as this gateway has made none.
    """
    if replica is None or (replica.generation in state.ended and there is None):
        return (Fits() if state.generation is None else Create(state.generation, state.created),)
    if there is not None and there.going:
        return (Busy(going=True),)
    if replica.generation in state.ended:
        return tuple(Delete(replica.id, by) for by in state.ended[replica.generation])
    if replica.generation not in state.living:
        return (Unknown(replica.generation),)
    conflict = next((one for one in state.conflicts if one.at == replica.generation), None)
    if conflict is not None:
        return (Conflicting(conflict.to),)
    if there is None:
        return (Gone(),)
    if there.failed is not None:
        return (Failed(there.failed),)
    if there.busy:
        return (Busy(),)
    return _differences(state, replica, there.values)


def in_full(there: Seen, replica: Replica, state: Desired, unseen: Collection[str]) -> Seen:
    """Return what a service shows, with what it never does as it was written."""
    written = state.values if replica.written is None else replica.written
    hidden = {place: value for place, value in written.items() if place[0] in unseen}
    return replace(there, values={**there.values, **hidden})


def changed(values: Values, changes: Mapping[Place, str | None]) -> dict[Place, str]:
    """Return values after changes; None takes one out."""
    merged = {**values, **changes}
    return {place: value for place, value in merged.items() if value is not None}


def _differences(state: Desired, replica: Replica, there: Values) -> tuple[Step, ...]:
    """Return what is to be written, place by place, and what was changed by hand.

    What was changed by hand stays, unless an operation orders something there that was not written
    yet. So does what cannot be changed, and what nobody has ordered: its operation was lost with a
    journal.
    """
    wanted, written = state.values, replica.written or {}
    fixed = state.living.get(replica.generation, {})
    changes: dict[Timestamp, dict[Place, str | None]] = {}
    drift, overwritten = [], []
    for place in sorted({*wanted, *written, *there}, key=str):
        want, before, now = wanted.get(place), written.get(place), there.get(place)
        if now == want:
            continue
        by_hand = now != before
        winner = state.winners.get(place)
        stays = place in fixed or replica.by.get(place) == winner
        if winner is None or (by_hand and stays):
            drift.append(Drift(*place, now))
            continue
        changes.setdefault(winner, {})[place] = want
        if by_hand:
            overwritten.append(Drift(*place, now))
    if not changes:
        return (Fits(tuple(drift)),)
    return tuple(
        Change(
            values,
            by,
            tuple(one for one in overwritten if (one.field, one.key) in values),
            tuple(drift),
        )
        for by, values in sorted(changes.items())
    )
