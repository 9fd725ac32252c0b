"""A connection with flow control, the base of the client's and the server's."""

import asyncio

from openstackoid.gateway.http.errors import ConnectionClosedError
from openstackoid.gateway.http.waiting import within

LAST_CHUNK = b"0\r\n\r\n"

HIGH = 65_536
"""Bytes in a buffer, to be sent or to be read, above which their source is paused."""

JOINED = 16_384
"""Bytes below which a piece is copied, to be written together with its framing."""


class Stream(asyncio.Protocol):
    """A connection; `drained` lets a writer wait while the write buffer is full."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport
        self.full = False
        self._draining: asyncio.Future[None] | None = None
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport  # type: ignore[assignment] # of a stream, says asyncio
        self.transport.set_write_buffer_limits(HIGH)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Fail a waiting writer."""
        self.lost = True
        if self._draining is not None and not self._draining.done():
            self._draining.set_exception(ConnectionClosedError())

    def pause_writing(self) -> None:
        """Note that the write buffer is full."""
        self.full = True

    def resume_writing(self) -> None:
        """Note that the write buffer has room, and wake a waiting writer."""
        self.full = False
        if self._draining is not None and not self._draining.done():
            self._draining.set_result(None)

    async def drained(self, seconds: float | None) -> None:
        """Wait until more may be written; raises IdleTimeoutError, ConnectionClosedError."""
        if self.lost:
            raise ConnectionClosedError
        if self.full:
            self._draining = self.loop.create_future()
            try:
                await within(seconds, self._draining)
            finally:
                self._draining = None

    def pause(self) -> None:
        """Stop reading."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        """Continue reading."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def write_chunk(self, data: bytes) -> None:
        """Write a chunk of a body."""
        if len(data) < JOINED:
            self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            self.transport.writelines((b"%x\r\n" % len(data), data, b"\r\n"))
