"""A release of a small project in a repository of its own."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from release.__main__ import release
from release.texts import ReleaseError

PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "thing"
version = "0.1.0"
requires-python = ">=3.11"
scripts = {thing = "thing:main"}

[tool.hatch.build.targets.wheel]
packages = ["src/thing"]
"""
PROGRAM = """def main():
    from importlib.metadata import version
    import click  # a dependency
    print("thing", version("thing"))
"""


def git(root: Path, *arguments: str) -> str:
    """Return what git prints."""
    command = ("git", "-C", str(root), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose changes are all committed."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")
    root = tmp_path / "thing"
    (root / "src" / "thing").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- It is there.\n")
    (root / ".gitignore").write_text("dist/\n*.cache\n")
    (root / "src" / "thing" / "__init__.py").write_text(PROGRAM)
    (root / "src" / "thing" / "ï.txt").touch()  # git quotes such a name
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Begin")
    return root


def state(root: Path) -> list[str]:
    """Return all that a release changes."""
    return [
        git(root, "rev-parse", "HEAD"),
        git(root, "tag"),
        git(root, "status", "--porcelain", "--ignored"),
        git(root, "worktree", "list"),
    ]


def test_a_release_is_a_commit_a_tag_and_two_artefacts(root: Path) -> None:
    """All of the same version; the tag says what the changelog does."""
    release(root, "0.1.0", dry_run=False)
    assert git(root, "log", "-1", "--format=%s") == "Release 0.1.0\n"
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "rev-parse", "v0.1.0^{commit}") == git(root, "rev-parse", "HEAD")
    message = git(root, "for-each-ref", "--format=%(contents)", "refs/tags/v0.1.0")
    assert "- It is there." in message
    assert len(git(root, "worktree", "list").splitlines()) == 1
    with tarfile.open(root / "dist" / "thing-0.1.0.tar.gz") as sdist:
        assert "thing-0.1.0/CHANGELOG.md" in sdist.getnames()
    with zipfile.ZipFile(root / "dist" / "thing-0.1.0-py3-none-any.whl") as wheel:
        assert "thing/__init__.py" in wheel.namelist()
    with pytest.raises(ReleaseError, match="not newer"):
        release(root, "0.1.0", dry_run=False)


def test_a_dry_run_says_the_same_and_changes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It builds and checks all the same."""
    before = state(root)
    release(root, "0.2.0", dry_run=True)
    printed = capsys.readouterr().out
    assert "dist/thing-0.2.0.tar.gz" in printed
    assert "- It is there." in printed
    assert state(root) == before


@pytest.mark.parametrize("file", ["CHANGELOG.md", "new"])
def test_changes_that_are_not_committed_are_refused(root: Path, file: str) -> None:
    """Be it in a file that is known to git or in a new one."""
    with (root / file).open("a") as changed:
        changed.write("more\n")
    before = state(root)
    with pytest.raises(ReleaseError, match=file):
        release(root, "0.1.0", dry_run=False)
    assert state(root) == before


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("src/thing/__init__.py", "def main(): raise SystemExit('broken')\n", "broken"),
        ("src/thing/__init__.py", "def main(): print('thing 9.9.9')\n", "9.9.9"),
        (
            "pyproject.toml",
            PYPROJECT.replace('= ["src/thing"]', '= ["src/none"]'),
            "same files",
        ),
        ("pyproject.toml", PYPROJECT + 'exclude = ["*.toml"]\n', "same files"),
    ],
)
def test_what_does_not_work_is_not_released(root: Path, file: str, text: str, message: str) -> None:
    """A program that does not run, or tells another version; a wheel without the package."""
    (root / "src" / "thing" / "data.toml").touch()
    (root / file).write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Break it")
    before = state(root)
    with pytest.raises(ReleaseError, match=message):
        release(root, "0.1.0", dry_run=False)
    assert state(root) == before
