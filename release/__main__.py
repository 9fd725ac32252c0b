"""Releases a version of the project in the current directory."""

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from release.artefacts import build, run
from release.texts import ReleaseError, check_newer, headings, notes, with_release, with_version


def release(root: Path, version: str, *, dry_run: bool) -> None:
    """Make the release commit, its artefacts and its tag; raises ReleaseError.

    All of it is made in a checkout of its own, so that what fails leaves nothing behind.
    """
    if changes := run("git", "status", "--porcelain", cwd=root):
        raise ReleaseError(f"commit or remove these changes first:\n{changes.rstrip()}")
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    changelog = (root / "CHANGELOG.md").read_text()
    tags = [tag.removeprefix("v") for tag in run("git", "tag", cwd=root).split()]
    check_newer(version, project["version"], [*headings(changelog), *tags])
    dated = with_release(changelog, version, datetime.now(UTC).date().isoformat())
    with _checkout(root) as checkout, tempfile.TemporaryDirectory() as out:
        pyproject = with_version((root / "pyproject.toml").read_text(), version)
        (checkout / "pyproject.toml").write_text(pyproject)
        (checkout / "CHANGELOG.md").write_text(dated)
        # Hooks look at what somebody writes; this was looked at before.
        commit = ("git", "commit", "--quiet", "--all", "--no-verify")
        run(*commit, "--message", f"Release {version}", cwd=checkout)
        artefacts = build(checkout, project | {"version": version}, Path(out))
        made = run("git", "rev-parse", "HEAD", cwd=checkout).strip()
        click.echo(run("git", "show", "--stat", "--format=%s", made, cwd=root))
        if dry_run:
            click.echo(f"v{version} would be tagged with:\n\n{notes(dated, version)}\n")
        else:
            message = f"{version}\n\n{notes(dated, version)}"
            tag = ("git", "tag", "--annotate", "--cleanup=verbatim", "--message", message)
            run("git", "merge", "--quiet", "--ff-only", made, cwd=root)
            run(*tag, f"v{version}", made, cwd=root)
            (root / "dist").mkdir(exist_ok=True)
            for artefact in artefacts:
                shutil.copy(artefact, root / "dist")
        for artefact in artefacts:
            click.echo(f"dist/{artefact.name}  {artefact.stat().st_size // 1024} KB")
    if dry_run:
        click.echo("Nothing was changed.")
    else:
        click.echo(f"Go on with:  git push origin HEAD v{version}")


@contextmanager
def _checkout(root: Path) -> Iterator[Path]:
    """Check HEAD out, apart from any branch, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as directory:
        checkout = Path(directory, "checkout")
        run("git", "worktree", "add", "--quiet", "--detach", checkout, "HEAD", cwd=root)
        try:
            yield checkout
        finally:
            run("git", "worktree", "remove", "--force", checkout, cwd=root)


def main() -> None:
    """Release the version given as the first argument; the second may be --dry-run."""
    try:
        release(Path.cwd(), sys.argv[1], dry_run=sys.argv[2:] == ["--dry-run"])
    except ReleaseError as error:
        sys.exit(f"scripts/release: {error}\nNothing was released.")


if __name__ == "__main__":
    main()
