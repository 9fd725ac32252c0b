"""Limits requests per second, for each address, gateway and user, and connections of an address.

Addresses of one /64 network of IPv6 count as one (`sender_of`).
"""

import math
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from http import HTTPStatus

import structlog

from openstackoid.gateway.admission.client_address import TrustedProxies, sender_of
from openstackoid.gateway.admission.rate import Rate
from openstackoid.routing import Refusal
from openstackoid.scope import DELIMITER

BURST = 10
"""Seconds' worth of requests that a sender may send at once after it was idle."""

PROVEN_GATEWAY_FACTOR = 20
"""How many times the rate of one address a proven gateway may send: it has many users."""

ADDRESSES = 100_000
"""Senders whose rate is remembered; the one that was idle longest is forgotten first."""

GATEWAYS = 1000
"""Addresses that are remembered as those of proven gateways."""

MAX_FDS_DIVISOR = 4
"""Divides the limit of open files; the result is how many connections one address may have.

The address of a proven gateway may have twice as many. The rest is for other clients, and for the
connections to services that requests need.
"""

log = structlog.get_logger()


class Limits:
    """Limits the requests of each sender; `rate` is requests per second of one address on average.

    Each request counts once when it arrives, before it is parsed. Once its route is known, a
    composite request counts once for each cloud name in its expression, and whatever takes long to
    read counts as more (`cost`). A proven gateway is not charged for that.
    """

    def __init__(self, here: str, rate: int) -> None:
        self._here = here
        self._addresses = _Limit(rate)
        self._gateways = _Limit(rate * PROVEN_GATEWAY_FACTOR)
        self._tokens = _Limit(rate)
        self._known: OrderedDict[str, None] = OrderedDict()

    def known(self, address: str) -> bool:
        """Return whether a gateway has proven itself from an address before."""
        return address in self._known

    def arrived(self, address: str) -> None:
        """Count a request by its address, before it is parsed; raises Refusal."""
        limit = self._gateways if self.known(address) else self._addresses
        self._count(limit, sender_of(address), 1)

    def address(self, address: str, requests: int = 1) -> None:
        """Count an arrived request as `requests` of its address in all; raises Refusal."""
        counted = 0 if self.known(address) else 1
        if requests > counted:
            self._count(self._addresses, sender_of(address), requests, counted)

    def charge(self, address: str, requests: int) -> None:
        """Count the work that a request of an address has made as `requests`; refuses nothing."""
        self._addresses.charge(sender_of(address), requests)

    def token(self, token: str, requests: int = 1) -> None:
        """Count a request as `requests` of the user with a token; raises Refusal.

        So a user who sends from many addresses, or through another cloud's gateway, takes nothing
        from others. Only a hash of the token is kept.
        """
        bare = token.partition(DELIMITER)[0]
        self._count(self._tokens, hash(bare), requests, shown="the user of this token")

    def gateway(self, cloud: str, address: str, requests: int = 1) -> None:
        """Count a request as `requests` of a proven gateway; raises Refusal."""
        self._known[address] = None
        self._known.move_to_end(address)
        if len(self._known) > GATEWAYS:
            self._known.popitem(last=False)
        self._count(self._gateways, f"the gateway of {cloud}", requests)

    def _count(
        self,
        limit: "_Limit",
        sender: Hashable,
        requests: int,
        counted: int = 0,
        shown: str | None = None,
    ) -> None:
        wait = limit.wait(sender, requests, counted)
        if wait is not None:
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{shown or sender} sends more than {limit.rate} requests per second; "
                "send them slower",
                cloud=self._here,
                sent=False,
                retry_after=max(1, math.ceil(wait)),
            )


class _Limit:
    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._counted = Rate(rate, rate * BURST, ADDRESSES)

    def wait(self, sender: Hashable, requests: int, counted: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        `counted` of them were counted before. More requests than the burst count as the burst:
        otherwise no wait would be long enough.
        """
        left = min(requests, self.rate * BURST) - counted
        return self._counted.wait(sender, left) if left else None

    def charge(self, sender: Hashable, requests: int) -> None:
        self._counted.charge(sender, requests)


class Connections:
    """Limits the open connections of each address to `most`, and to twice that for a gateway.

    So no single client can use up the file descriptors of the process. The cloud's own `proxies`
    have no limit, since many clients are behind each. `is_gateway` returns whether a gateway has
    proven itself from an address.
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
        self._warned: set[str] = set()

    def opened(self, address: str) -> bool:
        """Count a connection; return False, and do not count it, if its address has too many."""
        most = self._most * 2 if self._is_gateway(address) else self._most
        sender = sender_of(address)
        if self._open[sender] >= most and not self._is_proxy(address):
            if sender not in self._warned:
                self._warned.add(sender)
                log.warning("too many connections", client=sender, most=most)
            return False
        self._open[sender] += 1
        return True

    def _is_proxy(self, address: str) -> bool:
        proxies = self._proxies()
        return proxies is not None and address in proxies

    def closed(self, address: str) -> None:
        """Count one connection less."""
        sender = sender_of(address)
        self._warned.discard(sender)
        self._open[sender] -= 1
        if not self._open[sender]:
            del self._open[sender]


def files() -> int:
    """Raise the limit of open files to the most that this process may have, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
