"""What is down, and when it is back."""

import asyncio

import pytest
from gateway.probe import Probe

from openstackoid.gateway.forwarding import health
from openstackoid.gateway.forwarding.health import Health


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    monkeypatch.setattr(health, "INTERVAL", 0.02)
    return Probe()


async def until_up(watched: Health, *what: str) -> None:
    async with asyncio.timeout(10):
        while watched.down(*what):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_cloud_is_down_with_all_its_services_until_it_answers(probe: Probe) -> None:
    """It is probed meanwhile, and no other cloud is."""
    watched = Health(probe)
    watched.failed("CloudTwo")
    await probe.first.wait()
    assert watched.down("CloudTwo")
    assert watched.down("CloudTwo", "image")
    assert not watched.down("CloudThree", "image")
    probe.up = True
    await until_up(watched, "CloudTwo")
    assert set(probe.asked) == {("CloudTwo", None)}
    await watched.close()


async def test_a_service_that_hangs_is_down_alone(probe: Probe) -> None:
    """Other services of its cloud are asked as before."""
    watched = Health(probe)
    watched.hangs("CloudTwo", "image")
    await probe.first.wait()
    assert watched.down("CloudTwo", "image")
    assert not watched.down("CloudTwo", "network")
    assert not watched.down("CloudTwo")
    probe.up = True
    await until_up(watched, "CloudTwo", "image")
    await watched.close()


async def test_a_service_that_was_only_slow_is_not_down(probe: Probe) -> None:
    """Somebody waited for it in vain, and then it answers a probe."""
    watched = Health(probe)
    probe.up = True
    watched.doubt("CloudTwo", "image")
    await probe.first.wait()
    await asyncio.sleep(0)
    assert not watched.down("CloudTwo", "image")
    probe.up = False
    probe.first.clear()
    watched.doubt("CloudTwo", "image")
    async with asyncio.timeout(10):
        while not watched.down("CloudTwo", "image"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await watched.close()
