"""What answers at the frontends of clouds whose gateways run."""

import asyncio
import ssl
from pathlib import Path

from gateway.backend import json_answer
from gateway.played import playing

from openstackoid.federation import Url, load
from openstackoid.livecheck.frontends import gateway_at, knows_assertions, service_at
from openstackoid.livecheck.probe import Answer


async def test_a_gateway_answers_by_its_own_clock(tmp_path: Path) -> None:
    """And no service is asked, whose clock may be another."""
    async with playing(tmp_path, 20) as clouds:
        federation = load(clouds.file)
        for name, cloud in federation.clouds.items():
            answer = await asyncio.to_thread(
                gateway_at, name, cloud, "image", ssl.create_default_context()
            )
            assert isinstance(answer, Answer)
            assert answer.ahead is not None
            assert abs(answer.ahead) < 5
        assert clouds.executed == 0


async def test_a_backend_that_is_another_service_is_seen_through_the_gateway(
    tmp_path: Path,
) -> None:
    """Keystone behind the frontend of image."""
    async with playing(tmp_path, 20) as clouds:
        clouds.backends["CloudOne"]["image"].answer = json_answer(
            '{"versions": {"values": [{"id": "v3.14", "media-types": [{"base": "application/json",'
            ' "type": "application/vnd.openstack.identity-v3+json"}]}]}}',
            "300 Multiple Choices",
        )
        cloud = load(clouds.file).clouds["CloudOne"]
        told = await asyncio.to_thread(service_at, cloud, "image", ssl.create_default_context())
    assert str(told).startswith(f"image at {clouds.frontends['CloudOne']['image']}: identity ans")


async def test_a_gateway_knows_assertions_or_passes_them_to_a_service(tmp_path: Path) -> None:
    """As one of an older release does, which would send tokens."""
    context = ssl.create_default_context()
    async with playing(tmp_path, 20) as clouds:
        cloud = load(clouds.file).clouds["CloudOne"]
        assert await asyncio.to_thread(knows_assertions, "CloudOne", cloud, "image", context)
        assert clouds.executed == 0
        backend = clouds.backends["CloudOne"]["image"]
        past = Url.parse(f"http://127.0.0.1:{backend.port}/image")
        older = cloud.model_copy(update={"frontends": {"image": {"public": past}}})
        assert not await asyncio.to_thread(knows_assertions, "CloudOne", older, "image", context)
    assert not knows_assertions("CloudOne", cloud, "image", context)  # nobody answers
