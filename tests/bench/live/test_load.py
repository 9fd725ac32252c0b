"""What the load of `scripts/bench reload` takes for a lost request."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from bench.reload.load import Outcome, Target, run

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LAST = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

Answer = Callable[[asyncio.StreamWriter, int], Awaitable[None]]
"""Given the connection, and how many requests came on it before."""


@asynccontextmanager
async def server(
    answer: Answer, listening: list[asyncio.Server] | None = None
) -> AsyncIterator[Target]:
    serving: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            serving.add(task)
        count = 0
        while not writer.is_closing():
            try:
                await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            await answer(writer, count)
            count += 1
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    started = await asyncio.start_server(serve, "127.0.0.1", 0)
    if listening is not None:
        listening.append(started)
    async with started:
        port = started.sockets[0].getsockname()[1]
        yield Target(urlsplit(f"http://127.0.0.1:{port}"), [b"GET / HTTP/1.1\r\n\r\n"])
    await asyncio.gather(*serving)


async def outcome(answer: Answer) -> Outcome:
    """Send 100 requests, half of them on kept connections; there are 16 of those."""
    async with server(answer) as target:
        return await run([target], ssl.create_default_context(), 1000, 0.1)


async def test_all_that_is_answered_is_counted() -> None:
    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(ANSWER)

    found = await outcome(answer)
    assert (found.sent, len(found.seconds), found.lost) == (100, 100, 0)


async def test_a_connection_that_is_closed_behind_an_answer_that_says_so_loses_nothing() -> None:
    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(LAST)
        writer.close()

    found = await outcome(answer)
    assert (len(found.seconds), found.lost) == (100, 0)


async def test_a_connection_that_is_closed_while_it_is_idle_is_replaced() -> None:
    """The first request on each of the 16 is answered before the second is due."""

    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(ANSWER)
        writer.close()

    found = await outcome(answer)
    assert (len(found.seconds), found.lost) == (100, 0)


async def test_a_connection_that_is_closed_under_a_request_is_counted_by_itself() -> None:
    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        if count:
            writer.close()
        else:
            writer.write(ANSWER)

    found = await outcome(answer)
    assert found.closed > 0
    assert not found.failed
    assert len(found.seconds) + found.closed == 100


async def test_an_answer_that_breaks_off_has_failed() -> None:
    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(ANSWER[:-1])
        writer.close()

    found = await outcome(answer)
    assert (len(found.failed), found.closed) == (100, 0)


async def test_another_status_than_200_has_failed_and_is_told() -> None:
    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")

    found = await outcome(answer)
    assert len(found.failed) == 100
    assert all("503" in why for why in found.failed)


async def test_a_refused_connection_has_failed() -> None:
    """Once the server has answered on those that are kept, it listens no more."""
    listening: list[asyncio.Server] = []

    async def answer(writer: asyncio.StreamWriter, count: int) -> None:
        writer.write(LAST)
        writer.close()
        listening[0].close()

    async with server(answer, listening) as target:
        found = await run([target], ssl.create_default_context(), 1000, 0.1)
    assert found.failed
    assert found.seconds
    assert all("Connect" in why for why in found.failed)
