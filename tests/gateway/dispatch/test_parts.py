"""A part of data is given as the service here has it."""

import pytest
from gateway.replicas.glance import created, upload, with_images
from gateway.replicas.playing import ONE, TWO, Replicas

from openstackoid.gateway.replicas import data


async def test_a_service_without_ranges_gives_nothing(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the other cloud waits, and the service is not read from its beginning for each part."""
    monkeypatch.setattr(data, "RETRIES", (0.02,) * 7)
    glances = with_images(replicas)
    glances[ONE].whole = True
    image = await created(replicas)
    assert (await upload(replicas, image, b"data")).status == 204
    assert await replicas.states("debian") == {ONE: "fits", TWO: "pending"}
    assert glances[TWO].uploads == 0
    glances[ONE].whole = False
    await replicas.become("debian", **{ONE: "fits", TWO: "fits"})
    assert glances[TWO].data == {image: b"data"}
