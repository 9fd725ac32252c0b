"""The messages between the processes of a gateway."""

import asyncio

import pytest
from journal.making import DONE_A, UNSETTLED, intent

from openstackoid.journal import wire

ASKED: list[wire.Asked] = [
    wire.Hello((intent(DONE_A),)),
    wire.Begin(intent()),
    wire.Note("one", DONE_A),
    wire.End("one", UNSETTLED, (DONE_A,), 5.0),
    wire.Show((UNSETTLED,)),
    wire.Settle("one"),
]
ANSWERED: list[wire.Answered] = [
    wire.Done("one", "the disk is full", full=True),
    wire.Shown((intent(),)),
    wire.Take(intent()),
]


def stream_of(data: bytes) -> asyncio.StreamReader:
    """Return what reads these bytes, and then the end."""
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_messages_arrive_as_they_were_sent() -> None:
    """One after another, until the end."""
    assert [one async for one in wire.asked(stream_of(wire.written(ASKED)))] == ASKED
    assert [one async for one in wire.answered(stream_of(wire.written(ANSWERED)))] == ANSWERED


async def test_a_message_may_arrive_in_pieces() -> None:
    """Wherever it is cut."""
    data = wire.written(ASKED)
    reader = asyncio.StreamReader()
    arrived: list[wire.Asked] = []

    async def receive() -> None:
        arrived.extend([one async for one in wire.asked(reader)])

    receiving = asyncio.create_task(receive())
    for byte in data:
        reader.feed_data(bytes([byte]))
        await asyncio.sleep(0)
    reader.feed_eof()
    await receiving
    assert arrived == ASKED


async def test_a_message_that_is_cut_off_is_none() -> None:
    """What came whole before it counts."""
    data = wire.written(ASKED)
    assert [one async for one in wire.asked(stream_of(data[:-1]))] == ASKED[:-1]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\1\xc1",
        wire.written([wire.Done("one")]),
        b"\0\0\0\2{}",
    ],
    ids=["too long", "no msgpack", "another's", "json"],
)
async def test_what_is_no_message_is_refused(data: bytes) -> None:
    """Nothing is read on behind it."""
    with pytest.raises(ValueError):  # noqa: PT011  (of several libraries)
        async for _ in wire.asked(stream_of(data)):
            pass
