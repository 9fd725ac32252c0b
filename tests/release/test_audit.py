"""Known vulnerabilities fail a check, and nothing else does: no network, no data, no answer."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from release.audit import Findings, ask, command, report

LOCK = Path("requirements-gateway.lock")
SOUND = {"name": "click", "version": "8.5.1", "vulns": []}
SKIPPED = {"name": "rich", "skip_reason": "not found"}
FAULTY = {
    "name": "h11",
    "version": "0.9.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["0.16.0"]}],
}


def played(*dependencies: dict[str, Any], code: int = 0) -> list[str]:
    """Return a command that answers as pip-audit does."""
    answer = json.dumps({"dependencies": dependencies, "fixes": []})
    return [sys.executable, "-c", f"print({answer!r}); raise SystemExit({code})"]


def told(command: list[str], timeout: float = 60) -> tuple[str, bool]:
    return report(LOCK, ask(command, timeout))


def test_a_known_vulnerability_fails() -> None:
    """And what is told names it, and the version without it."""
    text, passed = told(played(SOUND, SKIPPED, FAULTY, code=1))
    assert not passed
    assert "h11 0.9.0: PYSEC-1, CVE-1; mended in 0.16.0" in text
    unmended = {**FAULTY, "vulns": [{"id": "PYSEC-2", "aliases": [], "fix_versions": []}]}
    assert "PYSEC-2; mended in no version yet" in told(played(unmended, code=1))[0]


def test_sound_versions_pass() -> None:
    """What there is no data for is named."""
    assert told(played(SOUND)) == (f"{LOCK}: 1 packages, no known vulnerability", True)
    text, passed = told(played(SOUND, SKIPPED))
    assert passed
    assert text.endswith("without data: rich")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (played(SKIPPED, SKIPPED), "this package index has no vulnerability data"),
        ([sys.executable, "-c", "raise OSError('no route')"], "OSError: no route"),
        ([sys.executable, "-c", "pass"], "no answer"),
        ([sys.executable, "-c", "print('[]')"], "no answer"),
    ],
)
def test_without_data_nothing_fails(command: list[str], why: str) -> None:
    """But it is said that nothing was looked up, and why."""
    text, passed = told(command)
    assert passed
    assert "was not audited" in text
    assert why in text


def test_a_service_that_does_not_answer_is_not_waited_for() -> None:
    """It may take all connections and say nothing."""
    forever = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    assert ask(forever, 0.1) == Findings(trouble="no answers within 0.1 s")


def test_what_is_asked_installs_nothing() -> None:
    """The lock file has every package with its hash, so nothing is resolved."""
    asked = command(LOCK)
    assert {"--disable-pip", "--require-hashes"} <= set(asked)
    assert asked[-1] == str(LOCK)
