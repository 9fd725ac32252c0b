"""Ports for what tests listen at."""

import itertools
import os
import socket
from collections.abc import Iterator


def _all() -> Iterator[int]:
    """Yield ports below those that connections get, each process from another one on."""
    first, count = 10_000, 20_000
    start = os.getpid() * 611 % count
    while True:
        yield from (first + (start + n) % count for n in range(count))


_PORTS = _all()


def free_ports(count: int) -> list[int]:
    """Return ports at which nobody listens at any address, and that nobody got before."""
    return list(itertools.islice(filter(_free, _PORTS), count))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True
