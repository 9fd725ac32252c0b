"""Connections on which nothing is sent but a request now and then."""

import socket
from contextlib import ExitStack
from urllib.parse import SplitResult

import click

from bench.wire import connect, exchange, request

SOURCES = tuple(f"127.0.3.{number}" for number in range(1, 11))
"""Where they come from: no single address may have all connections of a gateway."""


class Idle:
    """So many connections, which `stack` closes, each of which has had one answer."""

    def __init__(self, url: SplitResult, count: int, stack: ExitStack) -> None:
        self.errors = 0
        self._head = request("GET /v2/images", url, {})
        self._alive: list[socket.socket] = []
        for number in range(count):
            try:
                connection = connect(url, SOURCES[number * len(SOURCES) // count])
            except OSError as error:
                self._failed(error)
            else:
                stack.enter_context(connection)
                self._ask(connection)  # at once: the head of a first request is to come soon

    def __len__(self) -> int:
        return len(self._alive)

    def ask(self) -> None:
        """Send a request on each. One that fails counts, and is asked no more."""
        alive, self._alive = self._alive, []
        for connection in alive:
            self._ask(connection)

    def _ask(self, connection: socket.socket) -> None:
        try:
            exchange(connection, self._head)
        except (OSError, click.ClickException) as error:
            self._failed(error)
        else:
            self._alive.append(connection)

    def _failed(self, error: Exception) -> None:
        if not self.errors:
            click.echo(f"an idle connection: {error}", err=True)
        self.errors += 1
