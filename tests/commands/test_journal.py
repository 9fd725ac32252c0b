"""`openstackoid journal`: what is left of writes, and that somebody has looked."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from journal.making import DONE_A, UNKNOWN_B, intent

from openstackoid.commands.main import main
from openstackoid.journal import reading
from openstackoid.journal.intent import Intent, Part, State

TEXT = """
clouds:
  One:
    insecure: true
    frontends: {image: "http://one/image"}
    backends: {image: "http://127.0.0.1:1"}
"""
LEFT = intent(DONE_A, UNKNOWN_B, state=State.UNSETTLED, sent=b"")
OVER = intent(DONE_A, Part("B", 201, "b"), state=State.DONE, sent=b"")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "federation.yaml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Play the process that keeps a journal with two writes; return what was settled."""
    settled: list[str] = []

    async def shown(directory: Path, *states: State) -> tuple[Intent, ...]:
        assert directory.name == "journal-One"
        return tuple(one for one in (LEFT, OVER) if one.state in states)

    async def settle(directory: Path, identifiers: Sequence[str]) -> dict[str, str | None]:
        assert directory.name == "journal-One"
        known = {LEFT.id: None}
        settled.extend(known.keys() & identifiers)
        return {one: known.get(one, f"there is no {one} that is unsettled") for one in identifiers}

    async def counted(directory: Path) -> dict[str, int]:
        assert directory.name == "journal-One"
        return {"open": 0, "done": 1, "unsettled": 1, "settled": 0}

    monkeypatch.setattr(reading, "counted", counted)
    monkeypatch.setattr(reading, "shown", shown)
    monkeypatch.setattr(reading, "settle", settle)
    return settled


def run(file: Path, *arguments: str) -> Result:
    options = ["--federation", str(file), "--cloud", "One"]
    return CliRunner().invoke(main, ["journal", arguments[0], *options, *arguments[1:]])


def test_what_is_unsettled_is_counted(file: Path, journal: list[str]) -> None:
    """The exit code says that somebody has to look."""
    result = run(file, "status", "-f", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"open": 0, "done": 1, "unsettled": 1, "settled": 0}
    assert "unsettled  1" in run(file, "status").stdout


def test_what_is_unsettled_is_shown(file: Path, journal: list[str]) -> None:
    """With what each cloud has, and what is to be done there."""
    result = run(file, "show")
    assert result.exit_code == 0
    assert LEFT.id in result.stdout
    assert 'POST network/v2.0/networks "net"' in result.stdout
    assert "created id-of-a" in result.stdout
    assert "may have carried it out: look there" in result.stdout
    assert OVER.id not in result.stdout
    assert OVER.id in run(file, "show", "--all").stdout


def test_no_id_of_another_cloud_acts_on_the_terminal(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have escapes."""

    async def shown(*_: object) -> tuple[Intent, ...]:
        return (intent(Part("B", unknown=True, found=("\x1b[2J",)), state=State.UNSETTLED),)

    monkeypatch.setattr(reading, "shown", shown)
    result = run(file, "show")
    assert "may have created ?[2J" in result.stdout


def test_programs_read_json(file: Path, journal: list[str]) -> None:
    """One object for each write, the oldest first."""
    (found,) = json.loads(run(file, "show", "-f", "json").stdout)
    assert (found["id"], found["state"], found["name"]) == (LEFT.id, "unsettled", "net")
    clouds: list[dict[str, Any]] = found["clouds"]
    assert [(one["cloud"], one["id"], one["unknown"]) for one in clouds] == [
        ("A", "id-of-a", False),
        ("B", None, True),
    ]


def test_somebody_has_looked(file: Path, journal: list[str]) -> None:
    """And says so by the id."""
    result = run(file, "settle", LEFT.id)
    assert (result.exit_code, journal) == (0, [LEFT.id])
    assert "is settled" in result.stdout


def test_somebody_has_looked_at_all_until_a_time(file: Path, journal: list[str]) -> None:
    """What has begun since is still to be looked at."""
    began = datetime.fromtimestamp(LEFT.began, UTC)
    result = run(file, "settle", "--before", f"{began - timedelta(days=1):%Y-%m-%d}")
    assert (result.exit_code, journal) == (0, [])
    assert result.stdout.startswith("0 writes")
    result = run(file, "settle", "--before", f"{began + timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    assert (result.exit_code, journal) == (0, [LEFT.id])
    assert result.stdout.splitlines()[1].startswith("1 writes")


@pytest.mark.parametrize("arguments", [(), ("x", "--before", "2026-11-30"), ("--before", "now")])
def test_it_is_said_which_writes_are_meant(
    file: Path, journal: list[str], arguments: tuple[str, ...]
) -> None:
    """Nobody settles everything by mistake."""
    result = run(file, "settle", *arguments)
    assert (result.exit_code, journal) == (2, [])


def test_what_is_not_unsettled_cannot_be_settled(file: Path, journal: list[str]) -> None:
    """The message says where to look."""
    result = run(file, "settle", "another")
    assert (result.exit_code, journal) == (1, [])
    assert "there is no another" in result.stderr
    assert "openstackoid journal show" in result.stderr


def test_without_a_gateway_it_is_said_what_to_do(file: Path) -> None:
    """Nobody else keeps the journal."""
    for command in (("status",), ("show",), ("settle", "x")):
        result = run(file, *command)
        assert result.exit_code == 1
        assert "start the gateway" in result.stderr
