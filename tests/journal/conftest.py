"""Tests of the journal, with the loop that the processes of a gateway have."""

from asyncio import AbstractEventLoop
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Return it."""
    return {"uvloop": uvloop.new_event_loop}
