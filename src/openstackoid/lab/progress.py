"""How far a lab is: a line per cloud on a terminal, a line per finished phase elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Report(Protocol):
    """Whoever wants to know what a lab is doing."""

    def begin(self, cloud: str, phase: str) -> None:
        """Note that a phase has begun; an empty cloud is the lab as a whole."""

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Note that it is over, successfully."""


@contextmanager
def phase(report: Report, cloud: str, name: str) -> Iterator[None]:
    """Report a phase around what is done inside."""
    report.begin(cloud, name)
    begun = time.monotonic()
    yield
    report.end(cloud, name, time.monotonic() - begun)


class Silence:
    """Nobody wants to know."""

    def begin(self, cloud: str, phase: str) -> None:
        """Do nothing."""

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Do nothing."""


class Display:
    """Progress on standard error: on a terminal what is under way, and a line for what is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def begin(self, cloud: str, phase: str) -> None:
        """Show a phase."""
        with self._lock:
            self._live.start()
            self._tasks[cloud, phase] = self._live.add_task(_title(cloud, phase))
            if not self._console.is_terminal:
                self._print(f"{_title(cloud, phase)} …")

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Leave a line that tells how long it took."""
        with self._lock:
            self._live.remove_task(self._tasks.pop((cloud, phase)))
            self._print(f"{_title(cloud, phase):<44} {seconds:5.1f} s")
            if not self._tasks:
                self._live.stop()

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _title(cloud: str, phase: str) -> str:
    return f"{cloud}: {phase}" if cloud else phase
