"""Many downloads at once, beside some whose readers are slow.

A slow reader is a client with a slow link. What waits for it is to fill no memory of the gateway,
and to keep nobody else waiting.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult

import click

from bench.connections.idle import SOURCES
from bench.store import OBJECT
from bench.wire import connect, receive_head, request

PIECE = 1 << 20
SIP, PAUSE = 1 << 14, 0.25
"""What a slow reader takes, and after how many seconds it takes more, until all others are done."""

PATIENCE = 60.0


@dataclass
class Done:
    """The seconds of each download but those of slow readers, and how many of all have failed."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0


class _Download:
    def __init__(self, url: SplitResult, source: str, size: int) -> None:
        self.connection = connect(url, source)
        self._left = size
        self._begun = False
        self._head = request(f"GET {OBJECT.format(size)}", url, {})

    def begin(self) -> None:
        self.connection.sendall(self._head)

    def take(self, most: int, buffer: bytearray) -> bool:
        """Take what is there, which the kernel drops (tcp(7)); tell whether that was the end."""
        if not self._begun:
            length, body = receive_head(self.connection)
            if length != self._left:
                raise click.ClickException("an answer has another length than was asked for")
            self._begun = True
            self._left -= len(body)
        flags = socket.MSG_TRUNC | socket.MSG_DONTWAIT
        try:
            count = self.connection.recv_into(buffer, most, flags)
        except BlockingIOError:
            return False
        if not count:
            raise click.ClickException(f"an answer ended {self._left} bytes early")
        self._left -= count
        return not self._left


def measure(url: SplitResult, fast: int, slow: int, size: int, settle: Callable[[], None]) -> Done:
    """Download so many bytes with each of so many connections, all at once, beside slow readers.

    These begin before, and the others when `settle` returns: it is to wait until nothing more goes
    to slow readers by itself, or what fills their buffers would be part of the others' time.
    """
    done = Done()
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        slow_ones = _open(url, slow, size, stack, done)
        for download in slow_ones:
            download.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP)
            download.begin()
        settle()
        fast_ones = _open(url, fast, size, stack, done)
        start = time.perf_counter()
        for download in fast_ones:
            download.begin()
        for at in _run(selector, fast_ones, slow_ones, done):
            done.seconds.append(at - start)
        for _ in _run(selector, slow_ones, (), done):
            pass
    return done


def _open(url: SplitResult, count: int, size: int, stack: ExitStack, done: Done) -> list[_Download]:
    """Connect so many, which `stack` closes."""
    downloads = []
    for number in range(count):
        try:
            download = _Download(url, SOURCES[number % len(SOURCES)], size)
        except OSError as error:
            _failed(error, done)
        else:
            downloads.append(download)
            stack.enter_context(download.connection)
    return downloads


def _run(
    selector: selectors.BaseSelector,
    downloads: Iterable[_Download],
    slow: Iterable[_Download],
    done: Done,
) -> Iterable[float]:
    """Take all of these downloads, and sips of the slow ones meanwhile; yield when each ended."""
    buffer = bytearray(PIECE)
    for download in downloads:
        selector.register(download.connection, selectors.EVENT_READ, download)
    sip = time.perf_counter()
    silent_since = sip
    while selector.get_map():
        now = time.perf_counter()
        if now >= sip:
            sip = now + PAUSE
            for download in slow:
                with suppress(OSError, click.ClickException):  # it will fail again, at its end
                    download.take(SIP, buffer)
        ready = selector.select(PAUSE)
        if ready:
            silent_since = now
        elif now - silent_since > PATIENCE:
            raise click.ClickException(f"no download went on for {PATIENCE:g} s")
        for key, _ in ready:
            try:
                ended = key.data.take(PIECE, buffer)
            except (OSError, click.ClickException) as error:
                _failed(error, done)
                ended = True
            else:
                if ended:
                    yield time.perf_counter()
            if ended:
                selector.unregister(key.fileobj)


def _failed(error: Exception, done: Done) -> None:
    if not done.errors:
        click.echo(f"a download: {error}", err=True)
    done.errors += 1
