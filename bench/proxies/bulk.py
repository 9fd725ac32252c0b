"""One large body, down or up, on a connection of its own."""

import time
from urllib.parse import SplitResult

import click

from bench.store import OBJECT, give, take
from bench.wire import connect, receive, receive_head, request


def download(url: SplitResult, headers: dict[str, str], size: int) -> float:
    """Return the seconds it takes to get so many bytes."""
    with connect(url) as connection:
        start = time.perf_counter()
        connection.sendall(request(f"GET {OBJECT.format(size)}", url, headers))
        length, body = receive_head(connection)
        received = len(body) + take(connection, length - len(body))
        seconds = time.perf_counter() - start
    return _checked(received, size, seconds)


def upload(url: SplitResult, headers: dict[str, str], size: int) -> float:
    """Return the seconds it takes to send so many bytes, all of which the service has got."""
    framing = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    with connect(url) as connection:
        start = time.perf_counter()
        connection.sendall(request(f"PUT {OBJECT.format(size)}", url, headers | framing))
        give(connection, size)
        length, answer = receive_head(connection)
        while len(answer) < length:
            answer += receive(connection)
        seconds = time.perf_counter() - start
    return _checked(int(answer), size, seconds)


def _checked(received: int, size: int, seconds: float) -> float:
    if received != size:
        raise click.ClickException(f"{received} of {size} bytes arrived")
    return seconds
