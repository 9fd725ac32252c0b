"""The loop that links run in."""

import uvloop


def pytest_asyncio_loop_factories():
    """Let the tests have it, too."""
    return {"uvloop": uvloop.new_event_loop}
