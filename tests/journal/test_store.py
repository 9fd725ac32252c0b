"""The journal's file: durable, encrypted, and clear about what is wrong with it."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from journal.making import DONE, OPEN, UNSETTLED, intent
from msgspec.structs import replace
from structlog.testing import capture_logs

from openstackoid.journal import store as module
from openstackoid.journal.intent import State
from openstackoid.journal.store import (
    FILE,
    KEPT,
    KEPT_UNSETTLED,
    RESERVE,
    FullError,
    JournalError,
    Store,
)

SECRET, OTHER = os.urandom(64), os.urandom(64)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    store = Store(directory, [SECRET])
    yield store
    store.close()


def test_what_was_begun_is_there_after_a_restart(directory: Path, store: Store) -> None:
    """With everything that was known of it, the oldest first."""
    several = [intent() for _ in range(3)]
    store.keep(several[:1])
    store.keep(several[1:])
    store.close()
    again = Store(directory, [SECRET])
    assert again.all(OPEN) == sorted(several, key=lambda one: one.id)
    again.close()


def test_what_became_of_a_write_is_kept(store: Store) -> None:
    """In place of what it was."""
    one, two = intent(), intent()
    store.keep([one, two])
    store.keep([], [replace(one, state=DONE), replace(two, state=UNSETTLED, look_at=5.0)])
    assert store.all(OPEN) == []
    assert store.all(DONE, UNSETTLED) == sorted(
        [replace(one, state=DONE), replace(two, state=UNSETTLED, look_at=5.0)],
        key=lambda each: each.id,
    )


def test_what_is_over_is_forgotten_after_a_week(store: Store) -> None:
    """What is unsettled only much later, and never as long as somebody will look at it."""
    over, left = intent(state=DONE), intent(state=UNSETTLED)
    stays = [intent(state=OPEN), intent(state=UNSETTLED, look_at=5.0)]
    store.keep([over, left, *stays])
    now = time.time()
    assert store.forget(now + KEPT - 10) == []
    assert store.forget(now + KEPT + 10) == [over.id]
    assert store.forget(now + KEPT_UNSETTLED - 10) == []
    assert store.forget(now + KEPT_UNSETTLED + 10) == [left.id]
    assert {one.id for one in store.all(*State)} == {one.id for one in stays}


def test_it_is_counted_without_being_read(store: Store) -> None:
    """Each state has its number."""
    store.keep([intent(), intent(state=DONE), intent(state=DONE)])
    assert store.count() == {"open": 1, "done": 2, "unsettled": 0, "settled": 0}


def test_it_is_read_in_pages(store: Store) -> None:
    """The oldest first; none is left out, and none comes twice."""
    several = sorted((intent() for _ in range(5)), key=lambda one: one.id)
    store.keep(several)
    store.keep([intent(state=DONE)])
    first = store.page([OPEN], "", 3)
    assert [*first, *store.page([OPEN], first[-1].id, 3)] == several


def test_nobody_else_reads_it(directory: Path, store: Store) -> None:
    """Neither by the file's mode nor in its bytes: it has tokens."""
    store.keep([intent(sent=b"gAAAAAB-a-token", name="secret-name")])
    for file in directory.iterdir():
        assert b"gAAAAAB" not in file.read_bytes()
        assert b"secret-name" not in file.read_bytes()
    assert (directory / FILE).stat().st_mode & 0o077 == 0
    assert directory.stat().st_mode & 0o077 == 0


def test_keys_are_exchanged(directory: Path, store: Store) -> None:
    """While both are there, the journal is opened by the old one and wrapped by the new."""
    one = intent()
    store.keep([one])
    store.close()
    Store(directory, [OTHER, SECRET]).close()
    again = Store(directory, [OTHER])
    assert again.all(OPEN) == [one]
    again.close()


def test_one_process_has_it(directory: Path, store: Store) -> None:
    """Two would not see each other's writes."""
    with pytest.raises(JournalError, match="another process has the journal"):
        Store(directory, [SECRET])


def test_with_other_keys_it_is_not_opened(directory: Path, store: Store) -> None:
    """The message says what helps, and the journal is as it was."""
    store.keep([intent()])
    store.close()
    with pytest.raises(JournalError, match=r"none of the keys in own\.keys.*move the directory"):
        Store(directory, [OTHER])
    again = Store(directory, [SECRET])
    assert len(again.all(OPEN)) == 1
    again.close()


@pytest.mark.parametrize("damage", ["header", "truncated", "text"])
def test_a_file_that_is_damaged_is_not_used(directory: Path, store: Store, damage: str) -> None:
    """It is left as it is, and the message says how to go on."""
    store.keep([intent() for _ in range(50)])
    store.close()
    file = directory / FILE
    data = file.read_bytes()
    match damage:
        case "header":
            data = b"\0" * 100 + data[100:]
        case "truncated":
            data = data[: len(data) // 2]
        case _:
            data = b"this is no journal"
    file.write_bytes(data)
    with pytest.raises(JournalError, match="move the directory away"):
        Store(directory, [SECRET]).all(OPEN)


def test_an_entry_that_was_changed_is_named(directory: Path, store: Store) -> None:
    """Nothing is made of bytes that the gateway has not written; the others are seen to."""
    one, other = intent(), intent()
    store.keep([one, other])
    store.close()
    with sqlite3.connect(directory / FILE) as database:
        database.execute("UPDATE intents SET entry = zeroblob(100) WHERE id = ?", (one.id,))
    database.close()
    again = Store(directory, [SECRET])
    with capture_logs() as logged:
        assert again.all(OPEN) == [other]
    again.close()
    assert f"the entry {one.id}" in logged[0]["error"]


def test_one_of_a_newer_version_is_refused(directory: Path, store: Store) -> None:
    """By the name of its version; nothing is changed in it."""
    store.close()
    with sqlite3.connect(directory / FILE) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(JournalError, match=r"newer version \(9999\)"):
        Store(directory, [SECRET])


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """As on a disk that is read-only; here a file is in the way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"own\.journal"):
        Store(tmp_path / "file" / "journal", [SECRET])


def _limit(store: Store, pages: int) -> None:
    """Let the disk be full for a store, as SQLite sees it."""
    with store._engine.connect() as connection:  # there is no other way to fill a disk here
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_takes_no_new_writes_and_loses_none(directory: Path, store: Store) -> None:
    """What was begun can still be brought to its end."""
    one = intent()
    store.keep([one])
    _limit(store, 1)
    with pytest.raises(FullError, match="make room"):
        store.keep([intent(sent=b"x" * 100_000)])
    assert store.all(OPEN) == [one]
    store.keep([], [replace(one, state=DONE, sent=b"")])
    assert store.all(OPEN) == []


@pytest.mark.parametrize(
    ("number", "raised", "said"),
    [(errno.ENOSPC, FullError, "make room"), (errno.EROFS, JournalError, r"own\.journal")],
)
def test_nothing_is_begun_without_the_reserve(
    directory: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    raised: type[JournalError],
    said: str,
) -> None:
    """It is for what has begun: that can still be brought to its end."""
    one = intent()
    store.keep([one])
    (directory / RESERVE).unlink()

    def fail(*_: object) -> None:
        raise OSError(number, "no")

    with monkeypatch.context() as full:
        full.setattr(os, "posix_fallocate", fail)
        with pytest.raises(raised, match=said):
            store.keep([intent()])
        store.keep([], [replace(one, state=DONE)])
    assert not (directory / RESERVE).exists()
    store.keep([intent()])
    assert (directory / RESERVE).exists()


def test_the_reserve_is_given_up_when_nothing_else_helps(
    directory: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And taken again when there is room."""
    one = intent()
    store.keep([one])
    assert (directory / RESERVE).stat().st_size == module.RESERVED
    tried = []
    real = store._keep

    def full_at_first(*rows: list[dict[str, object]]) -> None:
        tried.append((directory / RESERVE).exists())
        if len(tried) == 1:
            raise FullError
        real(*rows)

    monkeypatch.setattr(store, "_keep", full_at_first)
    store.keep([], [replace(one, state=DONE)])
    assert tried == [True, False]
    store.forget(time.time())
    assert (directory / RESERVE).exists()
