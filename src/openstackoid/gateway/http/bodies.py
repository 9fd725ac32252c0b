"""Decodes and buffers the body of a message, with flow control and an idle timeout."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import httptools

from openstackoid.gateway.http.errors import ConnectionClosedError, HttpError, ProtocolError
from openstackoid.gateway.http.framing import CHUNKED, TO_END, Framing
from openstackoid.gateway.http.stream import HIGH
from openstackoid.gateway.http.waiting import within

PIECE = 64
"""Bytes of memory that a piece takes besides its content: pieces may be very short."""


class Source(Protocol):
    """A connection whose reading can be paused."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Continue reading."""


class Body:
    """The body of a message; a reader waits at most `idle_timeout` seconds for a piece."""

    __slots__ = (
        "_buffered",
        "_dropped",
        "_error",
        "_paused",
        "_pieces",
        "_source",
        "_waiter",
        "idle_timeout",
        "whole",
    )

    def __init__(self, source: Source, idle_timeout: float | None) -> None:
        self._source = source
        self.idle_timeout = idle_timeout
        self._pieces: list[bytes] = []
        self._buffered = 0
        self._paused = False
        self._dropped = False
        self._waiter: asyncio.Future[None] | None = None
        self._error: HttpError | None = None
        self.whole = False
        """Whether the body was received completely."""

    @property
    def ready(self) -> bool:
        """Whether `read` would return at once."""
        return bool(self._pieces) or self.whole or self._error is not None

    def feed(self, piece: bytes) -> None:
        """Add a piece; pause the source if more than HIGH bytes wait."""
        if self._dropped:
            return
        self._pieces.append(piece)
        self._buffered += len(piece) + PIECE
        if self._buffered > HIGH and not self._paused:
            self._paused = True
            self._source.pause()
        self._wake()

    def end(self) -> None:
        """Mark the body as complete."""
        self.whole = True
        self._wake()

    def fail(self, error: HttpError) -> None:
        """Let `read` raise an error after the pieces that have come."""
        if not self.whole and self._error is None:
            self._error = error
            self._wake()

    async def read(self) -> bytes:
        """Return all buffered bytes, waiting for some; empty at the end. Raises HttpError."""
        if not self._pieces:
            if self._error is not None:
                raise self._error
            if self.whole:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await within(self.idle_timeout, self._waiter)
            finally:
                self._waiter = None
            return await self.read()
        return self.taken()

    def taken(self) -> bytes:
        """Return all buffered bytes, without waiting, and resume the source."""
        pieces = self._pieces
        piece = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            self._source.resume()
        return piece

    def discard(self) -> None:
        """Drop what is buffered and what still comes."""
        self._dropped = True
        if self._pieces:
            self.taken()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self.read()
        if not piece:
            raise StopAsyncIteration
        return piece

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Decoder(Protocol):
    """Removes the framing from received bytes, and feeds the body."""

    rest: bytes
    """Bytes that were received after the end of the body."""

    def feed(self, data: bytes) -> bool:
        """Decode a piece; return whether the body is complete. Raises ProtocolError."""

    def eof(self) -> bool:
        """Handle the end of the connection; return whether the body is complete."""


def decoder(framing: Framing, body: Body) -> Decoder:
    """Return the decoder that feeds a body, by its framing."""
    if framing == CHUNKED:
        return _Chunked(body)
    if framing == TO_END:
        return _ToEnd(body)
    return _Sized(body, framing)


class _Sized:
    __slots__ = ("_body", "_left", "rest")

    def __init__(self, body: Body, length: int) -> None:
        self._body = body
        self._left = length
        self.rest = b""

    def feed(self, data: bytes) -> bool:
        left = self._left = self._left - len(data)
        if left > 0:
            self._body.feed(data)
            return False
        if left < 0:
            data, self.rest = data[:left], data[left:]
        if data:
            self._body.feed(data)
        self._body.end()
        return True

    def eof(self) -> bool:
        self._body.fail(ConnectionClosedError())
        return False


class _ToEnd:
    __slots__ = ("_body", "rest")

    def __init__(self, body: Body) -> None:
        self._body = body
        self.rest = b""

    def feed(self, data: bytes) -> bool:
        self._body.feed(data)
        return False

    def eof(self) -> bool:
        self._body.end()
        return True


class _Chunked:
    """Decodes chunks with llhttp, which first gets a fixed request head. Trailers are dropped."""

    __slots__ = ("_body", "_ended", "_parser", "rest")

    _HEAD = b"PUT / HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"

    def __init__(self, body: Body) -> None:
        self._body = body
        self._ended = False
        self.rest = b""
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._parser.feed_data(self._HEAD)

    def on_body(self, piece: bytes) -> None:
        self._body.feed(piece)

    def on_message_complete(self) -> None:
        self._ended = True

    def feed(self, data: bytes) -> bool:
        assert self._parser is not None  # noqa: S101  (not called after the end)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._parser = None  # break the reference cycle
            if not self._ended:
                raise ProtocolError("a chunk of its body is not valid") from error
            self.rest = data[-1:]  # llhttp does not say where it begins: at least one byte
        if self._ended:
            self._parser = None
            self._body.end()
        return self._ended

    def eof(self) -> bool:
        self._parser = None
        self._body.fail(ConnectionClosedError())
        return False
