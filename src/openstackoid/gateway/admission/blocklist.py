"""Refuses whom the cloud's operator has blocked, from the moment at which the file says so."""

import asyncio
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path

import structlog

from openstackoid.federation.blocked import (
    Blocked,
    BlockedError,
    network,
    read_blocked,
)
from openstackoid.federation.spelling import folded
from openstackoid.routing import Refusal

INTERVAL = 0.25
"""Seconds between two looks at the file."""

_CACHED = 4096
"""Addresses whose verdict is remembered."""

log = structlog.get_logger()


class BlockedRefusal(Refusal):
    """A request is refused since the operator has blocked its sender."""


class Blocklist:
    """What is blocked at one gateway; `file` returns the file, which may change by a reload.

    Raises BlockedError if the file cannot be used at the start. Later the last usable one counts.
    """

    def __init__(self, here: str, file: Callable[[], Path]) -> None:
        self._here = here
        self._file = file
        self._watch: asyncio.Task[None] | None = None
        self._state = _state(file())
        self._use(read_blocked(file()))

    def start(self) -> None:
        """Look at the file from now on."""
        self._watch = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        """Look at it no more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    def refresh(self) -> None:
        """Read the file again if it has changed; if it cannot be used, say so and keep the list."""
        file = self._file()
        state = _state(file)
        if state == self._state:
            return
        self._state = state
        try:
            self._use(read_blocked(file))
        except BlockedError as error:
            log.warning("block list not read", gateway=self._here, error=str(error))
            return
        counts = {kind: len(names) for kind, names in self._blocked.model_dump().items() if names}
        log.warning("block list read", gateway=self._here, **counts)

    def check_address(self, address: str) -> None:
        """Raise BlockedRefusal if a client's address is blocked."""
        if self._blocked.address and self._has_address(address):
            raise self._refusal("this address")

    def check_clouds(self, clouds: Iterable[str | None]) -> None:
        """Raise BlockedRefusal if one of these clouds is blocked."""
        if self._blocked.cloud:
            for cloud in clouds:
                if cloud in self._blocked.cloud:
                    raise self._refusal(f"the cloud {cloud}")

    @property
    def has_keys(self) -> bool:
        """Whether any key is blocked."""
        return bool(self._blocked.key)

    def has_key(self, id_: str) -> bool:
        """Return whether the key with this id is blocked."""
        return id_ in self._blocked.key

    def check_keys(self, ids: Iterable[str | None]) -> None:
        """Raise BlockedRefusal if one of the keys with these ids is blocked."""
        if self._blocked.key:
            for one in ids:
                if one in self._blocked.key:
                    raise self._refusal(f"the key {one}")

    @property
    def has_users(self) -> bool:
        """Whether any user is blocked."""
        return bool(self._users)

    def check_user(self, names: Iterable[str]) -> None:
        """Raise BlockedRefusal if a user with these names, ids and fingerprints is blocked."""
        if any(folded(name) in self._users for name in names):
            raise self._refusal("this user")

    def _use(self, blocked: Blocked) -> None:
        self._blocked = blocked
        self._users = {folded(name) for name in blocked.user} - {""}  # a login may lack one
        networks = [network(text) for text in blocked.address]

        @lru_cache(maxsize=_CACHED)
        def has_address(address: str) -> bool:
            try:
                parsed = ip_address(address)
            except ValueError:
                return False
            return any(parsed in one for one in networks)

        self._has_address = has_address

    def _refusal(self, whom: str) -> BlockedRefusal:
        message = f"the operator of {self._here} has blocked {whom}; ask there"
        return BlockedRefusal(HTTPStatus.FORBIDDEN, message, cloud=self._here, sent=False)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            self.refresh()


def _state(file: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file, None if it cannot be looked at."""
    try:
        found = os.stat(file)  # noqa: PTH116  (four times a second)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
