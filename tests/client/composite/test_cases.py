"""The table of operator cases, against whole commands: the real `openstack` in played clouds."""

import json
from typing import Any

import pytest
from operators.cases import Case, Played, table

from ..conftest import Openstack
from ..fake import Fake

CASES = [pytest.param(case, id=case.name) for case in table()]
PATIENCE = 0.6

COMMANDS = {
    "list": "network list",
    "find": "network list --name thing",
    "show": "network show thing",
    "delete": "network delete thing",
    "set": "network set --description x thing",
    "create": "network create thing",
    "copy": "flavor create thing",
    "several": "server create thing --flavor f --image i --network n --min 2 --max 2",
    "act": "server pause thing",
}
QUIET = frozenset({"delete", "set", "act"})
"""What a command does that shows nothing."""


@pytest.mark.parametrize("case", CASES)
def test_the_client_does_as_the_table_says(case: Case, openstack: Openstack, cloud: Fake) -> None:
    """Exit code, what is shown, whose failure is told, and what is left in each cloud."""
    played = Played(case)
    cloud.reply = played
    hangs = any("hangs" in does.values() for does in case.clouds.values())
    argv = [*COMMANDS[case.do].split(), "--os-scope", f"{case.service}={case.expression}"]
    argv += [] if case.do in QUIET else ["-f", "json"]
    argv += ["--os-scope-policy", case.policy] if case.policy else []
    try:
        result = openstack(*argv, patience=PATIENCE if hangs else None)
    finally:
        played.end.set()
    expected = {k: v for k, v in case.client.items() if k != "status"}
    expected.setdefault("code", 0 if case.client["status"] < 400 else 1)
    lines = result.err.splitlines()
    found: dict[str, Any] = {"code": result.code}
    if "answer" in expected:
        found["answer"] = shown(result.out)
    if "told" in expected:
        last = [lines[-1:]] if "&" not in case.expression else [lines]
        found["told"] = expected["told"] if said(expected["told"], *last) else result.err
    if "asked" in expected:
        found["asked"] = sorted(played.reached(case.method))
    if "removed" in expected:
        found["removed"] = sorted(played.removed)
    if "has" in expected:
        found["has"] = played.having()
    if "report" in expected:
        bad = [c for c, s in expected["report"].items() if s == "none" or s >= 400]
        found["report"] = expected["report"] if all(said(c, lines) for c in bad) else result.err
    assert found == expected, result.err


def shown(out: str) -> list[str]:
    """Return the clouds whose things are shown."""
    if not out.strip():
        return []
    found = json.loads(out)
    if isinstance(found, list):
        return [row["Cloud"] for row in found]
    return found["cloud"] if isinstance(found["cloud"], list) else [found["cloud"]]


def said(cloud: str, lines: list[str]) -> bool:
    """Tell whether one of the lines is of a cloud."""
    return any(line.startswith(f"{cloud}: ") for line in lines)
