"""Clouds that are down, and when they are back."""

import asyncio

import pytest
from gateway.backend import Backend
from gateway.ports import free_ports

from openstackoid.gateway.dispatch import health
from openstackoid.gateway.http import Client, Origin


async def test_a_cloud_is_back_when_one_of_its_addresses_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever that is: its services may be at ports of their own, some of which are closed."""
    monkeypatch.setattr(health, "INTERVAL", 0.02)
    looked = asyncio.Event()
    origins = [Origin("127.0.0.2", port) for port in free_ports(2)]

    def known(_: str) -> list[Origin]:
        looked.set()
        return origins

    watched = health.Health(known, Client(5, 5).reach)
    watched.failed("CloudTwo")
    await looked.wait()
    assert watched.down("CloudTwo")
    async with Backend() as backend, asyncio.timeout(10):
        origins[1] = Origin("127.0.0.1", backend.port)
        while watched.down("CloudTwo"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await watched.close()
