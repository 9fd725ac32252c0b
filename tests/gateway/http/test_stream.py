"""A connection that must not be overfed: who writes waits for who reads."""

import asyncio

import pytest
from gateway.http.transport import Played

from openstackoid.gateway.http.errors import ConnectionClosedError, IdleTimeoutError
from openstackoid.gateway.http.stream import HIGH, JOINED, Stream


@pytest.fixture
async def played() -> Played:
    return Played()


@pytest.fixture
async def stream(played: Played) -> Stream:
    stream = Stream()
    stream.connection_made(played)
    return stream


async def waits(stream: Stream, seconds: float | None = 20) -> "asyncio.Task[None]":
    """Begin to wait for room."""
    task = asyncio.create_task(stream.drained(seconds))
    await asyncio.sleep(0)
    return task


async def test_what_waits_to_be_sent_is_bounded(stream: Stream, played: Played) -> None:
    """The transport is told how much it may hold, and there is room at first."""
    assert played.limit == HIGH
    await stream.drained(0)


async def test_who_writes_goes_on_once_there_is_room(stream: Stream) -> None:
    """Not before, and as often as it happens."""
    for _ in range(2):
        stream.pause_writing()
        task = await waits(stream)
        assert not task.done()
        stream.resume_writing()
        await task
        await stream.drained(0)


async def test_room_that_nobody_waits_for_is_there(stream: Stream) -> None:
    """The transport may have got rid of it meanwhile."""
    stream.pause_writing()
    stream.resume_writing()
    await stream.drained(0)


async def test_a_reader_that_takes_nothing_is_given_up(stream: Stream) -> None:
    """After so many seconds; what comes too late then does no harm."""
    stream.pause_writing()
    with pytest.raises(IdleTimeoutError):
        await stream.drained(0.01)
    stream.resume_writing()
    await stream.drained(0)
    stream.connection_lost(None)


async def test_a_connection_that_is_lost_wakes_who_waits(stream: Stream) -> None:
    """And nobody waits for it any more."""
    stream.pause_writing()
    task = await waits(stream)
    stream.connection_lost(None)
    with pytest.raises(ConnectionClosedError):
        await task
    with pytest.raises(ConnectionClosedError):
        await stream.drained(20)


async def test_room_and_loss_at_once_are_room_first(stream: Stream) -> None:
    """Who is woken is woken once; the next one is told that the connection is lost."""
    stream.pause_writing()
    task = await waits(stream)
    stream.resume_writing()
    stream.connection_lost(ConnectionResetError())
    await task
    with pytest.raises(ConnectionClosedError):
        await stream.drained(None)


async def test_loss_and_room_at_once_are_loss(stream: Stream) -> None:
    """The other way about, who waits learns of the loss."""
    stream.pause_writing()
    task = await waits(stream)
    stream.connection_lost(None)
    stream.resume_writing()
    with pytest.raises(ConnectionClosedError):
        await task


async def test_reading_stops_and_goes_on(stream: Stream, played: Played) -> None:
    """Nothing is asked of a transport that is closing, which has neither."""
    stream.pause()
    assert played.calls == ["pause"]
    stream.resume()
    assert played.calls == ["pause", "resume"]
    played.close()
    stream.pause()
    stream.resume()
    assert played.calls == ["pause", "resume", "close"]


@pytest.mark.parametrize("size", [1, 15, 16, JOINED - 1, JOINED, JOINED + 1])
async def test_a_chunk_is_framed_whatever_its_size(
    stream: Stream, played: Played, size: int
) -> None:
    """Short ones are joined and long ones not copied; the bytes are the same."""
    data = b"x" * size
    stream.write_chunk(data)
    assert bytes(played.sent) == f"{size:x}".encode() + b"\r\n" + data + b"\r\n"
