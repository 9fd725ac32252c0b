"""The client's side: requests to services, over connections that are kept for the next one."""

import asyncio
import ssl
from collections.abc import Callable
from typing import TypeVar

from openstackoid.gateway.http.connection import Connection, Response
from openstackoid.gateway.http.errors import ConnectionClosedError, UnreachableError
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.pool import Kept
from openstackoid.gateway.http.stream import Stream
from openstackoid.gateway.http.waiting import Ages

C = TypeVar("C", bound=Stream)


class Client:
    """A pool of connections. Nothing is buffered, followed, decoded, or sent twice unless safe.

    A connection is to be accepted within `connect_timeout` seconds; an answer's head has to come
    within `idle_timeout`, whatever 1xx come before it, and so has each piece of its body. While a
    head is waited for, it is tried each `connect_timeout` seconds whether the service is there.
    """

    def __init__(self, connect_timeout: float, idle_timeout: float) -> None:
        self.connect_timeout = connect_timeout
        self.idle_timeout = idle_timeout
        self.kept = Kept()
        self.waiting: Ages[Connection] = Ages(min(connect_timeout, idle_timeout), Connection.look)
        """Those whose answer has just begun to be waited for."""
        self.open: set[Connection] = set()
        self._closed = False

    async def request(self, origin: Origin, request: Outgoing) -> Response:
        """Send a request, return its answer's head; raises HttpError."""
        if taken := self.kept.take(origin, repeatable=request.repeatable):
            connection, age = taken
            try:
                response = await connection.send(request)
            except ConnectionClosedError:
                if connection.answering:
                    raise
                self.kept.closed_at(origin, age)
                if not request.repeatable:
                    raise
            else:
                self.kept.open_at(origin, age)
                return response
        return await (await self._connected(origin)).send(request)

    async def close(self) -> None:
        """Close all connections."""
        self._closed = True
        for connection in list(self.open):
            connection.transport.abort()
        self.kept.close()
        self.waiting.close()
        await asyncio.sleep(0)

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
        self.kept.leave(origin)

    def keep(self, connection: Connection, origin: Origin) -> None:
        """Keep a connection for the next request."""
        if self._closed:
            connection.transport.abort()
            return
        self.kept.add(connection, origin)

    def forget(self, connection: Connection, origin: Origin) -> None:
        """Forget a connection that is closed."""
        self.open.discard(connection)
        self.kept.lost(connection, origin)
