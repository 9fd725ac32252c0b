"""Reports the progress of a lab: live on a terminal, and a line per phase elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Report(Protocol):
    """Receives the progress of a lab."""

    def begin(self, cloud: str, phase: str) -> None:
        """Report the beginning of a phase; `cloud` is empty for the whole lab."""

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Report the successful end of a phase."""


@contextmanager
def phase(report: Report, cloud: str, name: str) -> Iterator[None]:
    """Report the body of the `with` statement as a phase; no end if it raises."""
    report.begin(cloud, name)
    begun = time.monotonic()
    yield
    report.end(cloud, name, time.monotonic() - begun)


class Silence:
    """A Report that shows nothing."""

    def begin(self, cloud: str, phase: str) -> None:
        """Do nothing."""

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Do nothing."""


class Display:
    """A Report on a console: on a terminal the running phases, and a line for each finished one."""

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
        """Show a phase as running."""
        with self._lock:
            self._live.start()
            self._tasks[cloud, phase] = self._live.add_task(_title(cloud, phase))
            if not self._console.is_terminal:
                self._print(f"{_title(cloud, phase)} …")

    def end(self, cloud: str, phase: str, seconds: float) -> None:
        """Print a line with the duration of a phase."""
        with self._lock:
            self._live.remove_task(self._tasks.pop((cloud, phase)))
            self._print(f"{_title(cloud, phase):<44} {seconds:5.1f} s")
            if not self._tasks:
                self._live.stop()

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _title(cloud: str, phase: str) -> str:
    return f"{cloud}: {phase}" if cloud else phase
