"""Asks the process that keeps replicas, and answers as it: one message each way."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from struct import Struct

import msgspec

from openstackoid.gateway.replicas.messages import MAX_ANSWER, Asked, Said
from openstackoid.journal.wire import SOCKET, socket_in

PATIENCE = 20.0
"""Seconds that the process has to answer: it may wait for other clouds."""

_LENGTH = Struct(">I")
_ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(Asked)
_SAID: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)


class NoReplicasError(Exception):
    """The process that keeps replicas does not answer; the log of the gateway says why."""


async def ask(directory: Path, message: Asked) -> Said:
    """Return the answer to a message; raises NoReplicasError."""
    try:
        async with asyncio.timeout(PATIENCE):
            with socket_in(directory) as path:
                reader, writer = await asyncio.open_unix_connection(path)
            try:
                await _write(writer, msgspec.msgpack.encode(message))
                return _SAID.decode(await _read(reader))
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, EOFError, ValueError) as error:  # also what has taken too long
        raise NoReplicasError from error


async def serve(
    directory: Path,
    answer: Callable[[Asked], Awaitable[Said]],
    opened: Callable[[], None],
    until: asyncio.Event,
) -> None:
    """Answer messages until an event; `opened` is called once somebody may ask."""
    under_way: set[asyncio.Task[None]] = set()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a server starts one for each connection)
        under_way.add(task)
        try:
            with suppress(OSError, EOFError, ValueError, asyncio.CancelledError):
                if until.is_set():  # it was accepted while the server was closed
                    return
                asked = _ASKED.decode(await _read(reader))
                await _write(writer, msgspec.msgpack.encode(await answer(asked)))
        finally:
            under_way.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    file = directory / SOCKET
    file.unlink(missing_ok=True)
    with socket_in(directory) as path:
        server = await asyncio.start_unix_server(answered, path)
    file.chmod(0o600)
    opened()
    try:
        await until.wait()
    finally:
        for socket in server.sockets:  # what was accepted just now has to be attached before
            asyncio.get_running_loop().remove_reader(socket.fileno())
        await asyncio.sleep(0)
        server.close()
        left = list(under_way)  # whoever waits is told that nobody answers
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(_LENGTH.pack(len(data)) + data)
    await writer.drain()


async def _read(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > 2 * MAX_ANSWER:
        raise ValueError("a message that is too long")
    return await reader.readexactly(length)
