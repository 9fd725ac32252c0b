"""The messages between the process that keeps the journal and those that write into it."""

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import TypeAlias, TypeVar

import msgspec

from openstackoid.journal.intent import Intent, Part, State

SOCKET = "journal.socket"
"""The name of the socket, in the directory of the journal."""

MAX_MESSAGE = 16 * 2**20
"""Bytes of a message at most: a list of what is unsettled is the longest."""

APART = 0.01
"""Seconds between two commits at least, and between two sendings of a worker.

Each costs CPU, and takes all that has come meanwhile. What comes alone waits for nothing.
"""

_LENGTH = Struct(">I")

_CHUNK = 2**18


class _Message(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    pass


class Hello(_Message, frozen=True):
    """A worker begins, and has these intents at work, with what it knows of them."""

    intents: tuple[Intent, ...] = ()


class Begin(_Message, frozen=True):
    """Write this down before it is sent; answered by Done."""

    intent: Intent


class Note(_Message, frozen=True):
    """A write goes to one cloud more, or that has answered; answered by Done if it says so."""

    id: str
    part: Part
    answered: bool = False


class End(_Message, frozen=True):
    """What has become of a write; answered by Done. At `look_at` it is to be looked at again.

    `landed` is when its last request had ended; None if nothing was sent. `owner` is whose it is.
    """

    id: str
    state: State
    parts: tuple[Part, ...] = ()
    landed: float | None = None
    look_at: float | None = None
    owner: str | None = None


class Show(_Message, frozen=True):
    """What is in these states? Answered by Shown, in as many messages as it takes."""

    states: tuple[State, ...]


class ShowTo(_Message, frozen=True):
    """What is unsettled of one user's writes? Answered by Shown."""

    owner: str


class Count(_Message, frozen=True):
    """How much is in each state? Answered by Counted."""


class Settle(_Message, frozen=True):
    """Somebody has looked at what was unsettled; answered by Done."""

    id: str


class Done(_Message, frozen=True):
    """It is written down durably; or not, and `error` says why. `ended`: it was an end that is."""

    id: str
    error: str | None = None
    full: bool = False
    ended: bool = False


class Shown(_Message, frozen=True):
    """A part of what was asked for; `more` says whether another follows. Without `sent`."""

    intents: tuple[Intent, ...]
    more: bool = False


class Counted(_Message, frozen=True):
    """How many writes are in each state."""

    numbers: dict[str, int]


class Take(_Message, frozen=True):
    """Bring this to its end: whoever had begun it has ended, or it is time to look again."""

    intent: Intent


Asked: TypeAlias = Hello | Begin | Note | End | Show | ShowTo | Count | Settle
Answered: TypeAlias = Done | Shown | Counted | Take

_Read = TypeVar("_Read")

_ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_ANSWERED: msgspec.msgpack.Decoder[Answered] = msgspec.msgpack.Decoder(Answered)
_ENCODER = msgspec.msgpack.Encoder()


@contextmanager
def socket_in(directory: Path) -> Iterator[str]:
    """Yield the path of the socket in a directory, by the directory that is open meanwhile.

    The path of a directory may have any length, and that of a socket 107 bytes. Raises OSError.
    """
    opened = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)


def written(messages: Sequence[Asked | Answered]) -> bytes:
    """Return messages as they are sent."""
    encoded = map(_ENCODER.encode, messages)
    return b"".join(_LENGTH.pack(len(one)) + one for one in encoded)


def asked(stream: asyncio.StreamReader) -> AsyncGenerator[Asked, None]:
    """Yield the messages of a worker or a command until its connection ends; raises ValueError."""
    return _messages(stream, _ASKED)


def answered(stream: asyncio.StreamReader) -> AsyncGenerator[Answered, None]:
    """Yield the messages of the keeper until its connection ends; raises ValueError."""
    return _messages(stream, _ANSWERED)


async def _messages(
    stream: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[_Read]
) -> AsyncGenerator[_Read, None]:
    """Yield messages; those that came together are received at once."""
    received = bytearray()
    while chunk := await stream.read(_CHUNK):
        received += chunk
        begin = 0
        while len(received) >= begin + _LENGTH.size:
            (length,) = _LENGTH.unpack_from(received, begin)
            if length > MAX_MESSAGE:
                raise ValueError("a message that is too long")
            first = begin + _LENGTH.size
            if len(received) < first + length:
                break
            begin = first + length
            yield decoder.decode(received[first:begin])
        del received[:begin]
