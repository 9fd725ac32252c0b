"""One upload to several clouds at once: read once, held nowhere; the slowest sets the pace."""

import asyncio
from collections.abc import AsyncIterator, Iterable

_PIECES = 4
"""How many pieces a cloud may be behind the fastest."""


class Tee:
    """Hands each piece of a source to every branch that still takes part."""

    def __init__(self, source: AsyncIterator[bytes], clouds: Iterable[str]) -> None:
        self._source = source
        self._queues: dict[str, asyncio.Queue[bytes | Exception | None]] = {
            cloud: asyncio.Queue(_PIECES) for cloud in clouds
        }

    async def pump(self) -> None:
        """Read the source to its end, as long as anybody wants it.

        Where it breaks off, so do all branches: none may be taken for whole.
        """
        try:
            async for piece in self._source:
                await self._put(piece)
        except Exception as error:
            for cloud, queue in list(self._queues.items()):
                self.drop(cloud)
                queue.put_nowait(error)
            raise
        await self._put(None)

    async def branch(self, cloud: str) -> AsyncIterator[bytes]:
        """Yield the body for one cloud."""
        queue = self._queues[cloud]
        while (piece := await queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def drop(self, cloud: str) -> None:
        """Let a branch go: it has its answer, or failed; the others no longer wait for it."""
        queue = self._queues.pop(cloud, None)
        while queue is not None and not queue.empty():
            queue.get_nowait()  # wakes the pump, if it waits for room

    async def _put(self, piece: bytes | None) -> None:
        for cloud in list(self._queues):
            if (queue := self._queues.get(cloud)) is not None:
                await queue.put(piece)
