"""A worker and its journal, whose process may end and begin again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from journal.keeping import Worker, kept, until, working
from journal.making import DONE, DONE_A, NOW, OPEN, REMOVED_A, intent, raising
from msgspec.structs import replace

from openstackoid.journal import keeper, link, reading, wire
from openstackoid.journal.intent import Intent
from openstackoid.journal.link import NotWrittenError
from openstackoid.journal.store import JournalError, Store


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "ROUND", 0.01)
    monkeypatch.setattr(link, "RETRY", 0.01)


async def test_without_a_journal_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits is told so."""
    monkeypatch.setattr(link, "WAIT", 0.05)
    async with working(tmp_path) as worker:
        with pytest.raises(NotWrittenError, match="does not answer"):
            await worker.link.begin(intent())


async def test_a_write_waits_for_a_journal_that_begins_again(tmp_path: Path) -> None:
    """So the end of its process costs no write."""
    async with working(tmp_path) as worker:
        async with kept(tmp_path):
            await worker.link.begin(intent())
        async with kept(tmp_path, grace=20) as store:
            await worker.link.begin(intent())
            assert len(store.all(OPEN)) == 2


async def test_nobody_is_given_what_a_worker_comes_back_with(tmp_path: Path) -> None:
    """Although the journal has begun again in the meantime."""
    async with working(tmp_path) as worker, working(tmp_path) as other:
        one = intent()
        async with kept(tmp_path):
            await worker.link.begin(one)
        worker.link.note(one.id, DONE_A)
        async with kept(tmp_path, grace=0.5) as store:
            await other.link.begin(intent())
            await worker.link.end(one.id, DONE, (DONE_A,), NOW)
            (found,) = store.all(DONE)
            assert (found.id, found.parts) == (one.id, (DONE_A,))
        assert worker.taken == other.taken == []


async def test_an_end_that_comes_while_the_journal_is_away_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for it is told that it is not yet."""
    async with working(tmp_path) as worker:
        one = intent()
        async with kept(tmp_path):
            await worker.link.begin(one)
        monkeypatch.setattr(link, "WAIT", 0.05)
        with pytest.raises(NotWrittenError, match="does not answer"):
            await worker.link.end(one.id, DONE, (DONE_A,), NOW)
        async with kept(tmp_path, grace=20) as store:
            await until(lambda: store.all(DONE))


async def test_what_was_taken_over_is_brought_to_its_end_before_a_worker_ends(
    tmp_path: Path,
) -> None:
    """Or it would be taken over once more."""
    one = intent(state=OPEN)
    async with kept(tmp_path):
        async with working(tmp_path) as dead:
            await dead.link.begin(one)
        async with working(tmp_path) as worker:
            await until(lambda: worker.taken)
    assert [taken.id for taken in worker.taken] == [one.id]


async def test_an_end_that_was_written_before_the_journal_ended_is_written_once(
    tmp_path: Path,
) -> None:
    """The worker says it again, since nobody has told it, and hears that it is well."""
    async with working(tmp_path) as worker:
        one = intent()
        async with kept(tmp_path) as store:
            await worker.link.begin(one)
            ended = replace(one, state=DONE, parts=(DONE_A,), landed=NOW, sent=b"")
            store.keep([], [ended])
        ending = asyncio.create_task(worker.link.end(one.id, DONE, (DONE_A,), NOW))
        async with kept(tmp_path) as store:
            await ending
            assert store.all(DONE) == [ended]


async def test_a_worker_is_told_that_another_has_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not say that something was done which the other one has undone."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "slow").symlink_to("kept")
    away = asyncio.Event()
    away.set()
    real = reading.connected

    async def connected(directory: Path) -> Any:
        if directory.name == "slow":
            await away.wait()
        return await real(directory)

    monkeypatch.setattr(link, "connected", connected)
    async with working(tmp_path / "slow") as one:
        begun = intent()
        async with kept(tmp_path / "kept"):
            await one.link.begin(begun)
            away.clear()
        async with working(tmp_path / "kept") as other, kept(tmp_path / "kept", grace=0) as store:
            await until(lambda: other.taken)
            await other.link.end(begun.id, DONE, (REMOVED_A,), NOW)
            away.set()
            with pytest.raises(NotWrittenError, match="another worker"):
                await one.link.end(begun.id, DONE, (DONE_A,), NOW)
            (found,) = store.all(DONE)
            assert found.parts == (REMOVED_A,)


async def test_what_was_not_begun_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waited was told that nothing was sent; nobody looks for it later."""
    async with working(tmp_path) as worker, kept(tmp_path) as store:
        await worker.link.begin(intent())
        with monkeypatch.context() as slow:
            slow.setattr(link, "WAIT", 0.0)
            one = intent()
            with pytest.raises(NotWrittenError, match="does not answer"):
                await worker.link.begin(one)
        await until(lambda: store.all(DONE))
        (found,) = store.all(DONE)
        assert (found.id, found.sent) == (one.id, b"")
        assert not any(part.unknown for part in found.parts)


async def test_a_write_that_was_left_is_brought_to_its_end_by_its_own_worker(
    tmp_path: Path,
) -> None:
    """As if another one had begun it; unless it was never begun."""

    async def begun(worker: Worker) -> Intent:
        one = intent(DONE_A)
        await worker.link.begin(one)
        return one

    async def refused() -> Intent:
        raise NotWrittenError("no")

    async with kept(tmp_path), working(tmp_path) as worker:
        worker.link.take(asyncio.create_task(refused()))
        worker.link.take(asyncio.create_task(begun(worker)))
        await until(lambda: worker.taken)
        assert [taken.parts for taken in worker.taken] == [(DONE_A,)]


async def test_what_is_to_be_sent_is_sent_at_the_end(tmp_path: Path) -> None:
    """Nobody waits for it, and the worker ends at once."""
    one = intent()
    async with kept(tmp_path, grace=3600.0) as store:
        async with working(tmp_path) as worker:
            await worker.link.begin(one)
            ending = asyncio.create_task(worker.link.end(one.id, DONE, (DONE_A,), NOW))
            await asyncio.sleep(0)
        await until(lambda: store.all(DONE))
        ending.cancel()


async def test_a_write_is_withdrawn_that_was_to_be_sent_when_the_journal_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was refused: after a reconnect nobody would bring it to its end."""
    async with working(tmp_path) as worker:
        with monkeypatch.context() as paced:
            async with kept(tmp_path):
                await worker.link.begin(intent())
                paced.setattr(wire, "APART", 3600.0)
                beginning = asyncio.create_task(worker.link.begin(intent()))
                await asyncio.sleep(0)
            with pytest.raises(NotWrittenError):
                await beginning
        async with kept(tmp_path, grace=3600.0) as store:
            await worker.link.begin(intent())
            assert len(store.all(OPEN)) == 2


async def test_an_end_is_not_written_because_something_before_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written before it, and can be now, is no answer to it."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        with monkeypatch.context() as broken:
            broken.setattr(Store, "keep", raising(JournalError("disk I/O error")))
            with pytest.raises(NotWrittenError):
                await worker.link.add(one.id, DONE_A)
        monkeypatch.setattr(wire, "APART", 0.5)  # so it is sent after that was tried again
        await worker.link.end(one.id, DONE, (DONE_A,), NOW)
        assert [found.id for found in store.all(DONE)] == [one.id]
