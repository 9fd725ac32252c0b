"""Connections that are counted as held, or not."""

import queue
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import SplitResult, urlsplit

from bench.connections import store as bounded
from bench.connections.downloads import measure
from bench.connections.idle import Idle
from bench.store import Handler, Server
from bench.wire import closes, request, whole


@contextmanager
def store(handler: type[socketserver.BaseRequestHandler] = Handler) -> Iterator[SplitResult]:
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield urlsplit(f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()


def handler(*answers: bytes) -> type[socketserver.BaseRequestHandler]:
    """Return what gives these answers to the requests on a connection, and then closes it."""

    class Answering(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for answer in answers:
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(answer)

    return Answering


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_connections_that_are_answered_again_are_held() -> None:
    with store(handler(OK, OK, OK)) as url, ExitStack() as stack:
        idle = Idle(url, 20, stack)
        idle.ask()
        assert (len(idle), idle.errors) == (20, 0)


def test_connections_that_were_closed_meanwhile_are_errors_once() -> None:
    with store(handler(OK)) as url, ExitStack() as stack:
        idle = Idle(url, 20, stack)
        assert (len(idle), idle.errors) == (20, 0)
        idle.ask()
        idle.ask()
        assert (len(idle), idle.errors) == (0, 20)


def nothing() -> None:
    """Wait for nothing before the downloads of those that are not slow."""


def test_slow_readers_are_not_among_those_whose_seconds_are_taken() -> None:
    with store() as url:
        done = measure(url, fast=3, slow=2, size=2**20, settle=nothing)
    assert (len(done.seconds), done.errors) == (3, 0)


def test_slow_readers_begin_alone() -> None:
    """What they take at once is not part of the others' time."""
    begun: queue.SimpleQueue[int] = queue.SimpleQueue()
    alone: list[int] = []

    class Telling(Handler):
        def handle(self) -> None:
            begun.put(self.client_address[1])
            super().handle()

    def settle() -> None:
        alone.extend(begun.get(timeout=60) for _ in range(2))
        assert begun.empty()

    with store(Telling) as url:
        measure(url, fast=3, slow=2, size=2**20, settle=settle)
    assert len(alone) == 2
    assert begun.qsize() == 3


def test_a_download_that_is_not_whole_is_an_error() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\nbegun"
    with store(handler(cut)) as url:
        done = measure(url, fast=2, slow=0, size=2**20, settle=nothing)
    assert done.errors == 2
    assert done.seconds == []


def test_the_store_keeps_little_of_an_answer_in_the_kernel_and_no_connection() -> None:
    kept = []

    class Telling(bounded.Handler):
        def setup(self) -> None:
            super().setup()
            kept.append(self.connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF))

    with bounded.Server(("127.0.0.1", 0), Telling) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        with socket.create_connection(server.socket.getsockname()) as client:
            client.sendall(request("GET /3", urlsplit("http://store"), {}))
            answer = b"".join(iter(lambda: client.recv(4096), b""))
        server.shutdown()
        serving.join()
    assert kept == [2 * bounded.WAITING]
    assert whole(answer)
    assert closes(answer)
