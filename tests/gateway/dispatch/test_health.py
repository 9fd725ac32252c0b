"""What is down, and when it is back."""

import asyncio

import pytest

from openstackoid.gateway.dispatch import health
from openstackoid.gateway.dispatch.health import Health


class Answers:
    """What a probe of a cloud or a service says: nothing, until it is `up`."""

    def __init__(self) -> None:
        self.up = False
        self.asked: list[tuple[str, str | None]] = []
        self.first = asyncio.Event()

    async def __call__(self, cloud: str, service: str | None) -> bool:
        self.asked.append((cloud, service))
        self.first.set()
        return self.up


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.setattr(health, "INTERVAL", 0.02)
    return Answers()


async def until_up(watched: Health, *what: str) -> None:
    async with asyncio.timeout(10):
        while watched.down(*what):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_cloud_is_down_with_all_its_services_until_it_answers(answers: Answers) -> None:
    """It is probed meanwhile, and no other cloud is."""
    watched = Health(answers)
    watched.failed("CloudTwo")
    await answers.first.wait()
    assert watched.down("CloudTwo")
    assert watched.down("CloudTwo", "image")
    assert not watched.down("CloudThree", "image")
    answers.up = True
    await until_up(watched, "CloudTwo")
    assert set(answers.asked) == {("CloudTwo", None)}
    await watched.close()


async def test_a_service_that_hangs_is_down_alone(answers: Answers) -> None:
    """Other services of its cloud are asked as before."""
    watched = Health(answers)
    watched.hangs("CloudTwo", "image")
    await answers.first.wait()
    assert watched.down("CloudTwo", "image")
    assert not watched.down("CloudTwo", "network")
    assert not watched.down("CloudTwo")
    answers.up = True
    await until_up(watched, "CloudTwo", "image")
    await watched.close()


async def test_a_service_that_was_only_slow_is_not_down(answers: Answers) -> None:
    """Somebody waited for it in vain, and then it answers a probe."""
    watched = Health(answers)
    answers.up = True
    watched.doubt("CloudTwo", "image")
    await answers.first.wait()
    await asyncio.sleep(0)
    assert not watched.down("CloudTwo", "image")
    answers.up = False
    answers.first.clear()
    watched.doubt("CloudTwo", "image")
    async with asyncio.timeout(10):
        while not watched.down("CloudTwo", "image"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await watched.close()
