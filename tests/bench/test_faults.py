"""What `scripts/bench faults` takes for a fault."""

import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from journal.making import UNSETTLED, intent

from bench.real.faults import Told, Trial, wrong_in
from bench.real.kinds import KINDS
from openstackoid.journal.intent import Intent, Part

NETWORK = next(kind for kind in KINDS if kind.name == "network")
ONE, TWO = "CloudOne", "CloudTwo"
NAMED = intent(Part(TWO, unknown=True), service="network", name="x", state=UNSETTLED)


def wrong(told: Told, *unsettled: Intent, **there: int) -> list[str]:
    """Return the faults of one write, if it is so often in each cloud."""
    names = {cloud: ["x"] * there.get(cloud, 0) for cloud in (ONE, TWO)}
    empty: dict[str, list[str]] = {ONE: [], TWO: []}
    things = SimpleNamespace(all=lambda kind: names if kind is NETWORK else empty)
    return wrong_in(
        Trial(cast("Any", None), cast("Any", things), random.Random(), "x", [told]), unsettled
    )


def told(status: int | None, operator: str = "all", *clouds: str) -> Told:
    return Told(NETWORK, "x", operator, status, frozenset(clouds))


@pytest.mark.parametrize(
    ("one", "there"),
    [
        (told(201, "all", ONE, TWO), {ONE: 1, TWO: 1}),
        (told(201, "any", ONE), {ONE: 1}),
        (told(201, "|", TWO), {TWO: 1}),
        (told(409), {}),
        (told(None), {}),
        (told(None), {ONE: 1, TWO: 1}),
        (told(None, "|"), {TWO: 1}),
    ],
)
def test_what_was_told_and_is_so_is_no_fault(one: Told, there: dict[str, int]) -> None:
    """Nor what nobody was told, if all have it or none."""
    assert wrong(one, **there) == []


@pytest.mark.parametrize(
    ("one", "there", "said"),
    [
        (told(201), {ONE: 1}, "is in"),
        (told(201, "any"), {}, "is nowhere"),
        (told(201, "|", ONE), {ONE: 1, TWO: 1}, "is unnamed"),
        (told(409), {TWO: 1}, "is unnamed"),
        (told(None), {TWO: 1}, "is unnamed"),
        (told(201, "all", ONE, TWO), {ONE: 2, TWO: 1}, "twice"),
    ],
)
def test_what_nobody_named_is_a_fault(one: Told, there: dict[str, int], said: str) -> None:
    """Also what is there twice."""
    (fault,) = wrong(one, **there)
    assert said in fault


@pytest.mark.parametrize("one", [told(409), told(None), told(201, "any", ONE)])
def test_what_the_journal_names_is_none(one: Told) -> None:
    """For the same write and the same cloud."""
    there = {TWO: 1, ONE: 1} if one.ok else {TWO: 1}
    assert wrong(one, NAMED, **there) == []


def test_what_comes_later_is_a_fault_although_it_is_named() -> None:
    """Somebody has looked, and saw nothing."""
    one = told(504)
    one.first = frozenset()
    (fault,) = wrong(one, NAMED, CloudTwo=1)
    assert "done in" in fault
