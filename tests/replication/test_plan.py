"""What a gateway does next with the copy in its cloud."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from replication.making import FLAVOR, Gateway, histories, ram

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired, Place, desired
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.plan import (
    Busy,
    Change,
    Conflicting,
    Create,
    Delete,
    Drift,
    Failed,
    Fits,
    Gone,
    Replica,
    Seen,
    Step,
    Unknown,
    changed,
    in_full,
    plan,
)

TEXT = ("description", None)


def carried_out(
    step: Step, replica: Replica | None, there: dict[Place, str] | None
) -> tuple[Replica | None, dict[Place, str] | None]:
    """Return the copy after a step, as its gateway and as the service sees it."""
    match step:
        case Create(generation, values):
            return Replica("7", generation, values), dict(values)
        case Delete():
            return replica, None
        case Change(values) if replica is not None and there is not None:
            now, written = changed(there, values), changed(replica.written or {}, values)
            return Replica(replica.id, replica.generation, written), now
        case _:
            return replica, there


def brought(
    state: Desired, replica: Replica | None, there: dict[Place, str] | None
) -> tuple[Step, Replica | None, dict[Place, str] | None]:
    """Carry out steps until nothing is left to do; return the last one, and the copy."""
    for _ in range(4):
        step, *_ = plan(state, replica, None if there is None else Seen(there))
        if isinstance(step, Fits | Gone | Conflicting):
            return step, replica, there
        replica, there = carried_out(step, replica, there)
    raise AssertionError(step)


@given(histories(), st.integers(0, 12))
def test_a_copy_becomes_what_it_should_be(made: list[Operation], known: int) -> None:
    """Whatever of it was known before, in a few steps; or somebody has to choose."""
    _, replica, there = brought(desired(made[:known], FLAVOR), None, None)
    state = desired(made, FLAVOR)
    step, _, there = brought(state, replica, there)
    if isinstance(step, Conflicting):
        assert state.conflicts
    elif state.generation is None:
        assert there is None
    else:
        assert there == dict(state.values)
        assert step == Fits()


def a_copy() -> tuple[Gateway, Replica, dict[Place, str]]:
    """Return a gateway with a flavor, and its copy."""
    paris = Gateway.of("Paris")
    create = paris.order(Action.CREATE, ram(1), Write("description", "1"))
    values = dict(desired([create], FLAVOR).values)
    return paris, Replica("7", create.at, dict(values), dict.fromkeys(values, create.at)), values


def last(gateway: Gateway) -> Timestamp:
    """Return the last operation."""
    return max(gateway.known)


def wanted(gateway: Gateway) -> Desired:
    """Return what should be by all that a gateway knows."""
    return desired(gateway.known.values(), FLAVOR)


def test_what_was_changed_by_hand_stays() -> None:
    """As long as nobody orders something else."""
    paris, replica, there = a_copy()
    there[TEXT] = "by hand"
    assert plan(wanted(paris), replica, Seen(there)) == (Fits((Drift(*TEXT, "by hand"),)),)


def test_what_is_ordered_again_is_written_again() -> None:
    """The same value as before, or that something should not be there."""
    paris, replica, there = a_copy()
    there |= {TEXT: "by hand", ("specs", "k"): "by hand"}
    paris.order(Action.CHANGE, Write("description", "1"), Write("specs", None, "k"))
    change = Change(
        {TEXT: "1", ("specs", "k"): None},
        last(paris),
        (Drift(*TEXT, "by hand"), Drift("specs", "k", "by hand")),
    )
    assert plan(wanted(paris), replica, Seen(there)) == (change,)


def test_what_cannot_be_changed_stays_as_it_is() -> None:
    """Whichever of two equal creates counts."""
    paris, replica, there = a_copy()
    there["ram", None] = "2"
    replica = replace(replica, by={})
    assert plan(wanted(paris), replica, Seen(there)) == (Fits((Drift("ram", None, "2"),)),)


def test_what_was_changed_by_hand_loses_to_what_is_ordered() -> None:
    """And its value is told."""
    paris, replica, there = a_copy()
    there[TEXT] = "by hand"
    paris.order(Action.CHANGE, Write("description", "2"))
    change = Change({TEXT: "2"}, last(paris), (Drift(*TEXT, "by hand"),))
    assert plan(wanted(paris), replica, Seen(there)) == (change,)


def test_what_was_added_by_hand_stays_beside_what_is_ordered() -> None:
    """It is nobody's but that cloud's."""
    paris, replica, there = a_copy()
    there["specs", "k"] = "1"
    paris.order(Action.CHANGE, Write("description", "2"))
    step, *_ = plan(wanted(paris), replica, Seen(there))
    assert step == Change({TEXT: "2"}, last(paris), (), (Drift("specs", "k", "1"),))


def test_what_was_deleted_by_hand_is_not_made_again() -> None:
    """Whoever did it may have had a reason."""
    paris, replica, _ = a_copy()
    assert plan(wanted(paris), replica, None) == (Gone(),)


def test_what_was_deleted_is_deleted_and_stays_so() -> None:
    """Also what somebody has changed by hand."""
    paris, replica, there = a_copy()
    paris.order(Action.DELETE)
    assert plan(wanted(paris), replica, Seen(there)) == (Delete("7", last(paris)),)
    assert plan(wanted(paris), replica, None) == (Fits(),)


def test_what_was_created_again_is_deleted_first() -> None:
    """Its fixed fields may be others."""
    paris, replica, there = a_copy()
    deleted = paris.order(Action.DELETE)
    again = paris.order(Action.CREATE, ram(2))
    assert plan(wanted(paris), replica, Seen(there)) == (Delete("7", deleted.at),)
    assert plan(wanted(paris), replica, None) == (Create(again.at, {("ram", None): "2"}),)


def test_a_copy_that_cannot_become_the_other_stays_until_somebody_chooses() -> None:
    """Nothing is deleted that somebody may use."""
    paris, corte = Gateway.of("Paris"), Gateway.of("Corte")
    one = paris.order(Action.CREATE, ram(1))
    two = corte.order(Action.CREATE, ram(2), now=2000)
    corte.hear(paris)
    there: dict[Place, str] = {("ram", None): "2"}
    assert plan(wanted(corte), Replica("7", two.at, there), Seen(there)) == (Conflicting(one.at),)


def test_nothing_is_made_of_nothing() -> None:
    """As where a deletion came before the copy was made."""
    paris, *_ = a_copy()
    paris.order(Action.DELETE)
    assert plan(wanted(paris), None, None) == (Fits(),)


def test_a_copy_that_is_still_made_is_read_again() -> None:
    """Nothing is changed meanwhile."""
    paris, replica, there = a_copy()
    paris.order(Action.CHANGE, Write("description", "2"))
    assert plan(wanted(paris), replica, Seen(there, busy=True)) == (Busy(),)


def test_a_copy_that_has_failed_later_says_so() -> None:
    """In the service's words; it can still be deleted."""
    paris, replica, there = a_copy()
    seen = Seen(there, failed="No valid host")
    assert plan(wanted(paris), replica, seen) == (Failed("No valid host"),)
    paris.order(Action.DELETE)
    assert plan(wanted(paris), replica, seen) == (Delete("7", last(paris)),)


def test_a_copy_of_a_create_that_does_not_count_stays_as_it_is() -> None:
    """That create may be from the future: then its time will come."""
    _, replica, there = a_copy()
    assert plan(desired([], FLAVOR), replica, Seen(there)) == (Unknown(replica.generation),)


def test_what_several_have_ordered_is_written_by_the_right_of_each() -> None:
    """Each for itself: nobody's right is used for what somebody else has ordered."""
    paris, replica, there = a_copy()
    one = paris.order(Action.CHANGE, Write("description", "2"))
    two = paris.order(Action.CHANGE, Write("access", "true", "alice"))
    assert plan(wanted(paris), replica, Seen(there)) == (
        Change({TEXT: "2"}, one.at),
        Change({("access", "alice"): "true"}, two.at),
    )


def test_whoever_has_deleted_it_may_be_the_one_who_can() -> None:
    """So each deletion is tried."""
    paris, corte, (_, replica, there) = Gateway.of("Paris"), Gateway.of("Corte"), a_copy()
    create = paris.order(Action.CREATE, ram(1))
    corte.hear(paris)
    one, two = paris.order(Action.DELETE), corte.order(Action.DELETE, now=2000)
    paris.hear(corte)
    replica = Replica("7", create.at, dict(there))
    assert plan(wanted(paris), replica, Seen(there)) == (
        Delete("7", one.at),
        Delete("7", two.at),
    )


def test_a_copy_is_created_as_its_create_says() -> None:
    """What others have changed since is written then, by their right."""
    paris = Gateway.of("Paris")
    create = paris.order(Action.CREATE, ram(1), Write("description", "1"), Write("specs", "1", "k"))
    paris.order(Action.CHANGE, Write("description", "2"))
    said: dict[Place, str] = {("ram", None): "1", TEXT: "1"}
    assert plan(wanted(paris), None, None) == (Create(create.at, said),)


def test_what_is_being_deleted_is_waited_for() -> None:
    """Whoever has deleted it: nobody deletes it a second time, or calls it gone before it is."""
    paris = Gateway.of("Paris")
    created = paris.order(Action.CREATE, ram(1)).at
    replica, there = Replica("7", created, {}), Seen({}, busy=True, failed="no", going=True)
    assert plan(wanted(paris), replica, there) == (Busy(going=True),)
    paris.order(Action.DELETE)
    assert plan(wanted(paris), replica, there) == (Busy(going=True),)
    (step,) = plan(wanted(paris), replica, Seen({}, busy=True))
    assert isinstance(step, Delete)


def test_what_is_never_shown_counts_as_it_was_written() -> None:
    """Or as it is wanted, where nobody knows what was written."""
    paris = Gateway.of("Paris")
    created = paris.order(Action.CREATE, ram(1)).at
    place: Place = ("ram", None)
    there = Seen({TEXT: '"x"'})
    known: list[tuple[dict[Place, str] | None, str | None]]
    known = [({place: "2"}, "2"), (None, "1"), ({}, None)]
    for written, seen in known:
        replica = Replica("7", created, written)
        full = in_full(there, replica, wanted(paris), {"ram"})
        assert (full.values.get(place), full.values[TEXT]) == (seen, '"x"')
    assert in_full(there, Replica("7", created, None), wanted(paris), set()) == there
