"""Limits the rate of each of many senders by the generic cell rate algorithm (ITU-T I.371)."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

SECOND = 1_000_000_000


def added(before: int, now: int, requests: int, most: int) -> tuple[int, int]:
    """Return when the requests of a sender are paid off with some more, and the excess of that.

    They are too many if the excess is positive. `before` is when those until now are paid off.
    """
    after = (before if before > now else now) + requests * SECOND
    return after, after - now - most


class Rate:
    """Allows `rate` requests per second of each sender, and `burst` at once after it was idle.

    One number is kept per sender: the time at which all its requests are paid off at this rate.
    Times are in nanoseconds multiplied by the rate, so that a request costs a whole number and
    nothing is rounded. At most `senders` are kept; the one that was idle longest goes first.
    """

    def __init__(
        self, rate: int, burst: int, senders: int, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._rate = rate
        self._most = burst * SECOND
        self._senders = senders
        self._clock = clock
        self._paid_off: OrderedDict[Hashable, int] = OrderedDict()

    def wait(self, sender: Hashable, requests: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        If they are too many, none of them is counted.
        """
        now = self._clock() * self._rate
        before = self._paid_off.get(sender, now)
        after, excess = added(before, now, requests, self._most)
        self._paid_off[sender] = after if excess <= 0 else before
        self._keep(sender)
        return None if excess <= 0 else excess / (SECOND * self._rate)

    def charge(self, sender: Hashable, requests: int) -> None:
        """Count requests that are done already, even if they are too many.

        The sender then waits for longer, but never for longer than it takes to pay off the burst
        twice.
        """
        now = self._clock() * self._rate
        after = max(self._paid_off.get(sender, now), now) + requests * SECOND
        self._paid_off[sender] = min(after, now + 2 * self._most)
        self._keep(sender)

    def _keep(self, sender: Hashable) -> None:
        self._paid_off.move_to_end(sender)
        if len(self._paid_off) > self._senders:
            self._paid_off.popitem(last=False)
