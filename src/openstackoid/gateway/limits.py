"""How many requests one address may send."""

import math
from datetime import timedelta
from http import HTTPStatus

from throttled import MemoryStore, RateLimiterType, Throttled, rate_limiter

from openstackoid.routing import Refusal

BURST = 10
"""Seconds' worth of requests that an address may send at once, after a time of silence."""

ADDRESSES = 100_000
"""Of how many addresses the rate is known; those that were silent the longest are forgotten."""


class Limits:
    """Counts the requests of each address; `rate` is what it may send per second on average."""

    def __init__(self, here: str, rate: int) -> None:
        self._here = here
        self._rate = rate
        self._limit = Throttled(
            using=RateLimiterType.GCRA.value,
            quota=rate_limiter.per_duration(timedelta(seconds=1), rate, burst=rate * BURST),
            store=MemoryStore(options={"MAX_SIZE": ADDRESSES}),
        ).limit

    def count(self, address: str) -> None:
        """Count one request; raises Refusal if it is too many."""
        result = self._limit(address)
        if result.limited:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{address} sends more than {self._rate} requests per second; send them slower",
                cloud=self._here,
                sent=False,
                retry_after=max(1, math.ceil(result.state.retry_after)),
            )
