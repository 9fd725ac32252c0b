"""Heads of answers, as they come from a socket."""

import socket
from collections.abc import Iterator
from threading import Timer

import click
import pytest

from bench.wire import exchange, receive_head

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours and the server's end of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_what_has_come_of_the_body_is_not_lost(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(HEAD + b"ab")
    assert receive_head(ours) == (5, b"ab")


def test_a_head_may_come_in_pieces(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    theirs.sendall(HEAD[:-1])
    rest = Timer(0.05, theirs.sendall, [HEAD[-1:]])
    rest.start()
    assert receive_head(ours) == (5, b"")
    rest.join()


@pytest.mark.parametrize("sent", [b"", HEAD[:-1], HEAD + b"abcd"])
def test_a_connection_that_is_closed_too_early_is_an_error(
    ends: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    ours, theirs = ends
    theirs.sendall(sent)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(click.ClickException, match="closed before its answer"):
        exchange(ours, b"GET / HTTP/1.1\r\n\r\n")
