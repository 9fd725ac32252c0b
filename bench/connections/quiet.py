"""When times are the gateway's: it has nothing else to do, and TCP has the memory it takes."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from bench.processes import cpu_seconds

WATCHED, IDLE = 0.25, 0.01
"""Seconds for which processes are watched, and the share of a core below which they do nothing."""

PATIENCE = 60.0


def wait_until_idle(processes: Sequence[int], patience: float = PATIENCE) -> None:
    """Wait until processes do nothing; raises ClickException if that takes so many seconds."""
    end = time.monotonic() + patience
    used = cpu_seconds(processes)
    while True:
        time.sleep(WATCHED)
        before, used = used, cpu_seconds(processes)
        if used - before < IDLE * WATCHED:
            return
        if time.monotonic() >= end:
            raise click.ClickException(
                f"the gateway is still at work after {patience:g} s, though nobody asks it for "
                "anything, and those that it has an answer for take nothing"
            )


def shortages(netstat: str) -> int:
    """Return how often the kernel was short of memory for TCP, by its /proc/net/netstat."""
    names, values = (line.split() for line in netstat.splitlines() if line.startswith("TcpExt:"))
    return int(dict(zip(names, values, strict=True))["TCPMemoryPressures"])


def shortages_so_far() -> int:
    """Return how often it was so on this machine since it runs."""
    return shortages(Path("/proc/net/netstat").read_text())


def is_short(protocols: str) -> bool:
    """Return whether the kernel is short of memory for TCP, by its /proc/net/protocols."""
    heading, *rows = map(str.split, protocols.splitlines())
    return dict(zip(heading, next(r for r in rows if r[0] == "TCP"), strict=True))["press"] == "yes"


def is_short_now() -> bool:
    """Return whether it is so on this machine; `shortages` counts only how often that begins."""
    return is_short(Path("/proc/net/protocols").read_text())
