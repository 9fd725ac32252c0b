"""Timestamps by which all clouds order operations in the same way (hybrid logical clocks).

S. Kulkarni et al., Logical Physical Clocks, OPODIS 2014.
"""

from collections.abc import Iterable

import msgspec

AHEAD = 60_000
"""Milliseconds that a timestamp of another cloud may be ahead of this one's clock."""


class Timestamp(msgspec.Struct, frozen=True, order=True):
    """When an operation was made, by the clock of one cloud's gateway; no two are equal.

    `milliseconds` are since 1970. `incarnation` tells a cloud's journals apart: it is a random
    number of each start, for a journal that was restored from a copy must not make a timestamp a
    second time. `count` says how many that incarnation has made.
    """

    milliseconds: int
    count: int
    cloud: str
    incarnation: int


class Clock:
    """Makes the timestamps of one cloud."""

    def __init__(self, cloud: str, incarnation: int) -> None:
        self._cloud = cloud
        self._incarnation = incarnation
        self._count = 0

    def next(self, now: int, after: Iterable[Timestamp] = ()) -> Timestamp:
        """Return a new timestamp, later than those it comes after.

        `now` is what the machine's clock says, in milliseconds.
        """
        self._count += 1
        milliseconds = max([now, *(earlier.milliseconds + 1 for earlier in after)])
        return Timestamp(milliseconds, self._count, self._cloud, self._incarnation)


def is_from_the_future(timestamp: Timestamp, now: int) -> bool:
    """Return whether a timestamp is so far ahead that it has to wait.

    So no cloud's clock follows one that is wrong.
    """
    return timestamp.milliseconds > now + AHEAD
