"""A service that is played, and a client of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from gateway.backend import Backend

from openstackoid.gateway.http import Client


@pytest.fixture
def idle_timeout() -> float:
    return 20


@pytest.fixture
def connect_timeout(idle_timeout: float) -> float:
    return idle_timeout


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    async with Backend() as backend:
        yield backend


@pytest.fixture
async def client(connect_timeout: float, idle_timeout: float) -> AsyncIterator[Client]:
    client = Client(connect_timeout, idle_timeout)
    yield client
    await client.close()
    while client.open:  # noqa: ASYNC110  (it is the loop that is waited for)
        await asyncio.sleep(0)
