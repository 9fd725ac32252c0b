"""What a release changes in the texts of the project: the version and the changelog."""

import re
from collections.abc import Iterable
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

_NUMBER = r"(?:0|[1-9]\d{0,8})"
_VERSION = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})", re.ASCII)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_VERSION_LINE = re.compile(r'^version = ".*"$', re.MULTILINE)
_UNRELEASED = "Unreleased"


class ReleaseError(Exception):
    """Why nothing is released, and what to do."""


def parse(text: str) -> Version:
    """Return a version as numbers; raises ReleaseError."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ReleaseError(f'"{text}" is no version; write three numbers, like 1.2.3')
    return int(match[1]), int(match[2]), int(match[3])


def check_newer(version: str, current: str, released: Iterable[str]) -> None:
    """Raise ReleaseError unless a version can follow those released.

    The `current` one of pyproject.toml may be released itself, if it was not yet.
    """
    new = parse(version)
    for other in sorted(filter(_VERSION.fullmatch, released), key=parse, reverse=True):
        if new <= parse(other):
            raise ReleaseError(f"{version} is not newer than {other}, which is released already")
    if new < parse(current):
        raise ReleaseError(f"{version} is older than {current}, which pyproject.toml has")


def headings(changelog: str) -> list[str]:
    """Return the versions that a changelog has sections for, without the dates."""
    return [heading.partition(" ")[0] for heading in _HEADING.findall(changelog)]


def with_version(pyproject: str, version: str) -> str:
    """Return the text of pyproject.toml with a version; raises ReleaseError."""
    if len(_VERSION_LINE.findall(pyproject)) != 1:
        raise ReleaseError('pyproject.toml must have one line version = "…"')
    return _VERSION_LINE.sub(f'version = "{version}"', pyproject)


def with_release(changelog: str, version: str, date: str) -> str:
    """Return a changelog whose unreleased changes are those of a version; raises ReleaseError."""
    heading = f"## {_UNRELEASED}\n"
    if heading not in changelog:
        raise ReleaseError(f'CHANGELOG.md has no section "## {_UNRELEASED}"')
    if not re.search(r"^[-*] ", notes(changelog, _UNRELEASED), re.MULTILINE):
        raise ReleaseError(
            f'"## {_UNRELEASED}" in CHANGELOG.md has no entry; write there what users get'
        )
    return changelog.replace(heading, f"{heading}\n## {version} - {date}\n", 1)


def notes(changelog: str, version: str) -> str:
    """Return what a changelog says of a version; empty if it has no section."""
    sections = _HEADING.split(changelog)
    for heading, text in zip(sections[1::2], sections[2::2], strict=True):
        if heading.partition(" ")[0] == version:
            return text.strip()
    return ""
