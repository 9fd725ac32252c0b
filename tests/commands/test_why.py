"""`openstackoid why`: why a request failed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main

ID = "req-00000000-0000-0000-0000-00000000000a"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a gateway's log with one failure and one success."""
    event = {"event": "request", "gateway": "One", "request_id": ID, "method": "GET"}
    failed = event | {"path": "/v2/images/x", "status": 504, "error": "Two is away"}
    fine = event | {"request_id": ID.replace("a", "b"), "status": 200}
    file = tmp_path / "gateway.log"
    file.write_text(
        "".join(json.dumps(one | {"timestamp": "2026"}) + "\n" for one in (failed, fine))
    )
    return file


def test_the_cause_is_printed(log: Path) -> None:
    """From a file as from standard input."""
    result = CliRunner().invoke(main, ["why", ID, str(log)])
    assert result.exit_code == 0
    assert "GET /v2/images/x" in result.stdout
    assert "Two is away" in result.stdout
    assert CliRunner().invoke(main, ["why", ID], input=log.read_text()).stdout == result.stdout


def test_programs_read_the_lines(log: Path) -> None:
    """As the gateway has written them."""
    result = CliRunner().invoke(main, ["why", ID, str(log), "-f", "json"])
    assert json.loads(result.stdout)[0]["error"] == "Two is away"


def test_what_did_not_fail_is_said_to_be_well(log: Path) -> None:
    """The fault is somewhere else then."""
    result = CliRunner().invoke(main, ["why", ID.replace("a", "b"), str(log)])
    assert (result.exit_code, "none of them failed" in result.stdout) == (0, True)


def test_an_id_that_no_line_has_is_said(log: Path) -> None:
    """With what to look for; what is not printable is escaped."""
    result = CliRunner().invoke(main, ["why", "req-\x1b", str(log)])
    assert result.exit_code == 1
    assert "take the log of the gateway" in result.stderr
    assert "\x1b" not in result.stderr
