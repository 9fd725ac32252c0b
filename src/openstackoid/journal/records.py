"""Keeps operations on replicated resources, and what is known of their copies, in a journal."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from openstackoid.journal.schema import copies, lives, operations
from openstackoid.journal.store import JournalError, Store
from openstackoid.replication.copy import Copy
from openstackoid.replication.parcel import Parcel

_Read = TypeVar("_Read")


class Known(NamedTuple):
    """A parcel, with its number and the start of the gateway in which it got known."""

    number: int
    incarnation: int
    parcel: Parcel


class Kept(NamedTuple):
    """All that a journal has of replicated resources.

    `life` is the start of the gateway since which it has lost nothing, None for a new journal.
    """

    known: Sequence[Known]
    copies: Mapping[str, Copy]
    life: int | None


class Records:
    """The records in a journal, which this process alone has open.

    All methods raise JournalError, and FullError where the disk is full.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> Kept:
        """Return all that there is."""
        with self._store.transaction() as connection:
            rows = connection.execute(select(operations).order_by(operations.c.number)).all()
            known = [
                Known(number, incarnation, self._read(entry, _of(number), Parcel))
                for number, incarnation, entry in rows
            ]
            of_copies = connection.execute(select(copies)).all()
            life = connection.scalar(select(lives.c.life))
        return Kept(
            known,
            {resource: self._read(entry, resource, Copy) for resource, entry in of_copies},
            life,
        )

    def live(self, life: int) -> None:
        """Write down since which start of the gateway nothing was lost."""
        with self._store.transaction() as connection:
            connection.execute(delete(lives))
            connection.execute(insert(lives).values(life=life))

    def learn(self, incarnation: int, parcels: Sequence[Parcel]) -> list[Known]:
        """Write down parcels durably."""
        with self._store.transaction() as connection:
            known = []
            for parcel in parcels:
                row = {"incarnation": incarnation, "entry": b""}
                new = insert(operations).values(row).returning(operations.c.number)
                number = connection.execute(new).scalar_one()
                entry = self._written(parcel, _of(number))
                connection.execute(
                    operations.update().where(operations.c.number == number).values(entry=entry)
                )
                known.append(Known(number, incarnation, parcel))
        return known

    def keep(self, changed: Mapping[str, Copy]) -> None:
        """Write down durably what is known of copies."""
        with self._store.transaction() as connection:
            for resource, copy in changed.items():
                entry = self._written(copy, resource)
                row = {"resource": resource, "entry": entry}
                written = upsert(copies).values(row)
                connection.execute(written.on_conflict_do_update(set_=row))

    def _written(self, what: Parcel | Copy, identifier: str) -> bytes:
        return self._store.cipher.encrypt(msgspec.msgpack.encode(what), identifier)

    def _read(self, entry: bytes, identifier: str, what: type[_Read]) -> _Read:
        try:
            plain = self._store.cipher.decrypt(entry, identifier)
            return msgspec.msgpack.decode(plain, type=what)
        except (ValueError, msgspec.DecodeError) as error:
            raise JournalError(
                f"an entry of {self._store.directory} was changed; stop the gateway, move the "
                "directory away, and start it: other clouds tell it what they know"
            ) from error


def _of(number: int) -> str:
    return f"operation {number}"
