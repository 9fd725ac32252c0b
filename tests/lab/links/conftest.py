"""The loop that links run in."""

from asyncio import AbstractEventLoop
from collections.abc import Callable

import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Let the tests have it, too."""
    return {"uvloop": uvloop.new_event_loop}
