"""How fast each of many senders may send: the generic cell rate algorithm (ITU-T I.371)."""

import time
from collections import OrderedDict
from collections.abc import Callable

_SECOND = 1_000_000_000


class Rate:
    """Counts `rate` requests per second of each sender, `burst` at once after a time of silence.

    Of each there is one number: when all that it has sent will be paid off, at its rate. Time is
    counted in nanoseconds times the rate, so that each request costs a whole number of it, and
    nothing is rounded. Of `senders` this is known; those silent the longest are forgotten.
    """

    def __init__(
        self, rate: int, burst: int, senders: int, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._rate = rate
        self._most = burst * _SECOND
        self._senders = senders
        self._clock = clock
        self._paid: OrderedDict[str, int] = OrderedDict()

    def wait(self, sender: str, requests: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        Those that are too many are not counted.
        """
        now = self._clock() * self._rate
        before = self._paid.get(sender, now)
        after = (before if before > now else now) + requests * _SECOND
        excess = after - now - self._most
        self._paid[sender] = after if excess <= 0 else before
        self._paid.move_to_end(sender)
        if len(self._paid) > self._senders:
            self._paid.popitem(last=False)
        return None if excess <= 0 else excess / (_SECOND * self._rate)
