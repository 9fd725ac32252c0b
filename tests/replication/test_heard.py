"""How far clouds have heard of each other."""

from openstackoid.replication.heard import Heard, start


def test_an_answer_goes_on_where_the_last_one_ended() -> None:
    """Also over incarnations: what was written down before stays."""
    assert start(Heard(7, 40), {7: 60, 8: 70}) == 40


def test_who_has_heard_nothing_is_told_everything() -> None:
    """As a gateway whose journal is new."""
    assert start(None, {7: 60}) == 0


def test_what_was_lost_is_not_taken_for_heard() -> None:
    """The journal had 60 things of one incarnation, of which its copy, restored, has 40."""
    assert start(Heard(7, 60), {7: 40, 8: 90}) == 40


def test_after_an_incarnation_that_is_lost_altogether_everything_is_told() -> None:
    """Numbers alone would hide what has taken their places."""
    assert start(Heard(9, 60), {7: 40, 8: 90}) == 0
