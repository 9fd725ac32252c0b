"""An HTTP client with a pool of connections."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TypeVar

from openstackoid.gateway.http.connection import Connection, Response
from openstackoid.gateway.http.errors import (
    ConnectionClosedError,
    HttpError,
    HungError,
    UnreachableError,
)
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.pool import Kept
from openstackoid.gateway.http.resolver import Resolve, Resolver
from openstackoid.gateway.http.stream import Stream
from openstackoid.gateway.http.waiting import Ages

PROBE = 3.0
"""Seconds that a service has to answer when it is asked whether it hangs."""

C = TypeVar("C", bound=Stream)


class Client:
    """Sends requests over a pool of connections.

    Bodies are streamed and not decoded, redirections not followed, and only safe requests are sent
    again. Connecting may take `connect_timeout` seconds. The final head of a response, and each
    piece of its body, must come within `idle_timeout` seconds. While a head is awaited, every
    `connect_timeout` seconds a new connection tests whether the service can still be reached.
    `resolve` finds the addresses of the hosts of origins that have a permit.
    """

    def __init__(
        self, connect_timeout: float, idle_timeout: float, resolve: Resolve | None = None
    ) -> None:
        self._resolve = resolve or Resolver()
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

    async def ask(self, origin: Origin, probe: Outgoing) -> None:
        """Check that a service answers a request within PROBE seconds, whatever it says.

        Raises UnreachableError and HungError.
        """
        connection = await self._connected(origin)
        try:
            async with asyncio.timeout(PROBE):
                (await connection.send(probe)).close()
        except TimeoutError as error:
            raise HungError from error
        except HttpError:
            return  # it says something, if only by closing the connection
        finally:
            connection.transport.abort()

    async def _connect(
        self, protocol: Callable[[], C], origin: Origin, tls: ssl.SSLContext | None
    ) -> C:
        """Connect to a service, if its origin has a permit only to an address that it permits."""
        connect = asyncio.get_running_loop().create_connection
        name = origin.name if tls else None
        try:
            async with asyncio.timeout(self.connect_timeout):
                if origin.permit is None:
                    host, port = origin.host, origin.port
                    _, connection = await connect(
                        protocol, host, port, ssl=tls, server_hostname=name
                    )
                else:
                    # Not by name: a second lookup could lead elsewhere (DNS rebinding).
                    addresses = await origin.permit(origin.host, origin.port, self._resolve)
                    sock = await _connected(addresses, origin.port)
                    _, connection = await connect(
                        protocol, sock=sock, ssl=tls, server_hostname=name
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


async def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """Return a socket that is connected to the first address that accepts; raises OSError."""
    loop = asyncio.get_running_loop()
    failed = OSError("it has no address")
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, (address, port))
        except OSError as error:
            sock.close()
            failed = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed
