"""How many requests one address, or one other gateway, may send, and how many connections hold."""

import math
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable
from http import HTTPStatus

import structlog

from openstackoid.gateway.admission.client_address import TrustedProxies
from openstackoid.gateway.admission.rate import Rate
from openstackoid.routing import Refusal

BURST = 10
"""Seconds' worth of requests that an address may send at once, after a time of silence."""

PROVEN_GATEWAY_FACTOR = 20
"""How many times as much a gateway may send that has proven itself: it has many users."""

ADDRESSES = 100_000
"""Of how many addresses the rate is known; those that were silent the longest are forgotten."""

GATEWAYS = 1000
"""Of how many addresses it is known that gateways have proven themselves from there."""

MAX_FDS_DIVISOR = 4
"""One in so many of the files that may be open is a connection of one address, or, where a gateway
has proven itself from there, two are. A request takes a file or more on its way to a service, too.
"""

log = structlog.get_logger()


class Limits:
    """Counts the requests of each sender; `rate` is what an address may send per second on average.

    Each request counts when it arrives, before anything of it is looked at; once it is known who
    sends it, one to several clouds counts once for each time that its expression names one.
    """

    def __init__(self, here: str, rate: int) -> None:
        self._here = here
        self._addresses = _Limit(rate)
        self._gateways = _Limit(rate * PROVEN_GATEWAY_FACTOR)
        self._known: OrderedDict[str, None] = OrderedDict()

    def known(self, address: str) -> bool:
        """Tell whether a gateway has proven itself from an address before."""
        return address in self._known

    def arrived(self, address: str) -> None:
        """Count a request that nothing but its sender's address is known of; raises Refusal."""
        self._count(self._gateways if self.known(address) else self._addresses, address, 1)

    def address(self, address: str, requests: int = 1) -> None:
        """Count a request that has arrived as so many of its address; raises Refusal."""
        counted = 0 if self.known(address) else 1
        if requests > counted:
            self._count(self._addresses, address, requests, counted)

    def gateway(self, cloud: str, address: str, requests: int = 1) -> None:
        """Count a request as so many of a gateway that has proven itself; raises Refusal."""
        self._known[address] = None
        self._known.move_to_end(address)
        if len(self._known) > GATEWAYS:
            self._known.popitem(last=False)
        self._count(self._gateways, f"the gateway of {cloud}", requests)

    def _count(self, limit: "_Limit", sender: str, requests: int, counted: int = 0) -> None:
        wait = limit.wait(sender, requests, counted)
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
        self._counted = Rate(rate, rate * BURST, ADDRESSES)

    def wait(self, sender: str, requests: int, counted: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        What would never fit is counted as all that fits; some may be `counted` already.
        """
        left = min(requests, self.rate * BURST) - counted
        return self._counted.wait(sender, left) if left else None


class Connections:
    """Counts the open connections of each address, which are `most` of one, or of a gateway twice.

    So nobody alone can take all the files that the process may open. The cloud's own `proxies`, who
    are not alone, may have any number. `is_gateway` tells from which addresses gateways have proven
    themselves.
    """

    def __init__(
        self,
        most: int,
        is_gateway: Callable[[str], bool],
        proxies: Callable[[], TrustedProxies | None],
    ) -> None:
        self._most = most
        self._is_gateway = is_gateway
        self._proxies = proxies
        self._open: Counter[str] = Counter()
        self._told: set[str] = set()

    def opened(self, address: str) -> bool:
        """Count a connection; tell whether it may stay. If not, it is not counted."""
        most = self._most * 2 if self._is_gateway(address) else self._most
        if self._open[address] >= most and not self._vouched(address):
            if address not in self._told:
                self._told.add(address)
                log.warning("too many connections", client=address, most=most)
            return False
        self._open[address] += 1
        return True

    def _vouched(self, address: str) -> bool:
        proxies = self._proxies()
        return proxies is not None and address in proxies

    def closed(self, address: str) -> None:
        """Count one less."""
        self._told.discard(address)
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


def files() -> int:
    """Let this process open as many files as it is allowed to; return how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
