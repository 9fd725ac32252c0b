"""Operations and copies, as a journal keeps them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from journal.keeping import SECRET
from sqlalchemy import update

from openstackoid.journal.records import Records
from openstackoid.journal.schema import copies, operations
from openstackoid.journal.store import JournalError, Store
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.copy import Attempt, Copy, Refused
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel
from openstackoid.replication.plan import Change, Create, Delete, Replica

AT = Timestamp(1, 1, "Paris", 1)
ID = "flavor:Paris:1:m1.big"
PARCEL = Parcel(
    Operation(AT, ID, "flavor", Action.CREATE, members=("Paris",), writes=(Write("ram", "1"),)),
    {"Paris": "oid1.secret"},
)
VALUES = {("ram", None): "1", ("specs", "k"): '"v"'}
COPY = Copy(
    Replica("42", AT, VALUES),
    Attempt(Change({("specs", "k"): None}, AT), 1.0, 2.0),
    (Refused(Create(AT, VALUES), 409, "no", 3.0), Refused(Delete("42", AT), 403, "no", 3.0)),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path, [SECRET])
    yield store
    store.close()


def test_what_is_kept_is_read_again(store: Store) -> None:
    """Whatever a copy may be in the middle of."""
    records = Records(store)
    assert records.read() == ([], {}, None)
    (known,) = records.learn(7, [PARCEL])
    records.keep({ID: Copy()})
    records.keep({ID: COPY})
    records.live(7)
    records.live(8)
    assert records.read() == ([known], {ID: COPY}, 8)
    assert (known.incarnation, known.parcel) == (7, PARCEL)


def test_numbers_only_grow(store: Store) -> None:
    """So what others have heard of never gets another meaning."""
    records = Records(store)
    numbers = [
        one.number for one in (*records.learn(7, [PARCEL]), *records.learn(8, [PARCEL, PARCEL]))
    ]
    assert numbers == sorted(set(numbers))


def test_nobody_else_reads_it(store: Store) -> None:
    """Neither who has ordered something, nor what."""
    records = Records(store)
    records.learn(7, [PARCEL])
    records.keep({ID: COPY})
    data = b"".join(file.read_bytes() for file in store.directory.iterdir() if file.is_file())
    assert b"oid1.secret" not in data
    assert b"specs" not in data


@pytest.mark.parametrize("table", [operations, copies])
def test_what_was_changed_is_not_believed(store: Store, table: object) -> None:
    """And whoever runs the gateway is told what to do."""
    records = Records(store)
    records.learn(7, [PARCEL])
    records.keep({ID: COPY})
    with store.transaction() as connection:
        connection.execute(update(table).values(entry=b"x" * 64))  # type: ignore[arg-type]
    with pytest.raises(JournalError, match="move the directory away"):
        records.read()
