"""What may be wrong with a link, and what a lab remembers of it."""

from pathlib import Path

import pytest

from openstackoid.lab.links import BLACKHOLE, CUT, WHOLE, Condition, condition

ONE_TWO = frozenset(("CloudOne", "CloudTwo"))
ONE_THREE = frozenset(("CloudOne", "CloudThree"))


@pytest.mark.parametrize(
    ("text", "seconds"), [("50ms", 0.05), ("1s", 1), ("1.5s", 1.5), ("0.5ms", 0.0005), ("60s", 60)]
)
def test_a_delay_has_a_unit(text: str, seconds: float) -> None:
    """Milliseconds or seconds."""
    assert condition.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "50", "ms", "-1s", "0s", "0ms", "61s", "1 s", "1h", "1e1s"])
def test_what_is_no_delay_is_answered_with_one(text: str) -> None:
    """The message has examples."""
    with pytest.raises(ValueError, match=r"such as 50ms or 1\.5s"):
        condition.seconds(text)


def test_a_delay_is_shown_as_it_is_written() -> None:
    """So that it can be copied."""
    assert condition.shown(condition.seconds("50ms")) == "50ms"
    assert condition.seconds(condition.shown(1.5)) == 1.5


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """By the two clouds, in either order."""
    conditions = {ONE_TWO: CUT, ONE_THREE: Condition(delay=0.05)}
    condition.save(tmp_path, conditions)
    assert condition.load(tmp_path) == conditions


def test_whole_links_need_not_be_remembered(tmp_path: Path) -> None:
    """Nor are those of a lab where no link was ever changed."""
    assert condition.load(tmp_path) == {}
    condition.save(tmp_path, {ONE_TWO: WHOLE, ONE_THREE: BLACKHOLE})
    assert condition.load(tmp_path) == {ONE_THREE: BLACKHOLE}
