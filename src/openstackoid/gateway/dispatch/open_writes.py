"""Counts, for each cloud, the writes under operators that it has not answered yet.

They go on when their client has left, to be completed or undone, so a cloud that does not answer
would otherwise collect tasks and connections.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MAX_OPEN = 256
"""Writes of a worker to one cloud that may be unanswered when another one begins."""


class OpenWrites:
    """The unanswered writes of a worker."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def full(self, clouds: Iterable[str]) -> str | None:
        """Return the first of these clouds that has MAX_OPEN of them, None if none has."""
        return next((cloud for cloud in clouds if self._open[cloud] >= MAX_OPEN), None)

    @contextmanager
    def waiting_for(self, cloud: str) -> Iterator[None]:
        """Count a write to a cloud until the end of the context."""
        self._open[cloud] += 1
        try:
            yield
        finally:
            self._open[cloud] -= 1
            if not self._open[cloud]:
                del self._open[cloud]
