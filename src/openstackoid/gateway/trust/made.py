"""Remembers what services of other clouds have created here in the names of users.

They may change and delete that, and nothing else. All workers of a gateway share the file.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import structlog

from openstackoid.gateway.forwarding.downstream import Editor

log = structlog.get_logger()

KEPT = 2 * 86_400
"""Seconds that an id is remembered."""

_MAX_ANSWER = 65_536
"""Bytes of an answer in which an id is looked for; one that creates something is shorter."""

_WAIT = 2.0
"""Seconds to wait for another worker that writes."""


class Made:
    """The ids of what was created, with the cloud whose service has created it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, cloud: str, service: str, ids: list[str]) -> None:
        """Remember ids; those that are older than KEPT are forgotten.

        Where the file can't be written, it is logged: what was created can't be changed then.
        """
        now = int(time.time())
        try:
            with closing(self._opened()) as database, database:
                database.execute("DELETE FROM made WHERE at < ?", (now - KEPT,))
                rows = [(cloud, service, id_, now) for id_ in ids]
                database.executemany("INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            log.warning("ids are not remembered", file=str(self._file), error=str(error))

    def has(self, cloud: str, service: str, id_: str) -> bool:
        """Return whether services of a cloud have created this within the last two days."""
        try:
            with closing(self._opened()) as database:
                found = database.execute(
                    "SELECT 1 FROM made WHERE cloud = ? AND service = ? AND id = ? AND at >= ?",
                    (cloud, service, id_, int(time.time()) - KEPT),
                ).fetchone()
        except sqlite3.Error as error:
            log.warning("ids are not known", file=str(self._file), error=str(error))
            return False
        return found is not None

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._file, timeout=_WAIT)
        database.execute(
            "CREATE TABLE IF NOT EXISTS made (cloud TEXT, service TEXT, id TEXT, at INTEGER, "
            "PRIMARY KEY (cloud, service, id))"
        )
        return database


class IdReader:
    """Reads the ids in the answer to a request that creates something, and passes it on.

    `editor` edits the answer, None if nothing does; `learn` gets the ids before the answer's end.
    """

    def __init__(self, editor: Editor | None, learn: Callable[[list[str]], None]) -> None:
        self._editor = editor
        self._learn = learn
        self._body = bytearray()

    @property
    def strict(self) -> bool:
        """Whether the body must be edited completely before any of it is sent."""
        return self._editor is not None and self._editor.strict

    def feed(self, data: bytes) -> bytes:
        """Take a piece of the body, return the bytes that are final by now."""
        if len(self._body) <= _MAX_ANSWER:
            self._body += data
        return self._editor.feed(data) if self._editor else data

    def rest(self) -> Iterator[bytes]:
        """Yield the rest."""
        self._learn(_ids(bytes(self._body)) if len(self._body) <= _MAX_ANSWER else [])
        yield from self._editor.rest() if self._editor else ()


def _ids(body: bytes) -> list[str]:
    """Return the ids of the resources in a document: of itself, or of what it has by a name."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict):
        return []
    things: list[object] = [document]
    for value in document.values():
        things += value if isinstance(value, list) else [value]
    ids = [thing.get("id") for thing in things if isinstance(thing, dict)]
    return [id_ for id_ in ids if isinstance(id_, str)]
