"""The simulation notices whatever is left out of the core: each safeguard is taken out once."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from msgspec.structs import replace

from openstackoid.replication import delivery, desired
from openstackoid.replication.clock import Clock
from openstackoid.replication.delivery import Look, Read
from openstackoid.replication.kinds import Joined
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.plan import Change, Create, Gone
from simulation import site
from simulation.__main__ import judged
from simulation.world import World

SCHEDULES = 4000
"""Schedules within which a mutant is noticed; without one there is no fault in far more."""

FIRST = {"what was seen once is true for ever": 16_000}
"""The first schedule for a mutant that is noticed in few: in one of the next ones it is."""

Mutant: TypeAlias = Callable[[Any], Any]
"""Makes something worse of a function, or of a constant."""


def _attempts_end_at_once(before_reading: Any) -> Any:
    def worse(copy: Any, *given: Any) -> Any:
        if copy.attempt is not None:
            return Look() if isinstance(copy.attempt.order, Create) else Read()
        return before_reading(copy, *given)

    return worse


def _nobody_looks_after_a_loss(before_reading: Any) -> Any:
    return lambda copy, state, now, life, sure: before_reading(
        replace(copy, life=life), state, now, life, sure
    )


def _gone_is_made_again(plan: Any) -> Any:
    def worse(state: Any, *given: Any) -> Any:
        steps = plan(state, *given)
        gone = isinstance(steps[0], Gone)
        return (Create(state.generation, state.created),) if gone else steps

    return worse


def _creates_all(plan: Any) -> Any:
    def worse(state: Any, *given: Any) -> Any:
        return tuple(
            replace(step, values=state.values) if isinstance(step, Create) else step
            for step in plan(state, *given)
        )

    return worse


def _changes_all(plan: Any) -> Any:
    def worse(state: Any, *given: Any) -> Any:
        keyed = {place: state.values.get(place) for place in state.winners if place[1]}
        return tuple(
            replace(step, values=keyed | dict(step.values)) if isinstance(step, Change) else step
            for step in plan(state, *given)
        )

    return worse


def _whole(winner: Any) -> Any:
    return lambda writes, lineage, _how: winner(writes, lineage, Joined.WHOLE)


def _commits_all(self: Any, _version: int, copy: Any) -> bool:
    self._commit(copy=copy, version=self.journal.version + 1)
    return True


def _with_all_living(function: Any) -> Any:
    return lambda found, state, by: function(
        found, replace(state, living={**state.living, **{at: {} for at in state.ended}}), by
    )


MUTANTS: dict[str, tuple[object, str, Mutant]] = {
    "nothing is ever found": (
        delivery,
        "looked_for",
        lambda f: lambda copy, state, found, *given: f(copy, state, [], *given),
    ),
    "a second copy is not named": (
        delivery,
        "looked_for",
        lambda f: lambda *given: replace(f(*given), doubtful=()),
    ),
    "what deleted creates have made stays": (
        delivery,
        "looked_for",
        lambda f: lambda *given: replace(f(*given), leftovers=()),
    ),
    "nobody waits for what may still be carried out": (
        delivery,
        "before_reading",
        _attempts_end_at_once,
    ),
    "nobody waits for what a lost journal has sent": (
        delivery,
        "before_reading",
        lambda f: lambda copy, state, now, life, sure: f(copy, state, now, life, -1.0),
    ),
    "nobody looks after a loss of the journal": (
        delivery,
        "before_reading",
        _nobody_looks_after_a_loss,
    ),
    "what was seen once is true for ever": (delivery, "FRESH", lambda _: 1e12),
    "what is lost is looked for once": (delivery, "SUSPECT", lambda _: 0.0),
    "an id that is used up is not replaced": (delivery, "NUMBERS", lambda _: 1),
    "a process sends whenever it wakes up": (delivery, "may_send", lambda _: lambda *_: True),
    "an answer counts that nobody waits for": (
        delivery,
        "answered",
        lambda f: lambda copy, attempt, *given: f(replace(copy, attempt=attempt), attempt, *given),
    ),
    "times of an earlier clock count": (delivery, "started", lambda _: lambda copy, *_: copy),
    "nothing is written down before it is sent": (
        delivery,
        "begun",
        lambda f: lambda copy, order, now, settle: f(copy, order, now, -delivery.SENDING),
    ),
    "what was written is not read again": (
        delivery,
        "read",
        lambda _: lambda copy, *_: replace(copy, attempt=None),
    ),
    "things are made while one is in doubt": (
        delivery,
        "after_reading",
        lambda f: lambda copy, *given: f(replace(copy, doubtful=()), *given),
    ),
    "a refusal holds up all the rest": (
        delivery,
        "after_reading",
        lambda f: lambda copy, steps, now: f(copy, steps[:1], now),
    ),
    "a name is enough to delete": (delivery, "traces", _with_all_living),
    "two processes write over each other": (site.Site, "_write", lambda _: _commits_all),
    "what was deleted stays": (
        site,
        "plan",
        lambda f: lambda state, *given: f(replace(state, ended={}), *given),
    ),
    "what cannot be changed is changed": (
        site,
        "plan",
        lambda f: lambda state, *given: f(replace(state, conflicts=()), *given),
    ),
    "what was deleted by hand is made again": (site, "plan", _gone_is_made_again),
    "what has failed later is not seen": (
        site,
        "plan",
        lambda f: (
            lambda state, replica, there: f(state, replica, there and replace(there, failed=None))
        ),
    ),
    "what comes after something may be earlier": (
        Clock,
        "next",
        lambda f: lambda self, now, after=(): f(self, now),
    ),
    "whoever is later knew": (
        Lineage,
        "knew",
        lambda _: lambda self, later, earlier: earlier.at < later.at,
    ),
    "nobody knew of anything": (Lineage, "knew", lambda _: lambda *_: False),
    "an incarnation comes again": (World, "_incarnation", lambda _: lambda self: 7),
    "numbers count without their incarnation": (
        site,
        "start",
        lambda _: lambda asked, last: asked.number if asked else 0,
    ),
    "the future counts": (site, "in_time", lambda _: lambda every, now: (list(every), [])),
    "losers are not named": (
        site,
        "desired",
        lambda f: lambda *given: replace(f(*given), lost=()),
    ),
    "conflicts are not named": (
        site,
        "desired",
        lambda f: lambda *given: replace(f(*given), conflicts=()),
    ),
    "a removal beats what it did not know": (desired, "_winner", _whole),
    "a create writes what others have ordered": (site, "plan", _creates_all),
    "a change writes what others have ordered": (site, "plan", _changes_all),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_safeguard_that_is_missing_is_noticed(
    monkeypatch: pytest.MonkeyPatch, mutant: str
) -> None:
    """So none is there for nothing, and none can get lost."""
    owner, name, worse = MUTANTS[mutant]
    monkeypatch.setattr(owner, name, worse(getattr(owner, name)))
    first = FIRST.get(mutant, 0)
    assert any(judged(range(seed, seed + 1)) for seed in range(first, first + SCHEDULES))
