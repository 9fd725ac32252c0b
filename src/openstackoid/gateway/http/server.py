"""The server's side: connections of clients, one request at a time on each, answered in order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol, TypeAlias

import structlog

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import ConnectionClosedError, ProtocolError
from openstackoid.gateway.http.exchange import Pairs, Peer, Request, refusal
from openstackoid.gateway.http.framing import CHUNKED, persists, request_framing
from openstackoid.gateway.http.heads import REQUEST, RequestReader
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 75.0
"""Seconds a client's connection may wait for its next request."""

HEAD_TIMEOUT = 15.0
"""Seconds in which the first head has to come, and each later one from its first byte on."""

LINGER = 10.0
"""Seconds in which what a client still sends is taken, so that no reset destroys its answer."""

_CUT = 1.0
"""Seconds in which a handler that is cancelled comes to its end, or is left to itself."""

BEHIND = 65_536
"""Bytes that wait behind the request under way, before the client has to."""

Handler: TypeAlias = Callable[[Request], Awaitable[None]]

Unreadable: TypeAlias = Callable[[ProtocolError], tuple[Pairs, bytes]]
"""Returns headers and body of the answer to what is not HTTP, by why it is not."""

log = structlog.get_logger()


class Counter(Protocol):
    """Counts connections by the address that they come from."""

    def opened(self, address: str) -> bool:
        """Count one; tell whether it may stay. If not, it is not counted."""

    def closed(self, address: str) -> None:
        """Count one less."""


class Server:
    """Answers requests by a handler, whatever their path; it is cancelled when the client leaves.

    A body has to come, and an answer to be taken, without a pause of `idle_timeout` seconds.
    """

    def __init__(
        self, handler: Handler, unreadable: Unreadable, counter: Counter, idle_timeout: float
    ) -> None:
        self.handler = handler
        self.unreadable = unreadable
        self.counter = counter
        self.idle_timeout = idle_timeout
        self.closing = False
        self._retiring = False
        self.arriving: Ages[Connection] = Ages(HEAD_TIMEOUT, self._missed)
        """Those whose TLS has not begun yet, and maybe never will: nobody tells."""
        self.open: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.idle: Ages[Connection] = Ages(KEEP_ALIVE, Connection.expire)
        self.begun: Ages[Connection] = Ages(HEAD_TIMEOUT, Connection.expire)
        self.lingering: Ages[Connection] = Ages(LINGER, Connection.abort)
        self.ending: Ages[Connection] = Ages(idle_timeout, Connection.abort)
        """Those whose last answer the client is still taking."""
        self._empty = asyncio.Event()

    def gone(self, connection: "Connection") -> None:
        """Forget a connection that is closed."""
        self.open.discard(connection)
        self.counter.closed(connection.remote)
        for ages in (self.idle, self.begun, self.lingering, self.ending):
            ages.discard(connection)
        self._missed(connection)

    def _missed(self, _connection: "Connection") -> None:
        if not self.open and not self.arriving:
            self._empty.set()

    def __call__(self) -> "Connection":
        """Return the protocol of a new connection."""
        connection = Connection(self)
        self.arriving.add(connection)
        return connection

    def arrived(self, connection: "Connection") -> bool:
        """Count a connection that has begun; tell whether it may stay."""
        self.arriving.discard(connection)
        if self.closing or not self.counter.opened(connection.remote):
            self._missed(connection)
            return False
        connection.last = self._retiring
        self.open.add(connection)
        self.begun.add(connection)
        return True

    async def retire(self) -> None:
        """Come to an end with all connections, however long it takes: each has one more answer.

        Those that send nothing more are closed as they always would be.
        """
        self._retiring = True
        for connection in self.open:
            connection.last = True
        await self._emptied()

    async def close(self, seconds: float) -> None:
        """Let requests under way come to their end within so many seconds, then cut them off."""
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
        for connection in list(self.open):
            connection.abort()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=_CUT)
        for ages in (self.idle, self.begun, self.lingering, self.ending):
            ages.close()

    async def _emptied(self) -> None:
        """Wait until all connections are closed."""
        self._empty.clear()
        if self.open or self.arriving:
            await self._empty.wait()


class Connection(Peer):
    """One client."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.idle_timeout)
        self._server = server
        self.task: asyncio.Task[None] | None = None
        self._request: Request | None = None
        self._reader: RequestReader | None = None
        self._decoder: Decoder | None = None
        self._behind = b""
        self._leaving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a head, or end the connection where its address has too many."""
        super().connection_made(transport)
        self.remote = (transport.get_extra_info("peername") or ("",))[0]
        if not self._server.arrived(self):
            self.abort()
            return
        self.port = (transport.get_extra_info("sockname") or ("", 0))[1]
        self.tls = transport.get_extra_info("ssl_object") is not None
        self.certificate = transport.get_extra_info("peercert")

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up the request under way."""
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
        """Take a piece."""
        if self._leaving:
            return
        if self._decoder is not None:
            data = self._body(data)
            if not data:
                return
        if self._request is not None:
            self._behind += data
            if len(self._behind) > BEHIND:
                self.pause()
            return
        self._head(data)

    def _head(self, data: bytes) -> None:
        """Take a piece of a head, and begin with its request once it is whole."""
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
            # Trailers behind chunks are no head of another request, in nobody's eyes.
            request.persists = persists(head.headers, head.minor) and framing != CHUNKED
            if framing == 0:
                body.end()
                self._behind = reader.rest
            else:
                self._decoder = decoder(framing, body)
                self._behind = self._fed(reader.rest) if reader.rest else b""
        except ProtocolError as error:
            self._refuse(error)
        else:
            server.idle.discard(self)
            server.begun.discard(self)
            self.task = self.loop.create_task(self._handle(request))
            server.tasks.add(self.task)

    def _body(self, data: bytes) -> bytes:
        """Take a piece of a body, return what is behind its end."""
        try:
            return self._fed(data)
        except ProtocolError as error:
            self._decoder = None
            if self._request is not None and self._request.reply is None:
                self._cancel()
                self._refuse(error)
            else:
                self._unreadable(error)
                self.abort()
            return b""

    def _fed(self, data: bytes) -> bytes:
        decoder = self._decoder
        assert decoder is not None  # noqa: S101  (there is a body to come)
        if not decoder.feed(data):
            return b""
        self._decoder = None
        if self._request is None:  # it was the rest of a body that nobody wanted
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
        """End the handler, which may not even have begun."""
        if self.task is not None:
            self.task.add_done_callback(self._server.tasks.discard)
            self.task.cancel()

    def _finish(self, request: Request) -> None:
        """Go on with the next request, if all of this one was answered and none of it is left."""
        if self.lost or self._leaving:
            return
        if request.reply is None or not request.reply.ended:
            self.abort()
        elif not request.reply.persists:
            self.leave(unread=self._decoder is not None or bool(self._behind))
        elif self._decoder is not None:
            request.body.discard()
            self._request = None
            self._server.lingering.add(self)
        else:
            request.body.discard()
            self._next(self._behind)

    def _next(self, data: bytes) -> None:
        self._request, self._behind = None, b""
        self._server.lingering.discard(self)
        if self._server.closing:
            self.leave()
            return
        self._server.idle.add(self)
        if data:
            if len(data) > BEHIND:
                self.resume()
            self._head(data)

    def _refuse(self, error: ProtocolError) -> None:
        """Answer what is not HTTP."""
        self._unreadable(error)
        headers, body = self._server.unreadable(error)
        self.transport.write(refusal(error.status, headers, body))
        self.leave(unread=True)

    def _unreadable(self, error: ProtocolError) -> None:
        """Log what is not HTTP, and why."""
        log.warning("unreadable request", client=self.remote, error=str(error))

    def leave(self, *, unread: bool = False) -> None:
        """Send what is written and close; if more is to come, which nobody reads, take it first.

        Over TLS the end cannot be said before that: the client closes, or its time is over.
        """
        self._leaving = True
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
        """Close the connection, at once or after the request under way."""
        self.last = True
        if self._request is None:
            self._close()

    def expire(self) -> None:
        """Close the connection: its time is over."""
        self.abort() if self._reader is not None else self._close()

    def _close(self) -> None:
        """Close the connection once the client has taken what is written, unless it never does."""
        self._server.ending.add(self)
        self.transport.close()

    def abort(self) -> None:
        """Cut the connection, whatever is still to be sent."""
        self.transport.abort()
