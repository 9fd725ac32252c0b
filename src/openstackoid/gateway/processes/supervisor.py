"""The supervisor: starts a gateway's workers, restarts and exchanges them, and keeps their sockets.

It starts the processes beside them, too: what keeps the journal, and what keeps replicas. It
answers no requests.

SIGHUP is passed to the workers, which reload their files. SIGUSR2 exchanges the workers: new ones
start, with the program as it is installed then. Once all of them answer requests, the old ones
finish their requests and end. If a new one fails, the old ones stay.
"""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import structlog
from structlog.typing import FilteringBoundLogger

from openstackoid.gateway.handover import channels, listening, make_memory, receive, send
from openstackoid.gateway.processes.output import Output
from openstackoid.gateway.processes.signals import ignore_others

START_TIMEOUT = 60.0
"""Seconds in which new workers have to be ready."""

RESTART_DELAY = 1.0
"""Seconds before a worker that ended by itself is replaced: no busy loop if each one crashes."""

OUTPUT_TIMEOUT = 1.0
"""Seconds to read the last output of a worker that has ended."""

Command = Callable[[int], Sequence[str]]
"""Returns the command line of a worker, given the file descriptor of its end of the channel."""

log = structlog.get_logger()


def supervise(
    command: Command, beside: Mapping[str, Sequence[str]], number: int, cloud: str
) -> None:
    """Run `number` workers of a cloud's gateway, and what is beside them, until SIGTERM or SIGINT.

    `beside` has a name and a command for each. Raises StartError if the first workers do not start.
    """
    asyncio.run(Supervisor(command, beside, number, cloud).run())


class StartError(Exception):
    """A worker did not start to answer requests; the message says why."""


class _Worker:
    def __init__(self, process: Process, channel: socket.socket, log: FilteringBoundLogger) -> None:
        self.process = process
        self.channel = channel
        self.output = Output(log, process.pid)
        assert process.stderr is not None  # noqa: S101  (it is a pipe)
        self.logging = asyncio.get_running_loop().create_task(self.output.follow(process.stderr))
        self.addresses: set[tuple[str, int]] = set()
        self.ready: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        """None once the worker is ready, or the reason why it failed."""

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it has ended
            self.process.send_signal(number)

    def decide(self, why: str | None) -> None:
        if not self.ready.done():
            self.ready.set_result(why)


async def _new_worker(command: Command, log: FilteringBoundLogger) -> _Worker:
    ours, theirs = channels()
    ours.setblocking(False)
    with theirs:
        # In a process group of its own: Ctrl-C at a terminal is for the supervisor alone.
        process = await asyncio.create_subprocess_exec(
            *command(theirs.fileno()), stderr=PIPE, pass_fds=[theirs.fileno()], process_group=0
        )
    return _Worker(process, ours, log)


class Supervisor:
    """Keeps `number` workers running that `command` starts, and the processes `beside` them.

    Needs a running event loop.
    """

    def __init__(
        self, command: Command, beside: Mapping[str, Sequence[str]], number: int, cloud: str
    ) -> None:
        self._command = command
        self._beside = beside
        self._kept: dict[str, Process] = {}
        self._renewed: set[Process] = set()
        """What was beside the workers until the program was exchanged."""
        self._number = number
        self._log = log.bind(gateway=cloud)
        self._workers: dict[_Worker, asyncio.Task[None]] = {}
        self._current: list[_Worker] = []
        self._sockets: dict[tuple[str, int], list[socket.socket]] = {}
        self._memory: dict[str, int] = {}
        self._events: asyncio.Queue[signal.Signals | None] = asyncio.Queue()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; raises StartError if a first worker does not start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        for number in (signal.SIGHUP, signal.SIGUSR2):
            loop.add_signal_handler(number, self._events.put_nowait, number)
        ignore_others((signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT), self._log)
        beside = [loop.create_task(self._keep(name)) for name in self._beside]
        serving = loop.create_task(self._serve())
        stopping = loop.create_task(self._stop.wait())
        try:
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            stopping.cancel()
            serving.cancel()
            await self._drain()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _serve(self) -> None:
        self._log.info("started", process=os.getpid(), workers=self._number)
        self._current = await self._start(self._number)
        while True:
            event = await self._events.get()
            if event is signal.SIGHUP:
                for worker in self._current:
                    worker.signal(signal.SIGHUP)
                for process in self._kept.values():
                    with suppress(ProcessLookupError):
                        process.send_signal(signal.SIGHUP)
            elif event is signal.SIGUSR2:
                await self._exchange()
            else:
                await self._replace_ended()

    async def _keep(self, name: str) -> None:
        """Start a process beside the workers whenever it ends; end it when this is cancelled.

        It ends by itself when its standard input is closed: so it does if this process is killed.
        """
        while True:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._beside[name], stdin=PIPE, process_group=0
                )
            except OSError as error:
                self._log.error(f"no {name}", error=error.strerror)
            else:
                self._kept[name] = process
                try:
                    status = await process.wait()
                except asyncio.CancelledError:
                    with suppress(ProcessLookupError):
                        process.terminate()
                    await process.wait()
                    raise
                if process in self._renewed:
                    self._renewed.discard(process)
                    continue
                self._log.error(f"{name} ended", process=process.pid, status=status)
            await asyncio.sleep(RESTART_DELAY)

    async def _exchange(self) -> None:
        """Replace all workers by new ones, and what is beside them; keep all if that fails."""
        try:
            new = await self._start(self._number)
        except StartError as error:
            self._log.warning("not exchanged", error=str(error))
            return
        old, self._current = self._current, new
        self._close_unused()
        for worker in old:
            worker.signal(signal.SIGUSR2)
        for process in self._kept.values():
            self._renewed.add(process)
            with suppress(ProcessLookupError):
                process.terminate()
        self._log.info("exchanged", workers=[worker.process.pid for worker in new])

    async def _replace_ended(self) -> None:
        """Replace the workers that have ended by themselves."""
        missing = self._number - len(self._current)
        if missing:
            await asyncio.sleep(RESTART_DELAY)
            try:
                new = await self._start(missing)
            except StartError as error:
                self._log.error("no new worker", error=str(error))
                self._events.put_nowait(None)
            else:
                self._current += new
                self._close_unused()

    async def _start(self, number: int) -> list[_Worker]:
        """Start workers and return them once all are ready and running.

        If one fails, all new ones are killed, and StartError is raised.
        """
        loop = asyncio.get_running_loop()
        new: list[_Worker] = []
        why: str | None = None
        try:
            async with asyncio.timeout(START_TIMEOUT):
                for _ in range(number):
                    worker = await _new_worker(self._command, self._log)
                    new.append(worker)
                    loop.add_reader(worker.channel, self._receive, worker)
                    self._workers[worker] = loop.create_task(self._watch(worker))
                for worker in new:
                    why = why or await asyncio.shield(worker.ready)
            if why is None and not self._workers.keys() >= set(new):
                why = "a worker ended as soon as it was ready"
        except TimeoutError:
            why = f"a worker was not ready after {START_TIMEOUT:g} s"
        except OSError as error:
            why = f"a worker cannot be begun: {error.strerror}"
        if why is not None:
            for worker in new:
                worker.signal(signal.SIGKILL)
            await self._wait_for(new)
            raise StartError(why)
        return new

    async def _watch(self, worker: _Worker) -> None:
        """Wait for the end of a worker and clean up after it."""
        status = await worker.process.wait()
        while self._receive(worker):  # its last messages
            pass
        # With a timeout: a child of the worker may keep the pipe open.
        await asyncio.wait({worker.logging}, timeout=OUTPUT_TIMEOUT)
        worker.logging.cancel()
        last = f": {worker.output.last}" if worker.output.last else ""
        worker.decide(f"a worker ended with status {status}{last}")
        worker.channel.close()
        del self._workers[worker]
        if worker in self._current:
            self._current.remove(worker)
            self._log.error("worker ended", worker=worker.process.pid, status=status)
            self._events.put_nowait(None)
        self._close_unused()

    def _receive(self, worker: _Worker) -> bool:
        """Receive and answer a message of a worker; return False if there is none."""
        try:
            (what, *rest), _ = receive(worker.channel)
        except BlockingIOError:
            return False
        except (EOFError, ConnectionError):
            asyncio.get_running_loop().remove_reader(worker.channel)
            return False
        with suppress(ConnectionError):  # the worker has ended since
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
        """Close the sockets that no worker uses, unless workers are still to be replaced."""
        if not self._current:
            return
        used = {address for worker in self._workers for address in worker.addresses}
        for address in self._sockets.keys() - used:
            self._close(address)

    def _close(self, address: tuple[str, int]) -> None:
        for one in self._sockets.pop(address):
            one.close()

    async def _drain(self) -> None:
        """Drain all workers and wait for them; a second SIGTERM or SIGINT kills them."""
        self._current = []
        self._signal_all(signal.SIGTERM)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._signal_all, signal.SIGKILL)
        await self._wait_for(list(self._workers))
        for address in list(self._sockets):
            self._close(address)
        for file in self._memory.values():
            os.close(file)

    def _signal_all(self, number: signal.Signals) -> None:
        for worker in self._workers:
            worker.signal(number)

    async def _wait_for(self, workers: Sequence[_Worker]) -> None:
        await asyncio.gather(*(self._workers[w] for w in workers if w in self._workers))
