"""Ignores, and logs, signals that would end a process of the gateway by their default action."""

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
"""Signals whose default action ends a process (signal(7)).

SIGTERM is not among them, as it is meant to end a process; nor are those of its own faults, such as
SIGSEGV.
"""


def ignore_others(meant: Collection[signal.Signals], log: FilteringBoundLogger) -> None:
    """Ignore the ENDING signals, except those in `meant`, which have handlers.

    An ignored signal is logged, with the names of those that have handlers.
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
