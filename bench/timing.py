"""The time of a call that takes microseconds."""

import time
from collections.abc import Callable

CALLS = 20

Side = Callable[[], object]


def micro(side: Side) -> float:
    """Return the microseconds of a call, the mean of so many in a row."""
    before = time.perf_counter()
    for _ in range(CALLS):
        side()
    return (time.perf_counter() - before) / CALLS * 1e6
