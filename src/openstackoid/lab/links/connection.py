"""One connection over a link: two TCP connections, its sides, and what passes between them."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import cast

from openstackoid.lab.links.condition import Condition, State

WINDOW = 8 << 20
"""Bytes under way in one direction of one connection; a delay bounds its throughput by this."""

_BUFFER = 1 << 20  # bytes a side that reads slowly may be behind before the other has to wait
_LINGER = struct.pack("ii", 1, 0)  # a socket with it is closed by RST


class End(Enum):
    """How a side stops sending."""

    CLOSED = auto()
    RESET = auto()


class Connection:
    """Both sides: `near` was accepted, `far` leads to the target.

    Everything keeps its order: bytes, the end of one direction while the other goes on, a reset.
    """

    def __init__(self, near: socket.socket, far: socket.socket, delay: float) -> None:
        self.ended = asyncio.Event()
        self._near, self._far = Side(near, delay, self._lost), Side(far, delay, self._lost)
        self._near.other, self._far.other = self._far, self._near

    async def start(self) -> None:
        """Receive; nothing passes before `apply` is called."""
        for side in (self._near, self._far):
            await side.start()

    def apply(self, condition: Condition) -> None:
        """Pass on what comes from now on as a link in this condition does."""
        for side in (self._near, self._far):
            if condition.state is State.CUT:
                side.reset()
            else:
                side.apply(condition)

    def _lost(self) -> None:
        if self._near.lost and self._far.lost:
            self.ended.set()


class Side(asyncio.Protocol):
    """One of the two TCP connections: what it receives, the other sends."""

    def __init__(self, connected: socket.socket, delay: float, gone: Callable[[], None]) -> None:
        self.other: Side
        self.lost = False
        self._gone = gone
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._silent = True
        self._delay = delay
        self._under_way: deque[tuple[float, bytes | End]] = deque()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._full = False
        self._received_end = False
        self._sent_end = False

    async def start(self) -> None:
        """Receive, but send nothing on yet."""
        await self._loop.connect_accepted_socket(lambda: self, self._socket)

    def apply(self, condition: Condition) -> None:
        """Be silent or not, and delay what is received from now on."""
        self._silent = condition.state is State.BLACKHOLE
        self._delay = condition.delay
        self._carry()

    def reset(self) -> None:
        """End at once, as a connection does whose peer is gone."""
        self._under_way.clear()
        if not self.lost:
            reset(self._socket)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_BUFFER)

    def data_received(self, data: bytes) -> None:
        """Send it on."""
        self._take(data)

    def eof_received(self) -> bool:
        """Send it on; this connection stays open until the other direction has ended, too."""
        self._received_end = True
        self._take(End.CLOSED)
        return not self._sent_end

    def connection_lost(self, error: Exception | None) -> None:
        """Let a reset pass on."""
        self.lost = True
        if error is not None:
            self._take(End.RESET)
        self._gone()

    def pause_writing(self) -> None:
        """Let the other side wait."""
        self._full = True
        self.other._look()

    def resume_writing(self) -> None:
        """Let the other side go on."""
        self._full = False
        self.other._look()

    def _take(self, item: bytes | End) -> None:
        if not (self._under_way or self._delay or self._silent):
            self.other._send(item)
            return
        due = self._loop.time() + self._delay
        if self._under_way:
            due = max(due, self._under_way[-1][0])
        self._under_way.append((due, item))
        self._bytes += _size(item)
        if self._timer is None:
            self._carry()
        else:
            self._look()

    def _carry(self) -> None:
        """Send on what is due, and come back when the next is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._loop.time()
        while self._under_way and not self._silent and self._under_way[0][0] <= now:
            _, item = self._under_way.popleft()
            self._bytes -= _size(item)
            self.other._send(item)
        if self._under_way and not self._silent:
            self._timer = self._loop.call_at(self._under_way[0][0], self._carry)
        self._look()

    def _look(self) -> None:
        """Receive only what there is room for."""
        if self._silent or self.other._full or self._bytes >= WINDOW:
            self._transport.pause_reading()
        elif not self._received_end:
            self._transport.resume_reading()

    def _send(self, item: bytes | End) -> None:
        if self._transport.is_closing():
            return
        if isinstance(item, bytes):
            self._transport.write(item)
        elif item is End.RESET:
            self.reset()
        elif self._received_end:
            self._transport.close()
        else:
            self._sent_end = True
            self._transport.write_eof()


def reset(connection: socket.socket) -> None:
    """Let a connection end by RST when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def _size(item: bytes | End) -> int:
    return len(item) if isinstance(item, bytes) else 0
