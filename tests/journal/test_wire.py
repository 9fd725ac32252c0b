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
    """One after another, with the end behind them."""
    reader = stream_of(wire.written(ASKED))
    assert [await wire.read_asked(reader) for _ in ASKED] == ASKED
    with pytest.raises(asyncio.IncompleteReadError):
        await wire.read_asked(reader)
    reader = stream_of(wire.written(ANSWERED))
    assert [await wire.read_answered(reader) for _ in ANSWERED] == ANSWERED


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
        await wire.read_asked(stream_of(data))
