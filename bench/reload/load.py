"""Requests at a fixed rate, on kept connections and on new ones: which of them are lost.

A connection that the server closes between two requests is replaced, for nothing was sent on it.
One that it closes when a request has been written counts, though a client might send a GET again
(RFC 9112, 9.3.1): servers need not let it come to that.
"""

import asyncio
import collections
import itertools
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult

import click

from bench.wire import closes, whole

KEPT = 16
"""Connections to each address that are kept, and used in turn."""

PATIENCE = 30.0


@dataclass
class Outcome:
    """The seconds of each request that was answered 200, and what became of the others."""

    seconds: list[float] = field(default_factory=list)
    sent: int = 0
    closed: int = 0
    """Without a byte of an answer, when a request had been written."""
    failed: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many were not answered 200, for whatever reason."""
        return self.closed + len(self.failed)


@dataclass(frozen=True)
class Target:
    """An address, and heads of requests for it, which are sent in turn."""

    url: SplitResult
    heads: Sequence[bytes]


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Sender:
    """Sends to one address, either on connections that it keeps, or on new ones."""

    def __init__(self, target: Target, context: ssl.SSLContext, kept: bool) -> None:
        self._url = target.url
        self._context = context if target.url.scheme == "https" else None
        self._heads = itertools.cycle(target.heads)
        self._kept = kept
        self._idle: collections.deque[_Streams] = collections.deque()

    async def begin(self) -> None:
        """Open the connections that are kept."""
        for _ in range(KEPT if self._kept else 0):
            self._idle.append(await self._connect())

    async def send(self, outcome: Outcome) -> None:
        """Send one request; note what came of it."""
        start = time.perf_counter()
        outcome.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                closed = not await self._exchange()
        except (OSError, ssl.SSLError, click.ClickException) as error:
            outcome.failed.append(f"{self._url.geturl()}: {str(error) or type(error).__name__}")
            return
        if closed:
            outcome.closed += 1
        else:
            outcome.seconds.append(time.perf_counter() - start)

    async def _exchange(self) -> bool:
        """Return whether an answer came; raises OSError and ClickException if it is not whole."""
        reader, writer = streams = self._alive() or await self._connect()
        answer = b""
        try:
            writer.write(next(self._heads))
            while not whole(answer):
                try:
                    data = await reader.read(65_536)
                except ConnectionError:
                    data = b""
                if not data and not answer:
                    writer.close()
                    return False
                if not data:
                    raise click.ClickException("an answer broke off")
                answer += data
        except BaseException:
            writer.transport.abort()
            raise
        if self._kept and not closes(answer):
            self._idle.append(streams)
        else:
            writer.close()
        return True

    def _alive(self) -> _Streams | None:
        """Return the connection that was idle for the longest, as far as none has been closed."""
        while self._idle:
            reader, writer = streams = self._idle.popleft()
            if not reader.at_eof() and not writer.is_closing():
                return streams
            writer.close()
        return None

    async def _connect(self) -> _Streams:
        return await asyncio.open_connection(self._url.hostname, self._url.port, ssl=self._context)

    def close(self) -> None:
        """Close what is kept."""
        for _, writer in self._idle:
            writer.transport.abort()


async def run(
    targets: Sequence[Target], context: ssl.SSLContext, rate: int, seconds: float
) -> Outcome:
    """Send so many requests per second, to each target as many on kept connections as on new ones.

    They are sent when they are due, whether answers come or not.
    """
    outcome = Outcome()
    senders = [_Sender(target, context, kept) for target in targets for kept in (True, False)]
    for sender in senders:
        await sender.begin()
    start = time.perf_counter()
    turns = itertools.cycle(senders)
    async with asyncio.TaskGroup() as sending:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(start + number / rate - time.perf_counter())
            sending.create_task(next(turns).send(outcome))
    for sender in senders:
        sender.close()
    return outcome
