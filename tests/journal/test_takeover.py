"""What becomes of writes whose worker, or whole gateway, is killed."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from journal.kills import run
from journal.world import World, world

from openstackoid.journal.intent import Intent, State
from openstackoid.journal.reading import shown

ENDED = "write brought to its end"


async def begun(here: World, name: str, service: str) -> asyncio.Task[tuple[int, object]]:
    """Begin to create something that home has, and that the other cloud is still at."""
    at_it = asyncio.Event()
    goes_on = asyncio.Event()

    async def before(_: str) -> None:
        at_it.set()
        await goes_on.wait()

    here.away[service].before = before
    here.go_on = goes_on.set
    task = asyncio.create_task(here.create(name, service))
    await at_it.wait()
    await here.gateway.until(lambda: name in here.left(service))
    return task


async def looked_at(here: World, cloud: str) -> Intent:
    """Return the one write, once the journal has what was found of it, or that it is gone."""
    async with asyncio.timeout(60):
        while True:
            (intent,) = await shown(here.journal, *State)
            part = intent.part(cloud)
            if part is not None and (part.found or not part.unknown):
                return intent
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("service", ["network", "image"])
@pytest.mark.parametrize("whole", [False, True], ids=["worker", "gateway"])
async def test_a_write_whose_worker_is_killed_is_undone(
    tmp_path: Path, service: str, *, whole: bool
) -> None:
    """What home has is removed, and what the other cloud does late is removed, or named."""
    async with world(tmp_path, settle="20s") as here:
        task = await begun(here, "one", service)
        if whole:
            await here.gateway.end(signal.SIGKILL)
            await here.gateway.start()
        else:
            here.gateway.workers[0].kill()
        await asyncio.gather(task, return_exceptions=True)
        await here.gateway.until(lambda: here.gateway.count(ENDED))
        assert here.left(service) == {}
        here.go_on()
        await here.gateway.until(lambda: here.left(service))
        await here.gateway.until(lambda: here.gateway.count(ENDED) > 1)
        intent = await looked_at(here, "CloudTwo")
        if service == "image":
            assert here.left(service) == {}
            assert intent.state is State.DONE
        else:
            assert intent.state is State.UNSETTLED
            (found,) = (part.found for part in intent.parts if part.found)
            assert list(found) == list(here.away[service].things)


async def test_a_gateway_undoes_at_its_end_what_it_could_not_finish(tmp_path: Path) -> None:
    """After the drain timeout; and its log does not say that the client left, who still waited."""
    async with world(tmp_path) as here:
        await here.gateway.end(signal.SIGTERM)
        here.gateway.drain_timeout = 1
        await here.gateway.start()
        task = await begun(here, "one", "network")
        await here.gateway.end(signal.SIGTERM)
        assert here.left() == {}
        await asyncio.gather(task, return_exceptions=True)
        lines = [one for one in here.gateway.lines() if one.get("method") == "POST"]
        sent = [one for one in lines if one.get("service") == "network"]  # gateways ask, too
        (line,) = (one for one in sent if "write" not in one)
        assert line["error"] == "the gateway ended before there was an answer"
        await here.gateway.start()
        (intent,) = await shown(here.journal, State.UNSETTLED)
        assert {part.cloud: (part.unknown, part.undone) for part in intent.parts} == {
            "CloudOne": (False, True),
            "CloudTwo": (True, None),
        }


async def test_kills_at_random_leave_nothing_unnamed() -> None:
    """A few of them; `journal.kills` takes as many as one likes."""
    result = await run(kills=4, terms=1, seed=int.from_bytes(os.urandom(4), "big"))
    assert result.faults == []
    assert result.told["201"] > 0
