"""Passes listening sockets and shared memory from the supervisor to its workers.

The supervisor keeps them, and sends them to each worker over a channel, a Unix socket pair. So a
socket and its queue of new connections stay while workers are replaced. A message is a JSON list,
with file descriptors beside it (unix(7), SCM_RIGHTS).
"""

import errno
import json
import os
import socket
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

BACKLOG = 1024
"""Connections of one listener that may wait to be accepted."""

_MAX_MESSAGE = 65_536
"""Bytes of the longest message."""

_MAX_REASON = 5000
"""Characters of a reason for a failed start: each has at most 12 bytes in JSON."""

_MAX_FILES = 16


class Shared(Protocol):
    """Where a gateway gets its listening sockets and shared memory from."""

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Return non-blocking sockets that listen at host and port; raises OSError."""

    def leave(self, host: str, port: int) -> None:
        """Say that the sockets of this host and port are no longer needed."""

    def memory(self, name: str) -> int:
        """Return a file descriptor of shared memory; the same memory for the same name."""


class Alone:
    """For a gateway without a supervisor: opens its own sockets, shares nothing."""

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Open the sockets; raises OSError."""
        return listening(host, port)

    def leave(self, host: str, port: int) -> None:
        """Do nothing: the gateway closes its sockets itself."""

    def memory(self, name: str) -> int:
        """Return new memory."""
        return make_memory(name)


class Supervised:
    """A worker's end of the channel to its supervisor."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Ask the supervisor for the sockets; raises OSError."""
        return [socket.socket(fileno=file) for file in self._ask("listen", host, port)]

    def leave(self, host: str, port: int) -> None:
        """Tell the supervisor that this address is released."""
        send(self.channel, "leave", host, port)

    def memory(self, name: str) -> int:
        """Ask the supervisor for the memory."""
        return self._ask("memory", name)[0]

    def log(self) -> TextIO:
        """Return the supervisor's standard error, where the log goes.

        The worker's own standard error is a pipe to the supervisor.
        """
        return os.fdopen(self._ask("log")[0], "w", 1, "utf-8", "backslashreplace")

    def ready(self) -> None:
        """Tell the supervisor that this worker answers requests."""
        send(self.channel, "ready")

    def failed(self, why: str) -> None:
        """Tell the supervisor why this worker cannot start."""
        send(self.channel, "failed", why[:_MAX_REASON])

    def alone(self) -> bool:
        """Return whether the supervisor has ended; it never sends a message unasked."""
        try:
            return self.channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except ConnectionError:  # it ended with messages unread
            return True

    def _ask(self, *question: object) -> list[int]:
        self.channel.setblocking(True)  # an event loop that watches it has made it non-blocking
        send(self.channel, *question)
        answer, files = receive(self.channel)
        if answer[0] == "error":
            raise OSError(answer[1], os.strerror(answer[1]))
        return files


def channels() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a channel: the supervisor's and the worker's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, *message: object, files: Sequence[int] = ()) -> None:
    """Send a message and file descriptors; raises OSError if the other end is closed."""
    socket.send_fds(channel, [json.dumps(message).encode()], files)


def receive(channel: socket.socket) -> tuple[list[Any], list[int]]:
    """Return a message and its file descriptors.

    Raises EOFError if the other end is closed, and OSError.
    """
    data, files, _, _ = socket.recv_fds(channel, _MAX_MESSAGE, _MAX_FILES)
    if not data:
        raise EOFError
    return json.loads(data), files


def listening(host: str, port: int) -> list[socket.socket]:
    """Return non-blocking sockets that listen at each address of a host; raises OSError.

    IPv6 sockets do not accept IPv4.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, error.strerror) from error
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(_bound_socket(family, address))
            sockets[-1].listen(BACKLOG)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _bound_socket(family: socket.AddressFamily, address: Any) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def make_memory(name: str) -> int:
    """Return the file descriptor of a new, empty file in memory."""
    return os.memfd_create(name[:64])
