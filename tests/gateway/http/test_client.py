"""The client's side: nothing sent twice, no connection used again that is in doubt."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from gateway.backend import OK, Backend, Connection, Received, saying

from openstackoid.gateway.http import (
    Client,
    GoneError,
    HttpError,
    LostError,
    MalformedError,
    Origin,
    Outgoing,
    Response,
    SilentError,
    UnreachableError,
)

GET = Outgoing("GET", "/a%2Fb?c", (("Host", "x"), ("x-ODD", "1")), None)


@pytest.fixture
def patience() -> float:
    return 20


@pytest.fixture
def connect_timeout(patience: float) -> float:
    return patience


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    async with Backend() as backend:
        yield backend


@pytest.fixture
async def client(connect_timeout: float, patience: float) -> AsyncIterator[Client]:
    client = Client(connect_timeout, patience)
    yield client
    await client.close()
    while client.open:  # noqa: ASYNC110  (it is the loop that is waited for)
        await asyncio.sleep(0)


def at(backend: Backend) -> Origin:
    return Origin("127.0.0.1", backend.port)


async def whole(response: Response) -> bytes:
    try:
        return b"".join([piece async for piece in response.body])
    finally:
        response.close()


async def ask(client: Client, backend: Backend, request: Outgoing = GET) -> bytes:
    return await whole(await client.request(at(backend), request))


async def many(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def put(*pieces: bytes, length: bool = True, wait: float | None = None) -> Outgoing:
    headers = (("Host", "x"),)
    if length:
        headers += (("Content-Length", str(len(b"".join(pieces)))),)
    if wait is not None:
        headers += (("Expect", "100-continue"),)
    return Outgoing("PUT", "/", headers, many(*pieces), wait)


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


async def connections(client: Client, backend: Backend, *requests: Outgoing) -> int:
    """Return how many connections it takes to send requests one after another."""
    made = 0
    for request in requests:
        before = backend.open
        await ask(client, backend, request)
        made += backend.open > before
        for _ in range(5):
            await asyncio.sleep(0.002)
    return made


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 204 No\r\n\r\n",
        b"HTTP/1.1 304 No\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK,
    ],
)
async def test_a_connection_is_kept(client: Client, backend: Backend, answer: bytes) -> None:
    """Whatever the framing, if there is one."""
    backend.answer = saying(answer)
    assert await connections(client, backend, GET, put(b"a"), GET) == 1
    assert backend.open == 1


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        OK.replace(b"1.1", b"1.0"),
        OK + b"x",
        OK + b"\r\n",
        OK + OK,
        b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 304 No\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP",
    ],
)
async def test_a_connection_in_doubt_is_not_used_again(
    client: Client, backend: Backend, answer: bytes
) -> None:
    """What is behind an answer would be taken for the answer to the next request."""
    backend.answer = saying(answer)
    await ask(client, backend)
    await backend.all_closed()
    assert not client._pool


async def test_what_comes_between_two_requests_closes_the_connection(
    client: Client, backend: Backend
) -> None:
    """Nobody has asked for it."""
    go = asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(OK)
        await go.wait()
        await connection.send(OK.replace(b"ok", b"no"))

    backend.answer = answer
    assert await ask(client, backend) == b"ok"
    assert client._pool
    go.set()
    await backend.all_closed()
    assert not client._pool


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
    with pytest.raises(MalformedError):
        await ask(client, backend)
    await backend.all_closed()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"Content-Length: 9\r\n\r\nhalf", GoneError),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", GoneError),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalfX\r\n0\r\n\r\n", MalformedError),
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


class Stale:
    """Answers one request of a connection, and closes it with the second."""

    def __init__(self) -> None:
        self.known: set[Connection] = set()

    async def __call__(self, received: Received, connection: Connection) -> None:
        if connection in self.known:
            connection.writer.close()
            return
        self.known.add(connection)
        received.body = await connection.body(received.head)
        await connection.send(OK)


async def test_a_read_is_sent_again_if_its_connection_was_stale(
    client: Client, backend: Backend
) -> None:
    """Once, over a new one."""
    backend.answer = Stale()
    for _ in range(3):
        assert await ask(client, backend) == b"ok"
    assert len(backend.requests) == 5


@pytest.mark.parametrize(
    "request_",
    [
        Outgoing("DELETE", "/", (("Host", "x"),), None),
        Outgoing("POST", "/", (("Host", "x"), ("Content-Length", "1")), b"x"),
        put(b"x")._replace(method="GET"),
    ],
)
async def test_nothing_else_is_sent_twice(
    client: Client, backend: Backend, request_: Outgoing
) -> None:
    """Nobody knows what became of it."""
    backend.answer = Stale()
    await ask(client, backend)
    with pytest.raises(GoneError):
        await ask(client, backend, request_)
    assert len(backend.requests) == 2


async def test_a_read_that_got_half_a_head_is_not_sent_again(
    client: Client, backend: Backend
) -> None:
    """A service that answers is not stale."""

    async def answer(_: Received, connection: Connection) -> None:
        first = len(backend.requests) == 1
        await connection.send(OK if first else b"HTTP/1.1 2")
        if not first:
            connection.writer.close()

    backend.answer = answer
    await ask(client, backend)
    with pytest.raises(GoneError):
        await ask(client, backend)
    assert len(backend.requests) == 2


async def test_a_connection_that_nobody_uses_is_closed(client: Client, backend: Backend) -> None:
    """Before the service closes it, which it might do while a request is on its way."""
    client.idle.seconds = 0.05
    await ask(client, backend)
    assert backend.open == 1
    await backend.all_closed()


@pytest.mark.parametrize("patience", [0.2])
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
    with pytest.raises(SilentError):
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
    with pytest.raises(LostError):
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
        with pytest.raises(MalformedError):
            await ask(client, backend)
        await backend.all_closed()


@pytest.mark.parametrize("patience", [0.2])
async def test_each_piece_of_an_answer_has_to_come_in_time(
    client: Client, backend: Backend
) -> None:
    """But an answer may take as long as it is."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10):
            await connection.send(b"x")
            await asyncio.sleep(0.05)
        await connection.reader.read()

    backend.answer = answer
    response = await client.request(at(backend), GET)
    got = [await response.body.read() for _ in range(10)]
    assert b"".join(got) == b"x" * 10
    with pytest.raises(SilentError):
        await response.body.read()
    response.close()
    await backend.all_closed()


@pytest.mark.parametrize("patience", [0.2])
async def test_a_service_that_takes_nothing_is_given_up(client: Client, backend: Backend) -> None:
    """Though there is more to send."""

    async def answer(_: Received, connection: Connection) -> None:
        await asyncio.Event().wait()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65_536)

    backend.answer = answer
    with pytest.raises(SilentError):
        await ask(client, backend, put()._replace(body=endless()))
    for task in backend._tasks:
        task.cancel()
    await asyncio.gather(*backend._tasks, return_exceptions=True)


@pytest.mark.parametrize("patience", [0.2])
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
    assert response.body._kept < 2**20
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
    with pytest.raises(GoneError):
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


async def test_a_service_that_is_not_there(client: Client, backend: Backend) -> None:
    """The reason is told."""
    origin = at(backend)
    await backend.__aexit__()
    with pytest.raises(UnreachableError) as raised:
        await client.request(origin, GET)
    assert isinstance(raised.value.reason, ConnectionRefusedError)
    with pytest.raises(UnreachableError):
        await client.request(Origin("host.invalid", 80), GET)


@pytest.mark.parametrize("patience", [0.2])
async def test_a_handshake_has_to_end_in_time(client: Client) -> None:
    """A service that accepts a connection and says nothing more is none."""
    async with Backend() as silent:
        origin = at(silent)._replace(tls=ssl.create_default_context(), name="x")
        with pytest.raises(UnreachableError) as raised:
            await client.request(origin, GET)
        assert raised.value.reason is None
        await silent.all_closed()


async def test_tls_asks_for_the_name_whatever_the_address(client: Client) -> None:
    """Connections are kept for one name and one context each."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("cloud.example").configure_cert(context)
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            if (await reader.readuntil(b"\r\n\r\n")).endswith(b"\r\n\r\n"):
                writer.write(OK)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    good = Origin("127.0.0.1", port, trusting, "cloud.example")
    for _ in range(2):
        assert await whole(await client.request(good, GET)) == b"ok"
    assert len(client.open) == 1
    for bad in (
        good._replace(name="other.example"),
        good._replace(tls=ssl.create_default_context()),
    ):
        with pytest.raises(UnreachableError) as raised:
            await client.request(bad, GET)
        assert isinstance(raised.value.reason, ssl.SSLCertVerificationError)
    server.close()
