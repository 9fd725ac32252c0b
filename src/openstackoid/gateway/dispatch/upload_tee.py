"""Streams one upload to several clouds at the same time, at the pace of the slowest."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus

_PIECES = 4
"""Pieces that a cloud may be behind the fastest."""


class UploadEndedError(Exception):
    """The upload ended early: another cloud refused it, and all of them are needed."""


class UploadTee:
    """Hands each piece of `source` to all branches that have not ended yet.

    If `every`, one cloud that refuses the upload ends it for all; `ended_by` is then this cloud and
    the status that it answered.
    """

    def __init__(self, source: AsyncIterator[bytes], clouds: Iterable[str], *, every: bool) -> None:
        self._source = source
        self._every = every
        self.ended_by: tuple[str, int] | None = None
        self._queues: dict[str, asyncio.Queue[bytes | Exception | None]] = {
            cloud: asyncio.Queue(_PIECES) for cloud in clouds
        }

    async def pump(self) -> None:
        """Read the source to its end, or until no branch is left.

        If the source fails, all branches fail with the same error: none may look complete.
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
        """Yield the body for one cloud; raises UploadEndedError, and the errors of the source."""
        queue = self._queues.get(cloud)
        if queue is None:
            raise UploadEndedError
        while (piece := await queue.get()) is not None:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def answered(self, cloud: str, status: int) -> None:
        """Remove a branch that was answered or failed: the others no longer wait for it."""
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
