"""What branches print and read, each for itself, though a process has one stdout and one stdin.

Between `apart()` and its end, `sys.stdout` and `sys.stdin` ask who is speaking.
"""

import io
import logging
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO, cast

from osc_lib.exceptions import CommandError

_PROGRESS = re.compile(r"\rProgress: \d*%?\n?")


@dataclass
class Console:
    """One branch's own stdout and stdin.

    `direct` leaves it the real ones, where branches run one after another. `alone` lets it write
    bytes to stdout, where at most one of the branches will have succeeded; `wrote` tells it did.
    `errors` are those that the command logged instead of ending with them.
    """

    cloud: str
    direct: bool = False
    alone: bool = False
    wrote: bool = False
    errors: list[BaseException] = field(default_factory=list, repr=False)
    written: io.StringIO = field(default_factory=io.StringIO, repr=False)
    stdin: TextIO | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """What it printed, without the progress of `--wait`."""
        return _PROGRESS.sub("", self.written.getvalue())


_SPEAKING: ContextVar[Console | None] = ContextVar("speaking", default=None)


@contextmanager
def speaking(console: Console | None) -> Iterator[None]:
    """Let this thread read and print by a branch's console; None is the process's own."""
    token = _SPEAKING.set(console)
    try:
        yield
    finally:
        _SPEAKING.reset(token)


@contextmanager
def apart() -> Iterator[tuple[TextIO, TextIO]]:
    """Keep apart what branches print, read and log, and give the stdout and stdin that do so."""
    out, in_, named = _Stdout(sys.stdout), _Stdin(sys.stdin), _Named()
    handlers = logging.getLogger().handlers[:]
    for handler in handlers:
        handler.addFilter(named)
    real, sys.stdin = sys.stdin, cast("TextIO", in_)
    try:
        with redirect_stdout(cast("TextIO", out)):
            yield cast("TextIO", out), cast("TextIO", in_)
    finally:
        sys.stdin = real
        in_.close()
        for handler in handlers:
            handler.removeFilter(named)


def _captured() -> Console | None:
    console = _SPEAKING.get()
    return None if console is None or console.direct else console


class _Stdout:
    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        console = _captured()
        return (console.written if console else self._real).write(text)

    def isatty(self) -> bool:
        return _captured() is None and self._real.isatty()

    def __getattr__(self, name: str) -> Any:
        console = _captured()
        if console and name in {"buffer", "fileno"}:
            if not console.alone:
                raise CommandError("data cannot go to stdout from several clouds; name one of them")
            console.wrote = True
        return getattr(self._real, name)


class _Stdin:
    """Gives each branch all of stdin, from its beginning."""

    def __init__(self, real: TextIO) -> None:
        self._real = real
        self._lock = threading.Lock()
        self._copies: list[TextIO] = []

    def isatty(self) -> bool:
        return self._real.isatty()

    def __iter__(self) -> Iterator[str]:
        return iter(self.readline, "")

    def __getattr__(self, name: str) -> Any:
        console = _captured()
        if console is None:
            return getattr(self._real, name)
        if self._real.isatty():
            raise CommandError("several clouds cannot ask at one terminal; name one of them")
        with self._lock:
            if console.stdin is None:
                console.stdin = Path(self._whole.name).open()  # noqa: SIM115 (closed by close)
                self._copies.append(console.stdin)
        return getattr(console.stdin, name)

    @cached_property
    def _whole(self) -> Any:
        file = tempfile.NamedTemporaryFile()  # noqa: SIM115 (closed by close)
        shutil.copyfileobj(self._real.buffer, file)
        file.flush()
        return file

    def close(self) -> None:
        """Let go of the copies; the real stdin stays open."""
        for copy in self._copies:
            copy.close()
        if "_whole" in self.__dict__:
            self._whole.close()


class _Named(logging.Filter):
    """Puts a cloud's name before what its branch logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        console = _SPEAKING.get()
        if console and not hasattr(record, "cloud"):
            if record.levelno >= logging.ERROR:
                console.errors += _errors(record.args)
            record.cloud = console.cloud
            record.msg = f"{console.cloud}: {record.msg}"
        return True


def _errors(arguments: object) -> list[BaseException]:
    """Return the exceptions among the arguments of a log record."""
    values = arguments.values() if isinstance(arguments, Mapping) else arguments
    values = values if isinstance(values, Iterable) else ()
    return [value for value in values if isinstance(value, BaseException)]
