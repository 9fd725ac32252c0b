"""What the workers of a gateway share, and those that take over from them: sockets and memory.

A supervisor has them, and hands them to its workers through a socket of their own. So a socket
listens, and its queue of new connections lives, while processes come and go. A message is a list in
JSON, with the files beside it (unix(7), SCM_RIGHTS).
"""

import errno
import json
import os
import socket
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

BACKLOG = 1024
"""Connections of one listener that wait to be accepted."""

_LONGEST = 65_536
"""Bytes of a message."""

_TEXT = 5000
"""Characters of a reason, at 12 bytes at most in JSON; the mistakes in a file may be many."""

_FILES = 16


class Shared(Protocol):
    """Where a gateway gets its sockets and its memory."""

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Return sockets that listen at host and port, and do not block; raises OSError."""

    def leave(self, host: str, port: int) -> None:
        """Say that they are not needed any more."""

    def memory(self, name: str) -> int:
        """Return a file in memory, the same for the same name, now and later."""


class Alone:
    """Shares with nobody: for a gateway that is its process."""

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Open sockets."""
        return listening(host, port)

    def leave(self, host: str, port: int) -> None:
        """Keep nothing."""

    def memory(self, name: str) -> int:
        """Make memory."""
        return make_memory(name)


class Supervised:
    """The worker's end of the way to its supervisor."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel

    def listen(self, host: str, port: int) -> list[socket.socket]:
        """Ask for sockets."""
        return [socket.socket(fileno=file) for file in self._ask("listen", host, port)]

    def leave(self, host: str, port: int) -> None:
        """Tell it."""
        send(self.channel, "leave", host, port)

    def memory(self, name: str) -> int:
        """Ask for memory."""
        return self._ask("memory", name)[0]

    def log(self) -> TextIO:
        """Ask where the log is written; standard error leads to the supervisor."""
        return os.fdopen(self._ask("log")[0], "w", 1, "utf-8", "backslashreplace")

    def ready(self) -> None:
        """Say that requests are being answered."""
        send(self.channel, "ready")

    def failed(self, why: str) -> None:
        """Say why they never will."""
        send(self.channel, "failed", why[:_TEXT])

    def alone(self) -> bool:
        """Tell whether the supervisor has ended. It says nothing unasked."""
        try:
            return self.channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except ConnectionError:  # it has not read all that it was told
            return True

    def _ask(self, *question: object) -> list[int]:
        self.channel.setblocking(True)  # an event loop that watches it has it not block
        send(self.channel, *question)
        answer, files = receive(self.channel)
        if answer[0] == "error":
            raise OSError(answer[1], os.strerror(answer[1]))
        return files


def channels() -> tuple[socket.socket, socket.socket]:
    """Return both ends of the way between a supervisor and a worker."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, *message: object, files: Sequence[int] = ()) -> None:
    """Send a message; raises OSError if nobody is there."""
    socket.send_fds(channel, [json.dumps(message).encode()], files)


def receive(channel: socket.socket) -> tuple[list[Any], list[int]]:
    """Return a message and its files; raises EOFError if the other has ended, OSError."""
    data, files, _, _ = socket.recv_fds(channel, _LONGEST, _FILES)
    if not data:
        raise EOFError
    return json.loads(data), files


def listening(host: str, port: int) -> list[socket.socket]:
    """Listen at host and port, at every address of that host; raises OSError.

    The sockets do not block, and take IPv6 apart from IPv4.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, error.strerror) from error
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(_bound(family, address))
            sockets[-1].listen(BACKLOG)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
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
    """Return a new file in memory, empty."""
    return os.memfd_create(name[:64])
