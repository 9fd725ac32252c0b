"""A connection of the HTTP client: sends one request at a time and reads the response."""

import asyncio
import select
import time
from collections.abc import AsyncIterator
from typing import Protocol, Self

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import (
    ConnectionClosedError,
    HttpError,
    HungError,
    IdleTimeoutError,
    LinkLostError,
    ProtocolError,
    TooLateError,
    UnreachableError,
)
from openstackoid.gateway.http.framing import TO_END, persists, response_framing
from openstackoid.gateway.http.heads import LENIENT, STRICT, ResponseHead, ResponseReader
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.stream import JOINED, LAST_CHUNK, Stream
from openstackoid.gateway.http.waiting import Ages

MAX_INTERIM = 20
"""Interim responses (1xx) that may precede a final one (RFC 9110, section 15.2)."""

UNANSWERED = 2
"""Probes in a row that a service leaves unanswered before it is taken to hang."""

_CONTINUE = 100
_SWITCHING = 101
_FIRST_FINAL = 200


class Response:
    """A response: its head, and its body to be read; the caller closes it."""

    __slots__ = ("_connection", "body", "headers", "method", "reason", "status", "target")

    def __init__(
        self, connection: "Connection", request: Outgoing, head: ResponseHead, body: Body
    ) -> None:
        self._connection = connection
        self.method, self.target = request.method, request.target
        self.status, self.reason, _, self.headers = head
        self.body = body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the connection; it is kept for other requests if the response is complete."""
        connection, self._connection = self._connection, None  # type: ignore[assignment]
        if connection is not None:
            connection.release()


class Pool(Protocol):
    """The client that owns a connection, as the connection sees it."""

    connect_timeout: float
    idle_timeout: float
    open: "set[Connection]"
    waiting: "Ages[Connection]"

    async def reach(self, origin: Origin) -> None:
        """Check that a service accepts connections; raises UnreachableError."""

    async def ask(self, origin: Origin, probe: Outgoing) -> None:
        """Check that a service answers; raises UnreachableError and HungError."""

    def leave(self, origin: Origin) -> None:
        """Close the idle connections to an origin that cannot be reached."""

    def keep(self, connection: "Connection", origin: Origin) -> None:
        """Keep an idle connection for the next request."""

    def forget(self, connection: "Connection", origin: Origin) -> None:
        """Remove a closed connection."""


class Connection(Stream):
    """One connection to a service."""

    def __init__(self, pool: Pool, origin: Origin) -> None:
        super().__init__()
        self._pool = pool
        self.origin = origin
        self._request: Outgoing | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._deadline = 0.0
        self._unanswered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._probing: asyncio.Task[None] | None = None
        self._continue: asyncio.Event | None = None
        self._sending: asyncio.Task[None] | None = None
        self._reader: ResponseReader | None = None
        self._decoder: Decoder | None = None
        self._persists = True
        self._interim = 0
        self._poll = select.poll()
        self.answering = False
        """Whether the service has sent any byte in response to the current request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Add the connection to the client's open ones."""
        super().connection_made(transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self._pool.open.add(self)

    async def send(self, request: Outgoing) -> Response:
        """Send a request and return its response, body unread; raises HttpError."""
        body = request.body
        self._request = request
        self._interim = 0
        self.answering = False
        self._reader = None
        streams = None if body is None or isinstance(body, bytes) else body
        head = request.head
        self._answer = self.loop.create_future()
        try:
            if request.end is not None and time.time() > request.end:
                raise TooLateError
            if isinstance(body, bytes) and len(body) < JOINED:
                self.transport.write(head + body)
            else:
                self.transport.write(head)
                if isinstance(body, bytes):
                    self.transport.write(body)
            if streams is None:
                self._start_timeout()
            else:
                self._continue = asyncio.Event()
                self._sending = self.loop.create_task(self._send(request, streams))
            return await self._answer
        except BaseException:
            self._end()
            raise
        finally:
            self._stop_timeout()
            self._answer = None

    async def _send(self, request: Outgoing, body: AsyncIterator[bytes]) -> None:
        """Stream a body; the idle timeout applies to each piece, and then to the response's head.

        If the body fails, the connection is cut: the service must not take it for complete.
        """
        chunked = request.chunked
        try:
            if request.wait is not None:
                await self._wait_for_continue(request.wait)
            async for piece in body:
                if chunked:
                    self.write_chunk(piece)
                else:
                    self.transport.write(piece)
                await self.drained(self._pool.idle_timeout)
            if chunked:
                self.transport.write(LAST_CHUNK)
        except HttpError as error:
            self._fail(error if isinstance(error, IdleTimeoutError) else ConnectionClosedError())
        except Exception as error:  # noqa: BLE001  (a body may fail in any way)
            self._fail(ConnectionClosedError(type(error).__name__))
        else:
            self._sending = None
            if self._answer is not None and not self._answer.done():
                self._start_timeout()

    async def _wait_for_continue(self, seconds: float) -> None:
        assert self._continue is not None  # noqa: S101
        try:
            async with asyncio.timeout(seconds):
                await self._continue.wait()
        except TimeoutError:
            pass  # a uWSGI without http-manage-expect never sends it
        if self._answer is None:  # the response has come: the service does not want the body
            await asyncio.Event().wait()

    def _start_timeout(self) -> None:
        """Start the idle timeout of the response's head."""
        self._deadline = self.loop.time() + self._pool.idle_timeout
        self._unanswered = 0
        self._pool.waiting.add(self)

    def look(self) -> None:
        """Fail after the idle timeout; otherwise probe whether the service can be reached."""
        if self.loop.time() >= self._deadline:
            self._fail(IdleTimeoutError())
        else:
            self._probing = self.loop.create_task(self._probe())

    async def _probe(self) -> None:
        """Probe by a new connection: a link that loses all packets causes no error on this one.

        One that is accepted proves nothing of a server that hangs, where the kernel accepts it.
        """
        pause = self._pool.connect_timeout
        probe = None if self._request is None else self._request.probe
        try:
            if probe is None:
                await self._pool.reach(self.origin)
            else:
                await self._pool.ask(self.origin, probe)
        except UnreachableError:
            self._pool.leave(self.origin)
            self._fail(LinkLostError())
            return
        except HungError as error:
            self._unanswered += 1
            pause = 0.0
            if self._unanswered >= UNANSWERED:
                self._pool.leave(self.origin)
                self._fail(error)
                return
        else:
            self._unanswered = 0
        left = max(0.0, self._deadline - self.loop.time())
        self._timer = self.loop.call_later(min(left, pause), self.look)

    def _stop_timeout(self) -> None:
        self._pool.waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._probing is not None:
            self._probing.cancel()
            self._probing = None

    def _fail(self, error: HttpError) -> None:
        """Fail the request, and its response's body, with an error."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if self._decoder is not None:
            self._body.fail(error)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read a piece of a response."""
        try:
            if self._decoder is not None:
                self._feed(data)
            elif self._answer is not None and not self._answer.done():
                self.answering = True
                self._head(data)
            else:  # no request is under way
                self.transport.abort()
        except ProtocolError as error:
            self._fail(error)

    def _head(self, data: bytes) -> None:
        request, answer = self._request, self._answer
        assert request is not None  # noqa: S101  (a response is awaited)
        assert answer is not None  # noqa: S101
        while data:
            if self._reader is None:
                self._reader = ResponseReader(LENIENT if self.origin.lenient else STRICT)
            if not self._reader.feed(data):
                return
            reader, self._reader = self._reader, None
            head, data = reader.head(), reader.rest
            if head.status >= _FIRST_FINAL:
                framing = response_framing(head.status, head.minor, head.headers, request.method)
                self._persists = framing != TO_END and persists(head.headers, head.minor)
                self._body = Body(self, self._pool.idle_timeout)
                if framing == 0:
                    self._body.end()
                    self._persists = self._persists and not data
                else:
                    self._decoder = decoder(framing, self._body)
                    if data:
                        self._feed(data)
                answer.set_result(Response(self, request, head, self._body))
                return
            self._interim += 1
            if head.status == _SWITCHING:
                raise ProtocolError("it changes to a protocol that nobody asked for")
            if self._interim > MAX_INTERIM:
                raise ProtocolError(f"it has more than {MAX_INTERIM} interim answers (1xx)")
            if head.status == _CONTINUE and self._continue is not None:
                self._continue.set()

    def _feed(self, data: bytes) -> None:
        assert self._decoder is not None  # noqa: S101
        if self._decoder.feed(data):
            self._persists = self._persists and not self._decoder.rest
            self._decoder = None

    def eof_received(self) -> None:
        """Read the end of the stream, which ends the body."""
        if self._decoder is not None:
            self._persists = False
            self._decoder.eof()
            self._decoder = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the request under way."""
        super().connection_lost(exc)
        self._pool.forget(self, self.origin)
        if self._decoder is not None:
            if exc is not None:
                self._body.fail(ConnectionClosedError())
            self._decoder.eof()
            self._decoder = None
        self._end()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionClosedError())

    def release(self) -> None:
        """Keep the connection if request and response are complete, close it otherwise."""
        self._request = None
        self._body.discard()
        if self._decoder is None and self._sending is None and self._persists and not self.lost:
            self._pool.keep(self, self.origin)
        else:
            self._end()

    def readable(self) -> bool:
        """Return whether the idle connection is closed or has unexpected data.

        Asks the kernel, which knows before the event loop does.
        """
        return bool(self._poll.poll(0))

    def _end(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self.transport.abort()
