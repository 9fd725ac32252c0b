"""A client's request to the HTTP server, and the reply to it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from http.client import responses
from typing import Any, TypeAlias

from openstackoid.gateway.http.bodies import Body
from openstackoid.gateway.http.errors import ConnectionClosedError
from openstackoid.gateway.http.framing import BODILESS
from openstackoid.gateway.http.heads import RequestHead, encoded
from openstackoid.gateway.http.stream import JOINED, LAST_CHUNK, Stream

Pairs: TypeAlias = Iterable[tuple[str, str]]

_NO_LENGTH = 204


class Peer(Stream):
    """The connection to a client, as its requests see it.

    `idle_timeout` is the seconds in which the client has to read a piece of a reply. `last`: the
    connection closes after the current request.
    """

    def __init__(self, idle_timeout: float) -> None:
        super().__init__()
        self.idle_timeout = idle_timeout
        self.remote = ""
        self.port = 0
        self.tls = False
        self.certificate: dict[str, Any] | None = None
        self.last = False


class Request:
    """A client's request: its head, its body, and the methods to reply.

    `target` and `headers` are as received, in `head_size` bytes. `body_exists`: the head announces
    a body. `remote` is
    the client's address and `scheme` "http" or "https", at first those of the connection; the
    handler replaces them if the connection is a proxy's.
    """

    __slots__ = (
        "_connection",
        "_expects",
        "body",
        "body_exists",
        "head_size",
        "headers",
        "method",
        "minor",
        "persists",
        "remote",
        "reply",
        "scheme",
        "target",
    )

    def __init__(self, connection: Peer, head: RequestHead, body: Body, *, exists: bool) -> None:
        self._connection = connection
        self.method, self.target, self.minor, self.headers, self.head_size = head
        self.remote = connection.remote
        self.scheme: str | None = "https" if connection.tls else "http"
        self.body = body
        self.body_exists = exists
        self.persists = True
        self.reply: Reply | None = None
        self._expects = exists and self.headers.get("expect").lower() == "100-continue"

    @property
    def port(self) -> int:
        """The local port of the connection."""
        return self._connection.port

    @property
    def certificate(self) -> dict[str, Any] | None:
        """The client's verified certificate (SSLSocket.getpeercert), None without one."""
        return self._connection.certificate

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body; first send `100 Continue` if the client expects it.

        Raises IdleTimeoutError if the client stops sending, and ConnectionClosedError.
        """
        if self._expects:
            if self.reply is not None:
                await asyncio.Event().wait()  # already answered: the body is not needed
            self._expects = False
            if self.minor:
                self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while piece := await self.body.read():
            yield piece

    @property
    def idle_timeout(self) -> float:
        """Seconds in which the client has to read a piece of the reply."""
        return self._connection.idle_timeout

    def abort(self) -> None:
        """Cut the connection to the client."""
        self._connection.transport.abort()

    def answer(self, status: int, reason: str, headers: Pairs) -> "Reply":
        """Begin a reply; the body is then written to it."""
        persists = self.persists and not self._expects and not self._connection.last
        self.reply = Reply(
            self._connection,
            status,
            reason,
            headers,
            bodiless=self.method == "HEAD",
            minor=self.minor,
            persists=persists,
        )
        return self.reply

    async def respond(self, status: int, headers: Pairs, body: bytes) -> None:
        """Send a reply with a body in memory."""
        length = ("Content-Length", str(len(body)))
        reply = self.answer(status, responses.get(status, ""), [*headers, length])
        await reply.write(body)
        reply.end()


class Reply:
    """A reply that is being sent; its head is sent with the first piece, or by `flush`.

    Without a Content-Length its body is sent in chunks, or to a client of HTTP/1.0 until the
    connection closes.
    """

    __slots__ = ("_bodiless", "_chunked", "_connection", "_head", "_left", "ended", "persists")

    def __init__(
        self,
        connection: Peer,
        status: int,
        reason: str,
        headers: Pairs,
        *,
        bodiless: bool,
        minor: int,
        persists: bool,
    ) -> None:
        self._connection = connection
        self._bodiless = bodiless or status in BODILESS
        pairs = list(headers)
        length = None
        for name, value in pairs:
            if name.lower() == "content-length":
                length = value
        if length is not None and status == _NO_LENGTH:
            pairs = [(name, value) for name, value in pairs if name.lower() != "content-length"]
        self._left = int(length) if length is not None else None
        self._chunked = False
        if length is None and not self._bodiless:
            self._chunked = minor == 1
            if self._chunked:
                pairs.append(("Transfer-Encoding", "chunked"))
            else:
                persists = False
        if not persists:
            pairs.append(("Connection", "close"))
        elif not minor:
            pairs.append(("Connection", "keep-alive"))
        self.persists = persists
        self.ended = False
        self._head = encoded(f"HTTP/1.1 {status} {reason}", pairs)

    def flush(self) -> None:
        """Send the head now."""
        if self._head:
            self._connection.transport.write(self._head)
            self._head = b""

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; raises ValueError if it exceeds the Content-Length.

        Raises IdleTimeoutError if the client does not read it, and ConnectionClosedError.
        """
        if self._bodiless or not data:
            return
        connection = self._connection
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise ValueError("an answer longer than it said")
        if self._chunked:
            self.flush()
            connection.write_chunk(data)
        elif self._head:
            head, self._head = self._head, b""
            if len(data) < JOINED:
                connection.transport.write(head + data)
            else:
                connection.transport.writelines((head, data))
        else:
            connection.transport.write(data)
        if connection.full or connection.lost:
            await connection.drained(connection.idle_timeout)

    def end(self) -> None:
        """End the body; raises ConnectionClosedError, and ValueError if it is too short."""
        self.flush()
        if self._chunked:
            self._connection.transport.write(LAST_CHUNK)
        elif self._left and not self._bodiless:
            raise ValueError("an answer shorter than it said")
        self.ended = True
        if self._connection.transport.is_closing():
            raise ConnectionClosedError


def refusal(status: int, headers: Pairs, body: bytes) -> bytes:
    """Encode a whole reply, after which the connection closes."""
    ending = (("Content-Length", str(len(body))), ("Connection", "close"))
    return encoded(f"HTTP/1.1 {status} {responses[status]}", (*headers, *ending)) + body
