"""Memory as workers of one gateway have it."""

import os
from collections.abc import Callable

from openstackoid.gateway.handover import make_memory


def shared() -> Callable[[str], int]:
    """Return memory that several may have."""
    files: dict[str, int] = {}

    def memory(name: str) -> int:
        if name not in files:
            files[name] = make_memory(name)
        return os.dup(files[name])

    return memory
