"""An upload with the policy eventual goes to one cloud, whose answer counts."""

from gateway.keystone import message
from gateway.replicas.glance import created, upload, with_images
from gateway.replicas.playing import ONE, TWO, Replicas


async def test_a_refusal_is_that_of_the_cloud_that_takes_it(replicas: Replicas) -> None:
    """And nothing is ordered for the other."""
    glances = with_images(replicas)
    glances[ONE].refusing = 413
    image = await created(replicas)
    assert (await upload(replicas, image, b"data")).status == 413
    assert glances[TWO].uploads == 0
    assert await replicas.states("debian") == {ONE: "fits", TWO: "fits"}


async def test_an_upload_whose_answer_is_lost_may_be_there(replicas: Replicas) -> None:
    """Which the user is told."""
    glances = with_images(replicas)
    glances[ONE].dying = 1
    image = await created(replicas)
    answered = await upload(replicas, image, b"data", chunked=True)
    assert answered.status == 502
    assert "may have been carried out" in message(answered)
    assert glances[TWO].uploads == 0


async def test_data_that_nobody_has_ordered_is_named(replicas: Replicas) -> None:
    """As that of an upload whose answer was lost: it is in one cloud alone."""
    glances = with_images(replicas)
    image = await created(replicas)
    said = {"os_hash_algo": "sha512", "os_hash_value": "0" * 128, "size": 1, "status": "active"}
    glances[ONE].images[image] |= said
    await replicas.stop(ONE)
    await replicas.start(ONE)
    await replicas.become("debian", **{ONE: "drifted", TWO: "fits"})
