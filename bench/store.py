"""A service that takes and gives bodies of any size: python -m bench.store HOST PORT.

`GET` of the object BYTES is answered with as many zeros, `PUT` with the number of bytes that came.
"""

import os
import socket
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECE = 1 << 20

OBJECT = "/v1/AUTH_bench/objects/{}"
"""An object's path: its bytes are a user's own, which no gateway reads (`services.is_data`)."""


class Handler(BaseHTTPRequestHandler):
    """One connection. Nothing is copied to this program: it would be what is measured."""

    protocol_version = "HTTP/1.1"
    rbufsize = 0  # what follows a head stays in the socket

    def do_GET(self) -> None:
        """Send zeros."""
        size = int(self.path.rpartition("/")[2])
        self._begin(size)
        give(self.connection, size)

    def do_PUT(self) -> None:
        """Take a body of known length."""
        received = take(self.connection, int(self.headers["Content-Length"]))
        answer = str(received).encode()
        self._begin(len(answer))
        self.wfile.write(answer)

    def _begin(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


def give(connection: socket.socket, size: int) -> None:
    """Send so many zeros, from a file in memory that has no memory; with TLS from a little."""
    if isinstance(connection, ssl.SSLSocket):
        zeros = memoryview(bytes(PIECE))
        for sent in range(0, size, PIECE):
            connection.sendall(zeros[: size - sent])
        return
    file = os.memfd_create("zeros")
    try:
        os.ftruncate(file, size)
        sent = 0
        while sent < size:
            sent += os.sendfile(connection.fileno(), file, sent, size - sent)
    finally:
        os.close(file)


def take(connection: socket.socket, size: int) -> int:
    """Receive so many bytes, or as many as come; the kernel drops them (tcp(7), MSG_TRUNC).

    With TLS it does not: they are deciphered here.
    """
    flags = 0 if isinstance(connection, ssl.SSLSocket) else socket.MSG_TRUNC
    buffer, received = bytearray(PIECE), 0
    while received < size:
        count = connection.recv_into(buffer, min(PIECE, size - received), flags)
        if not count:
            break
        received += count
    return received


class Server(ThreadingHTTPServer):
    """All connections, a thread each."""

    daemon_threads = True
    request_queue_size = 1024


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
