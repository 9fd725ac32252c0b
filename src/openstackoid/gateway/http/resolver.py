"""Resolves host names in threads: neither the loop nor another name waits for a slow one."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from ipaddress import ip_address
from threading import Thread
from typing import TypeAlias

MAX_ADDRESSES = 16
"""Addresses of a host that are used; a hostile name server may send thousands."""

Resolve: TypeAlias = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host; raises OSError."""


class Resolver:
    """Resolves hosts as the system does; a lookup under way is shared by all who ask for its host.

    Each lookup has a thread of its own, since a name server may take half a minute not to answer:
    threads of a pool would all wait for the names of one cloud. So there are as many threads, at
    most, as there are hosts. A caller may leave; the next one finds the same lookup.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[Sequence[str] | OSError]] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        """Return the IP addresses of a host, in the order to try them; raises OSError."""
        with suppress(ValueError):
            return (str(ip_address(host)),)
        found = await asyncio.shield(self._under_way.get(host) or self._start(host))
        if isinstance(found, OSError):
            raise found
        return found

    def _start(self, host: str) -> "asyncio.Future[Sequence[str] | OSError]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[str] | OSError] = loop.create_future()

        def finish(found: Sequence[str] | OSError) -> None:
            del self._under_way[host]
            future.set_result(found)

        def run() -> None:
            found = _look_up(host)
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(finish, found)

        # A daemon: a process does not wait for it to end.
        Thread(target=run, name=f"lookup of {host}", daemon=True).start()
        self._under_way[host] = future
        return future


async def resolved(
    hosts: Collection[str], seconds: float, resolve: Resolve | None = None
) -> dict[str, Sequence[str]]:
    """Resolve hosts at once; return the addresses of those that were found within some seconds."""
    found: dict[str, Sequence[str]] = {}
    resolve = resolve or Resolver()

    async def add(host: str) -> None:
        with suppress(OSError):
            async with asyncio.timeout(seconds):
                found[host] = await resolve(host)

    await asyncio.gather(*map(add, hosts))
    return found


def _look_up(host: str) -> Sequence[str] | OSError:
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in infos))[:MAX_ADDRESSES]
