"""Makes OpenStack's SQLite transactions wait for one another instead of failing.

oslo.db begins every transaction as a reader. If it writes later, it fails at once, whatever the
timeout, if another transaction has written in between. So writers of oslo.db's enginefacade begin
with BEGIN IMMEDIATE. Readers must not: placement opens a reader beside its own writer.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from oslo_db.sqlalchemy import enginefacade  # type: ignore[import-untyped]
from sqlalchemy import event
from sqlalchemy.engine import Engine

_PRAGMAS = ("busy_timeout=60000", "journal_mode=WAL", "synchronous=OFF")
_scopes = threading.local()


def install() -> None:
    """Change enginefacade, and every SQLite connection that this process opens from now on."""
    manager = enginefacade._TransactionContextManager
    inner = manager._transaction_scope

    @contextmanager
    def scope(self: Any, context: Any) -> Iterator[Any]:
        stack = _stack()
        joined = bool(stack) and stack[-1] and not self._independent
        stack.append(joined or self._mode is enginefacade._WRITER)
        try:
            with inner(self, context) as resource:
                yield resource
        finally:
            stack.pop()

    manager._transaction_scope = scope
    event.listen(Engine, "connect", _connect, insert=True)
    event.listen(Engine, "before_cursor_execute", _begin, retval=True)


def _stack() -> list[bool]:
    """Return, for each open scope of this thread, whether it writes."""
    stack: list[bool] = _scopes.__dict__.setdefault("stack", [])
    return stack


def _connect(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")


def _begin(
    connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    if statement == "BEGIN" and connection.dialect.name == "sqlite":
        stack = _stack()
        if not stack or stack[-1]:
            statement = "BEGIN IMMEDIATE"
    return statement, parameters
