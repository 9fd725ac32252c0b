"""Ignores the signals that a process of the gateway has no use for, which would end it at once."""

import asyncio
import signal
from collections.abc import Collection
from functools import partial

from structlog.typing import FilteringBoundLogger

_NAMED = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGALRM,
    signal.SIGVTALRM,
    signal.SIGPROF,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGHUP,
    signal.SIGIO,
    signal.SIGPWR,
    signal.SIGSTKFLT,
)
ENDING: tuple[int, ...] = (*_NAMED, *range(signal.SIGRTMIN, signal.SIGRTMAX + 1))
"""Signals that others send, and that end a process which does nothing about them (signal(7)).

SIGTERM is missing, which everyone expects to end a process, and so are those of its own faults.
"""


def ignore_others(meant: Collection[signal.Signals], log: FilteringBoundLogger) -> None:
    """Let all signals be ignored that would end this process, but those that mean something.

    Each is logged, with those that do.
    """
    loop = asyncio.get_running_loop()
    known = [one.name for one in meant]
    for number in set(ENDING) - set(meant):
        ignored = partial(log.warning, "signal ignored", signal=_name(number), known=known)
        loop.add_signal_handler(number, ignored)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
