"""How many requests one address, or one other gateway, may send."""

import itertools
import json
from collections.abc import Callable

from gateway.played import Clouds

from openstackoid.gateway import Gateway, Settings
from openstackoid.gateway.limits import BURST, GATEWAY, Limits
from openstackoid.routing import Refusal


async def test_too_many_requests_are_told_when_to_come_back(clouds: Clouds) -> None:
    """429 with Retry-After in OpenStack's shape, and nothing is executed any more."""
    await clouds.gateways["CloudOne"].close()
    slow = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    clouds.gateways["CloudOne"] = slow
    await slow.start()
    taken = 0
    while (answered := await clouds.ask("CloudOne", "image")).status == 200:
        taken += 1
    assert answered.status == 429
    assert answered.values("retry-after") == ["1"]
    assert "127.0.0.1 sends more than 1" in json.loads(answered.body)["error"]["message"]
    assert clouds.executed == taken >= BURST


def flood(count: Callable[[], None]) -> int:
    """Return how often it may be done before it is refused."""
    for done in itertools.count():
        try:
            count()
        except Refusal:
            return done
    raise AssertionError


def test_each_address_has_a_rate_of_its_own() -> None:
    """One that sends too much takes nothing from others."""
    limits = Limits("CloudOne", 1)
    assert flood(lambda: limits.address("192.0.2.1")) >= BURST
    limits.address("192.0.2.2")


def test_a_proven_gateway_may_send_for_many_users() -> None:
    """What a stranger sends from the same address takes nothing from it."""
    limits = Limits("CloudOne", 1)
    flood(lambda: limits.address("192.0.2.1"))
    assert flood(lambda: limits.gateway("CloudTwo")) >= BURST * GATEWAY
    limits.gateway("CloudThree")


def test_a_request_to_several_clouds_counts_as_several() -> None:
    """However many it names, it is possible after a time of silence."""
    limits = Limits("CloudOne", 1)
    limits.address("192.0.2.1", BURST - 1)
    assert flood(lambda: limits.address("192.0.2.1")) <= 2
    limits.address("192.0.2.2", 1000)


async def test_what_is_refused_is_counted_too(clouds: Clouds) -> None:
    """A flood of scopes that are none ends in 429."""
    await clouds.gateways["CloudOne"].close()
    slow = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    clouds.gateways["CloudOne"] = slow
    await slow.start()
    seen = [(await clouds.ask("CloudOne", "image", "/", "X-Scope: {")).status for _ in range(15)]
    assert set(seen) == {400, 429}
    assert seen[-1] == 429
