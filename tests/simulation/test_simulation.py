"""Schedules that are played."""

from click.testing import CliRunner

from simulation.__main__ import judged, main, play


def test_whatever_happens_copies_end_the_same_or_say_why_not() -> None:
    """Some schedules; .ci/run plays ten thousand."""
    assert judged(range(10_000, 10_100)) == []


def test_a_seed_reproduces_its_schedule() -> None:
    """Whoever finds a fault can look at it as often as he likes."""
    assert play(3).told == play(3).told
    assert play(3).told != play(4).told


def test_a_schedule_is_explained() -> None:
    """Line by line, and whether it ended well."""
    result = CliRunner().invoke(main, ["--seed", "3", "--explain"])
    assert "a user orders create" in result.output
    assert "everything is healed" in result.output
    assert result.output.endswith("\nno fault\n")
    assert result.exit_code == 0


def test_several_are_counted() -> None:
    """In two processes."""
    result = CliRunner().invoke(main, ["--seeds", "4"])
    assert (result.output, result.exit_code) == ("4 schedules, 0 with faults\n", 0)


def test_who_wants_an_explanation_has_to_say_of_which() -> None:
    """A thousand of them nobody reads."""
    result = CliRunner().invoke(main, ["--explain"])
    assert "--seed N --explain" in result.output
    assert result.exit_code == 2
