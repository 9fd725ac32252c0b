"""The clouds that the gateway's tests use."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from gateway.equipped import equip
from gateway.played import TOKEN, Clouds, playing
from gateway.replicas.playing import Replicas, replicating

from openstackoid.gateway.reporting import log as gateway_log


@pytest.fixture
def idle_timeout() -> float:
    """Longer than a busy machine needs; the tests of silence ask for less (`silence`)."""
    return 20


@pytest.fixture
def rate() -> int:
    """Return as many requests per second as nobody sends; the tests of limits ask for less."""
    return 500


@pytest.fixture
async def clouds(
    tmp_path: Path, logged: io.StringIO, idle_timeout: float, rate: int
) -> AsyncIterator[Clouds]:
    """Both clouds with their gateways, which log to `logged`, have keys and know alice's token."""
    async with playing(tmp_path, idle_timeout, rate) as clouds:
        await equip(clouds)
        yield clouds


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Catch what the gateways log; no test may make them log a token."""
    stream = io.StringIO()
    gateway_log.configure(stream)
    yield stream
    assert TOKEN not in stream.getvalue()


@pytest.fixture
async def replicas(clouds: Clouds) -> AsyncIterator[Replicas]:
    """Both clouds, with what keeps their replicas."""
    async with replicating(clouds) as replicas:
        yield replicas
