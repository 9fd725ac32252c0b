"""One request of a client, and the reply to it."""

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

    `idle_timeout` is for how many seconds the client may take nothing of an answer; `last` tells
    that no more requests are taken from it.
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
    """A request: its head, its body, and the way back.

    `target` is raw, as are `headers`. `body_exists` tells whether a body was announced. `remote` is
    the address it came from, `scheme` "http" or "https": those of the connection, unless somebody
    knows better, or knows that they are not the client's (None).
    """

    __slots__ = (
        "_connection",
        "_expects",
        "body",
        "body_exists",
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
        self.method, self.target, self.minor, self.headers = head
        self.remote = connection.remote
        self.scheme: str | None = "https" if connection.tls else "http"
        self.body = body
        self.body_exists = exists
        self.persists = True
        self.reply: Reply | None = None
        self._expects = exists and self.headers.get("expect").lower() == "100-continue"

    @property
    def port(self) -> int:
        """The port it came in by."""
        return self._connection.port

    @property
    def certificate(self) -> dict[str, Any] | None:
        """What the client has shown, verified (SSLSocket.getpeercert)."""
        return self._connection.certificate

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body; the client is told to go on when it is first asked for.

        Raises IdleTimeoutError if the client sends nothing any more, ConnectionClosedError.
        """
        if self._expects:
            if self.reply is not None:
                await asyncio.Event().wait()  # answered before: nobody wants the body any more
            self._expects = False
            if self.minor:
                self._connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while piece := await self.body.read():
            yield piece

    @property
    def idle_timeout(self) -> float:
        """Seconds in which the client has to take a piece of an answer."""
        return self._connection.idle_timeout

    def abort(self) -> None:
        """Cut the client off."""
        self._connection.transport.abort()

    def answer(self, status: int, reason: str, headers: Pairs) -> "Reply":
        """Begin the reply."""
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
        """Reply with a body that is whole."""
        length = ("Content-Length", str(len(body)))
        reply = self.answer(status, responses.get(status, ""), [*headers, length])
        await reply.write(body)
        reply.end()


class Reply:
    """An answer on its way; its head is sent with the first piece, or by `flush`.

    Without a Content-Length among the headers it is sent in chunks.
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
        """Send a piece; raises ValueError if it is more than the head said.

        Raises IdleTimeoutError if the client takes nothing, and ConnectionClosedError.
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
        """Say that this was all; raises ConnectionClosedError, ValueError if it was not."""
        self.flush()
        if self._chunked:
            self._connection.transport.write(LAST_CHUNK)
        elif self._left and not self._bodiless:
            raise ValueError("an answer shorter than it said")
        self.ended = True
        if self._connection.transport.is_closing():
            raise ConnectionClosedError


def refusal(status: int, headers: Pairs, body: bytes) -> bytes:
    """Return an answer behind which the connection ends."""
    ending = (("Content-Length", str(len(body))), ("Connection", "close"))
    return encoded(f"HTTP/1.1 {status} {responses[status]}", (*headers, *ending)) + body
