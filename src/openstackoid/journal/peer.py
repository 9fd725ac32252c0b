"""A connection to the process that keeps the journal, as that process sees it."""

import asyncio

from openstackoid.journal import wire
from openstackoid.journal.wire import Answered


class Peer:
    """A connection: of a worker (once it has said hello), or of a command.

    `has` are the ids of what a worker is at.
    """

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self.works = False
        self.has: set[str] = set()
        self._answers: list[Answered] = []

    def send(self, message: Answered) -> None:
        """Answer with the next `flush`, if anybody is there."""
        if not self._writer.is_closing():
            self._answers.append(message)

    def flush(self) -> None:
        """Send what was answered since the last one."""
        if self._answers and not self._writer.is_closing():  # uvloop's raises RuntimeError
            self._writer.write(wire.written(self._answers))
        self._answers.clear()

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()
