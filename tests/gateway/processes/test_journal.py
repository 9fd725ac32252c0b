"""The process that keeps the journal, as its supervisor starts it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openstackoid.gateway.settings import Settings
from openstackoid.journal.intent import State
from openstackoid.journal.reading import NoKeeperError, shown

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
    return settings.federation.with_name("journal-One")


class Process:
    """The process, and what it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> dict[str, str]:
        """Return the next line of its log."""
        assert self.process.stderr is not None
        async with asyncio.timeout(30):
            found: dict[str, str] = json.loads(await self.process.stderr.readline())
            return found


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Process]:
    """Run the process until its standard input is closed."""
    command = (sys.executable, "-P", "-m", "openstackoid.gateway.processes.journal")
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


async def test_it_keeps_the_journal_beside_the_federation_file(
    settings: Settings, directory: Path
) -> None:
    """Where the file names no other place; and ends with its supervisor."""
    async with running(settings) as process:
        line = await process.line()
        assert (line["event"], line["gateway"]) == ("journal open", "One")
        assert line["directory"] == str(directory)
        assert await shown(directory, *State) == ()
    with pytest.raises(NoKeeperError):
        await shown(directory, *State)


async def test_it_keeps_it_where_the_file_says(settings: Settings) -> None:
    """A relative path begins at the file."""
    settings.federation.write_text(TEXT + "    own: {journal: kept/here}\n")
    async with running(settings) as process:
        line = await process.line()
        assert line["directory"] == str(settings.federation.parent / "kept" / "here")


async def test_it_waits_for_a_journal_that_cannot_be_used(
    settings: Settings, directory: Path
) -> None:
    """It says why, once; when it can be used, it is."""
    directory.write_text("in the way")  # noqa: ASYNC240
    async with running(settings) as process:
        line = await process.line()
        assert (line["event"], line["level"]) == ("journal cannot be used", "error")
        assert "own.journal" in line["error"]
        directory.unlink()  # noqa: ASYNC240
        assert (await process.line())["event"] == "journal open"


async def test_it_ends_at_a_signal(settings: Settings) -> None:
    """After what it was at."""
    async with running(settings) as process:
        await process.line()
        os.kill(process.process.pid, signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.process.wait() == 0
