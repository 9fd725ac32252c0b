"""Which kept connection a request may take: none that its service is about to close."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from gateway.asking import GET, ask, at, whole
from gateway.backend import OK, Backend, Connection, Received

from openstackoid.gateway.http import Client, HttpError, Origin, Outgoing, pool

POST = Outgoing("POST", "/", (("Host", "x"), ("Content-Length", "1")), b"x")


class Closing:
    """A service in threads of its own that closes a connection behind so many answers."""

    def __init__(self, answers: int, delay: float) -> None:
        self.answers = answers
        self.delay = delay
        self.executed = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.origin = Origin("127.0.0.1", self._listener.getsockname()[1])

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # it is over
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            for _ in range(self.answers):
                request = b""
                while not request.endswith(b"\r\n\r\nx"):
                    piece = connection.recv(65_536)
                    if not piece:
                        return
                    request += piece
                self.executed += 1
                connection.sendall(OK)
            time.sleep(self.delay)

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self.accept)
        thread.start()
        try:
            yield
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            thread.join()


@pytest.mark.parametrize(
    ("answers", "delay", "requests"), [(1, 0, 1000), (1, 0.005, 300), (3, 0, 300), (20, 0.005, 300)]
)
@pytest.mark.parametrize("at_once", [1, 10])
async def test_no_write_fails_at_a_service_that_closes_without_a_word(
    client: Client, answers: int, delay: float, requests: int, at_once: int
) -> None:
    """None of 1000, though it closes behind each answer, and each is executed once."""
    service = Closing(answers, delay)
    failed: list[HttpError] = []

    async def some() -> None:
        for _ in range(requests // at_once):
            try:
                await whole(await client.request(service.origin, POST))
            except HttpError as error:
                failed.append(error)

    with service.running():
        await asyncio.gather(*(some() for _ in range(at_once)))
    assert failed == []
    assert service.executed == requests


async def test_a_write_takes_no_connection_that_has_just_answered(
    client: Client, backend: Backend
) -> None:
    """Its service may be about to close it; a read takes it, for it can be sent again."""
    await ask(client, backend)
    await ask(client, backend, POST)
    assert backend.open == 2
    await ask(client, backend)
    assert backend.open == 2


async def test_a_write_takes_a_connection_that_has_rested(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has rested longest."""
    monkeypatch.setattr(pool, "REST", 0.02)
    for _ in range(5):
        await ask(client, backend, POST)
        await asyncio.sleep(0.03)
    assert backend.open == 1


async def test_what_the_kernel_knows_counts(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a connection that the event loop has not heard of yet."""
    monkeypatch.setattr(pool, "REST", 0)
    connections: list[Connection] = []

    async def answer(received: Received, connection: Connection) -> None:
        connections.append(connection)
        received.body = await connection.body(received.head)
        await connection.send(OK)

    backend.answer = answer
    for request in (POST, GET, POST):
        await ask(client, backend, request)
        assert len(client.kept) == 1
        connections[-1].writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    await ask(client, backend, POST)
    assert len(connections) == len(set(connections)) == 4


class Aged:
    """A pool whose connections have the ages that they are told."""

    def __init__(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept = client.kept
        self.seconds = 0.0
        monkeypatch.setattr(self.kept.ages, "age", lambda _: self.seconds)

    async def taken(
        self, client: Client, backend: Backend, seconds: float, request: Outgoing
    ) -> bool:
        """Tell whether a request takes a connection that was idle for so many seconds."""
        await ask(client, backend)
        before, self.seconds = backend.open, seconds
        await ask(client, backend, request)
        return backend.open == before

    async def closed(self, client: Client, backend: Backend, seconds: float) -> None:
        """Let the service close all connections when they are idle for so many seconds."""
        await ask(client, backend)
        self.seconds = seconds
        for writer in list(backend.writers):
            writer.close()
        await backend.all_closed()
        while len(self.kept):  # noqa: ASYNC110  (it is the loop that is waited for)
            await asyncio.sleep(0)


async def test_when_a_service_closes_is_remembered(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write takes connections of half that age at most; a read, which can be repeated, all."""
    aged = Aged(client, monkeypatch)
    assert await aged.taken(client, backend, 1.9, POST)
    await aged.closed(client, backend, 2.0)
    assert await aged.taken(client, backend, 0.9, POST)
    assert not await aged.taken(client, backend, 1.9, POST)
    assert await aged.taken(client, backend, 1.9, GET)


@pytest.mark.parametrize("request_", [GET, POST])
async def test_a_service_that_was_only_restarted_is_trusted_again(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch, request_: Outgoing
) -> None:
    """As soon as a connection is open at an age at which one was closed."""
    aged = Aged(client, monkeypatch)
    await aged.closed(client, backend, 0.01)
    assert not await aged.taken(client, backend, 0.5, POST)
    await aged.taken(client, backend, 0.5, request_)
    assert await aged.taken(client, backend, 0.5, POST)


async def test_a_service_that_keeps_connections_longer_than_we_do_is_trusted_again(
    client: Client, backend: Backend
) -> None:
    """Nobody has to ask."""
    client.kept.ages.seconds = 0.02
    origin = at(backend)
    client.kept.closed_at(origin, 0.001)
    await ask(client, backend)
    await backend.all_closed()
    while client.kept._lifetimes:  # noqa: ASYNC110  (it is the loop that is waited for)
        await asyncio.sleep(0)


async def test_a_write_that_meets_a_closed_connection_teaches_the_pool(
    client: Client, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails, for nobody knows what became of it; the next ones take new connections."""
    aged = Aged(client, monkeypatch)

    async def answer(received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        if connection in answered:
            connection.writer.close()
        else:
            answered.add(connection)
            await connection.send(OK)

    answered: set[Connection] = set()
    backend.answer = answer
    aged.seconds = 1.0
    await ask(client, backend, POST)
    with pytest.raises(HttpError):
        await ask(client, backend, POST)
    for _ in range(3):
        await ask(client, backend, POST)
    assert len(backend.requests) == 5
