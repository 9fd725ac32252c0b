"""What all members should have after operations that came in any order."""

import random

from hypothesis import given
from hypothesis import strategies as st
from replication.making import CLOUDS, FLAVOR, Gateway, histories, ram

from openstackoid.replication.desired import Conflict, Lost, desired
from openstackoid.replication.kinds import Joined
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation, Write


def described(text: str) -> Write:
    """Return a change of the description."""
    return Write("description", text)


def pair() -> tuple[Gateway, Gateway, Operation]:
    """Return two gateways that know of a flavor, cut off from each other, and its create."""
    paris, corte = Gateway.of("Paris"), Gateway.of("Corte")
    create = paris.order(Action.CREATE, ram(1), described("0"), Write("access", "true", "alice"))
    corte.hear(paris)
    return paris, corte, create


def joined(*gateways: Gateway) -> list[Operation]:
    """Return all that some gateways know."""
    return list({at: one for g in gateways for at, one in g.known.items()}.values())


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_operations_come_is_of_no_account(
    made: list[Operation], chance: random.Random
) -> None:
    """Nor is how often they come."""
    other = [*made, *made[: len(made) // 2]]
    chance.shuffle(other)
    assert desired(made, FLAVOR) == desired(other, FLAVOR)


@given(histories())
def test_no_loser_is_silent(made: list[Operation]) -> None:
    """What was ordered is so, or who could see it ordered something else, or it is named."""
    state, lineage = desired(made, FLAVOR), Lineage(made)
    lost = {(one.at, one.field, one.key) for one in state.lost}
    conflicts = {(one.at, one.field) for one in state.conflicts}
    for one in made:
        if one.action is Action.DELETE or state.generation is None or one.at in state.ended:
            continue
        if one.action is Action.CHANGE and not any(
            lineage.knew(one, c)
            for c in made
            if c.action is Action.CREATE and c.at not in state.ended
        ):
            continue
        for write in one.writes:
            is_so = state.values.get(write.place) == write.value
            seen = any(
                lineage.knew(other, one) and write.place in {w.place for w in other.writes}
                for other in made
            )
            named = (one.at, write.field, write.key) in lost or (one.at, write.field) in conflicts
            assert is_so or seen or named


@given(histories())
def test_nobody_loses_against_who_could_see_him(made: list[Operation]) -> None:
    """That is an ordinary change: he who made it wanted it so."""
    lineage = Lineage(made)
    for one in desired(made, FLAVOR).lost:
        assert not lineage.knew(lineage.operations[one.to], lineage.operations[one.at])


@given(histories())
def test_what_could_be_seen_and_was_deleted_is_gone(made: list[Operation]) -> None:
    """And what could not goes on."""
    state, lineage = desired(made, FLAVOR), Lineage(made)
    for create in (one for one in made if one.action is Action.CREATE):
        deleted = any(lineage.knew(d, create) for d in made if d.action is Action.DELETE)
        assert (create.at in state.ended) == deleted


def test_the_latest_change_wins_and_the_other_is_named() -> None:
    """Both sides of a cut changed the same."""
    paris, corte, create = pair()
    one = paris.order(Action.CHANGE, described("1"))
    two = corte.order(Action.CHANGE, described("2"), now=2000)
    state = desired(joined(paris, corte), FLAVOR)
    assert state.values["description", None] == "2"
    assert state.lost == (Lost(one.at, two.at, "description", None, "1"),)
    assert (state.generation, state.members) == (create.at, CLOUDS)


def test_changes_of_different_keys_do_not_meet() -> None:
    """Nor do those of different fields."""
    paris, corte, _ = pair()
    paris.order(Action.CHANGE, Write("specs", "1", "k"), described("1"))
    corte.order(Action.CHANGE, Write("specs", "2", "l"))
    state = desired(joined(paris, corte), FLAVOR)
    assert state.values["specs", "k"] == "1"
    assert state.values["specs", "l"] == "2"
    assert state.lost == ()


def test_what_was_added_again_beats_its_removal() -> None:
    """Although the removal is later; who removed it is told."""
    paris, corte, _ = pair()
    paris.order(Action.CHANGE, Write("access", "true", "alice"))
    removal = corte.order(Action.CHANGE, Write("access", None, "alice"), now=2000)
    state = desired(joined(paris, corte), FLAVOR)
    assert state.values["access", "alice"] == "true"
    assert [(one.at, one.value) for one in state.lost] == [(removal.at, None)]


def test_what_is_removed_by_who_could_see_it_is_gone() -> None:
    """And nobody has lost."""
    paris, corte, _ = pair()
    corte.order(Action.CHANGE, Write("access", None, "alice"))
    state = desired(joined(paris, corte), FLAVOR)
    assert ("access", "alice") not in state.values
    assert state.lost == ()


def test_a_deletion_beats_changes_that_its_user_could_not_see() -> None:
    """Whoever made them is told."""
    paris, corte, create = pair()
    change = paris.order(Action.CHANGE, described("1"), now=2000)
    deletion = corte.order(Action.DELETE)
    state = desired(joined(paris, corte), FLAVOR)
    assert state.generation is None
    assert state.ended.keys() == {create.at}
    assert state.lost == (Lost(change.at, deletion.at),)


def test_what_is_created_again_is_another_generation() -> None:
    """A copy that the first one has made is to be replaced."""
    paris, corte, create = pair()
    corte.order(Action.DELETE)
    again = corte.order(Action.CREATE, ram(2))
    state = desired(joined(paris, corte), FLAVOR)
    assert state.generation == again.at
    assert state.ended.keys() == {create.at}
    assert state.values == {("ram", None): "2"}


def test_two_creates_across_a_cut_are_one_resource() -> None:
    """The first is its generation, the latest value of a field counts; the loser is named."""
    paris, corte = Gateway.of("Paris"), Gateway.of("Corte")
    one = paris.order(Action.CREATE, ram(1), described("1"))
    two = corte.order(Action.CREATE, ram(1), described("2"), now=2000)
    state = desired(joined(paris, corte), FLAVOR)
    assert state.generation == one.at
    assert state.values["description", None] == "2"
    assert state.lost == (Lost(one.at, two.at, "description", None, "1"),)
    assert state.conflicts == ()


def test_two_creates_that_differ_in_what_cannot_be_changed_are_a_conflict() -> None:
    """The first counts; somebody chooses what becomes of the other."""
    paris, corte = Gateway.of("Paris"), Gateway.of("Corte")
    one = paris.order(Action.CREATE, ram(1))
    two = corte.order(Action.CREATE, ram(2), now=2000)
    state = desired(joined(paris, corte), FLAVOR)
    assert state.values["ram", None] == "1"
    assert state.conflicts == (Conflict(two.at, one.at, "ram"),)


def test_a_field_may_be_joined_in_each_way() -> None:
    """The kind of these tests has them all."""
    assert set(FLAVOR.fields.values()) == set(Joined)
