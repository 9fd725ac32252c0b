"""Limits the rate of each of many senders as `rate` does, for all workers together."""

import time
from collections.abc import Callable
from struct import Struct

from openstackoid.gateway.admission.rate import SECOND, added
from openstackoid.gateway.admission.shared_memory import DIGEST, HEAD, SharedMemory

SENDERS = 2**17
"""Senders that are kept at most."""

_SLOTS = 8
_ROW = _SLOTS * (DIGEST + 8)
_ROWS = SENDERS // _SLOTS
_SLOT = Struct("=16sq")


class SharedRate:
    """Allows one request per second of each sender, and `burst` at once after it was idle.

    A digest tells in which of the rows of a table a sender is. If a row is full, the sender in it
    goes whose requests are paid off first. `file` is the shared memory for the table; times are
    in nanoseconds of a clock that all processes have.
    """

    def __init__(self, file: int, burst: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._memory = SharedMemory(file, _ROWS * _ROW)
        self._most = burst * SECOND
        self._clock = clock

    def wait(self, sender: str, requests: int) -> float | None:
        """Count requests; return the seconds to wait if they are too many, None otherwise.

        If they are too many, none of them is counted.
        """
        digest = self._memory.digest(sender)
        with self._memory.locked():
            now = self._clock()
            at, before = self._find(digest)
            after, excess = added(before, now, requests, self._most)
            if excess > 0:
                return excess / SECOND
            _SLOT.pack_into(self._memory.bytes, at, digest, after)
            return None

    def take_back(self, sender: str, requests: int) -> None:
        """Count so many requests less."""
        digest = self._memory.digest(sender)
        with self._memory.locked():
            at, before = self._find(digest)
            if before:
                _SLOT.pack_into(self._memory.bytes, at, digest, before - requests * SECOND)

    def _find(self, digest: bytes) -> tuple[int, int]:
        """Return the offset of a sender's slot, and when its requests are paid off; 0 if never.

        For a sender that is not there, it is the slot that may best be taken.
        """
        start = HEAD + int.from_bytes(digest[:8], "little") % _ROWS * _ROW
        slots = list(_SLOT.iter_unpack(self._memory.bytes[start : start + _ROW]))
        for number, (kept, paid_off) in enumerate(slots):
            if kept == digest:
                return start + number * _SLOT.size, paid_off
        first = min(range(_SLOTS), key=lambda number: slots[number][1])
        return start + first * _SLOT.size, 0
