"""The server's side: requests in order, one at a time, in bounded time and memory."""

import asyncio
import gc
import io
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from openstackoid.gateway.http import Body, IdleTimeoutError, Pairs, ProtocolError, Request, Server
from openstackoid.gateway.http.server import MAX_PIPELINED_BYTES
from openstackoid.gateway.reporting import log as gateway_log

Handler = Callable[[Request], Awaitable[None]]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT / HTTP/1.1\r\nHost: x\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that others do in the same loop."""
    while not condition():  # noqa: ASYNC110  (it is the loop that is waited for)
        await asyncio.sleep(0)


class Everybody:
    """Counts connections, and lets in who comes."""

    open = 0

    def opened(self, address: str) -> bool:
        self.open += 1
        return True

    def closed(self, address: str) -> None:
        self.open -= 1


def unreadable(error: ProtocolError, client: str) -> tuple[Pairs, bytes]:
    structlog.get_logger().warning("unreadable request", client=client, error=str(error))
    return (("A", "b"),), b"no"


async def ok(request: Request) -> None:
    async for _ in request.pieces():
        pass
    await request.respond(200, (), b"ok")


class Running:
    """A server at a port."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        self.writers.append(writer)
        return reader, writer

    async def say(self, data: bytes) -> bytes:
        """Send bytes, return all that comes until the server closes."""
        reader, writer = await self.connect()
        writer.write(data)
        return await reader.read()


@asynccontextmanager
async def serving(handler: Handler = ok, idle_timeout: float = 20) -> AsyncIterator[Running]:
    """Run a server, of which no connection is left open at the end."""
    counter = Everybody()
    server = Server(handler, unreadable, counter, idle_timeout)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    running = Running(server, listener.sockets[0].getsockname()[1])
    try:
        yield running
    finally:
        listener.close()
        await server.close(0.05)
        for writer in running.writers:
            writer.close()
    await until(lambda: not counter.open)
    assert not server.open
    assert not server.tasks


@pytest.fixture
def logged() -> io.StringIO:
    stream = io.StringIO()
    gateway_log.configure(stream)
    return stream


def lines(logged: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


async def answered(reader: asyncio.StreamReader) -> bytes:
    """Read one answer that has a length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head + await reader.readexactly(length)


async def test_requests_that_come_together_are_answered_in_order() -> None:
    """Each when the one before it is done, bodies and all."""
    began: list[str] = []

    async def handler(request: Request) -> None:
        began.append(request.target)
        assert len(began) == int(request.target[1:])
        await asyncio.sleep(0.01 / len(began))
        body = b"".join([piece async for piece in request.pieces()])
        await request.respond(200, (), request.target.encode() + body)

    async with serving(handler) as running:
        reader, writer = await running.connect()
        for n in range(1, 10):
            body = b"x" * n
            head = b"PUT /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (n, n)
            writer.write(head + body)
        for n in range(1, 10):
            assert (await answered(reader)).endswith(b"\r\n\r\n/%d%b" % (n, b"x" * n))


async def test_what_waits_behind_a_request_is_bounded() -> None:
    """The client waits, not the memory; nothing is lost by it."""
    go = asyncio.Event()
    count = 0

    async def handler(request: Request) -> None:
        nonlocal count
        count += 1
        await go.wait()
        await request.respond(200, (), b"ok")

    async with serving(handler) as running:
        reader, writer = await running.connect()
        many = 4 * MAX_PIPELINED_BYTES // len(GET)
        writer.write(GET * many)
        await until(lambda: running.server.open)
        (side,) = running.server.open
        await until(lambda: not side.transport.is_reading())
        assert len(side._pipelined) < 10 * MAX_PIPELINED_BYTES
        go.set()
        for _ in range(many):
            assert await answered(reader) == OK
        assert count == many


async def test_a_client_that_leaves_ends_its_request() -> None:
    """Whatever it waits for."""
    ended = asyncio.Event()
    began = asyncio.Event()

    async def handler(request: Request) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with serving(handler) as running:
        _, writer = await running.connect()
        writer.write(GET)
        await began.wait()
        writer.close()
        await ended.wait()


async def test_a_slow_reader_makes_the_handler_wait() -> None:
    """Until it reads on; what was written is not kept meanwhile."""
    written = 0
    piece = bytes(65_536)

    async def handler(request: Request) -> None:
        nonlocal written
        reply = request.answer(200, "OK", ())
        for _ in range(1000):
            await reply.write(piece)
            written += 1
        reply.end()

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(GET.replace(b"1.1\r\n", b"1.1\r\nConnection: close\r\n"))
        await reader.readuntil(b"\r\n\r\n")
        before = -1
        while before != written:
            before = written
            await asyncio.sleep(0.05)
        assert written < 500
        (side,) = running.server.open
        assert side.transport.get_write_buffer_size() < 2**20
        data = await reader.read()
        assert len(data) > 1000 * len(piece)
        assert written == 1000


async def test_a_reader_that_stops_is_told_of() -> None:
    """By the error of a write; the others are not slowed by it."""
    failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def handler(request: Request) -> None:
        if request.target == "/quick":
            await request.respond(200, (), b"ok")
            return
        reply = request.answer(200, "OK", ())
        try:
            while True:
                await reply.write(bytes(65_536))
        except IdleTimeoutError as error:
            failed.set_result(error)
            request.abort()

    async with serving(handler, idle_timeout=0.2) as running:
        _, writer = await running.connect()
        writer.write(GET)
        reader, other = await running.connect()
        while not failed.done():
            other.write(GET.replace(b"/ ", b"/quick "))
            assert await answered(reader) == OK
            await asyncio.sleep(0.01)


async def test_a_fast_sender_waits_for_the_handler() -> None:
    """No more of an upload is taken than is read."""
    go = asyncio.Event()
    size = 64 * 2**20

    async def handler(request: Request) -> None:
        await go.wait()
        got = 0
        async for piece in request.pieces():
            got += len(piece)
        await request.respond(200, (), str(got).encode())

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(PUT + b"Content-Length: %d\r\n\r\n" % size)
        sending = asyncio.create_task(send(writer, size))
        await until(lambda: running.server.open)
        (side,) = running.server.open
        await until(lambda: not side.transport.is_reading())
        assert side._request is not None
        assert side._request.body._buffered < 2**20
        go.set()
        assert (await answered(reader)).endswith(str(size).encode())
        await sending


async def send(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size // 65_536):
        writer.write(bytes(65_536))
        await writer.drain()


@pytest.mark.parametrize(
    ("request_", "connection"),
    [
        (GET, None),
        (GET.replace(b"1.1", b"1.0"), b"close"),
        (GET.replace(b"1.1\r\n", b"1.0\r\nConnection: keep-alive\r\n"), b"keep-alive"),
        (GET.replace(b"1.1\r\n", b"1.1\r\nConnection: close\r\n"), b"close"),
        (PUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"close"),
        (PUT + b"Content-Length: 2\r\n\r\nab", None),
    ],
)
async def test_whether_another_request_may_follow(request_: bytes, connection: bytes) -> None:
    """The answer says it, and the server does as it says."""
    async with serving() as running:
        reader, writer = await running.connect()
        writer.write(request_ + GET)
        first = await answered(reader)
        said = first.partition(b"Connection: ")[2].partition(b"\r\n")[0]
        assert said == (connection or b"")
        rest = await reader.read() if connection == b"close" else await answered(reader)
        assert rest == (b"" if connection == b"close" else OK)


@pytest.mark.parametrize(
    ("version", "status", "headers", "expected"),
    [
        (b"1.1", 200, (), b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        (b"1.0", 200, (), b"Connection: close\r\n\r\nok"),
        (b"1.1", 200, (("content-LENGTH", "2"),), b"content-LENGTH: 2\r\n\r\nok"),
        (b"1.1", 204, (("Content-Length", "2"), ("A", "b")), b"A: b\r\n\r\n"),
        (b"1.1", 304, (("Content-Length", "2"),), b"Content-Length: 2\r\n\r\n"),
    ],
)
async def test_how_an_answer_is_framed(
    version: bytes, status: int, headers: Pairs, expected: bytes
) -> None:
    """By its length if there is one, in chunks if the client knows them, else by its end."""

    async def handler(request: Request) -> None:
        reply = request.answer(status, "Yes", headers)
        await reply.write(b"ok")
        await reply.write(b"")
        reply.end()
        request.persists = False

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(GET.replace(b"1.1", version))
        answer = await reader.readexactly(len(b"HTTP/1.1 %d Yes\r\n" % status + expected))
        assert answer == b"HTTP/1.1 %d Yes\r\n" % status + expected


async def test_head_has_no_body() -> None:
    """Its answer says what GET would get, and the next one is in step."""

    async def handler(request: Request) -> None:
        await request.respond(200, (), b"ok")

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(GET.replace(b"GET", b"HEAD") + GET)
        assert await reader.readexactly(2 * len(OK) - 2) == OK[:-2] + OK


@pytest.mark.parametrize("length", [1, 3])
async def test_an_answer_is_as_long_as_it_says_or_cut_off(length: int, logged: io.StringIO) -> None:
    """What else there is must not be taken for the next answer, nor the next for the rest."""

    async def handler(request: Request) -> None:
        reply = request.answer(200, "OK", [("Content-Length", str(length))])
        await reply.write(b"ok")
        reply.end()

    async with serving(handler) as running:
        answer = await running.say(GET + GET)
        assert answer.count(b"HTTP/1.1") <= 1
        assert answer.count(b"ok") <= 1
    assert lines(logged)[0]["event"] == "an answer broke off"


async def test_a_handler_that_fails_cuts_its_client_off(logged: io.StringIO) -> None:
    """The log has the kind of the error, and not its text; the server goes on."""

    async def handler(request: Request) -> None:
        raise RuntimeError("a secret")

    async with serving(handler) as running:
        for _ in range(2):
            reader, writer = await running.connect()
            writer.write(GET)
            await cut(reader)
    assert [line["error"] for line in lines(logged)] == ["RuntimeError"] * 2


async def test_the_head_is_sent_before_there_is_a_body() -> None:
    """If the handler says so."""

    async def handler(request: Request) -> None:
        request.answer(200, "OK", ()).flush()
        await asyncio.Event().wait()

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(GET)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_is_asked_for_when_it_is_wanted() -> None:
    """Once, and of nobody who does not expect it."""

    async def handler(request: Request) -> None:
        if request.target == "/no":
            await request.respond(401, (), b"")
            return
        await ok(request)

    expects = b"PUT /%b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(expects % b"")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ab")
        assert await answered(reader) == OK
        writer.write(expects % b"no")  # whether its body comes nobody can know
        assert b"Connection: close" in await answered(reader)
        assert await reader.read() == b""


async def test_a_refused_body_is_taken_before_the_next_request() -> None:
    """The client gets its answer while it still sends, and may go on."""

    async def handler(request: Request) -> None:
        await request.respond(413 if request.body_exists else 200, (), b"ok")

    async with serving(handler) as running:
        reader, writer = await running.connect()
        size = 8 * 2**20
        writer.write(PUT + b"Content-Length: %d\r\n\r\n" % size)
        assert b" 413 " in await answered(reader)
        await send(writer, size)
        writer.write(GET)
        assert await answered(reader) == OK


async def test_who_goes_on_sending_for_long_is_cut_off() -> None:
    """Nobody waits for the end of what nobody wants."""

    async def handler(request: Request) -> None:
        await request.respond(413, (), b"ok")

    async with serving(handler) as running:
        running.server.lingering.seconds = 0.1
        reader, writer = await running.connect()
        writer.write(PUT + b"Content-Length: 9\r\n\r\n")
        assert b" 413 " in await answered(reader)
        await cut(reader)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_body_that_breaks_off_in_bad_chunks(begun: bool, logged: io.StringIO) -> None:
    """It is answered 400, or, if there is an answer already, cut off; its handler is ended."""
    ended = asyncio.Event()
    read = asyncio.Event()

    async def handler(request: Request) -> None:
        if begun:
            request.answer(200, "OK", ()).flush()
        try:
            async for _ in request.pieces():
                read.set()
        finally:
            ended.set()

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(PUT + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await read.wait()
        writer.write(b"XX\r\n" + GET)
        if begun:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readuntil(b"0\r\n\r\n")
        else:
            assert await reader.read() == (
                b"HTTP/1.1 400 Bad Request\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n"
                b"\r\nno"
            )
        await ended.wait()
    assert lines(logged)[0]["event"] == "unreadable request"


async def test_what_is_no_http_is_answered_at_once() -> None:
    """Before there is an end of it: TLS at a port without, for example."""
    async with serving() as running:
        for data in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\nHost: x\n\n", b"hello"):
            assert (await running.say(data)).startswith(b"HTTP/1.1 400 ")


async def cut(reader: asyncio.StreamReader) -> None:
    """Wait until the server closes a connection, without an answer."""
    try:
        assert await reader.read() == b""
    except ConnectionError:
        return


async def test_who_sends_nothing_is_cut() -> None:
    """A connection that no request comes by is a file, and there is an end of files."""
    async with serving() as running:
        running.server.begun.seconds = 0.1
        reader, _ = await running.connect()
        await cut(reader)


async def test_a_head_that_does_not_end_is_cut() -> None:
    """However it drips: what counts is when it began."""

    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving() as running:
        running.server.begun.seconds = 0.1
        reader, writer = await running.connect()
        writer.write(GET[:-2])
        dripping = asyncio.create_task(drip(writer))
        await cut(reader)
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)


async def test_the_next_head_has_its_own_time() -> None:
    """It begins with the first byte; a client that keeps its connection may wait for long."""
    async with serving() as running:
        server = running.server
        server.begun.seconds = 0.1
        reader, writer = await running.connect()
        writer.write(GET)
        assert await answered(reader) == OK
        (side,) = server.open
        side.data_received(b"\r\n")  # as some clients end a body
        assert (side in server.idle, side in server.begun) == (True, False)
        await asyncio.sleep(0.2)
        assert side in server.open
        writer.write(b"GET")
        await cut(reader)


async def test_who_waits_for_too_long_between_requests_is_closed() -> None:
    """It has to connect again."""
    async with serving() as running:
        running.server.idle.seconds = 0.1
        reader, writer = await running.connect()
        writer.write(GET)
        assert await answered(reader) == OK
        await cut(reader)


async def test_neither_body_nor_answer_is_cut_off() -> None:
    """They have their own times; half a head that comes meanwhile has to wait."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> None:
        arrived.set()
        await go.wait()
        await ok(request)

    async with serving(handler) as running:
        reader, writer = await running.connect()
        writer.write(PUT + b"Content-Length: 2\r\n\r\n1")
        await arrived.wait()
        (side,) = running.server.open
        for data in (b"2", GET[:9]):
            side.data_received(data)
            assert side not in running.server.begun
            assert side not in running.server.idle
        go.set()
        assert await answered(reader) == OK
        assert side in running.server.begun


async def test_the_server_comes_to_its_end(logged: io.StringIO) -> None:
    """Requests under way are answered, behind which is no other; who waits is closed."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def handler(request: Request) -> None:
        arrived.set()
        await go.wait()
        await request.respond(200, (), b"ok")

    async with serving(handler) as running:
        reader, writer = await running.connect()
        idle, _ = await running.connect()
        writer.write(GET + GET)
        await arrived.wait()
        closing = asyncio.create_task(running.server.close(5))
        await cut(idle)
        go.set()
        assert await answered(reader) == OK[:-4] + b"Connection: close\r\n\r\nok"
        assert await reader.read() == b""
        await closing


async def test_what_does_not_end_is_cut_off_at_the_end() -> None:
    """The drain has its time."""

    async def waiting(_: Request) -> None:
        await asyncio.Event().wait()

    async with serving(waiting) as running:
        reader, writer = await running.connect()
        writer.write(GET)
        await until(lambda: running.server.tasks)
        await running.server.close(0.05)
        await cut(reader)


async def test_nothing_is_left_for_the_garbage_collector() -> None:
    """A request's objects go when it is done: none refers to itself."""
    async with serving() as running:
        reader, writer = await running.connect()
        for _ in range(3):
            writer.write(GET)
            await answered(reader)
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                writer.write(GET)
                await answered(reader)
            assert gc.collect() < 100
        finally:
            gc.enable()


@pytest.mark.parametrize("size", [100_000, 300_000, 1_000_000])
async def test_a_connection_goes_on_behind_a_body_that_nobody_read(size: int) -> None:
    """However much of it waited when the answer was made."""
    whole = asyncio.Event()

    async def refuse(request: Request) -> None:
        if request.body_exists:
            await whole.wait()
        await request.respond(200, (), b"ok")

    async with serving(refuse) as running:
        reader, writer = await running.connect()
        writer.write(PUT + b"Content-Length: %d\r\n\r\n" % size + bytes(size // 2))
        await asyncio.sleep(0)
        writer.write(bytes(size - size // 2))
        await until(lambda: running.server.tasks)
        whole.set()
        assert (await answered(reader)).endswith(b"ok")
        writer.write(GET)
        assert (await answered(reader)).endswith(b"ok")


SIZE = 8 * 2**20


async def much(request: Request) -> None:
    await request.respond(200, (), bytes(SIZE))


async def test_an_answer_that_ends_a_connection_comes_whole() -> None:
    """Though the client takes longer than is waited for what it still sends."""
    async with serving(much) as running:
        running.server.lingering.seconds = 0.01
        reader, writer = await running.connect()
        writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while running.server.tasks:
            taken += len(await reader.read(65_536))
        await asyncio.sleep(0.05)
        assert taken + len(await reader.read(-1)) == SIZE


async def test_an_answer_that_is_being_taken_is_not_cut_by_the_end() -> None:
    """The server waits for it as for a request under way."""
    async with serving(much) as running:
        reader, writer = await running.connect()
        writer.write(GET)
        await reader.readuntil(b"\r\n\r\n")
        closing = asyncio.create_task(running.server.close(20))
        assert len(await reader.read(-1)) == SIZE
        await closing


@pytest.mark.parametrize("idle_timeout", [0.05])
async def test_a_client_that_takes_nothing_is_cut_off_though_its_answer_is_made(
    idle_timeout: float,
) -> None:
    """It would have its connection for ever."""
    async with serving(much, idle_timeout) as running:
        _, writer = await running.connect()
        writer.write(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await until(lambda: running.server.open)
        await until(lambda: not running.server.open)


async def test_an_upload_that_breaks_off_leaves_nothing_behind() -> None:
    """Not even until the next garbage collection."""

    def bodies() -> int:
        return sum(isinstance(thing, Body) for thing in gc.get_objects())

    async def wait(request: Request) -> None:
        await asyncio.Event().wait()

    async with serving(wait) as running:
        gc.collect()
        gc.disable()
        try:
            before = bodies()
            _, writer = await running.connect()
            writer.write(PUT + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + bytes(1000))
            await until(lambda: running.server.tasks)
            assert bodies() == before + 1
            writer.transport.abort()
            await until(lambda: not running.server.open and not running.server.tasks)
            for _ in range(3):  # callbacks of what has ended
                await asyncio.sleep(0)
            assert bodies() == before
        finally:
            gc.enable()


async def test_a_server_that_retires_answers_each_connection_once_more() -> None:
    """With the word that it was the last time; so no request meets a closed connection."""
    going = asyncio.Event()

    async def handler(request: Request) -> None:
        if request.target == "/slow":
            reply = request.answer(200, "OK", [("Content-Length", "2")])
            reply.flush()
            await going.wait()
            await reply.write(b"ok")
            reply.end()
        else:
            await ok(request)

    async with serving(handler) as running:
        idle, busy = await running.connect(), await running.connect()
        for reader, writer in (idle, busy):
            writer.write(GET)
            assert b"Connection" not in await answered(reader)
        busy[1].write(GET.replace(b"/ ", b"/slow ", 1))
        await until(lambda: running.server.tasks)
        retiring = asyncio.create_task(running.server.retire())
        await until(lambda: all(one.last for one in running.server.open))
        going.set()
        assert b"Connection" not in await answered(busy[0])  # its head was there before
        for reader, writer in (busy, idle):
            assert not retiring.done()
            writer.write(GET)
            assert b"Connection: close" in await answered(reader)
            assert await reader.read() == b""
        await retiring


async def test_a_server_that_retires_waits_for_whom_it_has_accepted() -> None:
    """TLS may not have begun, or be given up."""
    async with serving() as running:
        connection = running.server()
        retiring = asyncio.create_task(running.server.retire())
        await asyncio.sleep(0)
        assert not retiring.done()
        running.server.arriving._expire_due()
        assert not retiring.done()
        running.server.arriving.seconds = 0
        running.server.arriving._expire_due()
        await retiring
        assert connection not in running.server.arriving


async def test_who_is_accepted_before_a_server_retires_has_one_answer() -> None:
    """Though TLS begins later: or it would keep a server that nobody reloads any more."""
    async with serving() as running:
        connection = running.server()
        retiring = asyncio.create_task(running.server.retire())
        await asyncio.sleep(0)
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: connection, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        running.writers.append(writer)
        writer.write(GET)
        assert b"Connection: close" in await answered(reader)
        await retiring


async def test_a_server_that_retires_does_not_wait_for_whom_it_turned_away() -> None:
    """Its address has too many connections, and it was the last to be waited for."""
    async with serving() as running:
        connection = running.server()
        retiring = asyncio.create_task(running.server.retire())
        await asyncio.sleep(0)
        running.server.counter.opened = lambda address: False  # type: ignore[method-assign]
        ours, theirs = socket.socketpair()
        with ours:
            loop = asyncio.get_running_loop()
            await loop.connect_accepted_socket(lambda: connection, theirs)
            await retiring
