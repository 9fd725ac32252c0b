"""`openstackoid gateway` as processes: exchanged, and refused, as an operator would see it."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway.backend import Backend, Connection, Received
from gateway.played import HOST
from gateway.ports import free_ports
from ruamel.yaml import YAML

from openstackoid.gateway.processes.supervisor import Supervisor
from openstackoid.gateway.settings import Settings


class Running:
    """The command, and what it logs."""

    def __init__(self, file: Path, port: int) -> None:
        self.file = file
        self.port = port
        self.backend = Backend()
        self.process: Process

    def write(self, **keys: object) -> None:
        """Write the federation file."""
        one = {
            "frontends": {"image": f"http://{HOST}:{self.port}"},
            "backends": {"image": f"http://127.0.0.1:{self.backend.port}"},
            **keys,
        }
        with self.file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": {"CloudOne": one}}, stream)

    async def start(self, *further: str, **environment: str) -> None:
        command = Path(sys.executable).with_name("openstackoid")
        usual = ("--federation", str(self.file), "--cloud", "CloudOne", "--drain-timeout", "1")
        options = (*usual, *further)
        self.process = await asyncio.create_subprocess_exec(
            command, "gateway", *options, stderr=PIPE, env={**os.environ, **environment}
        )

    async def event(self, *names: str) -> dict[str, Any]:
        """Wait for one of these events in the log, of which each line is JSON."""
        assert self.process.stderr is not None
        async with asyncio.timeout(30):
            while True:
                said = json.loads(await self.process.stderr.readline())
                if said["event"] in names:
                    return dict(said)

    async def stop(self) -> str:
        """Stop it; return what it has said since."""
        if self.process.returncode is None:
            self.process.terminate()
        _, said = await self.process.communicate()
        return said.decode()

    async def ask(self) -> bytes:
        """Ask once, on a connection of its own."""
        reader, writer = await self.connect()
        writer.write(GET)
        answered = await answer(reader)
        writer.close()
        return answered

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.port)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "federation.yaml", free_ports(1)[0])
    async with running.backend:
        running.write()
        await running.start()
        yield running
        await running.stop()


GET = b"GET /v2/images HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


async def test_a_request_under_way_is_answered_by_the_old_program(running: Running) -> None:
    """However long it takes; who comes meanwhile has the new one."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(_: Received, connection: Connection) -> None:
        arrived.set()
        await go.wait()
        await connection.send(OK)

    async def at_once(_: Received, connection: Connection) -> None:
        await connection.send(OK)

    running.backend.answer = at_once
    await running.event("listening")
    kept_reader, kept_writer = await running.connect()
    kept_writer.write(GET)
    assert b"Connection" not in await answer(kept_reader)
    running.backend.answer = late
    reader, writer = await running.connect()
    writer.write(GET)
    await arrived.wait()
    running.backend.answer = at_once
    running.process.send_signal(signal.SIGUSR2)
    try:
        await running.event("exchanged")
        async with asyncio.timeout(20):
            kept_writer.write(GET)
            while b"Connection" not in await answer(kept_reader):  # it has yet to hear of it
                kept_writer.write(GET)
            while b"Connection" in await running.ask():  # of the old one, as long as it listens
                pass
    finally:
        go.set()
    assert b"Connection: close" in await answer(reader)
    for one in (writer, kept_writer):
        one.close()


async def test_a_worker_that_retires_is_ended_like_any_other(running: Running) -> None:
    """Within the drain timeout, and the log says so: `draining`, then `stopped`."""
    arrived = asyncio.Event()

    async def never(_: Received, connection: Connection) -> None:
        arrived.set()
        await connection.reader.read()

    running.backend.answer = never
    old = (await running.event("listening"))["worker"]
    _, writer = await running.connect()
    writer.write(GET)
    await arrived.wait()
    running.process.send_signal(signal.SIGUSR2)
    while (await running.event("retiring"))["worker"] != old:
        pass
    said = [json.loads(line) for line in (await running.stop()).splitlines()]
    events = [line["event"] for line in said if line.get("worker") == old]
    assert events == ["draining", "stopped"]
    writer.close()


async def test_a_signal_that_means_nothing_ends_neither_process(running: Running) -> None:
    """Nor a request under way: SIGUSR1, sent in place of SIGUSR2, to all that run."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(_: Received, connection: Connection) -> None:
        arrived.set()
        await go.wait()
        await connection.send(OK)

    running.backend.answer = late
    worker = (await running.event("listening"))["worker"]
    reader, writer = await running.connect()
    writer.write(GET)
    await arrived.wait()
    for number in (signal.SIGUSR1, signal.SIGQUIT, signal.SIGRTMIN):
        for process in (running.process.pid, worker):
            os.kill(process, number)
            ignored = await running.event("signal ignored")
            assert ignored.get("worker", running.process.pid) == process
    go.set()
    assert (await answer(reader)).endswith(b"ok")
    writer.close()


async def test_a_worker_that_retires_goes_on_with_its_requests_whatever_it_is_told(
    running: Running,
) -> None:
    """But for SIGTERM: a reload is not for it any more."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(_: Received, connection: Connection) -> None:
        arrived.set()
        await go.wait()
        await connection.send(OK)

    running.backend.answer = late
    old = (await running.event("listening"))["worker"]
    reader, writer = await running.connect()
    writer.write(GET)
    await arrived.wait()
    running.process.send_signal(signal.SIGUSR2)
    while (await running.event("retiring"))["worker"] != old:
        pass
    for number in (signal.SIGHUP, signal.SIGUSR2, signal.SIGUSR1):
        os.kill(old, number)
    while (await running.event("signal ignored"))["worker"] != old:
        pass
    go.set()
    assert (await answer(reader)).endswith(b"ok")
    said = await running.event("draining", "stopped")
    assert (said["event"], said["worker"]) == ("stopped", old)
    writer.close()


async def test_a_new_program_that_crashes_is_told_of_in_json(
    running: Running, tmp_path: Path
) -> None:
    """Its traceback, too, before any of it could set up a log; the old one goes on."""
    await running.event("listening")
    await running.stop()
    (tmp_path / "sitecustomize.py").write_text(
        "from pathlib import Path\n"
        f"if Path({str(tmp_path / 'broken')!r}).exists():\n"
        "    raise SystemExit(Exception('this installation is broken'))\n"
    )
    await running.start(PYTHONPATH=str(tmp_path))
    await running.event("listening")
    (tmp_path / "broken").touch()
    running.process.send_signal(signal.SIGUSR2)
    assert await running.event("worker output")
    assert "broken" in (await running.event("not exchanged"))["error"]
    (tmp_path / "broken").unlink()
    running.process.send_signal(signal.SIGUSR2)
    await running.event("exchanged")


async def test_a_file_that_is_bad_by_then_exchanges_nothing(running: Running) -> None:
    """The log says what is wrong with it."""
    await running.event("listening")
    running.write(regoin="x")
    running.process.send_signal(signal.SIGUSR2)
    assert "clouds.CloudOne.regoin: unknown key" in (await running.event("not exchanged"))["error"]
    reader, writer = await running.connect()
    writer.write(GET)
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 ")
    writer.close()


async def test_a_port_that_is_taken_ends_the_command(running: Running) -> None:
    """With status 1 and the address."""
    await running.event("listening")
    await running.stop()
    with socket.create_server((HOST, running.port)):
        await running.start()
        said = await running.stop() if await running.process.wait() else ""
    assert f"Error: cannot listen at {HOST}:{running.port}: Address already in use" in said
    assert running.process.returncode == 1


TWO = {"identity": {"methods": ["password"], "password": {"user": {"name": "a", "password": "g"}}}}


async def test_a_new_worker_under_an_old_supervisor_does_without_a_journal(
    running: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    """Writes go on as before, and the log says what helps."""
    settings = Settings(running.file, "CloudOne")
    worker = "openstackoid.gateway.processes.worker"

    def command(file: int) -> list[str]:
        return [sys.executable, "-P", "-m", worker, str(file), settings.text]

    said = ""
    supervising = asyncio.create_task(
        Supervisor(command, {"journal": ["cat"]}, 1, "CloudOne").run()
    )
    async with asyncio.timeout(30):
        while '"event":"listening"' not in said:
            await asyncio.sleep(0.05)
            said += capfd.readouterr().err
    os.kill(os.getpid(), signal.SIGTERM)
    await supervising
    (line,) = [json.loads(one) for one in said.splitlines() if '"no journal"' in one]
    assert "until the gateway is restarted" in line["error"]


async def test_a_password_is_guessed_no_more_often_with_many_workers(tmp_path: Path) -> None:
    """Nor by ending one, nor after the program was exchanged: they count together."""
    running = Running(tmp_path / "federation.yaml", free_ports(1)[0])
    refused = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nok"

    async def keystone(received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        await connection.send(refused)

    running.backend.answer = keystone
    body = json.dumps({"auth": TWO}).encode()
    login = (
        b"POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"X-Scope: identity=CloudTwo\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )

    async def guess() -> int:
        reader, writer = await running.connect()
        writer.write(login)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1])

    async with running.backend:
        at = f"http://127.0.0.1:{running.backend.port}"
        two = {"frontends": {"identity": at}, "gateway": False, "insecure": True}
        one = {
            "frontends": {"identity": f"http://{HOST}:{running.port}"},
            "backends": {"identity": "http://127.0.0.1:1"},
            "own": {"allow": ["127.0.0.0/8"]},
        }
        with running.file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": {"CloudOne": one, "CloudTwo": two}}, stream)
        await running.start("--workers", "2")
        workers = [(await running.event("listening"))["worker"] for _ in range(2)]
        try:
            statuses = [await guess() for _ in range(6)]
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
                await running.event("listening")
            statuses += [await guess() for _ in range(3)]
            running.process.send_signal(signal.SIGUSR2)
            await running.event("exchanged")
            statuses += [await guess() for _ in range(6)]
        finally:
            await running.stop()
    assert statuses == [401] * 10 + [429] * 5
