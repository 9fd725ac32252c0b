"""Data of images arrives in each cloud as it was uploaded in one, or does not arrive."""

import asyncio
import json
import random
from contextlib import AsyncExitStack
from typing import Any

import pytest
from gateway.replicas.glance import Glance, created, upload, with_images
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import data as module

BOTH_FIT = {ONE: "fits", TWO: "fits"}
DATA = random.Random(1).randbytes(10_000)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PART", 1000)
    monkeypatch.setattr(module, "RETRIES", (0.02,) * 7)


@pytest.fixture
def glances(replicas: Replicas) -> dict[str, Glance]:
    """Return the Glances of both clouds."""
    return with_images(replicas)


async def of_two(replicas: Replicas) -> dict[str, Any]:
    """Return what alice is shown of the copy in the second cloud."""
    (one,) = await replicas.shown("debian")
    copy: dict[str, Any] = one["clouds"][1]
    return copy


async def test_data_that_is_uploaded_is_in_both_clouds(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """It is uploaded to one, which gives it to the other part by part."""
    image = await created(replicas)
    answered = await upload(replicas, image, DATA)
    assert answered.status == 204, answered.body
    await replicas.become("debian", **BOTH_FIT)
    for glance in glances.values():
        assert glance.data == {image: DATA}
        assert glance.uploads == 1
    assert len(glances[ONE].ranges) == 10
    assert not glances[TWO].ranges


async def test_no_data_is_data(replicas: Replicas, glances: dict[str, Glance]) -> None:
    """An image may be empty."""
    image = await created(replicas)
    assert (await upload(replicas, image, b"")).status == 204
    await replicas.become("debian", **BOTH_FIT)
    assert [glance.data for glance in glances.values()] == [{image: b""}] * 2


async def test_a_cloud_that_was_cut_off_gets_it_later(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """Record and data."""
    await replicas.stop(TWO)
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    assert not glances[TWO].images
    await replicas.start(TWO)
    await replicas.become("debian", **BOTH_FIT)
    assert glances[TWO].data == {image: DATA}


async def test_how_far_it_is_is_shown(replicas: Replicas, glances: dict[str, Glance]) -> None:
    """And other copies are not held up by it."""
    glances[ONE].given.clear()
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    two = await of_two(replicas)
    assert (two["state"], two["more"]) == ("pending", ["data: 0 of 1 MiB"])
    await replicas.keypair()
    await replicas.become("k", **BOTH_FIT)
    glances[ONE].given.set()
    await replicas.become("debian", **BOTH_FIT)
    assert (await of_two(replicas))["more"] == []


async def test_it_goes_on_where_it_was_cut(replicas: Replicas, glances: dict[str, Glance]) -> None:
    """The upload in the other cloud stays open meanwhile."""
    image = await created(replicas)
    given = glances[ONE]._give
    broken = asyncio.Event()

    async def breaks_off(id_: str, received: Any, connection: Any) -> None:
        if "bytes=5000-" in received.head.decode() and not broken.is_set():
            broken.set()
            await connection.send(b"HTTP/1.1 206 Part\r\nContent-Length: 1000\r\n\r\nabc")
            connection.writer.transport.abort()
            return
        await given(id_, received, connection)

    glances[ONE]._give = breaks_off  # type: ignore[method-assign]
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **BOTH_FIT)
    assert broken.is_set()
    assert glances[TWO].uploads == 1
    assert glances[TWO].data == {image: DATA}
    assert len(glances[ONE].ranges) == 10


async def test_other_bytes_never_get_whole(replicas: Replicas, glances: dict[str, Glance]) -> None:
    """However often they come; the state says whose they were."""
    glances[ONE].lies = True
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **{ONE: "fits", TWO: "data failed"})
    assert glances[TWO].data == {}
    assert glances[TWO].uploads == module.TRIES
    two = await of_two(replicas)
    assert two["words"] == f"what {ONE} gave is not the data: its hash is another one"


async def test_a_service_that_dies_gets_it_again(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """From the beginning."""
    glances[TWO].dying = 2
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **BOTH_FIT)
    assert glances[TWO].data == {image: DATA}
    assert glances[TWO].uploads == 3


async def test_a_service_that_dies_again_and_again_is_named(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """It is not uploaded for ever."""
    glances[TWO].dying = 100
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **{ONE: "fits", TWO: "data failed"})
    assert glances[TWO].uploads == module.TRIES
    assert glances[TWO].images[image]["status"] == "queued"


async def test_a_service_that_refuses_it_is_named(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """A quota, say; and everything else of it goes on."""
    glances[TWO].refusing = 413
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **{ONE: "fits", TWO: "refused"})
    assert (await of_two(replicas))["status"] == 413
    assert glances[TWO].uploads == 1


async def test_a_process_that_begins_anew_brings_it_anew(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """What it had begun its service does not keep."""
    image = await created(replicas)
    given = glances[ONE]._give

    async def hangs_later(id_: str, received: Any, connection: Any) -> None:
        if "bytes=5000-" in received.head.decode():
            glances[ONE].given.clear()
        await given(id_, received, connection)

    glances[ONE]._give = hangs_later  # type: ignore[method-assign]
    assert (await upload(replicas, image, DATA)).status == 204
    await until(lambda: glances[TWO].images[image]["status"] == "saving")
    await replicas.stop(TWO)
    await until(lambda: glances[TWO].images[image]["status"] == "queued")
    glances[ONE]._give = given  # type: ignore[method-assign]
    glances[ONE].given.set()
    await replicas.start(TWO)
    await replicas.become("debian", **BOTH_FIT)
    assert glances[TWO].data == {image: DATA}


async def test_what_is_deleted_meanwhile_is_brought_no_further(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """And leaves nothing."""
    glances[ONE].given.clear()
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    deleted = await replicas.order("DELETE", f"/v2/images/{image}", service="image")
    assert deleted.status == 204
    glances[ONE].given.set()
    assert not any(glance.images for glance in glances.values())


async def test_the_answer_has_what_each_cloud_has(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """The other one is at it, if it takes longer than the gateway waits."""
    image = await created(replicas)
    answered = await upload(replicas, image, DATA)
    (report,) = answered.values("X-Scope-Report")
    assert json.loads(report)[0] == {"cloud": ONE, "status": 200, "answer": True}
    assert glances[ONE].data == {image: DATA}


async def test_one_clouds_users_leave_room_for_others(replicas: Replicas) -> None:
    """However slowly that cloud gives their images."""
    transfers = module.Transfers(replicas.keeping[ONE].replicator.memory, lambda _: None)
    async with AsyncExitStack() as stack:
        for _ in range(module.OF_ONE):
            await stack.enter_async_context(transfers.room(TWO))
        waiting = asyncio.ensure_future(stack.enter_async_context(transfers.room(TWO)))
        await stack.enter_async_context(transfers.room(ONE))
        assert not waiting.done()
        waiting.cancel()
