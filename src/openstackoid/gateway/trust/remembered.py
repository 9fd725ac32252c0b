"""Remembers answers for some time, and asks once for one that many requests wait for."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A cache of at most `most` values; the one that was remembered first is forgotten first.

    Each value counts for some seconds of a clock that never goes back.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._asking: dict[K, asyncio.Future[V]] = {}

    def get(self, key: K) -> V | None:
        """Return what is remembered under a key, None for nothing."""
        known = self._known(key)
        return known[0] if known else None

    def put(self, key: K, value: V, seconds: float = math.inf) -> None:
        """Remember a value, in place of what was remembered under its key."""
        self._values.pop(key, None)
        if seconds > 0:
            self._values[key] = time.monotonic() + seconds, value
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def forget(self, key: K, value: V) -> None:
        """Forget a value that has turned out to be wrong, unless another has taken its place."""
        if self.get(key) == value:
            del self._values[key]

    async def get_or_ask(self, key: K, ask: Callable[[], Awaitable[tuple[V, float]]]) -> V:
        """Return what is remembered under a key, or what `ask` returns: a value, and its seconds.

        Whoever comes while it is asked waits for the same answer, or gets the same error. If the
        request that asks is cancelled, the next one asks.
        """
        while True:
            if known := self._known(key):
                return known[0]
            asked = self._asking.get(key)
            if asked is None:
                return await self._ask(key, ask)
            await asyncio.wait([asked])
            if not asked.cancelled():
                return asked.result()

    async def _ask(self, key: K, ask: Callable[[], Awaitable[tuple[V, float]]]) -> V:
        answer = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            value, seconds = await ask()
        except Exception as error:
            answer.set_exception(error)
            answer.exception()  # else asyncio reports an error that nobody else waits for
            raise
        else:
            self.put(key, value, seconds)
            answer.set_result(value)
            return value
        finally:
            answer.cancel()  # unless it is there
            del self._asking[key]

    def _known(self, key: K) -> tuple[V] | None:
        known = self._values.get(key)
        return (known[1],) if known and known[0] > time.monotonic() else None
