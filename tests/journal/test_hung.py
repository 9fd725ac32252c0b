"""What a peer costs that accepts connections and never answers."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from gateway.played import TOKEN
from journal.world import AWAY, HOME, World, world


@asynccontextmanager
async def hanging(tmp_path: Path) -> AsyncIterator[World]:
    """Let the gateway of the other cloud stand still."""
    async with world(tmp_path) as here:
        with here.other.stopped():
            yield here


async def listed(here: World, expression: str) -> int:
    """List networks, and return the status."""
    scope = json.dumps({"*": HOME, "network": expression})
    answered = await here.clouds.ask(
        HOME, "network", "/v2.0/networks", f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}"
    )
    return answered.status


@pytest.mark.parametrize("expression", [f"{HOME} & {AWAY}", f"{AWAY} | {HOME}"])
async def test_a_read_learns_that_a_service_hangs(tmp_path: Path, expression: str) -> None:
    """It is answered without it, long before the idle timeout; the next does not wait at all."""
    async with hanging(tmp_path) as here:
        assert await listed(here, expression) == 200
        assert here.gateway.count("service down") == 1
        begun = time.monotonic()
        assert await listed(here, expression) == 200
        assert time.monotonic() - begun < 1
        assert here.gateway.count("service down") == 1


async def test_a_write_learns_that_a_service_hangs(tmp_path: Path) -> None:
    """What home has done is undone at once; the next write is refused before anything is sent."""
    async with hanging(tmp_path) as here:
        status, document = await here.create("one")
        assert status == 504
        assert "it hangs" in document["error"]["message"]
        assert here.left() == {}
        status, document = await here.create("two")
        assert status == 503
        assert "known to be down" in document["error"]["message"]
    # Only the service that was asked is known to hang, and no other.
    assert here.gateway.count("service down") == 1


async def test_one_cloud_that_is_known_to_hang_is_not_waited_for(tmp_path: Path) -> None:
    """Nothing is sent to it; without a scope nothing is looked at, and nothing changes."""
    async with hanging(tmp_path) as here:
        assert await listed(here, f"{HOME} & {AWAY}") == 200
        begun = time.monotonic()
        status, document = await here.create("one", scope=json.dumps({"network": AWAY}))
        assert (status, document["error"]["sent"]) == (504, False)
        assert "hangs: it answers nobody" in document["error"]["message"]
        assert time.monotonic() - begun < 1
    assert here.left() == {}


async def test_a_service_that_goes_on_is_up_again(tmp_path: Path) -> None:
    """Nobody has to say so."""
    async with world(tmp_path) as here:
        with here.other.stopped():
            await listed(here, f"{HOME} & {AWAY}")
        await here.gateway.until(lambda: here.gateway.count("service up"))
        status, _ = await here.create("one")
        assert (status, here.left()) == (201, {"one": [HOME, AWAY]})
