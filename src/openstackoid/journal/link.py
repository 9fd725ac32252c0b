"""A worker's connection to the process that keeps the journal."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path

import structlog

from openstackoid.journal import wire
from openstackoid.journal.intent import Intent, Part, State
from openstackoid.journal.reading import connected, shown_to

RETRY = 0.2
"""Seconds between two tries to connect."""

WAIT = 5.0
"""Seconds that a write waits for the journal, which may be starting again."""

CLOSE = 15.0
"""Seconds that a worker has at its end for the writes that it is bringing to theirs."""

AT_ONCE = 8
"""Writes that a worker brings to their end at once which others had begun."""

log = structlog.get_logger()


class NotWrittenError(Exception):
    """Something was not written down durably; `full`: for there is no room."""

    def __init__(self, message: str, *, full: bool = False) -> None:
        super().__init__(message)
        self.full = full


class Link:
    """Writes intents into the journal; `take` brings to its end what another worker had begun.

    It connects again when the journal's process has started again, and says what it is at.
    """

    def __init__(
        self, directory: Path, take: Callable[[Intent], Coroutine[None, None, None]]
    ) -> None:
        self._directory = directory
        self._take = take
        self._places = asyncio.Semaphore(AT_ONCE)
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self._unsent: list[wire.Asked] = []
        self._sending: asyncio.TimerHandle | None = None
        self._sent_at = 0.0
        self._mine: dict[str, Intent] = {}
        self._waiting: dict[str, asyncio.Future[wire.Done]] = {}
        self._ending: dict[str, wire.End] = {}
        """What has ended and is not yet written down: it is sent until it is."""
        self._taking: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    async def unsettled(self, owner: str) -> tuple[Intent, ...]:
        """Return what is unsettled of a user's writes; raises NoKeeperError."""
        return await shown_to(self._directory, owner)

    def start(self) -> None:
        """Connect, now and whenever the connection ends."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Bring to its end what was taken over, for CLOSE seconds at most, and disconnect.

        What is left is taken over by another worker, or at the next start.
        """
        if self._taking:
            await asyncio.wait(self._taking, timeout=CLOSE)
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._writer is not None:
            self._send_all()
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()

    async def begin(self, intent: Intent) -> None:
        """Write an intent down durably before anything is sent; raises NotWrittenError.

        If it is not known whether it was, it is withdrawn.
        """
        try:
            async with asyncio.timeout(WAIT):
                await self._connected.wait()
        except TimeoutError as error:
            raise NotWrittenError(_NO_ANSWER) from error
        try:
            await self._written(wire.Begin(intent))
        except NotWrittenError:
            nothing = tuple(Part(part.cloud, error="nothing was sent") for part in intent.parts)
            self._ending[intent.id] = wire.End(intent.id, State.DONE, nothing)
            self._send(self._ending[intent.id])
            raise
        self._mine[intent.id] = intent

    def take(self, beginning: asyncio.Task[Intent]) -> None:
        """Bring to its end a write that this worker has begun, or is about to, and has left."""
        self._spawn(self._left(beginning))

    async def add(self, identifier: str, part: Part) -> None:
        """Write down durably that a write is about to be sent to one cloud more.

        Raises NotWrittenError.
        """
        self._mine[identifier] = self._mine[identifier].having(part)
        await self._written(wire.Note(identifier, part, answered=True))

    def note(self, identifier: str, part: Part) -> None:
        """Write down what one cloud has answered; does not wait for it.

        It is sent at once, since nobody else knows it if this worker is killed.
        """
        self._mine[identifier] = self._mine[identifier].having(part)
        self._send(wire.Note(identifier, part))
        self._send_all()

    async def end(
        self,
        identifier: str,
        state: State,
        parts: tuple[Part, ...],
        landed: float,
        look_at: float | None = None,
        owner: str | None = None,
    ) -> None:
        """Write down durably what became of a write.

        Waits at most WAIT seconds, and raises NotWrittenError then; it is still written as soon as
        it can be.
        """
        message = wire.End(identifier, state, parts, landed, look_at, owner)
        self._ending[identifier] = message
        await self._written(message)

    async def _written(self, message: wire.Begin | wire.Note | wire.End) -> None:
        """Send what is answered when it is durable; raises NotWrittenError."""
        identifier = message.intent.id if isinstance(message, wire.Begin) else message.id
        waiting: asyncio.Future[wire.Done] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = waiting
        try:
            async with asyncio.timeout(WAIT):
                self._send(message)
                done = await waiting
        except (TimeoutError, ConnectionError) as error:
            raise NotWrittenError(_NO_ANSWER) from error
        finally:
            if self._waiting.get(identifier) is waiting:
                del self._waiting[identifier]
        if done.error is not None:
            raise NotWrittenError(done.error, full=done.full)

    def _send(self, *messages: wire.Asked) -> None:
        """Send messages soon, with all others that are to be sent by then."""
        if self._writer is None:
            return
        self._unsent += messages
        if self._sending is None:
            loop = asyncio.get_running_loop()
            at = self._sent_at + wire.APART
            self._sending = loop.call_later(max(0.0, at - loop.time()), self._send_in_time)

    def _send_in_time(self) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        self._send_all()

    def _send_all(self) -> None:
        """Send what is to be sent now; without a connection it is dropped."""
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        if self._writer is not None and not self._writer.is_closing() and self._unsent:
            self._writer.write(wire.written(self._unsent))
        self._unsent.clear()

    async def _run(self) -> None:
        while True:
            with suppress(OSError, ValueError):
                await self._follow()
            self._disconnected()
            await asyncio.sleep(RETRY)

    async def _follow(self) -> None:
        """Read what the journal sends until the connection ends."""
        reader, self._writer = await connected(self._directory)
        self._send(wire.Hello(tuple(self._mine.values())), *self._ending.values())
        self._connected.set()
        async for message in wire.answered(reader):
            match message:
                case wire.Done() as done:
                    self._done(done)
                case wire.Take(intent):
                    self._begin_taking(intent)

    def _done(self, done: wire.Done) -> None:
        if done.ended:
            self._ending.pop(done.id, None)
            self._mine.pop(done.id, None)
        of_its_end = done.ended or done.error is not None or done.id not in self._ending
        waiting = self._waiting.get(done.id)
        if waiting is not None and not waiting.done() and of_its_end:
            waiting.set_result(done)

    def _begin_taking(self, intent: Intent) -> None:
        self._mine[intent.id] = intent
        self._spawn(self._taken(intent))

    def _spawn(self, taking: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(taking)
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _left(self, beginning: asyncio.Task[Intent]) -> None:
        await asyncio.wait([beginning])
        if beginning.cancelled() or beginning.exception() is not None:  # it was never begun
            return
        await self._taken(self._mine[beginning.result().id])

    async def _taken(self, intent: Intent) -> None:
        async with self._places:
            await self._take(intent)

    def _disconnected(self) -> None:
        self._connected.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._send_all()
        for identifier, waiting in self._waiting.items():
            if identifier not in self._ending and not waiting.done():
                waiting.set_exception(ConnectionResetError())  # what ends is sent again


_NO_ANSWER = "its process does not answer; the log says why"
