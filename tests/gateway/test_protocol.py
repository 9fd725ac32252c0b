"""How long a client may take for the head of a request."""

import asyncio

import pytest
from gateway.backend import OK, Connection, Received
from gateway.played import Client, Clouds

from openstackoid.gateway.protocol import Protocol


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway not wait long for a head."""
    monkeypatch.setattr("openstackoid.gateway.protocol.HEAD_TIMEOUT", 0.1)


async def is_cut(client: Client) -> None:
    """Wait until the gateway closes a connection, without an answer."""
    try:
        assert await client.reader.read() == b""
    except ConnectionError:
        return


def protocol(clouds: Clouds) -> Protocol:
    """Return the gateway's side of the one connection there is."""
    (one,) = clouds.gateways["CloudOne"]._server.connections
    assert isinstance(one, Protocol)
    return one


async def test_who_sends_nothing_is_cut(clouds: Clouds, impatient: None) -> None:
    """A connection that no request comes by is a file, and there is an end of files."""
    await is_cut(await clouds.open("CloudOne", "image"))


async def test_a_head_that_does_not_end_is_cut(clouds: Clouds, impatient: None) -> None:
    """However it drips: what counts is when it began."""
    client = await clouds.open("CloudOne", "image")

    async def drip() -> None:
        while True:
            client.writer.write(b"A: b\r\n")
            await client.writer.drain()
            await asyncio.sleep(0.01)

    client.writer.write(b"GET /image HTTP/1.1\r\nHost: x\r\n")
    dripping = asyncio.create_task(drip())
    await is_cut(client)
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)


async def test_the_next_head_has_its_own_time(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins with the first byte; a client that keeps its connection may wait for long."""
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/")
    assert (await client.answer()).status == 200
    assert protocol(clouds)._deadline is None
    protocol(clouds).data_received(b"\r\n")  # as some clients end a body
    assert protocol(clouds)._deadline is None
    monkeypatch.setattr("openstackoid.gateway.protocol.HEAD_TIMEOUT", 0.1)
    client.writer.write(b"GET")
    await is_cut(client)


async def test_neither_body_nor_answer_is_cut_off(clouds: Clouds) -> None:
    """They have their own times; half a head that comes meanwhile has to wait."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(received: Received, connection: Connection) -> None:
        arrived.set()
        await go.wait()
        await connection.send(OK)

    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/")
    assert (await client.answer()).status == 200
    clouds.backends["CloudOne"]["image"].answer = late
    side = protocol(clouds)
    side.data_received(b"PUT /image/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1")
    assert side._deadline is None
    await arrived.wait()
    side.data_received(b"2")
    assert side._deadline is None
    side.data_received(b"GET /image HTTP/1.1\r\n")
    assert side._deadline is not None
    side._late()
    go.set()
    assert (await client.answer()).status == 200
    side._late()
    await is_cut(client)
