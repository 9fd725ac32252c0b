"""The lock files: a gateway is installed with what is tested, and with nothing besides."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ALL, GATEWAY = "requirements.lock", "requirements-gateway.lock"

_PACKAGE = re.compile(r"^([a-z0-9-]+)==(\S+)((?:.*\\\n +--hash=\S+)*)", re.MULTILINE)


def locked(name: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return the packages of a lock file with their versions, and the hashes of each."""
    text = (ROOT / name).read_text()
    return {
        (package, version): frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", hashes))
        for package, version, hashes in _PACKAGE.findall(text)
    }


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def names(requirements: list[str]) -> set[str]:
    """Return the names that a lock file has for requirements."""
    return {
        re.split(r"[^\w.-]", one)[0].replace(".", "-").replace("_", "-") for one in requirements
    }


def test_a_gateway_is_installed_with_what_is_tested() -> None:
    """At the same versions, with the same hashes."""
    tested = locked(ALL)
    assert all(tested[package] == hashes for package, hashes in locked(GATEWAY).items())


def test_each_package_has_its_hash() -> None:
    """In both files; pip and uv refuse one without."""
    for name in (ALL, GATEWAY):
        assert all(locked(name).values())
        assert len(re.findall(r"^\S", (ROOT / name).read_text(), re.MULTILINE)) == len(locked(name))


def test_a_gateway_is_installed_with_what_it_needs_and_what_builds_it() -> None:
    """Of the lab, the client and the tools of developers it has nothing that it does not need."""
    declared = project()
    needed = names(declared["project"]["dependencies"] + declared["build-system"]["requires"])
    there = {package for package, _ in locked(GATEWAY)}
    assert needed <= there
    for extra in declared["project"]["optional-dependencies"].values():
        assert not (names(extra) & there) - needed - {"requests", "psutil"}  # of pycadf's
    assert not there & {"pytest", "ruff", "uv", "atheris"}


def test_uv_is_installed_by_its_hash() -> None:
    """What scripts/setup takes of requirements.lock is this one package, with its hashes."""
    setup = (ROOT / "scripts" / "setup").read_text()
    begins, ends = "^uv==", r"[^\\]$"
    assert f"sed -n '/{begins}/,/{ends}/p' requirements.lock" in setup
    taken: list[str] = []
    for line in (ROOT / ALL).read_text().splitlines():
        if taken or re.match(begins, line):
            taken.append(line)
        if taken and re.search(ends, line):
            break
    assert len(taken) > 1
    assert all(" --hash=sha256:" in line for line in taken[1:])
