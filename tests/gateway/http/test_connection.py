"""One connection to a service: requests as they are, answers as they come, each in its time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from gateway.asking import GET, ask, at, put, whole
from gateway.backend import OK, Backend, Connection, Received, saying

from openstackoid.gateway.http import (
    Client,
    ConnectionClosedError,
    HttpError,
    IdleTimeoutError,
    LinkLostError,
    Outgoing,
    ProtocolError,
    UnreachableError,
)


async def test_a_request_is_sent_as_it_is(client: Client, backend: Backend) -> None:
    """Nothing is added to its head but what frames a body."""
    await ask(client, backend)
    await ask(client, backend, put(b"ab", b"c"))
    await ask(client, backend, put(b"ab", b"c", length=False))
    heads = [(received.head, received.body) for received in backend.requests]
    assert heads == [
        (b"GET /a%2Fb?c HTTP/1.1\r\nHost: x\r\nx-ODD: 1\r\n\r\n", b""),
        (b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", b"abc"),
        (
            b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        ),
    ]


async def test_an_answer_to_head_has_no_body(client: Client, backend: Backend) -> None:
    """What is sent all the same is not taken for the next answer."""
    backend.answer = saying(OK[:-2])
    assert await ask(client, backend, GET._replace(method="HEAD")) == b""
    assert await ask(client, backend, GET._replace(method="HEAD")) == b""
    assert backend.open == 1
    backend.answer = saying(OK)
    assert await ask(client, backend, GET._replace(method="HEAD")) == b""
    await backend.all_closed()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 140_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"not http at all\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_is_an_error(
    client: Client, backend: Backend, answer: bytes
) -> None:
    """And the end of its connection."""
    backend.answer = saying(answer)
    with pytest.raises(ProtocolError):
        await ask(client, backend)
    await backend.all_closed()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"Content-Length: 9\r\n\r\nhalf", ConnectionClosedError),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", ConnectionClosedError),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalfX\r\n0\r\n\r\n", ProtocolError),
    ],
)
async def test_half_an_answer_is_an_error(
    client: Client, backend: Backend, body: bytes, error: type[HttpError]
) -> None:
    """However it breaks off."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n" + body)
        connection.writer.close()

    backend.answer = answer
    with pytest.raises(error):
        await ask(client, backend)


async def test_the_end_of_a_connection_ends_an_answer_without_a_length(
    client: Client, backend: Backend
) -> None:
    """As HTTP/1.0 had it."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\nall ")
        await connection.send(b"of it")
        connection.writer.close()

    backend.answer = answer
    assert await ask(client, backend) == b"all of it"


@pytest.mark.parametrize("idle_timeout", [0.2])
@pytest.mark.parametrize("request_", [GET, put(b"x")])
async def test_the_head_of_an_answer_has_to_come_in_time(
    client: Client, backend: Backend, request_: Outgoing
) -> None:
    """Neither drops of it nor promises make it longer."""

    async def answer(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        while True:
            await connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.02)

    backend.answer = answer
    request_ = request_ if request_.body is None else put(b"x")
    with pytest.raises(IdleTimeoutError):
        await ask(client, backend, request_)
    await backend.all_closed()


async def say_nothing(received: Received, connection: Connection) -> None:
    await connection.body(received.head)
    await connection.reader.read()


@pytest.mark.parametrize("connect_timeout", [0.1])
@pytest.mark.parametrize("streams", [False, True])
async def test_a_service_that_is_gone_is_not_waited_for(
    client: Client, backend: Backend, streams: bool
) -> None:
    """A link that swallows packets leaves its connections open; new ones tell."""
    await ask(client, backend)
    backend.answer = say_nothing
    origin = at(backend)
    asking = asyncio.create_task(client.request(origin, put(b"x") if streams else GET))
    while len(backend.requests) < 2:  # noqa: ASYNC110  (it is the loop that is waited for)
        await asyncio.sleep(0)
    backend.deafen()
    with pytest.raises(LinkLostError):
        await asking
    with pytest.raises(UnreachableError):
        await client.request(origin, GET)


@pytest.mark.parametrize("connect_timeout", [0.05])
async def test_a_service_that_is_there_may_take_its_time(client: Client, backend: Backend) -> None:
    """However often it is looked after."""

    async def answer(received: Received, connection: Connection) -> None:
        await asyncio.sleep(0.3)
        await saying(OK)(received, connection)

    backend.answer = answer
    assert await ask(client, backend)


@pytest.mark.parametrize(("promises", "kept"), [(20, True), (21, False)])
async def test_promises_come_to_an_end(
    client: Client, backend: Backend, promises: int, kept: bool
) -> None:
    """A few are passed over; who sends nothing else is no service."""
    backend.answer = saying(b"HTTP/1.1 103 Early Hints\r\n\r\n" * promises + OK)
    if kept:
        await ask(client, backend)
    else:
        with pytest.raises(ProtocolError):
            await ask(client, backend)
        await backend.all_closed()


@pytest.mark.parametrize("idle_timeout", [0.2])
async def test_each_piece_of_an_answer_has_to_come_in_time(
    client: Client, backend: Backend
) -> None:
    """But an answer may take as long as it is."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _piece in range(10):
            await connection.send(b"x")
            await asyncio.sleep(0.05)
        await connection.reader.read()

    backend.answer = answer
    response = await client.request(at(backend), GET)
    got = [await response.body.read() for _ in range(10)]
    assert b"".join(got) == b"x" * 10
    with pytest.raises(IdleTimeoutError):
        await response.body.read()
    response.close()
    await backend.all_closed()


@pytest.mark.parametrize("idle_timeout", [0.2])
async def test_a_service_that_takes_nothing_is_given_up(client: Client, backend: Backend) -> None:
    """Though there is more to send."""

    async def answer(_: Received, connection: Connection) -> None:
        await asyncio.Event().wait()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65_536)

    backend.answer = answer
    with pytest.raises(IdleTimeoutError):
        await ask(client, backend, put()._replace(body=endless()))
    for task in backend.tasks:
        task.cancel()
    await asyncio.gather(*backend.tasks, return_exceptions=True)


@pytest.mark.parametrize("idle_timeout", [0.2])
async def test_a_client_that_is_slow_is_not_the_service_s_fault(
    client: Client, backend: Backend
) -> None:
    """While a piece of the body is waited for, no time is counted."""

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(3):
            await asyncio.sleep(0.15)
            yield b"x"

    request = put(b"xxx")._replace(body=slow())
    assert await ask(client, backend, request) == b"ok"


async def test_a_slow_reader_makes_the_service_wait(client: Client, backend: Backend) -> None:
    """What is not read is not kept."""
    size = 64 * 2**20
    sent = 0

    async def answer(_: Received, connection: Connection) -> None:
        nonlocal sent
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await connection.send(bytes(65_536))
            sent += 65_536

    backend.answer = answer
    response = await client.request(at(backend), GET)
    before = -1
    while before != sent:
        before = sent
        await asyncio.sleep(0.05)
    assert sent < size / 2
    assert response.body._buffered < 2**20
    assert len(await whole(response)) == size


async def test_a_slow_service_makes_the_sender_wait(client: Client, backend: Backend) -> None:
    """No more of a body is asked for than is taken."""
    go = asyncio.Event()
    asked = 0

    async def answer(received: Received, connection: Connection) -> None:
        await go.wait()
        await connection.body(received.head)
        await connection.send(OK)

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        for _ in range(1000):
            asked += 1
            yield bytes(65_536)

    backend.answer = answer
    headers = (("Host", "x"), ("Content-Length", "65536000"))
    asking = asyncio.create_task(ask(client, backend, Outgoing("PUT", "/", headers, body())))
    before = -1
    while before != asked or not asked:
        before = asked
        await asyncio.sleep(0.05)
    assert asked < 500
    go.set()
    assert await asking == b"ok"
    assert asked == 1000


async def test_a_body_that_breaks_off_breaks_the_request_off(
    client: Client, backend: Backend
) -> None:
    """The service must not take half of it for all."""
    seen: list[bytes] = []

    async def answer(_: Received, connection: Connection) -> None:
        seen.append(await connection.reader.read())

    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError

    backend.answer = answer
    with pytest.raises(ConnectionClosedError):
        await ask(client, backend, put(length=False)._replace(body=half()))
    await backend.all_closed()
    assert not b"".join(seen).endswith(b"0\r\n\r\n")


async def test_an_answer_may_come_before_the_body_has_ended(
    client: Client, backend: Backend
) -> None:
    """The rest goes on while it is read; if it ends first, there is no more to send."""
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await more.wait()
        yield b"last"
        await asyncio.Event().wait()

    async def answer(_: Received, connection: Connection) -> None:
        assert await connection.reader.readexactly(5) == b"first"
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nin ")
        assert await connection.reader.readexactly(4) == b"last"
        await connection.send(b"two")

    backend.answer = answer
    request = Outgoing("PUT", "/", (("Host", "x"), ("Content-Length", "20")), body())
    response = await client.request(at(backend), request)
    assert await response.body.read() == b"in "
    more.set()
    assert await whole(response) == b"two"
    await backend.all_closed()


async def test_a_body_waits_until_it_is_asked_for(client: Client, backend: Backend) -> None:
    """Or until it is clear that it never will be; behind an answer, it is not sent at all."""
    asked = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        asked += 1
        yield b"x"

    def expecting(wait: float) -> Outgoing:
        return put(b"x", wait=wait)._replace(body=body())

    async def says(_: Received, connection: Connection) -> None:
        assert not asked
        await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await connection.reader.readexactly(1) == b"x"
        await connection.send(OK)

    backend.answer = says
    assert await ask(client, backend, expecting(20)) == b"ok"
    backend.answer = saying(OK)
    assert await ask(client, backend, expecting(0.01)) == b"ok"
    assert asked == 2

    async def refuses(_: Received, connection: Connection) -> None:
        await connection.send(OK)

    backend.answer = refuses
    assert await ask(client, backend, expecting(20)) == b"ok"
    await backend.all_closed()
    assert asked == 2


async def test_who_gives_up_leaves_nothing(client: Client, backend: Backend) -> None:
    """Neither while it waits for the head, nor with half a body."""
    arrived = asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        arrived.set()
        await connection.reader.read()

    backend.answer = answer
    asking = asyncio.create_task(ask(client, backend))
    await arrived.wait()
    asking.cancel()
    await backend.all_closed()
    backend.answer = saying(OK[:-1])
    response = await client.request(at(backend), GET)
    response.close()
    response.close()
    await backend.all_closed()
