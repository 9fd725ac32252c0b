"""The process that keeps the journal: who is at which write, and who takes it over."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from journal.keeping import kept, until, working
from journal.making import (
    DONE,
    DONE_A,
    NOW,
    OPEN,
    SETTLED,
    UNKNOWN_B,
    UNSETTLED,
    intent,
    raising,
)

from openstackoid.journal import keeper, reading
from openstackoid.journal.intent import Intent
from openstackoid.journal.link import NotWrittenError
from openstackoid.journal.store import FullError, JournalError, Store


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "ROUND", 0.01)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Return a list that gets, for each commit, how many writes begin and how many change by it."""
    commits: list[tuple[int, int]] = []
    real = Store.keep

    def keep(self: Store, new: Sequence[Intent], changed: Sequence[Intent] = ()) -> None:
        commits.append((len(new), len(changed)))
        real(self, new, changed)

    monkeypatch.setattr(Store, "keep", keep)
    return commits


async def test_a_write_is_there_before_it_is_sent(tmp_path: Path) -> None:
    """Durably, with its token; who looks at the journal does not get that."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        assert store.all(OPEN) == [one]
        (shown,) = await reading.shown(tmp_path, OPEN)
        assert (shown.id, shown.sent) == (one.id, b"")


async def test_what_a_worker_knows_of_a_write_is_kept_until_its_end(tmp_path: Path) -> None:
    """Then its token is forgotten."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        worker.link.note(one.id, DONE_A)
        await worker.link.end(one.id, DONE, (DONE_A, UNKNOWN_B), NOW)
        (found,) = store.all(DONE)
        assert (found.parts, found.sent) == ((DONE_A, UNKNOWN_B), b"")


async def test_what_a_dead_worker_had_begun_is_given_to_another(tmp_path: Path) -> None:
    """With what it had known of it, and to one alone."""
    async with kept(tmp_path), working(tmp_path) as one, working(tmp_path) as two:
        begun = intent()
        async with working(tmp_path) as dead:
            await dead.link.begin(begun)
            dead.link.note(begun.id, DONE_A)
            await reading.shown(tmp_path, OPEN)
        await until(lambda: one.taken or two.taken)
        (taken,) = [*one.taken, *two.taken]
        assert (taken.id, taken.parts, taken.sent) == (begun.id, (DONE_A,), begun.sent)


async def test_what_a_dead_gateway_had_begun_is_given_to_the_next(tmp_path: Path) -> None:
    """Whatever had the journal open before."""
    one = intent(DONE_A)
    store = Store(tmp_path, [b"s" * 64])
    store.keep([one])
    store.close()
    async with kept(tmp_path), working(tmp_path) as worker:
        await until(lambda: worker.taken)
        assert worker.taken == [one]


async def test_nobody_is_given_what_another_is_at(tmp_path: Path) -> None:
    """Nor what is unsettled, before its time."""
    async with kept(tmp_path), working(tmp_path) as one, working(tmp_path) as two:
        begun, left = intent(), intent()
        await one.link.begin(begun)
        await one.link.begin(left)
        await one.link.end(left.id, UNSETTLED, (UNKNOWN_B,), NOW, begun.began + 3600)
        async with working(tmp_path) as three:
            await three.link.begin(intent())
            await asyncio.sleep(0.1)  # ten rounds
        await until(lambda: one.taken or two.taken)
        assert {taken.id for taken in (*one.taken, *two.taken)}.isdisjoint({begun.id, left.id})


async def test_what_is_unsettled_is_looked_at_in_its_time(tmp_path: Path) -> None:
    """By whoever has least to do."""
    async with kept(tmp_path), working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        await worker.link.end(one.id, UNSETTLED, (UNKNOWN_B,), NOW, one.began)
        await until(lambda: worker.taken)
        assert worker.taken[0].parts == (UNKNOWN_B,)


async def test_somebody_settles_what_is_unsettled(tmp_path: Path) -> None:
    """And nothing else."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        await worker.link.end(one.id, UNSETTLED, (UNKNOWN_B,), NOW)
        assert await reading.settle(tmp_path, [one.id]) == {one.id: None}
        assert [found.id for found in store.all(SETTLED)] == [one.id]
        (why,) = (await reading.settle(tmp_path, [one.id])).values()
        assert "there is no" in str(why)
        assert await reading.settle(tmp_path, []) == {}


async def test_many_writes_share_one_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is waited for once for all that are waiting, be it to begin or to end."""
    commits = counted(monkeypatch)
    ending = [intent() for _ in range(25)]
    async with kept(tmp_path), working(tmp_path) as worker:
        await asyncio.gather(*map(worker.link.begin, ending))
        commits.clear()
        await asyncio.gather(
            *(worker.link.begin(intent()) for _ in range(25)),
            *(worker.link.end(one.id, DONE, (DONE_A,), NOW) for one in ending),
        )
    assert commits == [(25, 25)]


async def test_what_a_cloud_has_answered_is_written_soon(tmp_path: Path) -> None:
    """Although nobody waits for that: what kills this process may kill the worker as well."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        worker.link.note(one.id, DONE_A)
        await until(lambda: store.all(OPEN)[0].parts == (DONE_A,))


async def test_what_clouds_have_answered_is_written_with_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For itself it is written only if the end does not come soon."""
    monkeypatch.setattr(keeper, "NOTES", 3600.0)
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        commits = counted(monkeypatch)
        worker.link.note(one.id, DONE_A)
        await worker.link.begin(intent())
        await worker.link.end(one.id, DONE, (DONE_A, UNKNOWN_B), NOW)
        assert commits == [(1, 0), (0, 1)]
        assert [found.parts for found in store.all(DONE)] == [(DONE_A, UNKNOWN_B)]


async def test_what_clouds_have_answered_is_written_when_the_process_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for anything then."""
    monkeypatch.setattr(keeper, "NOTES", 3600.0)
    one = intent()
    async with working(tmp_path) as worker:
        async with kept(tmp_path):
            await worker.link.begin(one)
            worker.link.note(one.id, DONE_A)
            await worker.link.begin(intent())
        async with kept(tmp_path, grace=3600.0) as store:
            assert [found.parts for found in store.all(OPEN) if found.id == one.id] == [(DONE_A,)]


async def test_what_a_worker_comes_back_with_is_written(tmp_path: Path) -> None:
    """A cloud has answered while the journal was away: else only the worker would know."""
    one = intent()
    async with working(tmp_path) as worker:
        async with kept(tmp_path):
            await worker.link.begin(one)
        worker.link.note(one.id, DONE_A)
        async with kept(tmp_path, grace=3600.0) as store:
            await until(lambda: store.all(OPEN)[0].parts == (DONE_A,))


async def test_what_ends_is_written_where_nothing_can_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if both came at the same time: only what would begin is refused."""
    real = Store.keep

    def no_room(self: Store, new: Sequence[Intent], changed: Sequence[Intent] = ()) -> None:
        if new:
            raise FullError("make room")
        real(self, new, changed)

    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one, two = intent(), intent()
        await worker.link.begin(one)
        monkeypatch.setattr(Store, "keep", no_room)
        beginning, ending = await asyncio.gather(
            worker.link.begin(two),
            worker.link.end(one.id, DONE, (DONE_A,), NOW),
            return_exceptions=True,
        )
        assert isinstance(beginning, NotWrittenError)
        assert beginning.full
        assert ending is None
        assert [found.id for found in store.all(OPEN, DONE)] == [one.id]


async def test_a_full_disk_is_said_to_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one may have room."""
    async with kept(tmp_path), working(tmp_path) as worker:
        with monkeypatch.context() as full:
            full.setattr(Store, "keep", raising(FullError("make room")))
            with pytest.raises(NotWrittenError, match="make room") as caught:
                await worker.link.begin(intent())
            assert caught.value.full
        await worker.link.begin(intent())


async def test_no_more_are_begun_than_somebody_can_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done makes room."""
    monkeypatch.setattr(keeper, "MAX_OPEN", 2)
    async with kept(tmp_path), working(tmp_path) as worker:
        one, two = intent(), intent()
        await worker.link.begin(one)
        await worker.link.begin(two)
        with pytest.raises(NotWrittenError, match="journal show"):
            await worker.link.begin(intent())
        await worker.link.end(one.id, DONE, (), NOW)
        await worker.link.begin(intent())


async def test_one_user_takes_no_room_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of too many of his is named, and not looked at again."""
    monkeypatch.setattr(keeper, "MAX_LOOKS", 1)
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        for user in ("eve", "eve", "alice"):
            one = intent()
            await worker.link.begin(one)
            await worker.link.end(one.id, UNSETTLED, (UNKNOWN_B,), NOW, NOW + 3600, user)
        left = [
            (one.owner, one.look_at is not None, bool(one.sent)) for one in store.all(UNSETTLED)
        ]
    assert left == [("eve", True, True), ("eve", False, False), ("alice", True, True)]


async def test_an_end_that_is_not_written_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written as soon as it can be."""
    async with kept(tmp_path) as store, working(tmp_path) as worker:
        one = intent()
        await worker.link.begin(one)
        with monkeypatch.context() as broken:
            broken.setattr(Store, "keep", raising(JournalError("disk I/O error")))
            with pytest.raises(NotWrittenError, match="disk I/O error"):
                await worker.link.end(one.id, DONE, (DONE_A,), NOW)
            assert store.all(OPEN) == [one]
        await until(lambda: store.all(DONE))
