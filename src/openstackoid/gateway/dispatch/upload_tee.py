"""Streams one upload to several clouds at once, at the pace of the slowest."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus

_PIECES = 4
"""How many pieces a cloud may be behind the fastest."""


class UploadEndedError(Exception):
    """Another cloud did not take the upload, and every one of them is needed."""


class UploadTee:
    """Hands each piece of a source to every branch that still takes part.

    `every` tells that the upload is of no use unless each cloud takes it. `ended_by` is the cloud
    that did not, with the status that it answered.
    """

    def __init__(self, source: AsyncIterator[bytes], clouds: Iterable[str], *, every: bool) -> None:
        self._source = source
        self._every = every
        self.ended_by: tuple[str, int] | None = None
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
                if not self._queues:
                    return
        except Exception as error:
            self._break_off(error)
            raise
        await self._put(None)

    async def branch(self, cloud: str) -> AsyncIterator[bytes]:
        """Yield the body for one cloud."""
        queue = self._queues.get(cloud)
        if queue is None:
            raise UploadEndedError
        while (piece := await queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def answered(self, cloud: str, status: int) -> None:
        """Let a branch go, which has its answer or failed: the others no longer wait for it."""
        self._drop(cloud)
        if status >= HTTPStatus.BAD_REQUEST and self._every and self.ended_by is None:
            self.ended_by = cloud, status
            self._break_off(UploadEndedError())

    def _break_off(self, error: Exception) -> None:
        for cloud, queue in list(self._queues.items()):
            self._drop(cloud)
            queue.put_nowait(error)

    def _drop(self, cloud: str) -> None:
        queue = self._queues.pop(cloud, None)
        while queue is not None and not queue.empty():
            queue.get_nowait()  # wakes the pump, if it waits for room

    async def _put(self, piece: bytes | None) -> None:
        for cloud in list(self._queues):
            if (queue := self._queues.get(cloud)) is not None:
                await queue.put(piece)
