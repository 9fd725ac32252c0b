"""The process that stays: it holds what workers share, and keeps so many of them running.

It answers no request itself. SIGHUP is for the workers, which read their files again. At SIGUSR2
new workers begin, with the program as it is installed by then; once all of them answer requests
the old ones end, each after the requests it has. If one of the new ones fails, the old ones stay.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from structlog.typing import FilteringBoundLogger

from openstackoid.gateway.handover import channels, listening, make_memory, receive, send
from openstackoid.gateway.processes.output import Output
from openstackoid.gateway.processes.signals import ignore_others

BEGIN = 60.0
"""Seconds in which a worker has to be ready."""

AGAIN = 1.0
"""Seconds before a worker is begun in the place of one that has ended by itself."""

SAID = 1.0
"""Seconds in which the last words of a worker that has ended have to come."""

Command = Callable[[int], Sequence[str]]
"""Returns the command of a worker, whose end of the channel is the file of this number."""

log = structlog.get_logger()


def supervise(command: Command, number: int, cloud: str) -> None:
    """Keep so many workers of a cloud's gateway until SIGTERM or SIGINT.

    Raises StartError if the first ones do not begin.
    """
    asyncio.run(Supervisor(command, number, cloud).run())


class StartError(Exception):
    """Why a worker did not begin to answer requests."""


class _Worker:
    def __init__(self, process: Process, channel: socket.socket, log: FilteringBoundLogger) -> None:
        self.process = process
        self.channel = channel
        self.output = Output(log, process.pid)
        assert process.stderr is not None  # noqa: S101  (it is a pipe)
        self.said = asyncio.get_running_loop().create_task(self.output.follow(process.stderr))
        self.addresses: set[tuple[str, int]] = set()
        self.ready: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        """None, or why it will never be."""

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended
            self.process.send_signal(number)

    def decide(self, why: str | None) -> None:
        if not self.ready.done():
            self.ready.set_result(why)


async def _started(command: Command, log: FilteringBoundLogger) -> _Worker:
    ours, theirs = channels()
    ours.setblocking(False)
    with theirs:
        # In a group of its own: what is typed at a terminal is for the supervisor.
        process = await asyncio.create_subprocess_exec(
            *command(theirs.fileno()), stderr=PIPE, pass_fds=[theirs.fileno()], process_group=0
        )
    return _Worker(process, ours, log)


class Supervisor:
    """Keeps so many workers of one command, which is a gateway's; within a running event loop."""

    def __init__(self, command: Command, number: int, cloud: str) -> None:
        self._command = command
        self._number = number
        self._log = log.bind(gateway=cloud)
        self._workers: dict[_Worker, asyncio.Task[None]] = {}
        self._current: list[_Worker] = []
        self._sockets: dict[tuple[str, int], list[socket.socket]] = {}
        self._memory: dict[str, int] = {}
        self._events: asyncio.Queue[signal.Signals | None] = asyncio.Queue()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises StartError if a first worker does not begin."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        for number in (signal.SIGHUP, signal.SIGUSR2):
            loop.add_signal_handler(number, self._events.put_nowait, number)
        ignore_others((signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT), self._log)
        serving = loop.create_task(self._serve())
        stopping = loop.create_task(self._stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            stopping.cancel()
            serving.cancel()
            await self._end()

    async def _serve(self) -> None:
        self._log.info("started", process=os.getpid(), workers=self._number)
        self._current = await self._begin(self._number)
        while True:
            event = await self._events.get()
            if event is signal.SIGHUP:
                for worker in self._current:
                    worker.signal(signal.SIGHUP)
            elif event is signal.SIGUSR2:
                await self._exchange()
            else:
                await self._fill()

    async def _exchange(self) -> None:
        """Let new workers take over."""
        try:
            new = await self._begin(self._number)
        except StartError as error:
            self._log.warning("not exchanged", error=str(error))
            return
        old, self._current = self._current, new
        self._close_unused()
        for worker in old:
            worker.signal(signal.SIGUSR2)
        self._log.info("exchanged", workers=[worker.process.pid for worker in new])

    async def _fill(self) -> None:
        """Begin workers in the place of those that have ended by themselves."""
        missing = self._number - len(self._current)
        if missing:
            await asyncio.sleep(AGAIN)
            try:
                new = await self._begin(missing)
            except StartError as error:
                self._log.error("no new worker", error=str(error))
                self._events.put_nowait(None)
            else:
                self._current += new
                self._close_unused()

    async def _begin(self, number: int) -> list[_Worker]:
        """Begin so many workers; return them when all are ready, and none has ended since.

        Raises StartError, and then none is left.
        """
        loop = asyncio.get_running_loop()
        new: list[_Worker] = []
        why: str | None = None
        try:
            async with asyncio.timeout(BEGIN):
                for _ in range(number):
                    worker = await _started(self._command, self._log)
                    new.append(worker)
                    loop.add_reader(worker.channel, self._hear, worker)
                    self._workers[worker] = loop.create_task(self._watch(worker))
                for worker in new:
                    why = why or await asyncio.shield(worker.ready)
            if why is None and not self._workers.keys() >= set(new):
                why = "a worker ended as soon as it was ready"
        except TimeoutError:
            why = f"a worker was not ready after {BEGIN:g} s"
        except OSError as error:
            why = f"a worker cannot be begun: {error.strerror}"
        if why is not None:
            for worker in new:
                worker.signal(signal.SIGKILL)
            await self._ended(new)
            raise StartError(why)
        return new

    async def _watch(self, worker: _Worker) -> None:
        """See a worker to its end."""
        status = await worker.process.wait()
        while self._hear(worker):  # what it has said last
            pass
        await asyncio.wait({worker.said}, timeout=SAID)  # a child of its own may keep it open
        worker.said.cancel()
        last = f": {worker.output.last}" if worker.output.last else ""
        worker.decide(f"a worker ended with status {status}{last}")
        worker.channel.close()
        del self._workers[worker]
        if worker in self._current:
            self._current.remove(worker)
            self._log.error("worker ended", worker=worker.process.pid, status=status)
            self._events.put_nowait(None)
        self._close_unused()

    def _hear(self, worker: _Worker) -> bool:
        """Take a message of a worker, if there is one."""
        try:
            (what, *rest), _ = receive(worker.channel)
        except BlockingIOError:
            return False
        except (EOFError, ConnectionError):
            asyncio.get_running_loop().remove_reader(worker.channel)
            return False
        with suppress(ConnectionError):  # it has ended since
            self._answer(worker, what, rest)
        return True

    def _answer(self, worker: _Worker, what: str, rest: list[object]) -> None:
        match what, rest:
            case "ready", []:
                worker.decide(None)
            case "failed", [str(why)]:
                worker.decide(why)
            case "listen", [str(host), int(port)]:
                try:
                    files = [one.fileno() for one in self._listen(worker, (host, port))]
                except OSError as error:
                    send(worker.channel, "error", error.errno)
                else:
                    send(worker.channel, "ok", files=files)
            case "leave", [str(host), int(port)]:
                self._leave(worker, (host, port))
            case "log", []:
                send(worker.channel, "ok", files=[sys.stderr.fileno()])
            case "memory", [str(name)]:
                if name not in self._memory:
                    self._memory[name] = make_memory(name)
                send(worker.channel, "ok", files=[self._memory[name]])

    def _listen(self, worker: _Worker, address: tuple[str, int]) -> list[socket.socket]:
        if address not in self._sockets:
            self._sockets[address] = listening(*address)
        worker.addresses.add(address)
        return self._sockets[address]

    def _leave(self, worker: _Worker, address: tuple[str, int]) -> None:
        worker.addresses.discard(address)
        self._close_unused()

    def _close_unused(self) -> None:
        """Close the sockets that no worker has, unless they wait for one in its place."""
        if not self._current:
            return
        used = {address for worker in self._workers for address in worker.addresses}
        for address in self._sockets.keys() - used:
            self._close(address)

    def _close(self, address: tuple[str, int]) -> None:
        for one in self._sockets.pop(address):
            one.close()

    async def _end(self) -> None:
        """Let all workers come to their end; a second SIGTERM or SIGINT does not wait for it."""
        self._current = []
        self._tell(signal.SIGTERM)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._tell, signal.SIGKILL)
        await self._ended(list(self._workers))
        for address in list(self._sockets):
            self._close(address)
        for file in self._memory.values():
            os.close(file)

    def _tell(self, number: signal.Signals) -> None:
        for worker in self._workers:
            worker.signal(number)

    async def _ended(self, workers: Sequence[_Worker]) -> None:
        await asyncio.gather(*(self._workers[w] for w in workers if w in self._workers))
