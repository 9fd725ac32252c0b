"""Faults of a federation file, each with file, line and key, and the error that lists them."""

from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.scope.errors import printable


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to mend; `key` is the path of keys, like `clouds.A.bind`.

    `line` counts from 1; 0 means the whole file, which can't be read.
    """

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        key = f"{self.key}: " if self.key else ""
        return printable(f"{place}: {key}{self.message}")


class FederationError(ValueError):
    """A federation file can't be used; `str()` has one line per fault."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)
