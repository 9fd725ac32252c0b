"""Keeps the journal in a SQLite file; one process has it open, and commits for all others.

SQLite before 3.51.3 may lose commits of several connections to one file in WAL mode, so there is
one connection.
"""

import errno
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeAlias

import msgspec
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import StaticPool

from openstackoid.journal.cipher import Cipher, WrapError
from openstackoid.journal.intent import Intent, State
from openstackoid.journal.schema import intents, keys

log = structlog.get_logger()

FILE = "journal.sqlite"
LOCK = "journal.lock"
RESERVE = "journal.reserve"
"""A file that is given up when the disk is full, so that what has begun can be brought to its end.
"""

RESERVED = 2**20
"""Bytes of the reserve."""

KEPT = 7 * 86_400
"""Seconds that a write is kept after it was done or settled."""

KEPT_UNSETTLED = 90 * 86_400
"""Seconds that a write is kept that is unsettled and that nobody has looked at."""

_Rows: TypeAlias = Sequence[dict[str, object]]

_CHANGE = update(intents).where(intents.c.id == bindparam("which"))

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL = ("database or disk is full", "disk I/O error")


class JournalError(Exception):
    """The journal cannot be used; the message says why, and what to do."""


class FullError(JournalError):
    """The disk is full."""


class Store:
    """The journal in a directory."""

    def __init__(self, directory: Path, secrets: Sequence[bytes]) -> None:
        """Open the journal, and make it if there is none; raises JournalError.

        `secrets` are derived from the gateway's keys, the first wraps the key of the journal.
        """
        self.directory = directory
        self._lock = _locked(directory)
        try:
            self._engine = _engine(directory)
            try:
                self.cipher = self._opened(secrets)
            except FullError:  # what is open in it can still be brought to its end
                (directory / RESERVE).unlink(missing_ok=True)
                self.cipher = self._opened(secrets)
            with suppress(JournalError):  # as long as there is no room, nothing new is begun
                self._reserve()
        except DatabaseError as error:
            self._lock.close()
            raise _unusable(directory, error) from error
        except BaseException:
            self._lock.close()
            raise

    def _opened(self, secrets: Sequence[bytes]) -> Cipher:
        with self.transaction() as connection:
            _migrate(connection, self.directory)
            return _cipher(connection, secrets, self.directory)

    def close(self) -> None:
        """Close the journal, once nobody uses it."""
        self._engine.dispose()
        self._lock.close()

    def rewrap(self, secret: bytes) -> None:
        """Wrap the key of the journal with another secret; raises JournalError."""
        with self.transaction() as connection:
            _keep_key(connection, self.cipher.wrapped(secret))

    def keep(self, new: Sequence[Intent], changed: Sequence[Intent] = ()) -> None:
        """Write down durably what is new and what has changed, all or none, by one commit.

        Raises FullError, and JournalError. If something is new, the disk counts as full when there
        is no room for the reserve: what has begun needs it. A full disk does not hinder changes
        alone: the reserve is given up for them.
        """
        added = [self._row(intent) for intent in new]
        renewed = [self._row(intent) | {"which": intent.id} for intent in changed]
        if added:
            self._reserve()
        try:
            self._keep(added, renewed)
        except FullError:
            if added:
                raise
            (self.directory / RESERVE).unlink(missing_ok=True)
            self._keep(added, renewed)

    def _keep(self, added: _Rows, renewed: _Rows) -> None:
        with self.transaction() as connection:
            if added:
                connection.execute(insert(intents), added)
            if renewed:
                connection.execute(_CHANGE, renewed)

    def all(self, *states: State) -> list[Intent]:
        """Return the intents in some states, the oldest first; raises JournalError.

        An entry that was changed is left out, and logged.
        """
        with self.transaction() as connection:
            rows = connection.execute(_in(states).order_by(intents.c.id)).all()
        return self._readable(rows)

    def one(self, identifier: str) -> Intent | None:
        """Return the intent with an id, None if there is none; raises JournalError."""
        with self.transaction() as connection:
            wanted = select(intents.c.id, intents.c.entry).where(intents.c.id == identifier)
            rows = connection.execute(wanted).all()
        return next(iter(self._readable(rows)), None)

    def page(self, states: Sequence[State], after: str, most: int) -> list[Intent]:
        """Return the next intents in some states behind an id; raises JournalError."""
        with self.transaction() as connection:
            wanted = _in(states).where(intents.c.id > after).order_by(intents.c.id).limit(most)
            rows = connection.execute(wanted).all()
        return self._readable(rows)

    def count(self) -> dict[str, int]:
        """Return how many intents are in each state; raises JournalError."""
        with self.transaction() as connection:
            counted = select(intents.c.state, func.count()).group_by(intents.c.state)
            found = {str(state): int(number) for state, number in connection.execute(counted)}
        return {state.value: found.get(state.value, 0) for state in State}

    def forget(self, now: float) -> list[str]:
        """Remove what is old and what no worker has to see to; return the ids.

        Raises JournalError.
        """
        old = or_(
            and_(_is(State.DONE, State.SETTLED), intents.c.changed < now - KEPT),
            and_(
                _is(State.UNSETTLED),
                intents.c.look_at.is_(None),
                intents.c.changed < now - KEPT_UNSETTLED,
            ),
        )
        with self.transaction() as connection:
            gone = list(connection.scalars(select(intents.c.id).where(old)))
            if gone:
                connection.execute(delete(intents).where(old))
        with suppress(JournalError):
            self._reserve()
        return gone

    def _readable(self, rows: Iterable[Row[str, bytes]]) -> list[Intent]:
        found = []
        for row in rows:
            try:
                found.append(self._read(*row))
            except JournalError as error:
                log.error("journal: an entry is left out", error=str(error))  # noqa: TRY400
        return found

    def _row(self, intent: Intent) -> dict[str, object]:
        return {
            "id": intent.id,
            "state": intent.state.value,
            "changed": time.time(),
            "look_at": intent.look_at,
            "entry": self.cipher.encrypt(msgspec.msgpack.encode(intent), intent.id),
        }

    def _read(self, identifier: str, entry: bytes) -> Intent:
        try:
            plain = self.cipher.decrypt(entry, identifier)
            return msgspec.msgpack.decode(plain, type=Intent)
        except (ValueError, msgspec.DecodeError) as error:
            raise JournalError(
                f"the entry {identifier} of {self.directory / FILE} was changed; {_AWAY}"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commit at the end, roll back after an error; raises JournalError."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            if any(reason in str(error.orig) for reason in _FULL):
                raise _full(self.directory) from error
            raise _unusable(self.directory, error) from error
        except DatabaseError as error:
            raise _unusable(self.directory, error) from error

    def _reserve(self) -> None:
        """Take the reserve of the disk, unless it is there; raises FullError, and JournalError."""
        file = self.directory / RESERVE
        if file.exists():
            return
        with writing(self.directory):
            try:
                with file.open("xb") as stream:
                    os.posix_fallocate(stream.fileno(), 0, RESERVED)
            except OSError as error:
                file.unlink(missing_ok=True)
                if error.errno in _NO_ROOM:
                    raise _full(self.directory) from error
                raise


_AWAY = (
    "stop the gateway, move the directory away, and start it: it begins a new journal, and what is "
    "open in the old one is no longer watched"
)


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Make the directory of a journal, if there is none, to write into it; raises JournalError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise JournalError(
            f"the journal {directory} can't be written: {error.strerror}; let the gateway's user "
            "write there, or name another directory in own.journal"
        ) from error


def _locked(directory: Path) -> IO[str]:
    """Lock a directory, and make it if there is none; raises JournalError."""
    with writing(directory):
        file = (directory / LOCK).open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise JournalError(
            f"another process has the journal {directory}: a gateway that runs"
        ) from error
    return file


def _engine(directory: Path) -> Engine:
    file = directory / FILE
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # no one else reads it
    engine = create_engine(
        f"sqlite:///{file}", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _durable)
    return engine


def _durable(connection: DBAPIConnection, _: object) -> None:
    """Let each commit reach the disk before it counts."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(connection: Connection, directory: Path) -> None:
    """Bring the tables to this version; raises JournalError if they are of a newer one."""
    config = Config()
    config.set_main_option("script_location", "openstackoid.journal:migrations")
    config.attributes["connection"] = connection
    has = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    if has == script.get_current_head():
        return
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise JournalError(
            f"the journal {directory} is of a newer version ({has}) than this program "
            f"({script.get_current_head()}); install the version that wrote it, or {_AWAY}"
        ) from error


def _is(*states: State) -> ColumnElement[bool]:
    return intents.c.state.in_([state.value for state in states])


def _in(states: Sequence[State]) -> Select[str, bytes]:
    return select(intents.c.id, intents.c.entry).where(_is(*states))


def _cipher(connection: Connection, secrets: Sequence[bytes], directory: Path) -> Cipher:
    wrapped = connection.scalar(select(keys.c.wrapped))
    try:
        cipher = Cipher.new() if wrapped is None else Cipher.unwrapped(wrapped, secrets)
    except WrapError as error:
        raise JournalError(
            f"none of the keys in own.keys opens the journal {directory}: put back those with "
            f"which it was written, or {_AWAY}"
        ) from error
    if cipher.wrapped(secrets[0]) != wrapped:
        _keep_key(connection, cipher.wrapped(secrets[0]))
    return cipher


def _keep_key(connection: Connection, wrapped: bytes) -> None:
    connection.execute(delete(keys))
    connection.execute(insert(keys).values(wrapped=wrapped))


def _full(directory: Path) -> FullError:
    return FullError(f"the disk of {directory} is full; make room")


def _unusable(directory: Path, error: DatabaseError) -> JournalError:
    """Return the error for a file that SQLite cannot use."""
    return JournalError(f"the journal {directory} can't be used: {error.orig}; {_AWAY}")
