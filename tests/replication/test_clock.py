"""Timestamps that order what was made in several clouds."""

from hypothesis import given
from hypothesis import strategies as st

from openstackoid.replication.clock import AHEAD, Clock, Timestamp, is_from_the_future

NOWS = st.lists(st.integers(0, 10), min_size=1, max_size=20)


@given(NOWS)
def test_no_timestamp_is_made_twice(nows: list[int]) -> None:
    """Whatever the machine's clock does."""
    clock = Clock("Paris", 1)
    made = [clock.next(now) for now in nows]
    assert len(made) == len(set(made))


@given(NOWS, st.integers(0, 10))
def test_a_timestamp_is_later_than_those_it_comes_after(nows: list[int], theirs: int) -> None:
    """Also if that cloud's clock is ahead."""
    clock, other = Clock("Paris", 1), Timestamp(theirs, 7, "Corte", 1)
    for now in nows:
        assert clock.next(now, [other]) > other


def test_a_clock_that_was_set_back_leaves_nothing_behind() -> None:
    """Else all that its cloud orders would have to wait for what it has said once."""
    clock = Clock("Paris", 1)
    assert clock.next(4_000_000_000_000).milliseconds == 4_000_000_000_000
    assert clock.next(1000) == Timestamp(1000, 2, "Paris", 1)


def test_two_incarnations_make_no_timestamp_twice() -> None:
    """As after a restore of the journal, in which the clock is as it was."""
    assert Clock("Paris", 1).next(1) != Clock("Paris", 2).next(1)


def test_a_minute_ahead_is_not_yet_the_future() -> None:
    """Clocks differ a bit."""
    assert not is_from_the_future(Timestamp(1000 + AHEAD, 1, "Corte", 1), 1000)
    assert is_from_the_future(Timestamp(1001 + AHEAD, 1, "Corte", 1), 1000)
