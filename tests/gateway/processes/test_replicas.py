"""The process that keeps replicas, as its supervisor starts it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from gateway.replicas.playing import ONE, TWO, Replicas

from openstackoid.federation import load
from openstackoid.federation.blocked import blocked_file, change_blocked
from openstackoid.gateway.processes.replicas import Keeping
from openstackoid.gateway.replicas.link import NoReplicasError, ask
from openstackoid.gateway.replicas.messages import Refused, Show
from openstackoid.gateway.settings import Settings, replicas_of
from openstackoid.gateway.trust.asking import Asking
from openstackoid.gateway.trust.confirming import Ask, Confirming

TEXT = """
clouds:
  One:
    insecure: true
    frontends: {image: "http://one/image"}
    backends: {image: "http://127.0.0.1:1"}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "federation.yaml"
    file.write_text(TEXT)
    return Settings(file, "One")


@pytest.fixture
def directory(settings: Settings) -> Path:
    return replicas_of(load(settings.federation, "One"), settings)


class Process:
    """The process, and what it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def event(self, *names: str) -> dict[str, str]:
        """Return the next line of its log with one of some events."""
        assert self.process.stderr is not None
        async with asyncio.timeout(30):
            while True:
                found: dict[str, str] = json.loads(await self.process.stderr.readline())
                if found["event"] in names:
                    return found


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Process]:
    """Run the process until its standard input is closed."""
    command = (sys.executable, "-P", "-m", "openstackoid.gateway.processes.replicas")
    process = await asyncio.create_subprocess_exec(
        *command, settings.text, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield Process(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(30):
            assert await process.wait() == 0


async def test_it_keeps_them_in_the_journal(settings: Settings, directory: Path) -> None:
    """In a directory of their own; and ends with its supervisor."""
    async with running(settings) as process:
        line = await process.event("replicas kept")
        assert line["directory"] == str(directory)
        said = await ask(directory, Show("a-token"))
        assert isinstance(said, Refused)
        assert said.status == 503  # it has no account to ask whose the token is
    with pytest.raises(NoReplicasError):
        await ask(directory, Show("a-token"))


async def test_it_waits_for_what_cannot_be_used(settings: Settings, directory: Path) -> None:
    """It says why, once; when it can be used, it is."""
    directory.parent.write_text("in the way")
    async with running(settings) as process:
        line = await process.event("replicas cannot be kept")
        assert "own.journal" in line["error"]
        directory.parent.unlink()
        await process.event("replicas kept")


async def test_it_ends_at_a_signal(settings: Settings) -> None:
    """After it has read the files anew at another one, if they can be used."""
    async with running(settings) as process:
        await process.event("replicas kept")
        settings.federation.write_text("clouds: {}")
        os.kill(process.process.pid, signal.SIGHUP)
        assert (await process.event("replicas: not reloaded"))["error"]
        settings.federation.write_text(TEXT)
        os.kill(process.process.pid, signal.SIGHUP)
        os.kill(process.process.pid, signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.process.wait() == 0


async def test_another_file_has_other_clouds(replicas: Replicas) -> None:
    """Those that are not in it any more are asked nothing; what they know of is heard again."""
    await replicas.keypair()
    one = replicas.keeping[ONE]
    entry = replicas.clouds.document["clouds"].pop(TWO)
    trust = replicas.clouds.document["clouds"][ONE].pop("trust")
    replicas.clouds.save()
    one.reload()
    assert not one.replicator.peers.is_up(TWO)
    replicas.clouds.document["clouds"][ONE]["trust"] = trust
    replicas.clouds.document["clouds"][TWO] = entry
    replicas.clouds.save()
    one.reload()
    await replicas.become("k", **{ONE: "fits", TWO: "fits"})


async def test_a_blocked_key_confirms_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here as in the workers."""
    asks: list[Ask] = []

    def confirming(here: str, ask: Ask) -> Confirming:
        asks.append(ask)
        return Confirming(here, ask)

    async def ask_(_: Asking, issuer: str, asked: object, is_blocked: Callable[[str], bool]) -> str:
        return str(is_blocked("a-key"))

    monkeypatch.setattr("openstackoid.gateway.processes.replicas.Confirming", confirming)
    monkeypatch.setattr(Asking, "ask", ask_)
    keeping = Keeping(settings)
    try:
        assert await asks[0]("Two", ()) == "False"
        file = blocked_file(load(settings.federation, "One"), "One", settings.federation)
        change_blocked(file, lambda blocked: blocked.having("key", "a-key"))
        keeping.reload()
        assert await asks[0]("Two", ()) == "True"
    finally:
        await keeping.close()
