"""What is left of a write, from what each cloud has done."""

from typing import Any

import pytest
from journal.making import DONE, DONE_A, REMOVED_A, UNKNOWN_B, UNSETTLED, intent

from openstackoid.journal import aftermath
from openstackoid.journal.intent import Part
from openstackoid.operators.report import Outcome
from openstackoid.scope import Expression, parse

UNKNOWN_A = Part("A", unknown=True)
FAILED_B = Part("B", 409)
STAYS_A = Part("A", 201, "id-of-a", undone=False)


def over(text: str) -> Expression:
    """Return an expression."""
    found = parse(f'{{"network": "{text}"}}').get("network")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "having", "expected"),
    [
        ("A&B", {"A"}, False),
        ("A&B", {"A", "B"}, True),
        ("A|B", {"B"}, True),
        ("A|B", set(), False),
        ("A&(B|C)", {"A", "C"}, True),
        ("A&(B|C)", {"B", "C"}, False),
    ],
)
def test_a_write_has_succeeded_as_its_expression_says(
    text: str, having: set[str], *, expected: bool
) -> None:
    """In which clouds it has to be."""
    assert aftermath.fulfilled(over(text), having) is expected


@pytest.mark.parametrize(
    ("parts", "failed", "state"),
    [
        ([DONE_A, Part("B", 201, "b")], False, DONE),
        ([DONE_A, UNKNOWN_B], False, UNSETTLED),
        ([REMOVED_A, FAILED_B], True, DONE),
        ([STAYS_A, FAILED_B], True, UNSETTLED),
        ([REMOVED_A, UNKNOWN_B], True, UNSETTLED),
        ([DONE_A, FAILED_B], True, UNSETTLED),
        ([DONE_A, FAILED_B], False, DONE),
    ],
)
def test_a_write_is_unsettled_if_somebody_has_to_look(
    parts: list[Part], state: object, *, failed: bool
) -> None:
    """Because of what was made and is still there, or of what nobody knows."""
    assert aftermath.state_after(parts, failed=failed) is state


def test_what_was_reported_is_kept() -> None:
    """Each cloud with what it has said."""
    outcome = Outcome("A", 201, created="id", undone=True)
    assert aftermath.parts_of([outcome]) == (Part("A", 201, "id", undone=True),)


@pytest.mark.parametrize(
    ("parts", "other", "failed", "to_see_to"),
    [
        ([DONE_A, UNKNOWN_B], {}, True, ["A", "B"]),
        ([DONE_A, FAILED_B], {}, True, ["A"]),
        ([DONE_A, Part("B", 201, "b")], {}, False, []),
        ([UNKNOWN_A, FAILED_B], {}, True, ["A"]),
        ([DONE_A, UNKNOWN_B], {"every": False}, False, ["B"]),
        ([DONE_A], {"scope": '{"network":"A|B"}'}, False, []),
        ([Part("A", 204), Part("B", 404)], {"method": "DELETE"}, False, []),
        ([Part("A", 200), Part("B", 404)], {"method": "PATCH"}, True, ["A"]),
    ],
    ids=["half", "refused", "done", "unknown", "any", "either", "deleted", "changed in one"],
)
def test_an_interrupted_write_is_undone_unless_it_was_done(
    parts: list[Part], other: dict[str, Any], to_see_to: list[str], *, failed: bool
) -> None:
    """A cloud of which nothing is known may have it."""
    one = intent(*parts, **other)
    assert aftermath.has_failed(one) is failed
    assert [part.cloud for part in aftermath.to_see_to(one, failed=failed)] == to_see_to


def test_a_part_takes_the_place_of_the_one_before() -> None:
    """Those of other clouds stay."""
    assert intent(DONE_A, UNKNOWN_B).having(FAILED_B).parts == (DONE_A, FAILED_B)
    assert intent(DONE_A, UNKNOWN_B).having(FAILED_B, UNKNOWN_A).parts == (FAILED_B, UNKNOWN_A)


@pytest.mark.parametrize(
    ("part", "status", "last", "unknown", "undone"),
    [
        (DONE_A, 204, False, False, True),
        (DONE_A, 404, False, False, True),
        (DONE_A, 409, True, False, False),
        (DONE_A, 302, True, False, False),
        (Part("B", created="ours", unknown=True), 204, False, False, True),
        (Part("B", created="ours", unknown=True), 404, False, True, True),
        (Part("B", created="ours", unknown=True), 404, True, False, True),
        (Part("B", created="ours", unknown=True), None, True, True, False),
    ],
)
def test_what_is_not_there_may_still_arrive(
    part: Part, status: int | None, *, last: bool, unknown: bool, undone: bool
) -> None:
    """Until it is looked at for the last time."""
    found = aftermath.removed(part, status, last=last)
    assert (found.unknown, found.undone) == (unknown, undone)


@pytest.mark.parametrize(
    ("ids", "seen_all", "last", "unknown"),
    [
        ([], True, False, True),
        ([], True, True, False),
        ([], False, True, True),
        (["x"], True, False, True),
        (["x"], True, True, True),
    ],
)
def test_what_has_the_name_is_named_and_not_removed(
    ids: list[str], *, seen_all: bool, last: bool, unknown: bool
) -> None:
    """It may be somebody's; and what is not in a part of a list may be in the rest."""
    found = aftermath.looked_for(UNKNOWN_B, ids, seen_all=seen_all, last=last)
    assert (found.found, found.unknown, found.undone) == (tuple(ids), unknown, None)


def test_what_is_left_is_looked_at_three_times() -> None:
    """Later and later, as long as the user's token may live."""
    looks = [
        aftermath.look_again([UNKNOWN_B], "net", 1000, 1000 + s, 60) for s in (0, 61, 301, 3601)
    ]
    assert looks == [1060, 1300, 4600, None]


@pytest.mark.parametrize(("seconds", "last"), [(3599, False), (3600, True)])
def test_the_third_look_is_the_last(seconds: float, *, last: bool) -> None:
    """Counted from when the last request of the write had ended."""
    assert aftermath.is_last_look(intent(UNKNOWN_B, landed=1000.0), 1000 + seconds, 60) is last


def test_what_was_never_looked_at_is_not_looked_at_for_the_last_time() -> None:
    """However long ago it began: its last request has ended only now."""
    assert not aftermath.is_last_look(intent(UNKNOWN_B, began=0.0), 1e9, 60)


def test_what_has_neither_id_nor_name_is_not_looked_for() -> None:
    """It stays unsettled until somebody has looked."""
    assert aftermath.look_again([UNKNOWN_B], None, 1000, 1000, 60) is None


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (REMOVED_A, "removed again"),
        (STAYS_A, "id-of-a could not be removed: delete it there"),
        (Part("B", unknown=True, found=("x", "y")), "may have created x or y: look there"),
        (UNKNOWN_B, "may have carried it out: look there"),
        (Part("B", created="o", unknown=True, undone=True), "not there when it was looked for"),
        (DONE_A, "created id-of-a"),
        (Part("A", 204), "carried it out"),
        (FAILED_B, "answered 409"),
        (Part("B", error="refused"), "did not carry it out"),
    ],
)
def test_it_is_said_what_a_cloud_has(part: Part, said: str) -> None:
    """And what is to be done there."""
    assert aftermath.told(part) == said
