"""The signatures that were taken, as all workers of a gateway know them: in memory they share.

Per gateway that signs there is a table of two halves, each for the signatures of one window of
time. A half is emptied when its next window begins, so an id is kept for one window at least and
two at most, in constant time and memory, and by workers that are exchanged for others, too.
"""

import fcntl
import mmap
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from hashlib import blake2b
from struct import Struct

from openstackoid.gateway.handover import make_memory
from openstackoid.identity.signature import LIFETIME

WINDOW = 2 * LIFETIME
"""Seconds for which an id is kept at least: so long a signature could be taken again."""

SIGNATURES = 300_000
"""Of so many signatures of one gateway the ids are kept per window: 2500 requests per second."""

_SLOTS = 2**19
_DIGEST = 16
_KEY = Struct("=16s")
_HALF = Struct("=qq")  # its window, and how many ids it has
_HEAD = mmap.PAGESIZE
_BYTES = _SLOTS * _DIGEST
_EMPTY = bytes(_DIGEST)

Memory = Callable[[str], int]
"""Returns the file, in memory, of a name: the same for all who ask."""


class Taking(Enum):
    """What came of taking a signature."""

    TAKEN = "taken"
    USED = "used before"
    FULL = "no room for one more"


class UsedSignatures:
    """The ids of signatures that were taken, kept as long as they could be taken again.

    `now` is in seconds of the machine that never go back (time.monotonic).
    """

    def __init__(self, memory: Memory = make_memory) -> None:
        self._memory = memory
        self._tables: dict[str, _Table] = {}

    def has(self, issuer: str, identifier: str, now: float) -> bool:
        """Tell whether a signature was taken."""
        return self._table(issuer).has(identifier, int(now // WINDOW))

    def take(self, issuer: str, identifier: str, now: float) -> Taking:
        """Keep the id of a signature, unless it was taken, by whichever worker."""
        return self._table(issuer).take(identifier, int(now // WINDOW))

    def _table(self, issuer: str) -> "_Table":
        if issuer not in self._tables:
            self._tables[issuer] = _Table(self._memory(issuer))
        return self._tables[issuer]


class _Table:
    def __init__(self, file: int) -> None:
        self._file = file
        weakref.finalize(self, os.close, file)
        with self._locked():
            new = os.fstat(file).st_size == 0
            if new:
                os.ftruncate(file, _HEAD + 2 * _BYTES)
            self._map = mmap.mmap(file, _HEAD + 2 * _BYTES)
            if new:
                # Nobody who signs can know which ids would make long ways in the table.
                _KEY.pack_into(self._map, 0, os.urandom(_KEY.size))
        (self._key,) = _KEY.unpack_from(self._map, 0)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Be the only process at the table; who ends by force holds it no longer."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def has(self, identifier: str, window: int) -> bool:
        digest = self._digest(identifier)
        with self._locked():
            return self._has(digest, window)

    def take(self, identifier: str, window: int) -> Taking:
        digest = self._digest(identifier)
        with self._locked():
            # Whoever was held up between its clock and the lock does not go back in time.
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
            self._map[at : at + _DIGEST] = digest
            self._count(window, count + 1)
            return Taking.TAKEN

    def _has(self, digest: bytes, window: int) -> bool:
        for one in (window, window - 1):
            if self._half(one)[0] == one:
                at = self._find(digest, one)
                if self._map[at : at + _DIGEST] == digest:
                    return True
        return False

    def _find(self, digest: bytes, window: int) -> int:
        """Return where a digest is in the half of a window, or would be; a half is never full."""
        start = _HEAD + window % 2 * _BYTES
        slot = int.from_bytes(digest[:8], "little") % _SLOTS
        while True:
            at = start + slot * _DIGEST
            if self._map[at : at + _DIGEST] in (digest, _EMPTY):
                return at
            slot = (slot + 1) % _SLOTS

    def _half(self, window: int) -> tuple[int, int]:
        kept, count = _HALF.unpack_from(self._map, _KEY.size + window % 2 * _HALF.size)
        return kept, count

    def _count(self, window: int, count: int) -> None:
        _HALF.pack_into(self._map, _KEY.size + window % 2 * _HALF.size, window, count)

    def _empty(self, window: int) -> None:
        """Give the memory of a half back; it is zeros then (madvise(2))."""
        self._map.madvise(mmap.MADV_REMOVE, _HEAD + window % 2 * _BYTES, _BYTES)
        self._count(window, 0)

    def _digest(self, identifier: str) -> bytes:
        return blake2b(
            identifier.encode(errors="surrogatepass"), key=self._key, digest_size=_DIGEST
        ).digest()
