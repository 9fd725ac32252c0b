"""Forwards one connection over a link, between two TCP connections, with delay and order."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import cast

from openstackoid.lab.links.condition import Condition, State

WINDOW = 8 << 20
"""Bytes under way at most, per direction of a connection; throughput is at most this per delay."""

_BUFFER = 1 << 20  # bytes that may wait for a slow reader before the other side is paused
_LINGER = struct.pack("ii", 1, 0)  # SO_LINGER with timeout 0: close sends RST


class End(Enum):
    """How a side stops sending."""

    CLOSED = auto()
    RESET = auto()


class Connection:
    """One connection over a link: `near` was accepted, `far` is connected to the target.

    Bytes, half-closes and resets are forwarded in their order.
    """

    def __init__(self, near: socket.socket, far: socket.socket, delay: float) -> None:
        self.ended = asyncio.Event()
        self._near, self._far = Side(near, delay, self._lost), Side(far, delay, self._lost)
        self._near.other, self._far.other = self._far, self._near

    async def start(self) -> None:
        """Start to receive; nothing is forwarded before `apply` is called."""
        for side in (self._near, self._far):
            await side.start()

    def apply(self, condition: Condition) -> None:
        """Forward according to a condition from now on."""
        for side in (self._near, self._far):
            if condition.state is State.CUT:
                side.reset()
            else:
                side.apply(condition)

    def _lost(self) -> None:
        if self._near.lost and self._far.lost:
            self.ended.set()


class Side(asyncio.Protocol):
    """One of the two TCP connections; the other one sends what this one receives."""

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
        """Start to receive; nothing is forwarded yet."""
        await self._loop.connect_accepted_socket(lambda: self, self._socket)

    def apply(self, condition: Condition) -> None:
        """Stop or resume forwarding, and delay what is received from now on."""
        self._silent = condition.state is State.BLACKHOLE
        self._delay = condition.delay
        self._carry()

    def reset(self) -> None:
        """Close this connection at once by RST."""
        self._under_way.clear()
        if not self.lost:
            reset(self._socket)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_BUFFER)

    def data_received(self, data: bytes) -> None:
        """Forward bytes."""
        self._take(data)

    def eof_received(self) -> bool:
        """Forward the half-close; keep the transport open until the other direction ends, too."""
        self._received_end = True
        self._take(End.CLOSED)
        return not self._sent_end

    def connection_lost(self, error: Exception | None) -> None:
        """Forward a reset."""
        self.lost = True
        if error is not None:
            self._take(End.RESET)
        self._gone()

    def pause_writing(self) -> None:
        """Pause the other side, whose bytes this side cannot send fast enough."""
        self._full = True
        self.other._look()

    def resume_writing(self) -> None:
        """Resume the other side."""
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
        """Forward what is due, and schedule the next call."""
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
        """Pause or resume receiving, depending on the room for more bytes."""
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
    """Make a connection send RST when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)


def _size(item: bytes | End) -> int:
    return len(item) if isinstance(item, bytes) else 0
