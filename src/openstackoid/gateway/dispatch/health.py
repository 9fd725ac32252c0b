"""Which other clouds are down: found out by the requests that fail, watched until they are back."""

import asyncio
from collections.abc import Callable, Collection

import structlog

INTERVAL = 2.0
"""Seconds between two looks at a cloud that is down."""

log = structlog.get_logger()


class Health:
    """The clouds that do not accept connections.

    `addresses(cloud)` are where to look whether one is back: it is, if one of them accepts a
    connection. Nothing is asked of clouds that work.
    """

    def __init__(
        self, addresses: Callable[[str], Collection[tuple[str, int]]], connect_timeout: float
    ) -> None:
        self._addresses = addresses
        self._connect_timeout = connect_timeout
        self._watches: dict[str, asyncio.Task[None]] = {}

    def down(self, cloud: str) -> bool:
        """Tell whether a cloud is known to be down."""
        return cloud in self._watches

    def failed(self, cloud: str) -> None:
        """Note that a cloud could not be reached, and watch it."""
        if cloud not in self._watches:
            log.warning("cloud down", cloud=cloud)
            self._watches[cloud] = asyncio.create_task(self._watch(cloud))

    async def close(self) -> None:
        """Stop watching."""
        watches = list(self._watches.values())
        self._watches.clear()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)

    async def _watch(self, cloud: str) -> None:
        while addresses := self._addresses(cloud):
            if any(await asyncio.gather(*(self._accepts(*address) for address in addresses))):
                break
            await asyncio.sleep(INTERVAL)
        self._watches.pop(cloud, None)
        log.info("cloud up", cloud=cloud)

    async def _accepts(self, host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        writer.close()
        return True
