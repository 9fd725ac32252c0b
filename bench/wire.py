"""HTTP by hand: what is measured is not to be the client."""

import re
import socket
import ssl
import struct
from urllib.parse import SplitResult

import click

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: close\r\n", re.IGNORECASE)
_CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_LONGEST = 65_536
_MINUTE = struct.pack("ll", 60, 0)
_ANY = ssl.create_default_context()
_ANY.check_hostname = False
_ANY.verify_mode = ssl.CERT_NONE


def connect(url: SplitResult, source: str = "") -> socket.socket:
    """Open a connection that sends small pieces at once, and waits for a minute at most.

    It comes from the address `source`, if there is one. With TLS any certificate will do.
    """
    connection = socket.create_connection((url.hostname, url.port), source_address=(source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # By the kernel, for with a timeout of Python's the socket would not block.
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, option, _MINUTE)
    return _ANY.wrap_socket(connection) if url.scheme == "https" else connection


def request(line: str, url: SplitResult, headers: dict[str, str]) -> bytes:
    """Return the head of a request."""
    lines = [f"{line} HTTP/1.1", f"Host: {url.netloc}", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(answer: bytes) -> bool:
    """Return whether an answer has come to its end; raises ClickException if it is not 200."""
    head, end, body = answer.partition(_END)
    if not end:
        return False
    _check(head)
    if _CHUNKED in head.lower() + b"\r\n":
        return answer.endswith(_LAST_CHUNK)
    return len(body) >= _length(head)


def closes(answer: bytes) -> bool:
    """Return whether an answer says that it is the last on its connection."""
    return _CLOSE.search(answer.partition(_END)[0] + b"\r\n") is not None


def receive(connection: socket.socket) -> bytes:
    """Return what has come; raises ClickException if that is the end."""
    data = connection.recv(_LONGEST)
    if not data:
        raise click.ClickException("a connection was closed before its answer came")
    return data


def exchange(connection: socket.socket, head: bytes) -> None:
    """Send a request without a body, and take its answer; raises ClickException if it fails."""
    connection.sendall(head)
    answer = b""
    while not whole(answer):
        answer += receive(connection)


def receive_head(connection: socket.socket) -> tuple[int, bytes]:
    """Take the head of an answer; return how long the body is, and what of it has come as well.

    Raises ClickException if the answer is not 200, or does not tell.
    """
    answer = b""
    while _END not in answer:
        answer += receive(connection)
    head, _, body = answer.partition(_END)
    _check(head)
    return _length(head), body


def _check(head: bytes) -> None:
    if not head.startswith(b"HTTP/1.1 200 "):
        raise click.ClickException(f"200 was expected, and came: {head!r}")


def _length(head: bytes) -> int:
    found = _LENGTH.search(head + b"\r\n")
    if found is None:
        raise click.ClickException(f"an answer does not tell how long it is: {head!r}")
    return int(found[1])
