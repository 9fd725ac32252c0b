"""How workers ask the process that keeps replicas."""

import asyncio
from pathlib import Path

import pytest

from openstackoid.gateway.replicas import link
from openstackoid.gateway.replicas.link import NoReplicasError, ask, serve
from openstackoid.gateway.replicas.messages import Asked, Said, Show, Shown


async def test_a_question_is_answered(tmp_path: Path) -> None:
    """Each on a connection of its own; what is no question ends its connection alone."""

    async def answer(message: Asked) -> Said:
        return Shown(repr(message).encode())

    opened, stop = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve(tmp_path, answer, opened.set, stop))
    await opened.wait()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "journal.socket")
    writer.write(b"\xff\xff\xff\xff")
    assert await reader.read() == b""
    writer.close()
    assert await ask(tmp_path, Show("secret", "x")) == Shown(b"Show(x, show)")
    stop.set()
    await serving


async def test_without_the_process_there_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where it does not run, nor where it hangs."""
    with pytest.raises(NoReplicasError):
        await ask(tmp_path, Show("t"))
    monkeypatch.setattr(link, "PATIENCE", 0.1)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(silent, tmp_path / "journal.socket")
    with pytest.raises(NoReplicasError):
        await ask(tmp_path, Show("t"))
    server.close()
    await server.wait_closed()


async def test_whoever_waits_at_the_end_is_told(tmp_path: Path) -> None:
    """His connection is closed, so that he does not wait for nothing."""
    asked, opened, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(_: Asked) -> Said:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    serving = asyncio.create_task(serve(tmp_path, answer, opened.set, stop))
    await opened.wait()
    asking = asyncio.create_task(ask(tmp_path, Show("t")))
    await asked.wait()
    stop.set()
    await serving
    with pytest.raises(NoReplicasError):
        await asking
