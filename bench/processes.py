"""Processes that are measured: the cores they run on, what they use of them, and their end."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import psutil

CORES = tuple(sorted(os.sched_getaffinity(0)))
PROXY_CORES = frozenset(CORES[-1:])
"""What is measured has the last core to itself, as far as there is more than one."""
OTHER_CORES = frozenset(CORES[:-1] or CORES)


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Run on these cores; so do the processes that are started here."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def running(command: Sequence[str | Path], log: Path, program: Path | None = None) -> Iterator[int]:
    """Run a process, and end it, by force if need be; give its id. What it says goes to a file.

    `program` has the sources of ours, if they are not those of this clone.

    Raises ClickException with that if it has ended by itself when something goes wrong.
    """
    with log.open("wb") as stream:
        env = os.environ | ({} if program is None else {"PYTHONPATH": str(program / "src")})
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=env)  # noqa: S603
    try:
        yield process.pid
    except Exception as error:
        if process.poll() is None:
            raise
        raise click.ClickException(f"{command[0]} ended: {log.read_text().strip()}") from error
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def has_ended(process: int) -> bool:
    """Tell whether a process that was started here has ended by itself."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def beside_python(name: str) -> Path:
    """Return a command of this Python's environment."""
    return Path(sys.executable).with_name(name)


def output(command: Sequence[str | Path]) -> str:
    """Return what a command prints; raises ClickException with what it says if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise click.ClickException(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout or done.stderr


def cpu_seconds(processes: Iterable[int]) -> float:
    """Return the CPU time that these processes and their children have used, as the kernel says.

    In all their threads, user and system; to the nanosecond (proc_pid_schedstat).
    """
    threads = (t for p in _families(processes) for t in Path(f"/proc/{p}/task").iterdir())
    return sum(int((t / "schedstat").read_text().split()[0]) for t in threads) / 1e9


def resident(processes: Iterable[int]) -> int:
    """Return how many bytes of memory they have now."""
    return sum(_status(process, "VmRSS") for process in _families(processes))


def peak(processes: Iterable[int]) -> int:
    """Return how many bytes of memory they had at most, since `forget_peak`."""
    return sum(_status(process, "VmHWM") for process in _families(processes))


def forget_peak(processes: Iterable[int]) -> None:
    """Let `peak` begin anew (proc_pid_clear_refs)."""
    for process in _families(processes):
        Path(f"/proc/{process}/clear_refs").write_text("5")


def _families(processes: Iterable[int]) -> list[int]:
    children = (c.pid for p in processes for c in psutil.Process(p).children(recursive=True))
    return [*processes, *children]


def _status(process: int, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+) kB$", Path(f"/proc/{process}/status").read_text(), re.M)
    return int(found[1]) * 1024 if found else 0
