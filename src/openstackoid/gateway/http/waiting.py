"""Timeouts that are cheap: one timer per wait, or one timer for many objects."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from openstackoid.gateway.http.errors import IdleTimeoutError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


async def within(seconds: float | None, future: asyncio.Future[T]) -> T:
    """Await a future for at most so many seconds; raises IdleTimeoutError."""
    if seconds is None or future.done():
        return await future
    timer = future.get_loop().call_later(seconds, _expire, future)
    try:
        return await future
    finally:
        timer.cancel()


def _expire(future: asyncio.Future[T]) -> None:
    if not future.done():
        future.set_exception(IdleTimeoutError())


class Ages(Generic[K]):
    """A set whose members expire after `seconds`: calls `expired` with each, by a single timer."""

    def __init__(self, seconds: float, expired: Callable[[K], None]) -> None:
        self.seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._expired = expired
        self._since: dict[K, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, thing: K) -> None:
        """Add a member and start its time."""
        self._since[thing] = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self.seconds, self._expire_due)

    def discard(self, thing: K) -> None:
        """Remove a member, if it is one, before it expires."""
        self._since.pop(thing, None)

    def age(self, thing: K) -> float:
        """Return for how many seconds a thing has been a member."""
        return self._loop.time() - self._since[thing]

    def __contains__(self, thing: K) -> bool:
        return thing in self._since

    def __len__(self) -> int:
        return len(self._since)

    def close(self) -> None:
        """Remove all members and the timer."""
        self._since.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire_due(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._since:
            thing, since = next(iter(self._since.items()))
            if since + self.seconds > now:
                self._timer = self._loop.call_at(since + self.seconds, self._expire_due)
                return
            del self._since[thing]
            self._expired(thing)
