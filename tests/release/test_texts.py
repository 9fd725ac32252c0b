"""The version and the changelog of a release."""

import pytest

from release.texts import ReleaseError, check_newer, headings, notes, with_release, with_version

CHANGELOG = """# Changelog

## Unreleased

### Added

- **A thing**: with a line
  that goes on.

## 0.1.0 - 2026-01-02

### Fixed

- Another.
"""


def test_what_is_unreleased_becomes_the_section_of_the_version() -> None:
    """With the date; an empty section for the next changes stays on top."""
    released = with_release(CHANGELOG, "0.2.0", "2026-03-04")
    assert headings(released) == ["Unreleased", "0.2.0", "0.1.0"]
    assert "\n## 0.2.0 - 2026-03-04\n" in released
    assert notes(released, "Unreleased") == ""
    assert notes(released, "0.2.0") == notes(CHANGELOG, "Unreleased")
    assert notes(released, "0.1.0") == "### Fixed\n\n- Another."


@pytest.mark.parametrize(
    ("changelog", "message"),
    [
        ("# Changelog\n\n## 0.1.0\n\n- A thing.\n", "no section"),
        ("# Changelog\n\n## Unreleased\n", "no entry"),
        ("# Changelog\n\n## Unreleased\n\n### Added\n\n## 0.1.0\n\n- A thing.\n", "no entry"),
        ("# Changelog\n\n## Unreleased\n\nNothing yet.\n", "no entry"),
    ],
)
def test_a_changelog_without_an_entry_is_not_released(changelog: str, message: str) -> None:
    """A heading alone, a sentence, or the entries of another version are none."""
    with pytest.raises(ReleaseError, match=message):
        with_release(changelog, "0.2.0", "2026-03-04")


@pytest.mark.parametrize(
    ("version", "current", "released"),
    [
        ("0.1.0", "0.1.0", []),  # the first one
        ("0.1.1", "0.1.0", ["0.1.0"]),
        ("0.10.0", "0.9.9", ["0.9.9", "0.2.0"]),
        ("1.0.0", "0.9.0", ["Unreleased", "0.9.0"]),
    ],
)
def test_a_newer_version_is_taken(version: str, current: str, released: list[str]) -> None:
    """Numbers are compared as numbers; a heading that is no version does not count."""
    check_newer(version, current, released)


@pytest.mark.parametrize(
    ("version", "current", "released", "message"),
    [
        ("0.1.0", "0.1.0", ["0.1.0"], "not newer than 0.1.0"),
        ("0.1.9", "0.1.0", ["0.1.10"], "not newer than 0.1.10"),
        ("0.0.9", "0.1.0", [], "older than 0.1.0"),
        ("v1.0.0", "0.1.0", [], "no version"),
        ("1.0", "0.1.0", [], "no version"),
        ("1.0.0rc1", "0.1.0", [], "no version"),
        ("01.0.0", "0.1.0", [], "no version"),
        ("\u0661.0.0", "0.1.0", [], "no version"),
        ("1.0.0\n", "0.1.0", [], "no version"),
        ("--help", "0.1.0", [], "no version"),
    ],
)
def test_no_other_version_is(version: str, current: str, released: list[str], message: str) -> None:
    """Neither one that is not newer, nor what is not three plain numbers."""
    with pytest.raises(ReleaseError, match=message):
        check_newer(version, current, released)


def test_the_version_in_pyproject_is_replaced() -> None:
    """And nothing else that looks like one."""
    text = '[project]\nversion = "0.1.0"\n\n[tool.x]\ntarget-version = "0.1.0"\n'
    assert with_version(text, "0.2.0") == text.replace('\nversion = "0.1.0"', '\nversion = "0.2.0"')


@pytest.mark.parametrize("text", ["[project]\n", 'version = "1"\nversion = "2"\n'])
def test_a_pyproject_with_no_or_two_versions_is_refused(text: str) -> None:
    """Which one is meant is not guessed."""
    with pytest.raises(ReleaseError, match="one line"):
        with_version(text, "0.2.0")
