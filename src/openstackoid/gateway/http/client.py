"""The client's side: requests to services, over connections that are kept for the next one."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple, Self, TypeVar

import httptools

from openstackoid.gateway.http.bodies import Body, Decoder, decoder
from openstackoid.gateway.http.errors import (
    GoneError,
    HttpError,
    LostError,
    MalformedError,
    SilentError,
    UnreachableError,
)
from openstackoid.gateway.http.heads import (
    TO_END,
    HeadReader,
    ResponseHead,
    encoded,
    persists,
    response_framing,
)
from openstackoid.gateway.http.stream import JOINED, LAST_CHUNK, Stream
from openstackoid.gateway.http.waiting import Ages

KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than any usual server keeps it (Apache: 5)."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose requests may be sent again (RFC 9110, section 9.2.1)."""

MAX_PROMISES = 20
"""How many 1xx may come before an answer (RFC 9110, section 15.2)."""

_CONTINUE = 100
_SWITCHING = 101
_FINAL = 200

C = TypeVar("C", bound=Stream)


class Origin(NamedTuple):
    """Where to connect, and as what; `name` is whose certificate is asked for."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str | None = None


class Outgoing(NamedTuple):
    """A request to send. Without a Content-Length, a body that streams goes in chunks.

    `wait` is for how many seconds a body waits for `100 Continue`, None if nobody expects it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes] | bytes | None
    wait: float | None = None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent once more if nobody knows what became of it."""
        return self.method in SAFE and (self.body is None or isinstance(self.body, bytes))


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

    def _idle_one(self, origin: Origin) -> "Connection | None":
        connections = self._pool.get(origin)
        while connections:
            connection = connections.pop()
            self.idle.discard(connection)
            if not connection.transport.is_closing():
                return connection
        return None

    async def _connected(self, origin: Origin) -> "Connection":
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

    def keep(self, connection: "Connection", origin: Origin) -> None:
        """Keep a connection for the next request."""
        if self._closed:
            connection.transport.abort()
            return
        self._pool.setdefault(origin, []).append(connection)
        self.idle.add(connection)

    def forget(self, connection: "Connection", origin: Origin) -> None:
        """Forget a connection that is closed."""
        self.open.discard(connection)
        self.idle.discard(connection)
        kept = self._pool.get(origin)
        if kept is not None:
            if connection in kept:
                kept.remove(connection)
            if not kept:
                del self._pool[origin]


class Connection(Stream):
    """One connection to a service."""

    def __init__(self, client: Client, origin: Origin) -> None:
        super().__init__()
        self._client = client
        self._origin = origin
        self._request: Outgoing | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._continue: asyncio.Event | None = None
        self._sending: asyncio.Task[None] | None = None
        self._reader: HeadReader | None = None
        self._decoder: Decoder | None = None
        self._persists = True
        self._promises = 0
        self.answering = False
        """Whether anything of an answer to the last request has come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        super().connection_made(transport)
        self._client.open.add(self)

    async def send(self, request: Outgoing) -> Response:
        """Send a request, return its answer's head; raises HttpError."""
        body = request.body
        headers = request.headers
        self._request = request
        self._promises = 0
        self.answering = False
        self._reader = None
        streams = None if body is None or isinstance(body, bytes) else body
        chunked = streams is not None and not any(n.lower() == "content-length" for n, _ in headers)
        if chunked:
            headers = (*headers, ("Transfer-Encoding", "chunked"))
        head = encoded(f"{request.method} {request.target} HTTP/1.1", headers)
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
                self._sending = self.loop.create_task(self._send(streams, request.wait, chunked))
            return await self._answer
        except BaseException:
            self._end()
            raise
        finally:
            self._expect_no_more()
            self._answer = None

    async def _send(self, body: AsyncIterator[bytes], wait: float | None, chunked: bool) -> None:
        """Send a body; each piece is to be taken in time, the answer's head to come in time then.

        Where the body breaks off, so does the connection: it must not be taken for whole.
        """
        try:
            if wait is not None:
                await self._may_continue(wait)
            async for piece in body:
                if chunked:
                    self.write_chunk(piece)
                else:
                    self.transport.write(piece)
                await self.drained(self._client.patience)
            if chunked:
                self.transport.write(LAST_CHUNK)
        except HttpError as error:
            self._fail(error if isinstance(error, SilentError) else GoneError())
        except Exception as error:  # noqa: BLE001  (whatever befalls a body, there is no more of it)
            self._fail(GoneError(type(error).__name__))
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
        self._until = self.loop.time() + self._client.patience
        self._client.waiting.add(self)

    def look(self) -> None:
        """See whether the answer's time is over, or the service gone."""
        if self.loop.time() >= self._until:
            self._fail(SilentError())
        else:
            self._looking = self.loop.create_task(self._see())

    async def _see(self) -> None:
        """Try whether the service can be reached: a link that swallows packets tells nobody."""
        try:
            await self._client.reach(self._origin)
        except UnreachableError:
            self._client.leave(self._origin)
            self._fail(LostError())
        else:
            left = self._until - self.loop.time()
            self._timer = self.loop.call_later(min(left, self._client.connect_timeout), self.look)

    def _expect_no_more(self) -> None:
        self._client.waiting.discard(self)
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
        except MalformedError as error:
            self._fail(error)

    def _head(self, data: bytes) -> None:
        request, answer = self._request, self._answer
        assert request is not None  # noqa: S101  (an answer is waited for)
        assert answer is not None  # noqa: S101
        while data:
            if self._reader is None:
                self._reader = HeadReader(httptools.HttpResponseParser)
            if not self._reader.feed(data):
                return
            reader, self._reader = self._reader, None
            head, data = reader.response(), reader.rest
            if head.status >= _FINAL:
                framing = response_framing(head, request.method)
                self._persists = framing != TO_END and persists(head.headers, head.minor)
                self._body = Body(self, self._client.patience)
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
            if head.status == _SWITCHING or self._promises > MAX_PROMISES:
                raise MalformedError("a protocol that nobody asked for, or promises without end")
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
        self._client.forget(self, self._origin)
        if self._decoder is not None:
            if exc is not None:
                self._body.fail(GoneError())
            self._decoder.eof()
            self._decoder = None
        self._end()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(GoneError())

    def release(self) -> None:
        """Keep the connection, unless something is left of its request or its answer."""
        self._request = None
        self._body.discard()
        if self._decoder is None and self._sending is None and self._persists and not self.lost:
            self._client.keep(self, self._origin)
        else:
            self._end()

    def expire(self) -> None:
        """Close the connection: nobody has used it for a while."""
        self.transport.abort()

    def _end(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        self.transport.abort()
