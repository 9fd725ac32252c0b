"""The client's side: requests to services, over connections that are kept for the next one."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from openstackoid.gateway.http.connection import Connection, Response
from openstackoid.gateway.http.errors import GoneError, UnreachableError
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.stream import Stream
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than any usual server keeps it (Apache: 5)."""

C = TypeVar("C", bound=Stream)


class Client:
    """A pool of connections. Nothing is buffered, followed, decoded, or sent twice unless safe.

    A connection is to be accepted within `connect_timeout` seconds; an answer's head has to come
    within `patience`, whatever 1xx come before it, and so has each piece of its body. While a head
    is waited for, it is tried each `connect_timeout` seconds whether the service is there at all.
    """

    def __init__(self, connect_timeout: float, patience: float) -> None:
        self.connect_timeout = connect_timeout
        self.patience = patience
        self._pool: dict[Origin, list[Connection]] = {}
        self.idle: Ages[Connection] = Ages(KEEP_ALIVE, Connection.expire)
        self.waiting: Ages[Connection] = Ages(min(connect_timeout, patience), Connection.look)
        """Those whose answer has just begun to be waited for."""
        self.open: set[Connection] = set()
        self._closed = False

    async def request(self, origin: Origin, request: Outgoing) -> Response:
        """Send a request, return its answer's head; raises HttpError."""
        connection = self._idle_one(origin)
        if connection is not None:
            try:
                return await connection.send(request)
            except GoneError:
                if connection.answering or not request.repeatable:
                    raise
        return await (await self._connected(origin)).send(request)

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        for connection in list(self.open):
            connection.transport.abort()
        self.idle.close()
        self.waiting.close()
        await asyncio.sleep(0)

    def _idle_one(self, origin: Origin) -> Connection | None:
        connections = self._pool.get(origin)
        while connections:
            connection = connections.pop()
            self.idle.discard(connection)
            if not connection.transport.is_closing():
                return connection
        return None

    async def _connected(self, origin: Origin) -> Connection:
        connection = Connection(self, origin)
        try:
            return await self._connect(lambda: connection, origin, origin.tls)
        except BaseException:
            self.open.discard(connection)  # uvloop does not tell it that it is lost
            raise

    async def reach(self, origin: Origin) -> None:
        """See that a service accepts connections; raises UnreachableError."""
        protocol = await self._connect(Stream, origin, None)
        protocol.transport.abort()

    async def _connect(
        self, protocol: Callable[[], C], origin: Origin, tls: ssl.SSLContext | None
    ) -> C:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self.connect_timeout):
                _, connection = await loop.create_connection(
                    protocol,
                    origin.host,
                    origin.port,
                    ssl=tls,
                    server_hostname=origin.name if tls else None,
                )
        except TimeoutError as error:
            raise UnreachableError(None) from error
        except OSError as error:
            raise UnreachableError(error) from error
        return connection

    def leave(self, origin: Origin) -> None:
        """Close what is kept for a service that is no longer there."""
        for connection in self._pool.pop(origin, ()):
            self.idle.discard(connection)
            connection.transport.abort()

    def keep(self, connection: Connection, origin: Origin) -> None:
        """Keep a connection for the next request."""
        if self._closed:
            connection.transport.abort()
            return
        self._pool.setdefault(origin, []).append(connection)
        self.idle.add(connection)

    def forget(self, connection: Connection, origin: Origin) -> None:
        """Forget a connection that is closed."""
        self.open.discard(connection)
        self.idle.discard(connection)
        kept = self._pool.get(origin)
        if kept is not None:
            if connection in kept:
                kept.remove(connection)
            if not kept:
                del self._pool[origin]
