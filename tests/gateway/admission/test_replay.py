"""Signatures that were taken, in memory that processes share."""

import multiprocessing
import time
from collections.abc import Callable

import pytest
from gateway.admission.workers import shared
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.admission import replay as seen
from openstackoid.gateway.admission.replay import WINDOW, Taking, UsedSignatures

NOW = 1000.5 * WINDOW


def test_an_id_is_taken_once() -> None:
    """Of one gateway; another may have the same by chance."""
    one = UsedSignatures()
    assert not one.has("CloudOne", "a", NOW)
    assert one.take("CloudOne", "a", NOW) is Taking.TAKEN
    assert one.has("CloudOne", "a", NOW)
    assert one.take("CloudOne", "a", NOW) is Taking.USED
    assert not one.has("CloudTwo", "a", NOW)
    assert one.take("CloudTwo", "a", NOW) is Taking.TAKEN


def test_an_id_may_be_any_text() -> None:
    """Even one that is no text, which JSON has."""
    one = UsedSignatures()
    assert one.take("CloudOne", "\ud800", NOW) is Taking.TAKEN
    assert one.take("CloudOne", "\ud800", NOW) is Taking.USED


def test_signatures_are_remembered_since_the_first_worker_began() -> None:
    """A later one has its memory; what is older was perhaps used before there was any."""
    memory = shared()
    before, now = int(time.time()), time.monotonic()
    first = UsedSignatures(memory).earliest(now)
    assert before <= first <= time.time()
    later = UsedSignatures(memory)
    assert later.earliest(now) == first
    assert later.earliest(time.monotonic() + WINDOW - 1) == first


def test_after_a_while_no_signature_is_from_before_the_start() -> None:
    """Valid ones are younger by then, so a clock that is put back refuses nobody."""
    assert UsedSignatures().earliest(time.monotonic() + WINDOW) == 0


def test_an_id_that_one_worker_took_is_used_for_all() -> None:
    """The memory is the same, and so is whoever comes later."""
    memory = shared()
    one, other = UsedSignatures(memory), UsedSignatures(memory)
    assert one.take("CloudOne", "a", NOW) is Taking.TAKEN
    assert other.take("CloudOne", "a", NOW) is Taking.USED
    assert UsedSignatures(memory).has("CloudOne", "a", NOW)


def _race(memory: Callable[[str], int], go: object, taken: "multiprocessing.Queue[int]") -> None:
    go.wait()  # type: ignore[attr-defined]
    mine = UsedSignatures(memory)
    taken.put(sum(mine.take("CloudOne", f"{n}", NOW) is Taking.TAKEN for n in range(2000)))


def test_processes_that_take_the_same_ids_at_once_take_each_once() -> None:
    """However they come in each other's way."""
    context = multiprocessing.get_context("fork")
    memory, taken, go = shared(), context.Queue(), context.Barrier(3)
    memory("CloudOne")
    workers = [context.Process(target=_race, args=(memory, go, taken)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert sum(taken.get(timeout=60) for _ in workers) == 2000
    for worker in workers:
        worker.join(60)


@given(
    st.floats(0, 10 * WINDOW, allow_nan=False),
    st.floats(0, WINDOW, exclude_max=True, allow_nan=False),
)
def test_an_id_is_kept_as_long_as_its_signature_is_good(start: float, later: float) -> None:
    """Whenever it was taken."""
    one = UsedSignatures()
    one.take("CloudOne", "a", start)
    assert one.take("CloudOne", "a", start + later) is Taking.USED


def test_an_id_is_forgotten_when_its_signature_is_too_old() -> None:
    """After two windows at most, so the memory does not grow."""
    one = UsedSignatures()
    one.take("CloudOne", "a", NOW)
    assert not one.has("CloudOne", "a", NOW + 2 * WINDOW)
    assert one.take("CloudOne", "a", NOW + 2 * WINDOW) is Taking.TAKEN


def test_one_gateway_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to wait until the next window; others are not in its way."""
    monkeypatch.setattr(seen, "SIGNATURES", 3)
    one = UsedSignatures()
    took = [one.take("CloudOne", f"{n}", NOW) for n in range(5)]
    assert took == [Taking.TAKEN] * 3 + [Taking.FULL] * 2
    assert not one.has("CloudOne", "3", NOW)
    assert one.take("CloudTwo", "0", NOW) is Taking.TAKEN
    assert one.take("CloudOne", "5", NOW + WINDOW) is Taking.TAKEN
    assert one.take("CloudOne", "0", NOW + WINDOW) is Taking.USED


def test_ids_that_come_to_the_same_place_do_not_push_each_other_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a table that is nearly full."""
    monkeypatch.setattr(seen, "_SLOTS", 4096)
    monkeypatch.setattr(seen, "_BYTES", 4096 * 16)
    one = UsedSignatures()
    for n in range(4000):
        assert one.take("CloudOne", f"{n}", NOW) is Taking.TAKEN
    for n in range(4000):
        assert one.take("CloudOne", f"{n}", NOW + WINDOW) is Taking.USED


def test_a_worker_that_was_held_up_forgets_nothing() -> None:
    """Its clock is of before a window that others have begun."""
    memory = shared()
    ahead, behind = UsedSignatures(memory), UsedSignatures(memory)
    ahead.take("CloudOne", "a", NOW + 2 * WINDOW)
    assert behind.take("CloudOne", "b", NOW) is Taking.TAKEN
    assert ahead.take("CloudOne", "a", NOW + 2 * WINDOW) is Taking.USED
    assert ahead.take("CloudOne", "b", NOW + 2 * WINDOW) is Taking.USED
