"""Says what the data of an image has to be, and lets nothing else through."""

import hashlib
import json
import re
from typing import NamedTuple

FIELD = "data"
"""The field of an image that says what its data is: of which nobody but the services has more."""

ALGORITHMS = ("sha256", "sha384", "sha512")
"""Hashes by which data of another cloud is believed."""

MAX_SIZE = 2**53
"""Bytes at most: what JSON holds without loss."""


class WrongDataError(Exception):
    """What came is not what it has to be; the message says what is wrong."""


class Data(NamedTuple):
    """What data there has to be: its hash by an algorithm, in hexadecimal digits, and its size."""

    algorithm: str
    hash: str
    size: int

    @classmethod
    def of(cls, said: object) -> "Data":
        """Return what an operation, or a service, says of data; raises ValueError."""
        if not isinstance(said, dict) or said.keys() != set(cls._fields):
            raise ValueError("no data")
        algorithm, digits, size = (said[name] for name in cls._fields)
        if algorithm not in ALGORITHMS or not isinstance(digits, str):
            raise ValueError("data by no hash that is believed")
        long = 2 * hashlib.new(algorithm).digest_size
        if not re.fullmatch(rf"[0-9a-f]{{{long}}}", digits):
            raise ValueError("no hash of data")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_SIZE:
            raise ValueError("no size of data")
        return cls(algorithm, digits, size)

    @classmethod
    def read(cls, value: str) -> "Data":
        """Return what a value of the field says; raises ValueError."""
        return cls.of(json.loads(value))


class Checked:
    """Data that comes piece by piece; the last of it passes only once all of it is right."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._hash = hashlib.new(data.algorithm)
        self._held = b""
        self.come = 0
        """How many bytes have come."""

    @property
    def ended(self) -> bool:
        """Whether all has come."""
        return self.come == self._data.size

    def feed(self, piece: bytes) -> bytes:
        """Take a piece, and return what may be passed on by now; raises WrongDataError."""
        if self.come + len(piece) > self._data.size:
            raise WrongDataError("there is more of it")
        self._hash.update(piece)
        self.come += len(piece)
        passing, self._held = (self._held, piece) if piece else (b"", self._held)
        return passing

    def rest(self) -> bytes:
        """Return the last piece; raises WrongDataError unless all has come, and is right."""
        if not self.ended:
            raise WrongDataError("there is less of it")
        if self._hash.hexdigest() != self._data.hash:
            raise WrongDataError("its hash is another one")
        return self._held
