"""Which other clouds are down: found out by the requests that fail, watched until they are back."""

import asyncio
from collections.abc import Callable

import structlog

INTERVAL = 2.0
"""Seconds between two looks at a cloud that is down."""

log = structlog.get_logger()


class Health:
    """The clouds that do not accept connections.

    `address(cloud)` is where to look whether one is back. Nothing is asked of clouds that work.
    """

    def __init__(
        self, address: Callable[[str], tuple[str, int] | None], connect_timeout: float
    ) -> None:
        self._address = address
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
        address = self._address(cloud)
        while address is not None and not await self._accepts(*address):
            await asyncio.sleep(INTERVAL)
            address = self._address(cloud)
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
