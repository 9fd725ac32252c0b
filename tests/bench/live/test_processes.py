"""Processes that are measured."""

import sys
from pathlib import Path

import click
import pytest

from bench.processes import has_ended, running
from bench.stage import free_url, listening

FAILS = [sys.executable, "-c", "raise SystemExit('no such file')"]
STAYS = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(600)"]


async def test_a_server_that_ends_instead_of_listening_is_told_of_with_what_it_said(
    tmp_path: Path,
) -> None:
    with (
        pytest.raises(click.ClickException, match="no such file"),
        running(FAILS, tmp_path / "log") as process,
    ):
        await listening(free_url(), process)


def test_what_goes_wrong_beside_a_process_that_runs_is_not_its_fault(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), running(STAYS, tmp_path / "log"):
        raise ValueError("mine")


def test_a_process_is_ended_behind_its_context(tmp_path: Path) -> None:
    with running(STAYS, tmp_path / "log") as process:
        assert not has_ended(process)
    assert has_ended(process)


def test_no_address_is_given_twice() -> None:
    urls = [free_url() for _ in range(50)]
    assert len(set(urls)) == 50
