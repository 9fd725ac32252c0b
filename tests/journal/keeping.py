"""Runs the keeper of a journal within a test, and workers that write into it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from openstackoid.journal.intent import Intent
from openstackoid.journal.keeper import Keeper
from openstackoid.journal.link import Link
from openstackoid.journal.store import Store

SECRET = b"s" * 64


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that another task does."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def kept(directory: Path, *, grace: float = 0.0) -> AsyncIterator[Store]:
    """Keep a journal as long as the context is open."""
    store = Store(directory, [SECRET])
    stop = asyncio.Event()
    running = asyncio.create_task(Keeper(store, grace=grace).run(stop))
    await until(lambda: (directory / "journal.socket").exists())
    try:
        yield store
    finally:
        stop.set()
        await running
        store.close()


class Worker:
    """A worker of a gateway; `taken` is what it was told to bring to its end."""

    def __init__(self, directory: Path) -> None:
        self.taken: list[Intent] = []
        self.link = Link(directory, self._take)
        self.link.start()

    async def _take(self, intent: Intent) -> None:
        self.taken.append(intent)


@asynccontextmanager
async def working(directory: Path) -> AsyncIterator[Worker]:
    """Run a worker as long as the context is open."""
    worker = Worker(directory)
    try:
        yield worker
    finally:
        await worker.link.close()
