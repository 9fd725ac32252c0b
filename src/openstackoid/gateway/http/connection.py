"""One connection to a service: a request that is sent, and the answer to it."""

import asyncio
import select
from collections.abc import AsyncIterator
from typing import Protocol, Self

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import (
    ConnectionClosedError,
    HttpError,
    IdleTimeoutError,
    LinkLostError,
    ProtocolError,
    UnreachableError,
)
from openstackoid.gateway.http.framing import TO_END, persists, response_framing
from openstackoid.gateway.http.heads import LENIENT, STRICT, ResponseHead, ResponseReader
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.stream import JOINED, LAST_CHUNK, Stream
from openstackoid.gateway.http.waiting import Ages

MAX_PROMISES = 20
"""How many 1xx may come before an answer (RFC 9110, section 15.2)."""

_CONTINUE = 100
_SWITCHING = 101
_FINAL = 200


class Response:
    """An answer: its head, and its body, which whoever has it reads; then it is closed."""

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
        """Let go of the connection, which is kept if all of the answer has come."""
        connection, self._connection = self._connection, None  # type: ignore[assignment]
        if connection is not None:
            connection.release()


class Pool(Protocol):
    """Whose a connection is: a client's, who keeps it between two requests."""

    connect_timeout: float
    idle_timeout: float
    open: "set[Connection]"
    waiting: "Ages[Connection]"

    async def reach(self, origin: Origin) -> None:
        """See that a service accepts connections; raises UnreachableError."""

    def leave(self, origin: Origin) -> None:
        """Close what is kept for a service that is no longer there."""

    def keep(self, connection: "Connection", origin: Origin) -> None:
        """Keep a connection for the next request."""

    def forget(self, connection: "Connection", origin: Origin) -> None:
        """Forget a connection that is closed."""


class Connection(Stream):
    """One connection to a service."""

    def __init__(self, pool: Pool, origin: Origin) -> None:
        super().__init__()
        self._pool = pool
        self.origin = origin
        self._request: Outgoing | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._continue: asyncio.Event | None = None
        self._sending: asyncio.Task[None] | None = None
        self._reader: ResponseReader | None = None
        self._decoder: Decoder | None = None
        self._persists = True
        self._promises = 0
        self.answering = False
        """Whether anything of an answer to the last request has come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        super().connection_made(transport)
        self._pool.open.add(self)

    async def send(self, request: Outgoing) -> Response:
        """Send a request, return its answer's head; raises HttpError."""
        body = request.body
        self._request = request
        self._promises = 0
        self.answering = False
        self._reader = None
        streams = None if body is None or isinstance(body, bytes) else body
        head = request.head
        self._answer = self.loop.create_future()
        try:
            if isinstance(body, bytes) and len(body) < JOINED:
                self.transport.write(head + body)
            else:
                self.transport.write(head)
                if isinstance(body, bytes):
                    self.transport.write(body)
            if streams is None:
                self._expect()
            else:
                self._continue = asyncio.Event()
                self._sending = self.loop.create_task(self._send(request, streams))
            return await self._answer
        except BaseException:
            self._end()
            raise
        finally:
            self._expect_no_more()
            self._answer = None

    async def _send(self, request: Outgoing, body: AsyncIterator[bytes]) -> None:
        """Send a body; each piece is to be taken in time, the answer's head to come in time then.

        Where the body breaks off, so does the connection: it must not be taken for whole.
        """
        chunked = request.chunked
        try:
            if request.wait is not None:
                await self._may_continue(request.wait)
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
        except Exception as error:  # noqa: BLE001  (whatever befalls a body, there is no more of it)
            self._fail(ConnectionClosedError(type(error).__name__))
        else:
            self._sending = None
            if self._answer is not None and not self._answer.done():
                self._expect()

    async def _may_continue(self, seconds: float) -> None:
        assert self._continue is not None  # noqa: S101
        try:
            async with asyncio.timeout(seconds):
                await self._continue.wait()
        except TimeoutError:
            pass  # it never says it; a uwsgi without http-manage-expect does not
        if self._answer is None:  # nobody wants the body any more
            await asyncio.Event().wait()

    def _expect(self) -> None:
        """Give the answer's head its time."""
        self._until = self.loop.time() + self._pool.idle_timeout
        self._pool.waiting.add(self)

    def look(self) -> None:
        """See whether the answer's time is over, or the service gone."""
        if self.loop.time() >= self._until:
            self._fail(IdleTimeoutError())
        else:
            self._looking = self.loop.create_task(self._see())

    async def _see(self) -> None:
        """Try whether the service can be reached: a link that swallows packets tells nobody."""
        try:
            await self._pool.reach(self.origin)
        except UnreachableError:
            self._pool.leave(self.origin)
            self._fail(LinkLostError())
        else:
            left = self._until - self.loop.time()
            self._timer = self.loop.call_later(min(left, self._pool.connect_timeout), self.look)

    def _expect_no_more(self) -> None:
        self._pool.waiting.discard(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _fail(self, error: HttpError) -> None:
        """Give up the request."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if self._decoder is not None:
            self._body.fail(error)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        try:
            if self._decoder is not None:
                self._fed(data)
            elif self._answer is not None and not self._answer.done():
                self.answering = True
                self._head(data)
            else:  # nobody has asked for it
                self.transport.abort()
        except ProtocolError as error:
            self._fail(error)

    def _head(self, data: bytes) -> None:
        request, answer = self._request, self._answer
        assert request is not None  # noqa: S101  (an answer is waited for)
        assert answer is not None  # noqa: S101
        while data:
            if self._reader is None:
                self._reader = ResponseReader(LENIENT if self.origin.lenient else STRICT)
            if not self._reader.feed(data):
                return
            reader, self._reader = self._reader, None
            head, data = reader.head(), reader.rest
            if head.status >= _FINAL:
                framing = response_framing(head.status, head.minor, head.headers, request.method)
                self._persists = framing != TO_END and persists(head.headers, head.minor)
                self._body = Body(self, self._pool.idle_timeout)
                if framing == 0:
                    self._body.end()
                    self._persists = self._persists and not data
                else:
                    self._decoder = decoder(framing, self._body)
                    if data:
                        self._fed(data)
                answer.set_result(Response(self, request, head, self._body))
                return
            self._promises += 1
            if head.status == _SWITCHING:
                raise ProtocolError("it changes to a protocol that nobody asked for")
            if self._promises > MAX_PROMISES:
                raise ProtocolError(f"it has more than {MAX_PROMISES} interim answers (1xx)")
            if head.status == _CONTINUE and self._continue is not None:
                self._continue.set()

    def _fed(self, data: bytes) -> None:
        assert self._decoder is not None  # noqa: S101
        if self._decoder.feed(data):
            self._persists = self._persists and not self._decoder.rest
            self._decoder = None

    def eof_received(self) -> None:
        """Take the end of what the service sends."""
        if self._decoder is not None:
            self._persists = False
            self._decoder.eof()
            self._decoder = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what is under way."""
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
        """Keep the connection, unless something is left of its request or its answer."""
        self._request = None
        self._body.discard()
        if self._decoder is None and self._sending is None and self._persists and not self.lost:
            self._pool.keep(self, self.origin)
        else:
            self._end()

    def readable(self) -> bool:
        """Tell whether the service has closed the idle connection, or sent what nobody asked for.

        The kernel knows it before the event loop does.
        """
        poll = select.poll()
        poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def _end(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self.transport.abort()
