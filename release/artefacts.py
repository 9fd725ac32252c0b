"""Builds the sdist and the wheel of a checkout, and checks them."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from release.texts import ReleaseError


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Return what a program prints; raises ReleaseError with its messages if it fails."""
    result = subprocess.run(  # noqa: S603  (no shell, and no input of others)
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        said = result.stderr.strip() or result.stdout.strip()
        raise ReleaseError(f"{' '.join(map(str, command))} failed:\n{said}")
    return result.stdout


def build(checkout: Path, project: dict[str, Any], out: Path) -> list[Path]:
    """Return the artefacts of a checkout, the wheel made from the sdist; raises ReleaseError.

    With the time of the commit as theirs, so that they are the same each time.
    """
    time = run("git", "log", "-1", "--format=%ct", cwd=checkout).strip()
    options = ("--no-build-isolation", "--no-create-gitignore", "--python", sys.executable)
    uv = Path(sys.executable).with_name("uv")
    run(uv, "build", "--quiet", *options, "-o", out, ".", cwd=checkout, SOURCE_DATE_EPOCH=time)
    name, version = project["name"], project["version"]
    sdist = out / f"{name}-{version}.tar.gz"
    wheel = out / f"{name}-{version}-py3-none-any.whl"
    if sorted(out.iterdir()) != sorted([sdist, wheel]):
        found = ", ".join(sorted(file.name for file in out.iterdir()))
        raise ReleaseError(f"the build made {found}; expected {sdist.name} and {wheel.name}")
    _check_contents(checkout, name, sdist, wheel)
    for program in project.get("scripts", {}):
        _check_installed(wheel, program, version)
    return [sdist, wheel]


def _check_contents(checkout: Path, name: str, sdist: Path, wheel: Path) -> None:
    """Raise ReleaseError unless the artefacts have the files that git has, and no other."""
    tracked = set(run("git", "ls-files", "-z", cwd=checkout).split("\0")) - {""}
    with tarfile.open(sdist) as archive:
        packed = {file.partition("/")[2] for file in archive.getnames()}
    _compare(sdist.name, packed - {"PKG-INFO"}, tracked)
    with zipfile.ZipFile(wheel) as archive:
        packed = {file for file in archive.namelist() if ".dist-info/" not in file}
    package = {f.removeprefix("src/") for f in tracked if f.startswith(f"src/{name}/")}
    _compare(wheel.name, packed, package)


def _compare(artefact: str, packed: Collection[str], expected: Collection[str]) -> None:
    differing = sorted(set(packed) ^ set(expected))
    if differing:
        raise ReleaseError(f"{artefact} and git do not have the same files: {differing[:5]}")


def _check_installed(wheel: Path, program: str, version: str) -> None:
    """Raise ReleaseError unless a program of the wheel runs, installed, and tells the version.

    What it depends on is taken from the running Python's packages.
    """
    with tempfile.TemporaryDirectory() as directory:
        python = Path(directory, "bin", "python")
        run(sys.executable, "-m", "venv", "--without-pip", directory, cwd=wheel.parent)
        uv = Path(sys.executable).with_name("uv")
        install = (uv, "pip", "install", "--quiet", "--no-deps", "--no-index")
        run(*install, "--python", python, wheel, cwd=wheel.parent)
        site = run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=wheel.parent)
        Path(site.strip(), "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        said = run(python.with_name(program), "--version", cwd=Path(directory))
    if version not in said:
        raise ReleaseError(f'{program} --version of {wheel.name} says "{said.strip()}"')
