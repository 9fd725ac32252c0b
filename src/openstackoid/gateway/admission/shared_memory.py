"""Memory that all workers of a gateway share, old and new ones; the supervisor keeps it."""

import fcntl
import mmap
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from struct import Struct

HEAD = mmap.PAGESIZE
"""Bytes before those that are asked for; they begin with the key."""

KEY = Struct("=16s")

DIGEST = 16
"""Bytes of a digest."""

Memory = Callable[[str], int]
"""Returns the file descriptor of the shared memory with a name: the same in all workers."""


@contextmanager
def locked(file: int) -> Iterator[None]:
    """Lock shared memory for this process; the kernel unlocks it if the process is killed."""
    fcntl.lockf(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


class SharedMemory:
    """A piece of shared memory, `size` bytes behind its head; new memory is all zeros.

    `file` is its file descriptor, which is closed with it.
    """

    def __init__(self, file: int, size: int) -> None:
        self._file = file
        weakref.finalize(self, os.close, file)
        with self.locked():
            new = os.fstat(file).st_size == 0
            if new:
                os.ftruncate(file, HEAD + size)
            self.bytes = mmap.mmap(file, HEAD + size)
            if new:
                # A random key: nobody can choose texts whose digests collide in a table.
                KEY.pack_into(self.bytes, 0, os.urandom(KEY.size))
        (self._key,) = KEY.unpack_from(self.bytes, 0)

    def locked(self) -> AbstractContextManager[None]:
        """Return a context in which no other process reads or writes it."""
        return locked(self._file)

    def digest(self, text: str) -> bytes:
        """Return the digest of a text in this memory."""
        data = text.encode(errors="surrogatepass")
        return blake2b(data, key=self._key, digest_size=DIGEST).digest()
