"""Files of openstacksdk's configuration that cannot be read, which it skips in silence."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main
from openstackoid.livecheck import check
from openstackoid.livecheck.configuration import unreadable

from .conftest import Frontend
from .test_check import federation

GOOD = "clouds: {CloudTwo: {auth: {password: s3cret}}}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of the clouds.yaml that counts."""
    path = tmp_path / "clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(tmp_path / "secure.yaml"))
    (tmp_path / "secure.yaml").write_text("")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("clouds:\n  CloudTwo:\n    auth_type: password    region_name: RegionTwo\n", ":3: "),
        ("clouds:\n  Two:\n\tauth: {}\n", ":3: "),
        ("clouds: {Two: {auth: {password: *s3cret}}}\n", ":1: found undefined alias …"),
        ("clouds:\n  Two: {auth: {password: !s3cret x}}\n", ":2: a tag"),
        ("clouds:\n  Two: {a: 1}\n  Two: {a: s3cret}\n", ":3: the key "),
        ("- clouds\n", ":1: must be a mapping"),
        ("clouds:\n", ": clouds: must be a mapping"),
        ("clouds: [Two]\n", ": clouds: must be a mapping"),
        ("clouds:\n  One: {}\n  Two: s3cret\n", ":3: clouds.Two: must be a mapping"),
        ('clouds: {Two: "\xff"', ":1: "),
    ],
)
def test_a_file_that_is_none_is_told_with_its_line(text: str, told: str, file: Path) -> None:
    """And without what is written there, which may be a password."""
    file.write_text(text)
    lines = list(unreadable())
    assert [line.startswith(f"{file}{told}") for line in lines] == [True], lines
    assert "s3cret" not in "".join(lines)


@pytest.mark.parametrize("text", ["", "\n", GOOD, "clouds: {}\n", "client: {force_ipv4: true}\n"])
def test_a_file_without_clouds_can_be_read(text: str, file: Path) -> None:
    """As openstacksdk reads it."""
    file.write_text(text)
    assert list(unreadable()) == []


def test_the_file_with_the_passwords_is_read_as_well(file: Path) -> None:
    """It is put together with the other one."""
    file.write_text(GOOD)
    secure = file.with_name("secure.yaml")
    secure.write_text("clouds: {CloudTwo: {auth: {password: s3cret")
    (line,) = unreadable()
    assert line.startswith(f"{secure}:1: ")
    assert "s3cret" not in line


def test_a_file_that_is_not_there_or_not_text_is_told(file: Path) -> None:
    """Though the next directory may have one that is fine."""
    (line,) = unreadable()
    assert line == f"{file}: there is no such file, though OS_CLIENT_CONFIG_FILE names it"
    file.write_bytes(b"clouds: {Two: \xff}")
    assert list(unreadable()) == [f"{file}: can't be read: it is not UTF-8"]
    file.unlink()
    file.mkdir()
    assert list(unreadable()) == [f"{file}: can't be read: Is a directory"]


def test_the_check_does_not_pass_for_want_of_accounts(
    file: Path, frontend: Frontend, tmp_path: Path
) -> None:
    """The rest is checked, no account is used, and the exit code is 1."""
    file.write_text("clouds:\n  C0:\n    auth_type: password    region_name: RegionTwo\n")
    checked = check(federation(frontend.url))
    (fault,) = checked.faults
    assert fault.startswith(f"{file}:3: ")
    assert checked.clouds[1][1] == "1 of 1"
    assert checked.clouds[1][4] == "not looked at (clouds.yaml can't be read)"
    described = tmp_path / "federation.yaml"
    described.write_text(f"clouds: {{One: {{frontends: {{image: '{frontend.url}'}}}}}}\n")
    result = CliRunner().invoke(main, ["federation", "check", "--live", str(described)])
    assert result.exit_code == 1
    assert f"{file}:3: " in result.stderr
