"""A listener that accepts connections, refuses them, or never answers."""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum, auto

_BACKLOG = 1024
_AT_ONCE = 64  # connections accepted per event, so that other tasks get their turn
_FILL = 4  # connections that surely fill a backlog of 1


class Mode(Enum):
    """What happens to a client that connects: it is accepted, refused, or gets no answer."""

    OPEN = auto()
    CLOSED = auto()
    SILENT = auto()


class Listener:
    """Listens at an address and calls `accepted` with each connection; closed at first."""

    def __init__(self, address: tuple[str, int], accepted: Callable[[socket.socket], None]) -> None:
        self.mode = Mode.CLOSED
        self._address = address
        self._accepted = accepted
        self._loop = asyncio.get_running_loop()
        self._listening: socket.socket | None = None
        self._fillers: list[socket.socket] = []

    def set(self, mode: Mode) -> None:
        """Change the mode; raises OSError, and is closed, if another program listens there."""
        if mode == self.mode:
            return
        self._close()
        if mode is not Mode.CLOSED:
            silent = mode is Mode.SILENT
            self._listening = socket.create_server(self._address, backlog=1 if silent else _BACKLOG)
            self._listening.setblocking(False)
            if silent:
                self._fill()
            else:
                self._loop.add_reader(self._listening, self._accept, self._listening)
        self.mode = mode

    def _close(self) -> None:
        self.mode = Mode.CLOSED
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        if self._listening is not None:
            self._loop.remove_reader(self._listening)
            self._listening.close()
            self._listening = None

    def _fill(self) -> None:
        """Fill the backlog: Linux then drops every further SYN, so that connecting times out."""
        for _ in range(_FILL):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(self._address)
            self._fillers.append(filler)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listening.accept()
            except OSError:  # no client is waiting any more
                return
            connection.setblocking(False)
            self._accepted(connection)
