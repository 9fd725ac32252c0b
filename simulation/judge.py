"""Looks at what services have, and have done, when all has come to rest.

It believes neither what gateways say that somebody knew, nor how they join operations: it has seen
itself what each user saw.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from openstackoid.replication import delivery
from openstackoid.replication.clock import AHEAD, Timestamp
from openstackoid.replication.copy import Copy, Order
from openstackoid.replication.desired import Desired
from openstackoid.replication.explained import State, explained
from openstackoid.replication.kinds import Joined, Recognized
from openstackoid.replication.operation import Action, Operation
from openstackoid.replication.plan import Change, Create, Delete, Fits, Step
from simulation.site import Site
from simulation.world import World, named


def faults(world: World) -> list[str]:
    """Return what is wrong, and not named by any gateway."""
    found = [*_of_users(world), *_of_clocks(world)]
    for site in world.sites.values():
        found += [f"{site.name}: {fault}" for fault in _of_a_site(site, world)]
    found += [f"{name} never comes to rest" for name in sorted(world.restless)]
    known = {frozenset(one.at for _, one in s.journal.log) for s in world.sites.values()}
    if len(known) != 1:
        found.append("not all know the same")
    return found


def _of_a_site(site: Site, world: World) -> Iterator[str]:
    copy, service, steps, state = site.journal.copy, site.service, site.steps(), site.state()
    said = explained(copy, steps)
    mine = copy.replica.id if copy.replica is not None else None
    named_too = {one.id for one in (*copy.doubtful, *copy.leftovers)}
    for identifier, thing in service.things.items():
        of_no_concern = thing.by_hand and not _keeps_the_name(said, state, world)
        if identifier not in {mine, *named_too} and not of_no_concern:
            yield f"nobody names {identifier}: {said} {steps} {copy}"
    if said is State.FITS:
        there = service.things.get(mine or "")
        if there is not None and there.fails:
            yield "failed, and said to fit"
        wanted = dict(state.values) if state.generation else None
        if (there.values if there else None) != wanted:
            yield f"{there} is not {wanted}, and said to fit"
    elif not _is_due(said, site, state, steps):
        yield f"{said.value}, for no reason: {steps} {copy}"
    unknown = site.restored or site.set_back
    for one in copy.overwritten:
        if not unknown and (one.field, one.value) != ("description", "by hand"):
            yield f"overwrote {one}, which nobody has changed by hand"
    yield from _of_the_past(site, world)


def _keeps_the_name(said: State, state: Desired, world: World) -> bool:
    """Return whether what was made by hand has the name that a copy should have."""
    by_name = world.kind.recognized is Recognized.NAME
    has_one = said not in {State.DELETED_BY_HAND, State.CONFLICTING, State.IN_DOUBT}
    return by_name and state.generation is not None and has_one


def _is_due(said: State, site: Site, state: Desired, steps: Sequence[Step]) -> bool:
    """Return whether there is a reason for what is said of a copy."""
    service, copy = site.service, site.journal.copy
    match said:
        case State.DRIFTED:
            return _was_by_hand(site, steps)
        case State.CONFLICTING:
            return bool(state.conflicts)
        case State.DELETED_BY_HAND:
            by_what_waits = len(site.operations()) < len(site.journal.log)
            return service.deleted_by_hand > 0 or by_what_waits or site.restored
        case State.FAILED_THERE:
            return service.failed > 0
        case State.REFUSED:
            left = delivery.removals(copy, state)
            orders = [one for one in (*steps, *left) if isinstance(one, Create | Change | Delete)]
            return all(one.by in service.powerless for one in orders)
        case State.IN_DOUBT:
            return _doubt_is_due(site, state, copy)
        case _:
            return False


def _was_by_hand(site: Site, steps: Sequence[Step]) -> bool:
    """Return whether somebody has done what is taken for drift."""
    step = steps[0]
    if not isinstance(step, Fits):
        return False
    copy = site.journal.copy.replica
    made_by_hand = copy is not None and site.service.things[copy.id].by_hand
    in_place = all(drift.field == "description" for drift in step.drift)
    unknown = site.restored or site.set_back  # what was ordered may be lost, or wait
    return made_by_hand or in_place or unknown


def _doubt_is_due(site: Site, state: Desired, copy: Copy) -> bool:
    """Return whether what is in doubt was made by hand, twice, or by what is not known any more.

    By a name alone nobody can tell a copy from another thing once the create that has made it was
    deleted, was lost, or is from the future.
    """
    things = site.service.things
    by_hand = any(thing.by_hand for thing in things.values())
    known = {one.at for one in site.operations()}
    of_the_unknown = any(t.mark is not None and t.mark not in known for t in things.values())
    lost = copy.replica is not None and copy.replica.generation not in known
    twice = max(Counter(t.mark for t in things.values() if t.mark).values(), default=0) > 1
    waits = len(site.operations()) < len(site.journal.log)
    unsure = bool(state.ended) or site.restored or waits
    by_name = site.kind.recognized is Recognized.NAME and unsure
    return by_hand or of_the_unknown or lost or twice or by_name


def _of_the_past(site: Site, world: World) -> Iterator[str]:
    """Look at what the service was told to do."""
    service = site.service
    for identifier, by_hand in service.deletions:
        if by_hand and identifier not in site.taken:
            yield f"deleted {identifier}, which somebody had made by hand"
    for request in service.handed:
        if not _is_ordered(request.order, world):
            yield f"{request.order} is by nobody's order"
    excused = site.restored or site.was_partial or site.set_back or service.deleted_unseen
    times = Counter(generation for generation, _ in service.creates)
    ended = site.state().ended.keys()
    for generation, there in service.creates:
        if times[generation] > 1 and not excused:
            yield f"made {named(generation)} {times[generation]} times"
        if there - ended and not site.was_partial:
            yield f"made {named(generation)} beside {[named(one) for one in there - ended]}"


def _is_ordered(order: Order, world: World) -> bool:
    """Return whether the operation by whose right something is sent orders just that."""
    by, _ = world.ordered[order.by]
    if isinstance(order, Delete):
        return by.action is Action.DELETE
    if by.action is Action.DELETE:
        return all(value is None for value in order.values.values())
    said = {write.place: write.value for write in by.writes}
    if isinstance(order, Create) and by.action is not Action.CREATE:
        return False
    return all(said.get(place, "") == value for place, value in order.values.items())


def _of_users(world: World) -> Iterator[str]:
    """Look whether what users ordered is there, or lost to somebody who is named."""
    site = next(iter(world.sites.values()))
    state = site.state()
    known = {one.at for one in site.operations()}
    orders = [world.ordered[at] for at in sorted(known)]
    lost = {one.at for one in state.lost} | {one.at for one in state.conflicts}
    for one, _ in orders:
        later = [other for other, saw in orders if one.at in saw]
        deleted = any(other.action is Action.DELETE for other in later)
        if one.action is Action.CREATE and deleted == (one.at in state.living):
            yield f"{named(one.at)} is {'there, though' if deleted else 'gone, though not'} deleted"
        if not deleted:
            yield from _unnamed(one, later, state, lost, world)


def _unnamed(
    one: Operation, later: list[Operation], state: Desired, lost: set[Timestamp], world: World
) -> Iterator[str]:
    """Look for what an operation says that does not hold, though nobody who saw it said else."""
    of_what_lives = {one.at, *world.ordered[one.at][1]} & state.living.keys()
    for write in one.writes:
        if any(w.place == write.place for other in later for w in other.writes):
            continue
        joined = world.kind.fields[write.field]
        added = joined is Joined.BY_ELEMENT and write.value is not None and of_what_lives
        holds = state.values.get(write.place) == write.value
        if not holds and (added or one.at not in lost):
            yield f"{named(one.at)} said {write}, which is lost and not named"


def _of_clocks(world: World) -> Iterator[str]:
    """Look whether the clocks of others have followed one that is wrong."""
    for at, wall in world.made.items():
        if at.milliseconds > wall + 2 * AHEAD:
            yield f"{named(at)} is {at.milliseconds - wall} ms ahead of the clock that made it"
