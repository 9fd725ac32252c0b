"""Ports for what tests listen at."""

import itertools
import os
import socket
from collections.abc import Iterator


def _all() -> Iterator[int]:
    """Yield ports below those that connections get, each process from another one on.

    Processes of one run have none in common: between `free_ports` and a listener there is time.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = 20_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = 10_000 + number * count
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
