"""Looks up the known vulnerabilities of what a lock file lists, by pip-audit.

The data is PyPI's. Where no such service is reached, that is said, and nothing fails: a check must
not depend on a network.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT = 120
"""Seconds for all questions together."""

ANSWER_TIMEOUT = 10
"""Seconds for one of them."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found: `vulnerable` are lines to read, `unknown` the packages without data."""

    vulnerable: Sequence[str] = ()
    unknown: Sequence[str] = ()
    asked: int = 0
    trouble: str | None = field(default=None)
    """Why nothing was found out, None if something was."""


def command(lock: Path) -> list[str]:
    """Return the command that audits a lock file: it installs nothing, and resolves nothing."""
    options = ("--require-hashes", "--disable-pip", "--format=json", "--progress-spinner=off")
    timeout = f"--timeout={ANSWER_TIMEOUT}"
    return [sys.executable, "-m", "pip_audit", *options, timeout, "--requirement", str(lock)]


def ask(command: Sequence[str], timeout: float = TIMEOUT) -> Findings:
    """Run pip-audit, and return what it has found."""
    try:
        result = subprocess.run(  # noqa: S603  (no shell, and no input of others)
            command, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return Findings(trouble=f"no answers within {timeout} s")
    try:
        return _found(json.loads(result.stdout)["dependencies"])
    except (ValueError, LookupError, TypeError):
        return Findings(trouble=(result.stderr.strip().splitlines() or ["no answer"])[-1])


def _found(dependencies: Sequence[dict[str, Any]]) -> Findings:
    vulnerable = [
        f"{one['name']} {one['version']}: {', '.join((v['id'], *v['aliases']))}; "
        f"mended in {', '.join(v['fix_versions']) or 'no version yet'}"
        for one in dependencies
        for v in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in dependencies if "vulns" not in one]
    return Findings(vulnerable, unknown, len(dependencies))


def report(lock: Path, findings: Findings) -> tuple[str, bool]:
    """Return what to tell, and whether the lock file may stay as it is."""
    if findings.vulnerable:
        lines = "\n  ".join(findings.vulnerable)
        advice = "take others: scripts/lock --upgrade"
        return f"{lock} has versions with known vulnerabilities; {advice}\n  {lines}", False
    if findings.trouble is not None:
        return f"{lock} was not audited, for no data was reached: {findings.trouble}", True
    if len(findings.unknown) == findings.asked:
        return f"{lock} was not audited, for this package index has no vulnerability data", True
    without = f"; without data: {', '.join(findings.unknown)}" if findings.unknown else ""
    return f"{lock}: {findings.asked} packages, no known vulnerability{without}", True


if __name__ == "__main__":
    file = Path(sys.argv[1])
    text, passed = report(file, ask(command(file)))
    print(text, file=sys.stderr)  # noqa: T201
    sys.exit(not passed)
