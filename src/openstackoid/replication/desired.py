"""Joins the operations of a resource into what each of its members should have."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.kinds import Joined, Kind
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation, Write

Place = tuple[str, str | None]


class Lost(msgspec.Struct, frozen=True, order=True):
    """What somebody has ordered, and what another one has won against who did not know of it.

    `field` is empty where all that it says is lost: to a deletion.
    """

    at: Timestamp
    to: Timestamp
    field: str = ""
    key: str | None = None
    value: str | None = None


class Conflict(msgspec.Struct, frozen=True, order=True):
    """Two have created the same, and differ in a field that cannot be changed: somebody chooses.

    The copies that are made by `at` stay as they are until then.
    """

    at: Timestamp
    to: Timestamp
    field: str


class Desired(msgspec.Struct, frozen=True):
    """What each member should have; `generation` is its create, None if it should not be there.

    `values` has a value for each field that is joined as a whole, and for each key or element of
    the others; `winners` says which operation each is of, also where something was taken out, and
    `said` has all values that were ever ordered for one. `created` is what the generation itself
    says. `living` are all creates that go on, with what each says of the fixed fields. `ended` are
    those that were deleted, each with its deletions: copies that they have made go.
    """

    generation: Timestamp | None
    members: tuple[str, ...]
    values: Mapping[Place, str]
    winners: Mapping[Place, Timestamp]
    said: Mapping[Place, frozenset[str]]
    created: Mapping[Place, str]
    living: Mapping[Timestamp, Mapping[Place, str]]
    ended: Mapping[Timestamp, tuple[Timestamp, ...]]
    lost: tuple[Lost, ...]
    conflicts: tuple[Conflict, ...]


def desired(operations: Iterable[Operation], kind: Kind) -> Desired:
    """Join the operations of one resource, in whatever order they came.

    A deletion ends all creates that its user could see, and whatever was ordered of them; one that
    he could not see goes on. Of what goes on, the first create is the generation.
    """
    lineage = Lineage(operations)
    every = list(lineage.operations.values())
    creates = [one for one in every if one.action is Action.CREATE]
    deletions = [one for one in every if one.action is Action.DELETE]
    ended = {
        create.at: of_it
        for create in creates
        if (of_it := [deletion for deletion in deletions if lineage.knew(deletion, create)])
    }
    living = [create for create in creates if create.at not in ended]
    changes = [one for one in every if one.action is Action.CHANGE]
    counting = [*living, *(one for one in changes if any(lineage.knew(one, c) for c in living))]
    values, winners, lost = _joined(sorted(counting), lineage, kind)
    overruled = _overruled(every, counting, ended, lineage)
    lost += [
        Lost(one.at, deletion.at)
        for one, deletion in overruled
        if one.action is Action.CHANGE and not lineage.knew(deletion, one)
    ]
    for one, deletion in overruled:
        for write in one.writes:
            winners.setdefault(write.place, deletion.at)
    return Desired(
        living[0].at if living else None,
        tuple(dict.fromkeys(cloud for create in living or creates for cloud in create.members)),
        values,
        winners,
        _said(every),
        _said_by(living[0], kind.fields.keys() - kind.afterwards) if living else {},
        {create.at: _fixed(create, kind) for create in living},
        {create: tuple(one.at for one in of_it) for create, of_it in ended.items()},
        tuple(sorted(lost)),
        _conflicts(living, kind),
    )


def _said_by(create: Operation, fields: Collection[str]) -> dict[Place, str]:
    """Return what a create says of some fields."""
    return {
        write.place: write.value
        for write in create.writes
        if write.value is not None and write.field in fields
    }


def _said(every: Iterable[Operation]) -> dict[Place, frozenset[str]]:
    """Return all values that were ordered, by place."""
    said: dict[Place, set[str]] = defaultdict(set)
    for one in every:
        for write in one.writes:
            if write.value is not None:
                said[write.place].add(write.value)
    return {place: frozenset(values) for place, values in said.items()}


def _joined(
    counting: Sequence[Operation], lineage: Lineage, kind: Kind
) -> tuple[dict[Place, str], dict[Place, Timestamp], list[Lost]]:
    """Return the value of each place, the operation it is of, and what has lost.

    Of fixed fields counts what the first create says.
    """
    by_place: dict[Place, list[tuple[Operation, Write]]] = defaultdict(list)
    for one in counting:
        for write in one.writes:
            if kind.fields[write.field] is not Joined.FIXED or one is counting[0]:
                by_place[write.place].append((one, write))
    values: dict[Place, str] = {}
    winners: dict[Place, Timestamp] = {}
    lost: list[Lost] = []
    for place, writes in by_place.items():
        how = kind.fields[place[0]]
        winner, won = _winner(writes, lineage, how)
        winners[place] = winner.at
        if won.value is not None:
            values[place] = won.value
        lost += [
            Lost(one.at, winner.at, write.field, write.key, write.value)
            for one, write in writes
            if write.value != won.value and not lineage.knew(winner, one)
        ]
    return values, winners, lost


def _winner(
    writes: Sequence[tuple[Operation, Write]], lineage: Lineage, how: Joined
) -> tuple[Operation, Write]:
    """Return what counts of all that was written to one place; `writes` are in their order."""
    if how is Joined.BY_ELEMENT:
        removals = [one for one, write in writes if write.value is None]
        added = [(one, write) for one, write in writes if write.value is not None]
        unknown = lineage.unknown_to(removals, (one for one, _ in added))
        return next((a for a in reversed(added) if a[0].at in unknown), writes[-1])
    return writes[-1]


def _overruled(
    every: Sequence[Operation],
    counting: Sequence[Operation],
    ended: Mapping[Timestamp, Sequence[Operation]],
    lineage: Lineage,
) -> list[tuple[Operation, Operation]]:
    """Return what does not count any more, each with the last deletion that is why."""
    overruled = []
    counts = {one.at for one in counting}
    last = {create: max(deletions) for create, deletions in ended.items()}
    for one in every:
        if one.at in counts:
            continue
        of = [
            deletion
            for create, deletion in last.items()
            if create == one.at or lineage.knew(one, lineage.operations[create])
        ]
        if of and one.action is not Action.DELETE:
            overruled.append((one, max(of)))
    return overruled


def _fixed(create: Operation, kind: Kind) -> dict[Place, str]:
    """Return what a create says of the fields that cannot be changed."""
    fixed = {field for field, how in kind.fields.items() if how is Joined.FIXED}
    return _said_by(create, fixed)


def _conflicts(living: Sequence[Operation], kind: Kind) -> tuple[Conflict, ...]:
    """Return the fixed fields in which later creates differ from the first one."""
    if not living:
        return ()
    first = _fixed(living[0], kind)
    return tuple(
        Conflict(later.at, living[0].at, field)
        for later in living[1:]
        for field, _ in sorted(_different(first, _fixed(later, kind)), key=str)
    )


def _different(one: Mapping[Place, str], other: Mapping[Place, str]) -> set[Place]:
    return {place for place in {*one, *other} if one.get(place) != other.get(place)}
