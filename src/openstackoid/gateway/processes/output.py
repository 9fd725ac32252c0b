"""Logs the standard error of a worker, such as the traceback of a crash, as JSON.

A worker writes its log itself; its standard error is a pipe to the supervisor. So every line of the
log is JSON, whatever a worker prints.
"""

import asyncio
import time

from structlog.typing import FilteringBoundLogger

from openstackoid.gateway.reporting.log import shown_text

MAX_LINE = 1000
"""Characters of a line that are logged."""

BURST = 100
"""Lines of one worker that are logged at once; after that, one per second."""

_READ_SIZE = 65_536


class Output:
    """Logs the standard error of one worker; `last` is its last line that is not empty."""

    def __init__(self, log: FilteringBoundLogger, worker: int) -> None:
        self._log = log.bind(worker=worker)
        self._allowed = float(BURST)
        self._since = time.monotonic()
        self._left_out = 0
        self.last = ""

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Log each line until the stream ends; only the beginning of a long one."""
        line = b""
        while piece := await stream.read(_READ_SIZE):
            *lines, line = (line + piece).split(b"\n")
            for one in lines:
                self._log_line(one)
            line = line[: 4 * MAX_LINE]  # a character has at most 4 bytes in UTF-8
        self._log_line(line)
        if self._left_out:
            self._log.error("worker output", left_out=self._left_out)

    def _log_line(self, line: bytes) -> None:
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
