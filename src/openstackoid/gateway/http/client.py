"""An HTTP client with a pool of connections."""

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
    """Sends requests over a pool of connections.

    Bodies are streamed and not decoded, redirections not followed, and only safe requests are sent
    again. Connecting may take `connect_timeout` seconds. The final head of a response, and each
    piece of its body, must come within `idle_timeout` seconds. While a head is awaited, every
    `connect_timeout` seconds a new connection tests whether the service can still be reached.
    """

    def __init__(self, connect_timeout: float, idle_timeout: float) -> None:
        self.connect_timeout = connect_timeout
        self.idle_timeout = idle_timeout
        self.kept = Kept()
        self.waiting: Ages[Connection] = Ages(min(connect_timeout, idle_timeout), Connection.look)
        """Connections that await a response, until they are first probed."""
        self.open: set[Connection] = set()
        self._closed = False

    async def request(self, origin: Origin, request: Outgoing) -> Response:
        """Send a request and return its response, body unread; raises HttpError."""
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
            self.open.discard(connection)  # uvloop does not call connection_lost here
            raise

    async def reach(self, origin: Origin) -> None:
        """Check that a service accepts connections; raises UnreachableError."""
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
        """Close the idle connections to an origin that cannot be reached."""
        self.kept.leave(origin)

    def keep(self, connection: Connection, origin: Origin) -> None:
        """Keep an idle connection for the next request."""
        if self._closed:
            connection.transport.abort()
            return
        self.kept.add(connection, origin)

    def forget(self, connection: Connection, origin: Origin) -> None:
        """Remove a closed connection."""
        self.open.discard(connection)
        self.kept.lost(connection, origin)
