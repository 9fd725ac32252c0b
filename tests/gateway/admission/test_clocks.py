"""The clocks of other clouds: what answers say of them, and since when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.admission.clocks import SETTLED, WIDEST, WINDOW, Clocks, now_told

NOW = 1_800_000_000.0


def said(clocks: Clocks, ahead: float, sent: float, took: float = 0.02, part: float = 0.5) -> None:
    """Let a cloud whose clock is ahead answer, a part of the time behind the request."""
    _, time = now_told(sent + took * part + ahead)
    clocks.heard("Two", 200, time, sent, sent + took)


offsets = st.floats(-1e6, 1e6)
exchanges = st.lists(st.tuples(st.floats(0, 1.9), st.floats(0, 1), st.floats(0, 30)), min_size=1)


@given(offsets, exchanges)
def test_the_offset_lies_between_the_bounds(
    ahead: float, exchanges: list[tuple[float, float, float]]
) -> None:
    """However long answers take, and wherever in between the other clock is read."""
    clocks, now = Clocks(), NOW
    for took, part, pause in exchanges:
        said(clocks, ahead, now, took, part)
        now += took
        found = clocks.offset("Two", now)
        assert found is not None
        assert found.least <= ahead <= found.most
        now += pause
    assert clocks.offset("Three", now) is None


def test_a_quick_answer_tells_most() -> None:
    """A slow one neither widens it, nor tells enough by itself."""
    clocks = Clocks()
    said(clocks, 7, NOW, took=WIDEST * 2)
    assert clocks.offset("Two", NOW) is None
    said(clocks, 7, NOW + 5, took=0.01)
    said(clocks, 7, NOW + 6, took=WIDEST * 2)
    found = clocks.offset("Two", NOW + 8)
    assert found is not None
    assert found.most - found.least < 0.02


def test_what_is_old_does_not_count() -> None:
    """Clocks drift: nothing is known by answers of ten minutes ago, nor from times to come."""
    clocks = Clocks()
    said(clocks, 7, NOW)
    assert clocks.offset("Two", NOW + WINDOW) is not None
    assert clocks.offset("Two", NOW + 2 * WINDOW + 1) is None
    assert clocks.offset("Two", NOW - 1) is None
    said(clocks, 8, NOW + 3 * WINDOW)
    found = clocks.offset("Two", NOW + 3 * WINDOW + 1)
    assert found is not None
    assert found.least > 7


def test_the_window_before_counts_for_a_while() -> None:
    """So that the bounds do not widen each time that one is over."""
    clocks = Clocks()
    said(clocks, 7, NOW, took=0.002)
    for minute in range(1, 10):
        said(clocks, 7, NOW + minute * 60, took=0.5)
        found = clocks.offset("Two", NOW + minute * 60 + 1)
        assert found is not None
        assert found.most - found.least < 0.01


@pytest.mark.parametrize("later", [1, WINDOW + 1])
@pytest.mark.parametrize("jump", [-3600, -1, 1, 3600])
def test_a_clock_that_is_set_is_believed_at_once(later: float, jump: float) -> None:
    """Whichever of the two it was, and in whichever direction."""
    clocks = Clocks()
    said(clocks, 7, NOW)
    said(clocks, 7 + jump, NOW + later)
    found = clocks.offset("Two", NOW + later + 1)
    assert found is not None
    assert found.least <= 7 + jump <= found.most


def test_only_who_says_his_time_for_a_while_gets_the_second_form() -> None:
    """While the program of a cloud's gateways is exchanged, an old one may answer next."""
    clocks = Clocks()
    assert not clocks.has_spoken("Two")
    said(clocks, 0, NOW)
    assert clocks.has_spoken("Two")
    assert not clocks.speaks("Two", NOW + SETTLED - 1)
    assert clocks.speaks("Two", NOW + SETTLED + 1)
    assert not clocks.speaks("Three", NOW + SETTLED + 1)


@pytest.mark.parametrize(
    ("status", "forgets"), [(200, True), (304, True), (401, True), (404, False), (502, False)]
)
def test_who_says_it_no_more_gets_the_first_form(status: int, forgets: bool) -> None:
    """It is an older gateway again; limits and proxies answer without it at any time."""
    clocks = Clocks()
    said(clocks, 0, NOW)
    clocks.heard("Two", status, None, NOW + 1, NOW + 2)
    assert clocks.speaks("Two", NOW + 3 + SETTLED) is not forgets
    assert (clocks.offset("Two", NOW + 3) is None) is forgets


@pytest.mark.parametrize(
    "text", ["", "1800000000", "-1.000", "1e9", "nan", "inf", "1.0000", " 1.000", "٣.000", "01.000"]
)
def test_what_is_no_time_counts_as_none(text: str) -> None:
    """A hostile cloud's as anybody's."""
    clocks = Clocks()
    clocks.heard("Two", 200, text, NOW, NOW + 0.1)
    assert not clocks.has_spoken("Two")
