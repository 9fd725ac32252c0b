"""Marks say which create has made a copy."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from replication.making import FLAVOR, Gateway, ram

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.marks import MOST, generations, is_marked, mark, marked
from openstackoid.replication.operation import Action

TIMESTAMPS = st.builds(
    Timestamp, st.integers(0, 2**53), st.integers(0, 2**53), st.text(), st.integers(0, 2**53)
)


@given(TIMESTAMPS, TIMESTAMPS)
def test_a_mark_is_of_one_create(one: Timestamp, other: Timestamp) -> None:
    """It is a tag of any release of Neutron: plain, and at most 60 characters."""
    assert (mark(one) == mark(other)) == (one == other)
    assert is_marked(mark(one))
    assert len(mark(one)) <= 60
    assert mark(one).isascii()


def test_nothing_else_is_one() -> None:
    """Whatever a service shows."""
    assert not any(map(is_marked, (None, 1, "", "blue", ["openstackoid:"])))


def test_a_create_is_found_by_its_mark() -> None:
    """Also one that was deleted; what a lost journal has made has a mark that nobody knows."""
    paris = Gateway.of("Paris")
    old = paris.order(Action.CREATE, ram(1))
    paris.order(Action.DELETE)
    new = paris.order(Action.CREATE, ram(1))
    state = desired(paris.known.values(), FLAVOR)
    assert generations(state) == [new.at, old.at]
    assert marked(["blue", mark(old.at)], state) == old.at
    assert marked([mark(Timestamp(1, 1, "Corte", 1)), None, {}], state) is None


def test_there_is_an_end_to_what_is_looked_for() -> None:
    """However many creates somebody signs: the first that go on, and the last that ended."""
    times = [Timestamp(number, 1, "Corte", 1) for number in range(4 * MOST)]
    living, ended = times[::2], times[1::2]
    state = replace(
        desired([], FLAVOR), living={at: {} for at in living}, ended=dict.fromkeys(ended, ())
    )
    assert generations(state) == [*living[:MOST], *ended[-MOST:]]
