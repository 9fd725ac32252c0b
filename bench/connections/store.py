"""An object store that leaves the kernel's memory to the gateway.

    python -m bench.connections.store HOST PORT

Service, gateway and clients are on one machine here, whose kernel has so much memory for all of
TCP (`tcp_mem`, tcp(7)). By itself it keeps 4 MiB of each answer for the service: for hundreds more
than there is. Then it drops what arrives, and the last download ends when TCP has repeated itself
often enough, 13 s for the sixth time, whoever reads slowly or not.
"""

import socket
import sys

from bench import store

WAITING = 1 << 17
"""Bytes of an answer that wait in the kernel to be sent; it takes that twice, with its own."""


class Handler(store.Handler):
    """One connection for one answer: the window of one that is kept grows from round to round."""

    def end_headers(self) -> None:
        """Say that no other answer follows."""
        self.send_header("Connection", "close")
        super().end_headers()


class Server(store.Server):
    """All connections, each of which has the bound of the socket that listens."""

    def server_bind(self) -> None:
        """Set the bound before anybody connects."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WAITING)
        super().server_bind()


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
