"""The connections to services: none is used again that is in doubt, nothing is sent twice."""

import asyncio
import ssl
from collections.abc import Sequence

import pytest
import trustme
from gateway.asking import GET, ask, at, put, whole
from gateway.backend import OK, Backend, Connection, Received, saying

from openstackoid.gateway.http import (
    Client,
    ConnectionClosedError,
    ForbiddenAddressError,
    Origin,
    Outgoing,
    Resolve,
    UnreachableError,
    pool,
)


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
async def test_a_connection_is_kept(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    """Whatever the framing, if there is one."""
    monkeypatch.setattr(pool, "REST", 0)
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
    assert not client.kept


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
    assert client.kept
    go.set()
    await backend.all_closed()
    assert not client.kept


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
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch, request_: Outgoing
) -> None:
    """Nobody knows what became of it."""
    monkeypatch.setattr(pool, "REST", 0)
    backend.answer = Stale()
    await ask(client, backend)
    with pytest.raises(ConnectionClosedError):
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
    with pytest.raises(ConnectionClosedError):
        await ask(client, backend)
    assert len(backend.requests) == 2


async def test_a_connection_that_nobody_uses_is_closed(client: Client, backend: Backend) -> None:
    """Before the service closes it, which it might do while a request is on its way."""
    client.kept.ages.seconds = 0.05
    await ask(client, backend)
    assert backend.open == 1
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


@pytest.mark.parametrize("idle_timeout", [0.2])
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
    permitted = good._replace(permit=permitting)
    assert await whole(await client.request(permitted, GET)) == b"ok"
    for bad in (
        good._replace(name="other.example"),
        permitted._replace(name="other.example"),
        good._replace(tls=ssl.create_default_context()),
    ):
        with pytest.raises(UnreachableError) as raised:
            await client.request(bad, GET)
        assert isinstance(raised.value.reason, ssl.SSLCertVerificationError)
    server.close()


async def permitting(host: str, port: int, resolve: Resolve) -> Sequence[str]:
    """Permit every address."""
    return await resolve(host)


def leading(*addresses: str) -> Resolve:
    """Return a resolver for which every name leads to these."""

    async def resolve(host: str) -> Sequence[str]:
        return addresses

    return resolve


async def test_an_address_that_does_not_accept_is_followed_by_the_next(backend: Backend) -> None:
    """Of those that were permitted, in their order; none is looked up again."""
    client = Client(20, 20, leading("127.0.0.9", "::1", "127.0.0.1"))
    origin = Origin("two.example", backend.port, permit=permitting)
    assert await whole(await client.request(origin, GET)) == b"ok"
    await client.reach(origin)
    await client.close()


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [((), "no address"), (("127.0.0.9", "127.0.0.8"), "Connect call failed ('127.0.0.8'")],
)
async def test_a_name_without_an_address_that_accepts(
    backend: Backend, addresses: tuple[str, ...], reason: str
) -> None:
    """The last reason is told."""
    client = Client(20, 20, leading(*addresses))
    with pytest.raises(UnreachableError) as raised:
        await client.request(Origin("two.example", backend.port, permit=permitting), GET)
    assert reason in str(raised.value.reason)
    await client.close()


@pytest.mark.parametrize("connecting", [False, True])
async def test_a_lookup_has_to_end_in_time(connecting: bool) -> None:
    """It counts as a part of connecting."""

    async def resolve(host: str) -> Sequence[str]:
        return await asyncio.Future()

    client = Client(0.05, 20, resolve)
    origin = Origin("two.example", 80, permit=permitting)
    with pytest.raises(UnreachableError) as raised:
        await (client.request(origin, GET) if connecting else client.reach(origin))
    assert raised.value.reason is None
    await client.close()


async def test_what_is_not_permitted_is_not_connected_to(client: Client, backend: Backend) -> None:
    """Whatever is asked: a request, or whether the service can be reached."""

    async def refusing(host: str, port: int, resolve: Resolve) -> Sequence[str]:
        raise ForbiddenAddressError("an address of its own")

    origin = at(backend)._replace(permit=refusing)
    for asking in (client.request(origin, GET), client.reach(origin)):
        with pytest.raises(ForbiddenAddressError) as raised:
            await asking
        assert raised.value.why == "an address of its own"
    assert backend.open == 0
    assert backend.requests == []


async def test_a_connection_of_one_permit_is_not_used_by_another(
    client: Client, backend: Backend
) -> None:
    """What was permitted earlier may not be any more."""

    async def other(host: str, port: int, resolve: Resolve) -> Sequence[str]:
        return await resolve(host)

    for permit in (permitting, permitting, other, None):
        await whole(await client.request(at(backend)._replace(permit=permit), GET))
    assert backend.open == 3
