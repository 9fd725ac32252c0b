"""Measures how far the clocks of other clouds' gateways are off, by what their answers say.

A gateway that reads the second form of proofs (`identity.signature`) says its time in each answer
to a proven one. The request was sent before that time, and the answer came after it. So the offset
of the other clock lies in an interval as wide as the exchange was long; that of several exchanges
is what their intervals have in common.
"""

import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

HEADER = "X-Scope-Clock"
"""The receiver's time in an answer: seconds since 1970, with milliseconds."""

SETTLED = 30.0
"""Seconds for which all answers of a cloud have to say their time, until it gets the second form.

While a cloud exchanges the program of its gateways, old ones answer as well, and refuse that form.
"""

WINDOW = 300.0
"""Seconds in which intervals are joined; those of the window before still count."""

WIDEST = 2.0
"""Seconds of the widest interval that tells enough: an answer may be slow for any reason."""

_BEGUN = time.time() - time.monotonic()
_ROUNDED = 0.001
_TIME = re.compile(r"(0|[1-9][0-9]{0,11})\.[0-9]{3}")


class Offset(NamedTuple):
    """Between which seconds a clock is ahead of the one here."""

    least: float
    most: float

    def joined(self, other: "Offset") -> "Offset | None":
        """Return what two intervals have in common, None if that is nothing."""
        both = Offset(max(self.least, other.least), min(self.most, other.most))
        return both if both.least <= both.most else None


@dataclass(slots=True)
class _Clock:
    """What is known of one cloud: since when each answer says its time, and two windows."""

    since: float
    begun: float
    offset: Offset
    before: Offset | None = None


def steady() -> float:
    """Return the seconds since 1970 by a clock that is never set while the gateway runs."""
    return _BEGUN + time.monotonic()


def now_told(now: float) -> tuple[str, str]:
    """Return the header that tells a gateway's time."""
    return HEADER, f"{now:.3f}"


class Clocks:
    """The clocks of other clouds; all times here are those of `steady`."""

    def __init__(self) -> None:
        self._clocks: dict[str, _Clock] = {}

    def heard(self, cloud: str, status: int, said: str | None, sent: float, came: float) -> None:
        """Learn from an answer: its status, the time that it says, when it was asked for and came.

        An answer without a time forgets the cloud, unless a proxy or a limit may have given it.
        """
        if said is None or not _TIME.fullmatch(said):
            if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.UNAUTHORIZED:
                self._clocks.pop(cloud, None)
            return
        theirs = float(said)
        offset = Offset(theirs - came - _ROUNDED, theirs - sent + _ROUNDED)
        clock = self._clocks.get(cloud)
        if clock is None:
            self._clocks[cloud] = _Clock(came, came, offset)
            return
        if not 0 <= came - clock.begun < WINDOW:
            recent = 0 <= came - clock.begun < 2 * WINDOW
            clock.before, clock.offset = (clock.offset if recent else None), offset
            clock.begun = came
        joined = clock.offset.joined(offset)
        if joined is None or (clock.before and clock.before.joined(joined) is None):
            clock.before, joined = None, offset  # one of the clocks was set
        clock.offset = joined

    def speaks(self, cloud: str, now: float) -> bool:
        """Return whether a cloud gets proofs of the second form."""
        clock = self._clocks.get(cloud)
        return clock is not None and now - clock.since >= SETTLED

    def has_spoken(self, cloud: str) -> bool:
        """Return whether the last answer of a cloud that tells anything has said its time."""
        return cloud in self._clocks

    def offset(self, cloud: str, now: float) -> Offset | None:
        """Return how far a cloud's clock is ahead; None if that is not known well enough."""
        clock = self._clocks.get(cloud)
        if clock is None or not 0 <= now - clock.begun < 2 * WINDOW:
            return None
        found = clock.before.joined(clock.offset) if clock.before else clock.offset
        return found if found and found.most - found.least <= WIDEST else None
