"""Requests at a fixed rate, whether answers come or not: how long each of them takes.

A request's time begins when it was due. So one that had to wait for others counts the wait,
which a client that sends the next only after an answer would never see (coordinated omission).
"""

import collections
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from urllib.parse import SplitResult

import click

from bench.wire import connect, exchange, receive, request, whole

CONNECTIONS = 16
PATIENCE = 10.0


def measure(url: SplitResult, headers: dict[str, str], rate: int, seconds: float) -> list[float]:
    """Return the seconds of each request; raises ClickException if one of them fails."""
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(url)) for _ in range(CONNECTIONS)]
        head = request("GET /v2/images", url, headers)
        for connection in connections:  # with TLS more than an answer comes the first time
            exchange(connection, head)
        return _run(connections, head, rate, int(rate * seconds))


def _run(connections: Sequence[socket.socket], head: bytes, rate: int, total: int) -> list[float]:
    idle = collections.deque(connections)
    due: dict[socket.socket, float] = {}
    received: dict[socket.socket, bytes] = {}
    seconds: list[float] = []
    start, sent = time.perf_counter(), 0
    # select(2) waits for microseconds, epoll(7) for milliseconds.
    with selectors.SelectSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ, connection)
        while len(seconds) < total:
            next_due = start + sent / rate
            if idle and sent < total and next_due <= time.perf_counter():
                connection = idle.popleft()
                due[connection], received[connection] = next_due, b""
                connection.sendall(head)
                sent += 1
                continue
            waits = idle and sent < total
            wait = max(next_due - time.perf_counter(), 0) if waits else PATIENCE
            ready = selector.select(wait)
            if not ready and not waits:
                raise click.ClickException(f"no answer within {PATIENCE:g} s")
            for key, _ in ready:
                connection = key.data
                received[connection] += receive(connection)
                if whole(received[connection]):
                    seconds.append(time.perf_counter() - due[connection])
                    idle.append(connection)
    return seconds
