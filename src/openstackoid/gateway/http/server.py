"""An HTTP server: reads requests from connections, one at a time each, and calls a handler."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

import structlog

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import ENDED, ConnectionClosedError, ProtocolError
from openstackoid.gateway.http.exchange import Pairs, Peer, Request, refusal
from openstackoid.gateway.http.framing import CHUNKED, persists, request_framing
from openstackoid.gateway.http.heads import REQUEST, RequestReader
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 75.0
"""Seconds that a client's idle connection is kept open for its next request."""

HEAD_TIMEOUT = 15.0
"""Seconds to receive a head: from the connection on, later ones from their first byte on."""

LINGER = 10.0
"""Seconds to read what a client still sends after its reply.

Closing with unread data would reset the connection, and the client might lose the reply.
"""

_CANCEL_TIMEOUT = 1.0
"""Seconds to wait for cancelled handlers at a stop."""

MAX_PIPELINED_BYTES = 65_536
"""Bytes behind the current request that are buffered before reading is paused."""

Handler: TypeAlias = Callable[[Request], Awaitable[None]]

Unreadable: TypeAlias = Callable[[ProtocolError, str], tuple[Pairs, bytes]]
"""Logs a request of an address that is not valid HTTP; returns headers and body of the reply."""

log = structlog.get_logger()


class Counter(Protocol):
    """Limits the connections of each client address."""

    def opened(self, address: str) -> bool:
        """Count a connection; return False, and do not count it, if it has to be closed."""

    def closed(self, address: str) -> None:
        """Count one connection less."""


class Server:
    """The factory of the server's connections; its `handler` answers all requests.

    A handler is cancelled when its client leaves. `idle_timeout` is the longest pause, in seconds,
    while a body is received or a reply is read.
    """

    def __init__(
        self, handler: Handler, unreadable: Unreadable, counter: Counter, idle_timeout: float
    ) -> None:
        self.handler = handler
        self.unreadable = unreadable
        self.counter = counter
        self.idle_timeout = idle_timeout
        self.closing = False
        self.over = False
        """Whether the time that open requests had is over: what is cut now is not by a client."""
        self._retiring = False
        self.arriving: Ages[Connection] = Ages(HEAD_TIMEOUT, self._check_empty)
        """Connections before their TLS handshake is done; asyncio does not report if one fails."""
        self.open: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.idle: Ages[Connection] = Ages(KEEP_ALIVE, Connection.expire)
        self.begun: Ages[Connection] = Ages(HEAD_TIMEOUT, Connection.expire)
        self.lingering: Ages[Connection] = Ages(LINGER, Connection.abort)
        self.ending: Ages[Connection] = Ages(idle_timeout, Connection.abort)
        """Closing connections whose client has yet to read the last reply."""
        self._empty = asyncio.Event()

    def gone(self, connection: "Connection") -> None:
        """Remove a closed connection."""
        self.open.discard(connection)
        self.counter.closed(connection.remote)
        for ages in (self.idle, self.begun, self.lingering, self.ending):
            ages.discard(connection)
        self._check_empty(connection)

    def _check_empty(self, _connection: "Connection") -> None:
        if not self.open and not self.arriving:
            self._empty.set()

    def __call__(self) -> "Connection":
        """Return the protocol of a new connection."""
        connection = Connection(self)
        self.arriving.add(connection)
        return connection

    def arrived(self, connection: "Connection") -> bool:
        """Add a connection that is established; return whether it may stay open."""
        self.arriving.discard(connection)
        if self.closing or not self.counter.opened(connection.remote):
            self._check_empty(connection)
            return False
        connection.last = self._retiring
        self.open.add(connection)
        self.begun.add(connection)
        return True

    async def retire(self) -> None:
        """Wait until all connections are closed: each one after its next reply.

        A connection without a further request is closed after the usual time.
        """
        self._retiring = True
        for connection in self.open:
            connection.last = True
        await self._emptied()

    async def close(self, seconds: float) -> None:
        """Close idle connections, wait so many seconds for open requests, then cut the rest."""
        self.closing = True
        self.arriving.close()
        end = asyncio.get_running_loop().time() + seconds
        for connection in list(self.open):
            connection.finish()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                await self._emptied()
        self.over = True
        for connection in list(self.open):
            connection.abort()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=_CANCEL_TIMEOUT)
        for ages in (self.idle, self.begun, self.lingering, self.ending):
            ages.close()

    async def _emptied(self) -> None:
        """Wait until all connections are closed."""
        self._empty.clear()
        if self.open or self.arriving:
            await self._empty.wait()


class Connection(Peer):
    """The connection of one client."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.idle_timeout)
        self._server = server
        self.task: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._reader: RequestReader | None = None
        self._decoder: Decoder | None = None
        self._pipelined = b""
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a head, or cut the connection if its address has too many."""
        super().connection_made(transport)
        self.remote = (transport.get_extra_info("peername") or ("",))[0]
        if not self._server.arrived(self):
            self.abort()
            return
        self.port = (transport.get_extra_info("sockname") or ("", 0))[1]
        self.tls = transport.get_extra_info("ssl_object") is not None
        self.certificate = transport.get_extra_info("peercert")

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the request under way."""
        super().connection_lost(exc)
        server = self._server
        if self not in server.open:
            return
        server.gone(self)
        if self._request is not None:
            self._request.body.fail(ConnectionClosedError())
        if self._decoder is not None:
            self._decoder.eof()
        self._cancel()
        self._request = self._decoder = self._reader = None

    def data_received(self, data: bytes) -> None:
        """Read a piece of a body or a head; buffer it if a request is under way."""
        if self._closing:
            return
        if self._decoder is not None:
            data = self._body(data)
            if not data:
                return
        if self._request is not None:
            self._pipelined += data
            if len(self._pipelined) > MAX_PIPELINED_BYTES:
                self.pause()
            return
        self._head(data)

    def _head(self, data: bytes) -> None:
        """Read a piece of a head; start the handler once the head is complete."""
        server = self._server
        try:
            if self._reader is None:
                data = data.lstrip(b"\r\n")  # some clients end a body with a line (RFC 9112, 2.2)
                if not data:
                    return
                self._reader = RequestReader(REQUEST)
            if not self._reader.feed(data):
                server.idle.discard(self)
                if self not in server.begun:
                    server.begun.add(self)
                return
            reader, self._reader = self._reader, None
            head = reader.head()
            framing = request_framing(head.headers)
            body = Body(self, server.idle_timeout)
            self._request = request = Request(self, head, body, exists=framing != 0)
            # After chunks the connection closes: nothing could take trailers for another request.
            request.persists = persists(head.headers, head.minor) and framing != CHUNKED
            if framing == 0:
                body.end()
                self._pipelined = reader.rest
            else:
                self._decoder = decoder(framing, body)
                self._pipelined = self._feed(reader.rest) if reader.rest else b""
        except ProtocolError as error:
            self._refuse(error)
        else:
            server.idle.discard(self)
            server.begun.discard(self)
            self.task = self.loop.create_task(self._handle(request))
            server.tasks.add(self.task)

    def _body(self, data: bytes) -> bytes:
        """Read a piece of a body; return the bytes after its end."""
        try:
            return self._feed(data)
        except ProtocolError as error:
            self._decoder = None
            if self._request is not None and self._request.reply is None:
                self._cancel()
                self._refuse(error)
            else:
                self._server.unreadable(error, self.remote)
                self.abort()
            return b""

    def _feed(self, data: bytes) -> bytes:
        decoder = self._decoder
        assert decoder is not None  # noqa: S101  (a body is expected)
        if not decoder.feed(data):
            return b""
        self._decoder = None
        if self._request is None:  # it was the rest of a body that the handler did not read
            self._next(decoder.rest)
            return b""
        return decoder.rest

    async def _handle(self, request: Request) -> None:
        try:
            await self._server.handler(request)
        except ConnectionClosedError:
            self.abort()
        except Exception as error:  # noqa: BLE001  (the last resort of a server)
            if not self.lost:
                kind = type(error).__name__
                log.warning("an answer broke off", client=request.remote, error=kind)
                self.abort()
        finally:
            if self.task is not None:
                self._server.tasks.discard(self.task)
                self.task = None
            self._finish(request)

    def _cancel(self) -> None:
        """Cancel the handler, which may not have started yet."""
        if self.task is not None:
            self.task.add_done_callback(self._server.tasks.discard)
            self.task.cancel(ENDED if self._server.over else None)

    def _finish(self, request: Request) -> None:
        """Go on with the next request once this one is read and answered, or close."""
        if self.lost or self._closing:
            return
        if request.reply is None or not request.reply.ended:
            self.abort()
        elif not request.reply.persists:
            self.leave(unread=self._decoder is not None or bool(self._pipelined))
        elif self._decoder is not None:
            request.body.discard()
            self._request = None
            self._server.lingering.add(self)
        else:
            request.body.discard()
            self._next(self._pipelined)

    def _next(self, data: bytes) -> None:
        self._request, self._pipelined = None, b""
        self._server.lingering.discard(self)
        if self._server.closing:
            self.leave()
            return
        self._server.idle.add(self)
        if data:
            if len(data) > MAX_PIPELINED_BYTES:
                self.resume()
            self._head(data)

    def _refuse(self, error: ProtocolError) -> None:
        """Reply to a request that is not valid HTTP, and close the connection."""
        headers, body = self._server.unreadable(error, self.remote)
        self.transport.write(refusal(error.status, headers, body))
        self.leave(unread=True)

    def leave(self, *, unread: bool = False) -> None:
        """Send what is written and close; if `unread`, first read and drop what still comes.

        TLS cannot close one direction alone: there, wait until the client closes, or for LINGER.
        """
        self._closing = True
        self._server.idle.discard(self)
        self._server.begun.discard(self)
        if self._request is not None:
            self._request.body.discard()
        if not unread:
            self._close()
            return
        self._server.lingering.add(self)
        self.resume()
        if self.transport.can_write_eof():
            try:
                self.transport.write_eof()
            except OSError:  # the client has left
                self.abort()

    def finish(self) -> None:
        """Close the connection at once, or after the request under way."""
        self.last = True
        if self._request is None:
            self._close()

    def expire(self) -> None:
        """Close the connection after a timeout."""
        self.abort() if self._reader is not None else self._close()

    def _close(self) -> None:
        """Close the connection once all is sent, or after the idle timeout."""
        self._server.ending.add(self)
        self.transport.close()

    def abort(self) -> None:
        """Cut the connection, and drop what is still to be sent."""
        self.transport.abort()
