"""Data is given to clouds that have a copy, and taken where there is one."""

import msgspec
import pytest
from gateway.keystone import message
from gateway.replicas.glance import Glance, created, upload, with_images
from gateway.replicas.playing import ONE, TWO, Replicas

from openstackoid.gateway.replicas.messages import MAX_PART, Fetch, Fetched, Part, Refused

BOTH_FIT = {ONE: "fits", TWO: "fits"}
DATA = b"some data"


@pytest.fixture
def glances(replicas: Replicas) -> dict[str, Glance]:
    """Return the Glances of both clouds."""
    return with_images(replicas)


async def _asked(replicas: Replicas, cloud: str, **more: object) -> object:
    """Return what the first cloud answers to a question for a part."""
    keeping = replicas.keeping[ONE].replicator
    (resource,) = keeping.memory.resources()
    value = keeping.memory.state(resource).values["data", None]
    asked = {"resource": resource, "begin": 0, "end": 4, "hash": msgspec.json.decode(value)["hash"]}
    part = msgspec.convert(asked | more, Part)
    return await keeping.answer(Fetch(cloud, msgspec.json.encode(part)))


async def test_a_part_is_given_to_a_cloud_with_a_copy_alone(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """And as it is: no other data, and no more than there is."""
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    await replicas.become("debian", **BOTH_FIT)
    given = await _asked(replicas, TWO)
    assert isinstance(given, Fetched)
    assert (given.path, given.begin, given.end) == (f"/v2/images/{image}/file", 0, 4)
    assert given.token not in repr(given)
    assert isinstance(await _asked(replicas, "CloudThree"), Refused)
    assert isinstance(await _asked(replicas, ONE, resource="image:CloudOne:p:other"), Refused)
    assert isinstance(await _asked(replicas, TWO, hash="0" * 128), Refused)
    for begin, end in ((-1, 4), (4, 4), (0, len(DATA) + 1), (0, MAX_PART + 1)):
        assert isinstance(await _asked(replicas, TWO, begin=begin, end=end), Refused)
    assert glances[ONE].data == glances[TWO].data


async def test_what_is_no_question_is_refused(replicas: Replicas) -> None:
    """And nothing of it is quoted."""
    said = await replicas.keeping[ONE].replicator.answer(Fetch(TWO, b"secret"))
    assert isinstance(said, Refused)
    assert (said.status, "secret" in said.message) == (400, False)


async def test_an_image_gets_data_once(replicas: Replicas, glances: dict[str, Glance]) -> None:
    """As Glance does; nothing is sent to it."""
    image = await created(replicas)
    assert (await upload(replicas, image, DATA)).status == 204
    answered = await upload(replicas, image, b"other")
    assert answered.status == 409
    assert "it has its data already" in message(answered)
    assert glances[ONE].uploads == 1


async def test_an_image_that_is_not_replicated_gets_none(
    replicas: Replicas, glances: dict[str, Glance]
) -> None:
    """It is uploaded to one cloud."""
    answered = await upload(replicas, "0" * 8 + "-0000-0000-0000-" + "0" * 12, DATA)
    assert answered.status == 404
    assert not any(glance.uploads for glance in glances.values())
