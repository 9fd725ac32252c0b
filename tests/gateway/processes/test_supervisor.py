"""The process that stays while workers come and go."""

import asyncio
import io
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from gateway.ports import free_ports

from openstackoid.gateway.processes import supervisor
from openstackoid.gateway.processes.output import BURST, MAX_LINE
from openstackoid.gateway.processes.supervisor import StartError, Supervisor
from openstackoid.gateway.reporting import log

PLAYER = Path(__file__).with_name("player.py")


@pytest.fixture
def logged() -> io.StringIO:
    stream = io.StringIO()
    log.configure(stream)
    return stream


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that other processes do."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def children() -> list[int]:
    """Return the players that run as children; other tests may have children of their own."""
    found = []
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if str(PLAYER) in one.cmdline():
                found.append(one.pid)
    return found


class Playing:
    """A supervisor within this process, and what its workers are told."""

    def __init__(self, number: int, how: str) -> None:
        (self.port,) = free_ports(1)
        self.how = how
        self.supervisor = Supervisor(self.command, {"journal": ["cat"]}, number, "CloudOne")
        self.running = asyncio.create_task(self.supervisor.run())

    def command(self, file: int) -> list[str]:
        return [sys.executable, "-P", str(PLAYER), str(file), str(self.port), self.how]

    async def ask(self) -> list[str]:
        """Return the process that answers, and the signals that it has had."""
        async with asyncio.timeout(20):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
                else:
                    break
            said = (await reader.read()).decode().split()
            writer.close()
        return said


@asynccontextmanager
async def playing(number: int = 1, how: str = "works") -> AsyncIterator[Playing]:
    """Run a supervisor, of which no process is left at the end."""
    played = Playing(number, how)
    try:
        yield played
    finally:
        if not played.running.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.gather(played.running, return_exceptions=True)
    assert not children()


def events(logged: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in logged.getvalue().splitlines()]


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process stand still, so that others answer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def pids(played: Playing) -> list[int]:
    return [worker.process.pid for worker in played.supervisor._current]


async def test_workers_share_a_port() -> None:
    """Each of them answers at it."""
    async with playing(2) as played:
        await until(lambda: len(pids(played)) == 2)
        for one, other in itertools.permutations(pids(played)):
            with stopped(one):
                async with asyncio.timeout(20):
                    while (await played.ask())[0] != str(other):
                        pass


async def test_a_reload_is_for_all_workers() -> None:
    """None is left with the old file."""
    async with playing(2) as played:
        await until(lambda: len(pids(played)) == 2)
        os.kill(os.getpid(), signal.SIGHUP)
        for one, other in itertools.permutations(pids(played)):
            with stopped(one):
                async with asyncio.timeout(20):
                    while await played.ask() != [str(other), "SIGHUP"]:
                        pass


async def test_new_workers_take_over_without_a_refused_connection(logged: io.StringIO) -> None:
    """The sockets are the same; the old ones end."""
    async with playing(2) as played:
        await played.ask()
        await until(lambda: len(played.supervisor._current) == 2)
        old = {worker.process.pid for worker in played.supervisor._current}
        stop = asyncio.Event()

        async def ask_on() -> int:
            asked = 0
            while not stop.is_set():
                reader, writer = await asyncio.open_connection("127.0.0.1", played.port)
                assert await reader.read()
                writer.close()
                asked += 1
            return asked

        asking = [asyncio.create_task(ask_on()) for _ in range(4)]
        beside = played.supervisor._kept["journal"]
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "exchanged" in events(logged))
        await until(lambda: not any(map(psutil.pid_exists, old)))
        await until(lambda: played.supervisor._kept["journal"] is not beside)
        stop.set()
        assert all(asked > 0 for asked in await asyncio.gather(*asking))
        new = {worker.process.pid for worker in played.supervisor._current}
        assert int((await played.ask())[0]) in new
        assert not new & old
    assert not {"worker ended", "journal ended"} & set(events(logged))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("fails", "the file is bad"),
        ("dies", "a worker ended with status 3"),
        ("hangs", "a worker was not ready after 1 s"),
    ],
)
async def test_new_workers_that_do_not_begin_change_nothing(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, how: str, why: str
) -> None:
    """The old ones go on, and the log says why."""
    async with playing() as played:
        old, *_ = await played.ask()
        await until(lambda: played.supervisor._current)
        if how == "hangs":
            monkeypatch.setattr(supervisor, "START_TIMEOUT", 1.0)
        played.how = how
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "not exchanged" in events(logged))
        assert json.loads(logged.getvalue().splitlines()[-1])["error"] == why
        assert await played.ask() == [old]
        assert len(children()) == 1


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("fails", "the file is bad"),
        ("dies", "a worker ended with status 3"),
        ("rambles", "^\N{GRINNING FACE}{5000}$"),
    ],
)
async def test_first_workers_that_do_not_begin_end_it(how: str, why: str) -> None:
    """With the reason, for there is nothing that could go on."""
    async with playing(2, how) as played:
        with pytest.raises(StartError, match=why):
            await played.running


async def test_what_a_crash_says_is_in_the_log_as_json(logged: io.StringIO) -> None:
    """Each line of its traceback, and its last one as the reason; but no long word of it."""
    async with playing() as played:
        await until(lambda: played.supervisor._current)
        played.how = "crashes"
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "not exchanged" in events(logged))
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    said = [line["text"] for line in lines if line["event"] == "worker output"]
    assert said[0].startswith("Traceback ")
    assert said[-1] == "RuntimeError: secret-g…"
    (failed,) = [line for line in lines if line["event"] == "not exchanged"]
    assert failed["error"] == "a worker ended with status 1: RuntimeError: secret-g…"
    assert "ggg" not in logged.getvalue()


async def test_what_a_worker_says_is_bounded(logged: io.StringIO) -> None:
    """In lines, and in each of them; it need not wait for anybody to take it."""
    async with playing() as played:
        await until(lambda: played.supervisor._current)
        played.how = "floods"
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "not exchanged" in events(logged))
    lines = [line for line in logged.getvalue().splitlines() if "worker output" in line]
    assert len(lines) < 2 * BURST
    assert max(map(len, lines)) < 2 * MAX_LINE


@pytest.mark.parametrize(
    "number", [signal.SIGUSR1, signal.SIGQUIT, signal.SIGALRM, signal.SIGRTMIN, signal.SIGRTMIN + 7]
)
async def test_a_signal_that_means_nothing_is_ignored(logged: io.StringIO, number: int) -> None:
    """It would end the gateway at once, requests under way and all."""
    async with playing() as played:
        answered, *_ = await played.ask()
        os.kill(os.getpid(), number)
        await until(lambda: "signal ignored" in events(logged))
        assert await played.ask() == [answered]
    (line,) = [line for line in logged.getvalue().splitlines() if "signal ignored" in line]
    assert json.loads(line)["signal"].startswith("SIG")
    assert json.loads(line)["known"] == ["SIGHUP", "SIGUSR2", "SIGTERM", "SIGINT"]


async def test_a_worker_that_ends_before_others_are_ready_changes_nothing(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it was ready itself: the old ones do not leave to it what it will not do."""
    async with playing(2) as played:
        await until(lambda: len(pids(played)) == 2)
        old = pids(played)
        hows = iter((lambda: "leaves", lambda: str(max(set(children()) - set(old), default=0))))

        def command(file: int) -> list[str]:
            played.how = next(hows)()
            return played.command(file)

        monkeypatch.setattr(played.supervisor, "_command", command)
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "not exchanged" in events(logged))
        error = json.loads(logged.getvalue().splitlines()[-1])["error"]
        assert error == "a worker ended as soon as it was ready"
        assert pids(played) == old == sorted(children())


async def test_a_worker_that_ends_by_itself_is_replaced(logged: io.StringIO) -> None:
    """Connections wait in the queue meanwhile; it is tried until one begins."""
    async with playing() as played:
        first, *_ = await played.ask()
        await until(lambda: played.supervisor._current)
        played.how = "dies"
        os.kill(int(first), signal.SIGKILL)
        asking = asyncio.create_task(played.ask())
        await until(lambda: "no new worker" in events(logged))
        played.how = "works"
        assert (await asking)[0] != first
    assert events(logged)[1] == "worker ended"


async def test_a_stop_does_not_wait_for_workers_that_begin() -> None:
    """SIGTERM ends those, too."""
    async with playing(2, "hangs") as played:
        await until(lambda: len(children()) == 2)
    assert played.running.exception() is None


async def test_a_second_stop_waits_for_nobody() -> None:
    """Also not for a worker that no longer hears."""
    async with playing(1, "deaf") as played:
        await until(lambda: played.supervisor._current)
        (worker,) = played.supervisor._current
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: not played.supervisor._current)
        assert worker.process.returncode is None
        os.kill(os.getpid(), signal.SIGTERM)
        await played.running
        assert worker.process.returncode == -signal.SIGKILL


async def test_workers_end_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """Or they would keep the port, and nobody could begin again."""
    (port,) = free_ports(1)
    program = tmp_path / "supervise.py"
    program.write_text(
        "import sys\n"
        "from openstackoid.gateway.processes.supervisor import supervise\n"
        f"command = [sys.executable, {str(PLAYER)!r}]\n"
        f"supervise(lambda f: [*command, str(f), '{port}', 'w'], {{'journal': ['cat']}}, 2, 'A')\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, str(program))

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    await until(lambda: len(psutil.Process(process.pid).children()) == 3 and listens())
    process.kill()
    await process.wait()
    await until(lambda: not listens())


async def test_a_socket_that_no_worker_needs_is_closed() -> None:
    """An address that is left can be had by others."""
    (port,) = free_ports(1)
    address = ("127.0.0.1", port)
    async with playing() as played:
        await played.ask()
        await until(lambda: played.supervisor._current)
        worker = played.supervisor._current[0]
        played.supervisor._listen(worker, address)
        socket.create_connection(address).close()
        played.supervisor._leave(worker, address)
        with socket.create_server(address):
            pass


async def test_memory_is_the_same_for_its_name(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And stays when workers are exchanged."""
    async with playing() as played:
        await until(lambda: played.supervisor._current)

        def memory(name: str) -> list[int]:
            answered: list[list[int]] = []
            with monkeypatch.context() as patch:
                patch.setattr(supervisor, "send", lambda *_, files: answered.append(files))
                played.supervisor._answer(played.supervisor._current[0], "memory", [name])
            return answered[0]

        first = memory("CloudTwo")
        assert memory("CloudThree") != first
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "exchanged" in events(logged))
        assert memory("CloudTwo") == first
