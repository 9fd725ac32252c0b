"""A service on a socket: keeps the bytes it was sent, answers with the bytes it is told."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"


@dataclass
class Received:
    """One request as it arrived."""

    head: bytes
    body: bytes = b""

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode()

    def values(self, name: str) -> list[str]:
        lines = [line.partition(b": ") for line in self.head.split(b"\r\n")[1:]]
        return [v.decode() for n, _, v in lines if n.lower() == name.lower().encode()]


class Connection:
    """One connection to the service, for answers written by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def body(self, head: bytes) -> bytes:
        """Read a body as its head announces it; chunks are kept as they came."""
        lower = head.lower()
        if b"\r\ntransfer-encoding: chunked\r\n" in lower:
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += await self.reader.readuntil(b"\r\n")
            return data
        for line in lower.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return await self.reader.readexactly(int(line.partition(b":")[2]))
        return b""


Answer = Callable[[Received, Connection], Awaitable[None]]


def saying(data: bytes) -> Answer:
    """Return an answer that reads the body and writes these bytes."""

    async def answer(received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        await connection.send(data)

    return answer


def json_answer(text: str, status: str = "200 OK", *headers: str) -> Answer:
    """Return an answer of JSON."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    return saying("\r\n".join([*lines, f"Content-Length: {len(text)}", "", text]).encode())


@dataclass
class Backend:
    """A service that listens while the context is open; at a free port, unless one is given."""

    answer: Answer = field(default_factory=lambda: saying(OK))
    requests: list[Received] = field(default_factory=list)
    open: int = 0
    port: int = 0
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    apart: Callable[[Received], Answer | None] = lambda _: None
    """What answers a request that is not to be kept, None for all others."""

    async def __aenter__(self) -> Self:
        self._closed = asyncio.Condition()
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: set[asyncio.StreamWriter] = set()
        self._server = await asyncio.start_server(
            self._serve, self.host, self.port, limit=1 << 20, ssl=self.tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def deafen(self) -> None:
        """Listen no more; the connections there are stay."""
        self._server.close()

    async def stop(self) -> None:
        """Listen no more, and end the connections there are."""
        self._server.close()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*self.tasks)

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def all_closed(self) -> None:
        """Wait until nobody is connected."""
        async with self._closed:
            await self._closed.wait_for(lambda: self.open == 0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self.writers.add(writer)
        self.open += 1
        connection = Connection(reader, writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                received = Received(head)
                if (other := self.apart(received)) is not None:
                    await other(received, connection)
                    continue
                self.requests.append(received)
                await self.answer(received, connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has closed
        finally:
            self.open -= 1
            self.writers.discard(writer)
            writer.close()
            async with self._closed:
                self._closed.notify_all()
