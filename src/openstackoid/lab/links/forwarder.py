"""Forwards the connections at one port of a link, while the target listens."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from contextlib import ExitStack, suppress

from openstackoid.lab.links.condition import CUT, WHOLE, Condition, State
from openstackoid.lab.links.connection import Connection, reset
from openstackoid.lab.links.listener import Listener, Mode
from openstackoid.lab.links.plan import Link

_INTERVAL = 0.1  # seconds between two attempts to connect to a target that does not listen

log = logging.getLogger(__name__)


class Forwarder:
    """Forwards connections according to the condition of the link; needs a running event loop.

    It listens only while the target does, so that connecting to a gateway that is down is refused
    here, too. It keeps one connection to the target open to notice when the target ends.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._target = (link.target, link.port)
        self._condition = WHOLE
        self._there = False
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = Listener((link.listen, link.port), self._accepted)
        self._watching = self._start(self._watch())

    def apply(self, condition: Condition) -> None:
        """Apply a condition, also to existing connections."""
        self._condition = condition
        self._listen()
        for connection in self._connections:
            connection.apply(condition)

    def close(self) -> None:
        """Reset all connections, also those just accepted, and stop."""
        self._watching.cancel()
        self.apply(CUT)

    def _listen(self) -> None:
        modes = {
            State.UP: Mode.OPEN if self._there else Mode.CLOSED,
            State.CUT: Mode.CLOSED,
            State.BLACKHOLE: Mode.SILENT,
        }
        try:
            self._listener.set(modes[self._condition.state])
        except OSError as error:
            log.warning("cannot listen at %s:%s: %s", self._link.listen, self._link.port, error)

    def _accepted(self, near: socket.socket) -> None:
        self._start(self._pass_on(near))

    async def _pass_on(self, near: socket.socket) -> None:
        far = socket.socket()
        far.setblocking(False)
        with suppress(OSError), ExitStack() as failed:
            failed.callback(far.close)
            failed.callback(near.close)
            failed.callback(reset, near)
            await asyncio.get_running_loop().sock_connect(far, self._target)
            failed.pop_all()
            connection = Connection(near, far, self._condition.delay)
            await connection.start()
            self._connections.add(connection)
            connection.apply(self._condition)
            await connection.ended.wait()
            self._connections.discard(connection)

    async def _watch(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection(*self._target)
            except OSError:
                self._is_there(False)
                await asyncio.sleep(_INTERVAL)
                continue
            self._is_there(True)
            try:
                with suppress(OSError):
                    await asyncio.gather(reader.read(), asyncio.sleep(_INTERVAL))
            finally:
                writer.close()

    def _is_there(self, there: bool) -> None:
        self._there = there
        self._listen()

    def _start(self, doing: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
