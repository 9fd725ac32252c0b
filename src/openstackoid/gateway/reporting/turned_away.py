"""Counts the requests that are refused before they are read, so that they do not fill the log.

Of each sender the first one in an interval has a line of its own; a summary counts the others.
"""

import asyncio
from collections import Counter

from openstackoid.gateway.reporting.log import write

INTERVAL = 10.0
"""Seconds that one summary is for."""

SENDERS = 1000
"""Senders that are told apart in an interval."""

_SHOWN = 20
"""Senders in a summary: those with the most requests."""


class TurnedAway:
    """The requests of an interval that have no line in the log."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._left_out: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def is_first(self, sender: str) -> bool:
        """Count a request; return whether it is the first one of its sender, to be logged."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self.summarize)
        if sender not in self._left_out:
            if len(self._left_out) < SENDERS:
                self._left_out[sender] = 0
                return True
            sender = "others"
        self._left_out[sender] += 1
        return False

    def summarize(self) -> None:
        """Write how many requests were left out of the log, and begin anew."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if number := self._left_out.total():
            most = {sender: n for sender, n in self._left_out.most_common(_SHOWN) if n}
            write(
                {
                    "event": "left out of the log",
                    "gateway": self._gateway,
                    "requests": number,
                    "clients": most,
                }
            )
        self._left_out.clear()
