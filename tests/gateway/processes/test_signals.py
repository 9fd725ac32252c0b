"""Signals that mean nothing to a process of the gateway."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Collection

import pytest
import structlog

from openstackoid.gateway.processes.signals import ENDING, ignore_others

MEANT = (signal.SIGHUP, signal.SIGTERM)


@pytest.fixture
async def ignoring(logged: io.StringIO) -> AsyncIterator[Collection[signal.Signals]]:
    """Ignore all but `MEANT` for the time of a test, in which each of those does nothing."""
    loop = asyncio.get_running_loop()
    for number in MEANT:
        loop.add_signal_handler(number, lambda: None)
    ignore_others(MEANT, structlog.get_logger())
    yield MEANT
    for used in {*ENDING, *MEANT}:
        loop.remove_signal_handler(used)


async def told(logged: io.StringIO, number: int) -> list[dict[str, object]]:
    """Send a signal to this process; return what is logged once it has been handled."""
    os.kill(os.getpid(), number)
    async with asyncio.timeout(10):
        while not logged.getvalue():
            handled = asyncio.Event()
            asyncio.get_running_loop().call_soon(handled.set)
            await handled.wait()
    return [json.loads(line) for line in logged.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (signal.SIGUSR1, "SIGUSR1"),
        (signal.SIGINT, "SIGINT"),
        (signal.SIGPWR, "SIGPWR"),
        (signal.SIGRTMIN, "SIGRTMIN"),
        (signal.SIGRTMIN + 3, "SIGRTMIN+3"),
        (signal.SIGRTMAX, "SIGRTMAX"),
    ],
)
async def test_a_signal_that_means_nothing_is_logged_by_its_name(
    ignoring: Collection[signal.Signals], logged: io.StringIO, number: int, name: str
) -> None:
    """With those that mean something, for whoever sent it; the process goes on."""
    (line,) = await told(logged, number)
    assert (line["event"], line["level"]) == ("signal ignored", "warning")
    assert (line["signal"], line["known"]) == (name, ["SIGHUP", "SIGTERM"])


async def test_a_signal_that_means_something_is_left_alone(logged: io.StringIO) -> None:
    """Whoever has a handler for it keeps it."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, came.set)
    ignore_others(MEANT, structlog.get_logger())
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(10):
            await came.wait()
    finally:
        for number in {*ENDING, signal.SIGHUP}:
            loop.remove_signal_handler(number)
    assert logged.getvalue() == ""


@pytest.mark.parametrize("number", ENDING)
def test_each_of_these_would_end_a_process(number: int) -> None:
    """That is why they are ignored; one that ends nobody is not in the list."""
    code = (
        "import os, signal; "
        f"signal.pthread_sigmask(signal.SIG_UNBLOCK, [{number}]); "
        f"signal.signal({number}, signal.SIG_DFL); os.kill(os.getpid(), {number})"
    )
    ended = subprocess.run([sys.executable, "-S", "-E", "-c", code], check=False, timeout=60)
    assert ended.returncode == -number


def test_the_signal_that_everyone_expects_to_end_a_process_does() -> None:
    """Neither SIGTERM nor a process's own faults are ignored."""
    assert not {signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT, signal.SIGCHLD} & set(ENDING)
