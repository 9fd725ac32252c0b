"""Keeps track of what is down: noted by failed requests, probed until it is up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

INTERVAL = 2.0
"""Seconds between two probes of what is down."""

log = structlog.get_logger()

_Down: TypeAlias = tuple[str, str | None]
"""A cloud that accepts no connections, or a service of a cloud that answers nobody."""


class Health:
    """The clouds that accept no connections, and the services that answer nobody.

    Each is up again once `answers(cloud, service)`, with None for a whole cloud, returns True. What
    is up is not probed.
    """

    def __init__(self, answers: Callable[[str, str | None], Awaitable[bool]]) -> None:
        self._answers = answers
        self._watches: dict[_Down, asyncio.Task[None]] = {}
        self._doubts: dict[_Down, asyncio.Task[None]] = {}

    def down(self, cloud: str, service: str | None = None) -> bool:
        """Return whether a cloud, or this service of it, is known to be down."""
        return (cloud, None) in self._watches or (cloud, service) in self._watches

    def hanging(self, cloud: str, service: str) -> bool:
        """Return whether a service of a cloud that can be reached is known to answer nobody."""
        return (cloud, service) in self._watches

    def failed(self, cloud: str) -> None:
        """Note that a cloud could not be reached, and probe it until it is up."""
        self._begin((cloud, None))

    def hangs(self, cloud: str, service: str) -> None:
        """Note that a service of a cloud answers nobody, and probe it until it does."""
        self._begin((cloud, service))

    def doubt(self, cloud: str, service: str) -> None:
        """Look whether a service hangs that somebody has waited for in vain."""
        what = cloud, service
        if what not in self._watches and what not in self._doubts:
            self._doubts[what] = asyncio.create_task(self._look(what))

    async def close(self) -> None:
        """Stop all probes."""
        watches = [*self._watches.values(), *self._doubts.values()]
        self._watches.clear()
        self._doubts.clear()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)

    def _begin(self, what: _Down) -> None:
        if what not in self._watches:
            log.warning(_event(what, "down"), **_fields(what))
            self._watches[what] = asyncio.create_task(self._watch(what))

    async def _look(self, what: _Down) -> None:
        answers = await self._answers(*what)
        self._doubts.pop(what, None)
        if not answers:
            self._begin(what)

    async def _watch(self, what: _Down) -> None:
        if what[1] is not None:  # it may answer a probe at once, and nothing else
            await asyncio.sleep(INTERVAL)
        while not await self._answers(*what):  # noqa: ASYNC110
            await asyncio.sleep(INTERVAL)
        self._watches.pop(what, None)
        log.info(_event(what, "up"), **_fields(what))


def _event(what: _Down, state: str) -> str:
    return f"cloud {state}" if what[1] is None else f"service {state}"


def _fields(what: _Down) -> dict[str, str]:
    cloud, service = what
    return {"cloud": cloud} if service is None else {"cloud": cloud, "service": service}
