"""Keeps track of the clouds that are down: noted by failed requests, probed until they are up."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from openstackoid.gateway.http import Origin, UnreachableError

INTERVAL = 2.0
"""Seconds between two probes of a cloud that is down."""

log = structlog.get_logger()


class Health:
    """The clouds that accept no connections.

    A cloud that is down is up again once one of `origins(cloud)` can be reached; `reach` raises
    UnreachableError if one can't. Clouds that are up are not probed.
    """

    def __init__(
        self,
        origins: Callable[[str], Collection[Origin]],
        reach: Callable[[Origin], Awaitable[None]],
    ) -> None:
        self._origins = origins
        self._reach = reach
        self._watches: dict[str, asyncio.Task[None]] = {}

    def down(self, cloud: str) -> bool:
        """Return whether a cloud is known to be down."""
        return cloud in self._watches

    def failed(self, cloud: str) -> None:
        """Note that a cloud could not be reached, and probe it until it is up."""
        if cloud not in self._watches:
            log.warning("cloud down", cloud=cloud)
            self._watches[cloud] = asyncio.create_task(self._watch(cloud))

    async def close(self) -> None:
        """Stop all probes."""
        watches = list(self._watches.values())
        self._watches.clear()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)

    async def _watch(self, cloud: str) -> None:
        while origins := self._origins(cloud):
            if any(await asyncio.gather(*map(self._accepts, origins))):
                break
            await asyncio.sleep(INTERVAL)
        self._watches.pop(cloud, None)
        log.info("cloud up", cloud=cloud)

    async def _accepts(self, origin: Origin) -> bool:
        try:
            await self._reach(origin)
        except UnreachableError:
            return False
        return True
