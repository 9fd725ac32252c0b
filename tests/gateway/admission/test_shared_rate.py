"""How often something may be tried, by all workers together."""

import multiprocessing
from collections.abc import Callable

import pytest
from gateway.admission.workers import shared
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.admission import shared_rate
from openstackoid.gateway.admission.rate import SECOND, Rate
from openstackoid.gateway.admission.shared_rate import SharedRate
from openstackoid.gateway.handover import make_memory

STEPS = st.lists(
    st.tuples(st.integers(0, 3 * SECOND), st.sampled_from("abc"), st.integers(1, 4)), max_size=40
)


@given(STEPS, st.integers(4, 9))
def test_it_counts_as_one_worker_would(steps: list[tuple[int, str, int]], burst: int) -> None:
    """Whichever worker gets a request."""
    now = [0]
    memory = shared()
    workers = [SharedRate(memory("x"), burst, clock=lambda: now[0]) for _ in range(2)]
    alone = Rate(1, burst, 10, clock=lambda: now[0])
    for number, (passed, sender, requests) in enumerate(steps):
        now[0] += passed
        waits = workers[number % 2].wait(sender, requests), alone.wait(sender, requests)
        assert waits[0] == waits[1]


def test_what_is_taken_back_was_not_counted() -> None:
    """Also by another worker; of who is unknown, nothing is taken back."""
    memory = shared()
    one, other = (SharedRate(memory("x"), 2, clock=lambda: 5) for _ in range(2))
    assert [one.wait("a", 1) for _ in range(3)] == [None, None, 1.0]
    other.take_back("a", 1)
    assert [one.wait("a", 1) for _ in range(2)] == [None, 1.0]
    one.take_back("b", 1)
    assert [one.wait("b", 1) for _ in range(3)] == [None, None, 1.0]


def _race(memory: Callable[[str], int], go: object, passed: "multiprocessing.Queue[int]") -> None:
    go.wait()  # type: ignore[attr-defined]
    rate = SharedRate(memory("x"), 1000, clock=lambda: 5)
    passed.put(sum(rate.wait("a", 1) is None for _ in range(900)))


def test_processes_that_count_at_once_let_no_more_pass() -> None:
    """However they come in each other's way."""
    context = multiprocessing.get_context("fork")
    memory, passed, go = shared(), context.Queue(), context.Barrier(3)
    memory("x")
    workers = [context.Process(target=_race, args=(memory, go, passed)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert sum(passed.get(timeout=60) for _ in workers) == 1000
    for worker in workers:
        worker.join(60)


def test_nobody_is_pushed_out_by_who_has_tried_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a full table those go first who would soon be free again."""
    monkeypatch.setattr(shared_rate, "_ROWS", 1)
    rate = SharedRate(make_memory("x"), 3, clock=lambda: 5)
    assert [rate.wait("victim", 1) for _ in range(4)] == [None, None, None, 1.0]
    for number in range(1000):
        assert rate.wait(f"other {number}", 1) is None
    assert rate.wait("victim", 1) == 1.0
