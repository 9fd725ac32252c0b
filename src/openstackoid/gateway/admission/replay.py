"""Replay protection: remembers the ids of used signatures in memory that all workers share.

There is one table for each gateway that signs. It has two halves, each for the signatures of one
window of time. A half is emptied when its next window begins, so an id is kept for at least one
window and at most two, in constant time and memory. Tables survive an exchange of the workers, but
not a restart of the gateway: so it also says since when signatures have been remembered.
"""

import mmap
import os
import time
from enum import Enum
from struct import Struct

from openstackoid.gateway.admission.shared_memory import (
    DIGEST,
    HEAD,
    KEY,
    Memory,
    SharedMemory,
    locked,
)
from openstackoid.gateway.handover import make_memory
from openstackoid.identity.signature import LIFETIME

WINDOW = 2 * LIFETIME
"""Seconds that an id is kept at least: no signature is valid for longer."""

SIGNATURES = 300_000
"""Signatures of one gateway that are remembered per window: 2500 requests per second."""

_SLOTS = 2**19
_SINCE = Struct("=qd")  # the seconds of the clock, and of one that never goes back
_HALF = Struct("=qq")  # the number of its window, and of its ids
_BYTES = _SLOTS * DIGEST
_EMPTY = bytes(DIGEST)
_BEGIN = "-begin"  # no cloud has this name


class Taking(Enum):
    """The outcome of marking a signature as used."""

    TAKEN = "taken"
    USED = "used before"
    FULL = "no room for one more"


class UsedSignatures:
    """The ids of used signatures, kept as long as the signatures are valid.

    `now` is in seconds of a clock that never goes back (time.monotonic).
    """

    def __init__(self, memory: Memory = make_memory) -> None:
        self._memory = memory
        self._tables: dict[str, _Table] = {}
        self._begun, self._began = _begin(memory(_BEGIN))

    def earliest(self, now: float) -> int:
        """Return when a signature must have been made, in seconds since 1970, to be surely unused.

        One that was made before the first worker began may have been used then. 0 once those are
        too old to be valid anyway.
        """
        return self._begun if now < self._began + WINDOW else 0

    def has(self, issuer: str, identifier: str, now: float) -> bool:
        """Return whether a signature was used."""
        return self._table(issuer).has(identifier, int(now // WINDOW))

    def take(self, issuer: str, identifier: str, now: float) -> Taking:
        """Mark a signature as used, unless any worker has done so before."""
        return self._table(issuer).take(identifier, int(now // WINDOW))

    def _table(self, issuer: str) -> "_Table":
        if issuer not in self._tables:
            self._tables[issuer] = _Table(self._memory(issuer))
        return self._tables[issuer]


def _begin(file: int) -> tuple[int, float]:
    """Return when the first worker began, by both clocks; write it if this is the first."""
    try:
        with locked(file):
            if os.fstat(file).st_size == 0:
                os.pwrite(file, _SINCE.pack(int(time.time()), time.monotonic()), 0)
            begun, began = _SINCE.unpack(os.pread(file, _SINCE.size, 0))
        return begun, began
    finally:
        os.close(file)


class _Table:
    def __init__(self, file: int) -> None:
        self._memory = SharedMemory(file, 2 * _BYTES)
        self._map = self._memory.bytes

    def has(self, identifier: str, window: int) -> bool:
        digest = self._memory.digest(identifier)
        with self._memory.locked():
            return self._has(digest, window)

    def take(self, identifier: str, window: int) -> Taking:
        digest = self._memory.digest(identifier)
        with self._memory.locked():
            # A worker that waited for the lock may have read the clock in an earlier window.
            window = max(window, self._half(0)[0], self._half(1)[0])
            if self._has(digest, window):
                return Taking.USED
            current, count = self._half(window)
            if current != window:
                self._empty(window)
                count = 0
            if count >= SIGNATURES:
                return Taking.FULL
            at = self._find(digest, window)
            self._map[at : at + DIGEST] = digest
            self._count(window, count + 1)
            return Taking.TAKEN

    def _has(self, digest: bytes, window: int) -> bool:
        for one in (window, window - 1):
            if self._half(one)[0] == one:
                at = self._find(digest, one)
                if self._map[at : at + DIGEST] == digest:
                    return True
        return False

    def _find(self, digest: bytes, window: int) -> int:
        """Return the offset of a digest in the half of a window, or of the free slot for it.

        There is always a free slot: SIGNATURES is less than _SLOTS.
        """
        start = HEAD + window % 2 * _BYTES
        slot = int.from_bytes(digest[:8], "little") % _SLOTS
        while True:
            at = start + slot * DIGEST
            if self._map[at : at + DIGEST] in (digest, _EMPTY):
                return at
            slot = (slot + 1) % _SLOTS

    def _half(self, window: int) -> tuple[int, int]:
        kept, count = _HALF.unpack_from(self._map, KEY.size + window % 2 * _HALF.size)
        return kept, count

    def _count(self, window: int, count: int) -> None:
        _HALF.pack_into(self._map, KEY.size + window % 2 * _HALF.size, window, count)

    def _empty(self, window: int) -> None:
        """Empty a half and free its memory, which then reads as zeros (madvise(2))."""
        self._map.madvise(mmap.MADV_REMOVE, HEAD + window % 2 * _BYTES, _BYTES)
        self._count(window, 0)
