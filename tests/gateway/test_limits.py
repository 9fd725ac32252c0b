"""How many requests one address may send."""

import json

import pytest
from gateway.played import Clouds

from openstackoid.gateway import Gateway, Settings
from openstackoid.gateway.limits import BURST, Limits
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


def test_each_address_has_a_rate_of_its_own() -> None:
    """One that sends too much takes nothing from others."""
    limits = Limits("CloudOne", 1)

    def flood() -> None:
        while True:
            limits.count("192.0.2.1")

    with pytest.raises(Refusal) as refused:
        flood()
    assert refused.value.retry_after == 1
    limits.count("192.0.2.2")
