"""What the times of downloads wait for."""

import sys
from pathlib import Path

import click
import pytest

from bench.connections.quiet import wait_until_idle
from bench.processes import running

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
SPINS = [sys.executable, "-c", "while True: pass"]


def test_a_process_that_does_nothing_is_idle(tmp_path: Path) -> None:
    with running(SLEEPS, tmp_path / "log") as process:
        wait_until_idle([process])


def test_a_process_that_goes_on_is_told_of(tmp_path: Path) -> None:
    with (
        running(SPINS, tmp_path / "log") as process,
        pytest.raises(click.ClickException, match="at work"),
    ):
        wait_until_idle([process], patience=0)
