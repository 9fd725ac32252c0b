"""How many requests one address, or one other gateway, may send."""

import math
from datetime import timedelta
from http import HTTPStatus

from throttled import MemoryStore, RateLimiterType, Throttled, rate_limiter

from openstackoid.routing import Refusal

BURST = 10
"""Seconds' worth of requests that an address may send at once, after a time of silence."""

GATEWAY = 20
"""How many times as much a gateway may send that has proven itself: it has many users."""

ADDRESSES = 100_000
"""Of how many addresses the rate is known; those that were silent the longest are forgotten."""


class Limits:
    """Counts the requests of each sender; `rate` is what an address may send per second on average.

    A request to several clouds counts once for each time that its expression names one.
    """

    def __init__(self, here: str, rate: int) -> None:
        self._here = here
        self._addresses = _Limit(rate)
        self._gateways = _Limit(rate * GATEWAY)

    def address(self, address: str, requests: int = 1) -> None:
        """Count what an address sends; raises Refusal if it is too much."""
        self._count(self._addresses, address, requests)

    def gateway(self, cloud: str, requests: int = 1) -> None:
        """Count what a gateway sends that has proven itself; raises Refusal if it is too much."""
        self._count(self._gateways, f"the gateway of {cloud}", requests)

    def _count(self, limit: "_Limit", sender: str, requests: int) -> None:
        wait = limit.wait(sender, requests)
        if wait is not None:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{sender} sends more than {limit.rate} requests per second; send them slower",
                cloud=self._here,
                sent=False,
                retry_after=max(1, math.ceil(wait)),
            )


class _Limit:
    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._limit = Throttled(
            using=RateLimiterType.GCRA.value,
            quota=rate_limiter.per_duration(timedelta(seconds=1), rate, burst=rate * BURST),
            store=MemoryStore(options={"MAX_SIZE": ADDRESSES}),
        ).limit

    def wait(self, sender: str, requests: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        What would never fit is counted as all that fits.
        """
        result = self._limit(sender, min(requests, self.rate * BURST))
        return result.state.retry_after if result.limited else None
