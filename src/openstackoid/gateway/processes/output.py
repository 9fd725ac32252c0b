"""Writes what a worker says outside of its log, such as the traceback of a crash, into the log.

A worker writes its log itself, and its standard error leads to the supervisor: so each line of the
log is JSON, whatever happens.
"""

import asyncio
import time

from structlog.typing import FilteringBoundLogger

from openstackoid.gateway.reporting.log import shown_text

MAX_LINE = 1000
"""Characters of a line."""

BURST = 100
"""Lines of one worker at once; behind them one a second."""

_PIECE = 65_536


class Output:
    """The standard error of one worker; `last` is the last line that is not empty."""

    def __init__(self, log: FilteringBoundLogger, worker: int) -> None:
        self._log = log.bind(worker=worker)
        self._allowed = float(BURST)
        self._since = time.monotonic()
        self._left_out = 0
        self.last = ""

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Log each line until the worker has ended; of a long one, the beginning."""
        line = b""
        while piece := await stream.read(_PIECE):
            *lines, line = (line + piece).split(b"\n")
            for one in lines:
                self._say(one)
            line = line[: 4 * MAX_LINE]  # bytes of one character in UTF-8
        self._say(line)
        if self._left_out:
            self._log.error("worker output", left_out=self._left_out)

    def _say(self, line: bytes) -> None:
        text = shown_text(line.decode(errors="replace").rstrip()[:MAX_LINE])
        if not text:
            return
        self.last = text.strip()
        now = time.monotonic()
        self._allowed = min(BURST, self._allowed + now - self._since)
        self._since = now
        if self._allowed < 1:
            self._left_out += 1
            return
        self._allowed -= 1
        left_out = {"left_out": self._left_out} if self._left_out else {}
        self._left_out = 0
        self._log.error("worker output", text=text, **left_out)
