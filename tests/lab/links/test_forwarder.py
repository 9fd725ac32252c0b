"""One port of a link, on sockets: this test is the client and the target."""

import asyncio
import contextlib
import hashlib
import select
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from openstackoid.lab.links import BLACKHOLE, CUT, WHOLE, Condition
from openstackoid.lab.links.connection import WINDOW
from openstackoid.lab.links.forwarder import Forwarder
from openstackoid.lab.links.plan import Link

LISTEN, TARGET = "127.0.0.4", "127.0.0.1"
DELAYED = Condition(delay=0.05)
RESET = struct.pack("ii", 1, 0)
KERNEL = 64 << 20
"""More bytes than the buffers of the sockets between a client and a target hold."""

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Stage:
    """A target that says nothing by itself, and the link to it."""

    port: int
    forwarder: Forwarder = field(init=False)
    server: asyncio.Server | None = None
    arrived: asyncio.Queue[Pair] = field(default_factory=asyncio.Queue)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self) -> None:
        """Let the target listen."""
        self.server = await asyncio.start_server(self._arrive, TARGET, self.port)

    async def leave(self) -> None:
        """Let the target die: its listener and all connections end."""
        assert self.server is not None
        self.server.close()
        self.server = None
        for writer in self.writers:
            writer.transport.abort()

    async def connect(self) -> tuple[Pair, Pair]:
        """Connect over the link; return the client's end and the target's."""
        client = await self.ask()
        client[1].write(b"hello")
        while True:  # the link's own connection says nothing
            reader, writer = await self.arrived.get()
            with contextlib.suppress(asyncio.IncompleteReadError):
                assert await reader.readexactly(5) == b"hello"
                return client, (reader, writer)

    async def ask(self) -> Pair:
        """Connect over the link."""
        client = await asyncio.open_connection(LISTEN, self.port)
        self.writers.append(client[1])
        return client

    async def _arrive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        if len(self.writers) > 1:  # the first is the link's own
            await self.arrived.put((reader, writer))


async def turns() -> None:
    """Let the loop turn often enough for everything that is on its way to arrive."""
    for _ in range(200):
        await asyncio.sleep(0)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not await holds():
            await turns()


async def accepts(port: int) -> bool:
    """Return whether the link takes connections."""
    try:
        _, writer = await asyncio.open_connection(LISTEN, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Return a link that is whole, to a target that listens."""
    with socket.create_server((TARGET, 0)) as free:
        port = free.getsockname()[1]
    stage = Stage(port)
    await stage.serve()
    stage.forwarder = Forwarder(Link(LISTEN, port, TARGET))
    stage.forwarder.apply(WHOLE)
    await until(lambda: accepts(port))
    yield stage
    stage.forwarder.close()
    if stage.server is not None:
        await stage.leave()
    for writer in stage.writers:
        writer.transport.abort()
    await turns()


@pytest.mark.parametrize("condition", [WHOLE, DELAYED])
async def test_each_direction_ends_by_itself(stage: Stage, condition: Condition) -> None:
    """A request whose sender has finished is answered all the same."""
    stage.forwarder.apply(condition)
    (reader, writer), (target_reader, target_writer) = await stage.connect()
    writer.write(b"question")
    writer.write_eof()
    assert await target_reader.read() == b"question"
    target_writer.write(b"answer")
    target_writer.close()
    assert await reader.read() == b"answer"


@pytest.mark.parametrize("condition", [WHOLE, DELAYED])
@pytest.mark.parametrize("who", ["client", "target"])
async def test_a_reset_passes_on(stage: Stage, condition: Condition, who: str) -> None:
    """Behind what was sent before it."""
    client, target = await stage.connect()
    stage.forwarder.apply(condition)
    (_, dying), (reader, _) = (client, target) if who == "client" else (target, client)
    dying.write(b"last words")
    assert await reader.readexactly(10) == b"last words"
    dying.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    dying.transport.abort()
    with pytest.raises(ConnectionResetError):
        await reader.read()


@pytest.mark.parametrize("condition", [WHOLE, DELAYED])
async def test_a_slow_reader_makes_the_writer_wait(stage: Stage, condition: Condition) -> None:
    """A link holds some megabytes at most, and loses none of them."""
    stage.forwarder.apply(condition)
    (_, writer), (reader, reading) = await stage.connect()
    transport: Any = reading.transport  # which reads, too
    transport.pause_reading()
    piece = bytes(range(256)) * 1024
    sent = hashlib.sha256()
    size = 0
    writer.transport.set_write_buffer_limits(high=0)
    while True:
        writer.write(piece)
        sent.update(piece)
        size += len(piece)
        try:
            async with asyncio.timeout(0.2):
                await writer.drain()
        except TimeoutError:
            break
        assert size < WINDOW + KERNEL
    transport.resume_reading()
    writer.write_eof()
    received = hashlib.sha256()
    while data := await reader.read(1 << 20):
        received.update(data)
    assert received.digest() == sent.digest()


async def test_a_target_that_is_not_there_is_refused(stage: Stage) -> None:
    """As it would be without the link: when it has died, and until it is back."""
    client, _ = await stage.connect()
    await stage.leave()
    with contextlib.suppress(ConnectionResetError):
        assert await client[0].read() == b""
    await until(lambda: _refuses(stage.port))
    await stage.serve()
    await until(lambda: accepts(stage.port))


async def test_a_cut_link_resets_and_refuses(stage: Stage) -> None:
    """Both ends at once; and what connects after it is healed works."""
    (reader, _), (target_reader, _) = await stage.connect()
    stage.forwarder.apply(CUT)
    for end in (reader, target_reader):
        with pytest.raises(ConnectionResetError):
            await end.read()
    with pytest.raises(ConnectionRefusedError):
        await stage.ask()
    stage.forwarder.apply(WHOLE)
    await stage.connect()


async def test_a_cut_link_stays_cut_when_the_target_comes_back(stage: Stage) -> None:
    """The condition does not depend on who is there."""
    stage.forwarder.apply(CUT)
    await stage.leave()
    await stage.serve()
    await stage.arrived.get()  # the link has looked, and found it
    with pytest.raises(ConnectionRefusedError):
        await stage.ask()


async def test_a_blackhole_swallows_what_is_sent(stage: Stage) -> None:
    """Nobody learns anything: not of bytes, not of the end; healed, all of it goes on, in order."""
    (reader, writer), (target_reader, target_writer) = await stage.connect()
    stage.forwarder.apply(BLACKHOLE)
    writer.write(b"question")
    writer.write_eof()
    target_writer.write(b"answer")
    target_writer.write_eof()
    await turns()
    for end in (reader, target_reader):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(end.read(1), 0.05)
    stage.forwarder.apply(WHOLE)
    assert await target_reader.read() == b"question"
    assert await reader.read() == b"answer"


async def test_nobody_can_connect_to_a_blackhole(stage: Stage) -> None:
    """Linux drops every SYN: neither accepted nor refused."""
    stage.forwarder.apply(BLACKHOLE)
    with socket.socket() as client:
        client.setblocking(False)
        client.connect_ex((LISTEN, stage.port))
        await turns()
        assert select.select([], [client], [client], 0) == ([], [], [])
    stage.forwarder.apply(WHOLE)
    await stage.connect()


async def test_a_blackhole_stays_one_when_the_target_has_died(stage: Stage) -> None:
    """Silence does not tell who is there."""
    stage.forwarder.apply(BLACKHOLE)
    await stage.leave()
    await turns()
    with socket.socket() as client:
        client.setblocking(False)
        client.connect_ex((LISTEN, stage.port))
        await turns()
        assert select.select([], [client], [client], 0) == ([], [], [])


async def test_a_delayed_link_delays_each_way(stage: Stage) -> None:
    """A question over a new connection, and its answer."""
    stage.forwarder.apply(DELAYED)
    clock = asyncio.get_running_loop().time
    begun = clock()
    (reader, _), (_, target_writer) = await stage.connect()
    there = clock()
    target_writer.write(b"x")
    await reader.readexactly(1)
    slack = 0.01  # the loop's clock stands still while it works
    assert there - begun > DELAYED.delay - slack
    assert clock() - there > DELAYED.delay - slack


async def test_what_was_delayed_is_not_overtaken(stage: Stage) -> None:
    """A link that is healed keeps the order of what is under way."""
    (_, writer), (reader, _) = await stage.connect()
    stage.forwarder.apply(Condition(delay=0.2))
    for number in range(200):
        writer.write(number.to_bytes(2, "big"))
        if number == 100:
            await turns()
            stage.forwarder.apply(WHOLE)
    received = await reader.readexactly(400)
    assert received == b"".join(number.to_bytes(2, "big") for number in range(200))


async def test_connections_leave_nothing(stage: Stage) -> None:
    """However they end, no socket of theirs stays open."""
    process = psutil.Process()
    before = process.num_fds()
    for ending in range(20):
        (_, writer), (_, target_writer) = await stage.connect()
        if ending % 4 == 0:
            stage.forwarder.apply(CUT)
            stage.forwarder.apply(WHOLE)
        elif ending % 4 == 1:
            writer.transport.abort()
        elif ending % 4 == 2:
            target_writer.transport.abort()
        writer.close()
        target_writer.close()

    async def closed() -> bool:
        return process.num_fds() <= before

    await until(closed)


async def test_an_address_that_is_taken_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """With host and port; the link goes on, and takes the address when it can."""
    stage.forwarder.apply(CUT)
    with socket.create_server((LISTEN, stage.port)):
        stage.forwarder.apply(WHOLE)
        assert f"cannot listen at {LISTEN}:{stage.port}" in caplog.text
    stage.forwarder.apply(WHOLE)
    await stage.connect()


async def _refuses(port: int) -> bool:
    return not await accepts(port)
