"""Processes beside a gateway's workers: what is common to them."""

import asyncio

import structlog
from journal.keeping import until
from structlog.testing import capture_logs

from openstackoid.gateway.processes.beside import Signals
from openstackoid.journal.store import JournalError


async def test_what_cannot_be_used_is_tried_until_it_can() -> None:
    """Why is said once."""
    tries = iter((JournalError("no"), JournalError("no"), None))

    def opening() -> str:
        if (error := next(tries)) is not None:
            raise error
        return "opened"

    with capture_logs() as logs:
        signals = Signals(structlog.get_logger())
        assert await signals.opened(opening, "not used") == "opened"
    assert [(line["event"], line["error"]) for line in logs] == [("not used", "no")]


async def test_a_process_that_has_to_stop_waits_for_nothing() -> None:
    """Whatever cannot be used."""
    signals = Signals(structlog.get_logger())

    def opening() -> str:
        signals.stop.set()
        raise JournalError("no")

    assert await signals.opened(opening, "not used") is None


async def test_files_are_read_again_whenever_they_may_have_changed() -> None:
    """Also after they could not be."""
    signals, tries = Signals(structlog.get_logger()), 0

    def reload() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise JournalError("no")

    with capture_logs() as logs:
        signals.log = structlog.get_logger()
        following = asyncio.create_task(signals.follow(reload, "not reloaded"))
        signals.again.set()
        await until(lambda: tries == 1)
        signals.again.set()
        await until(lambda: tries == 2)
        following.cancel()
    assert [line["event"] for line in logs] == ["not reloaded"]
