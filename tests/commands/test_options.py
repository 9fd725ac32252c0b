"""Options that commands with a federation share, and how they end a command."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from openstackoid.commands.options import (
    CLOUD,
    FEDERATION,
    REQUESTS,
    SECONDS,
    known,
    loaded,
    served,
)
from openstackoid.federation import load

TEXT = """\
clouds:
  CloudOne:
    frontends: {image: "http://one/image"}
    backends: {image: "http://127.0.0.1:9292"}
  CloudTwo:
    insecure: true
    frontends: {image: "http://two/image"}
"""


@click.command
@FEDERATION
@CLOUD
def command(file: Path, cloud: str) -> None:
    """Print which file and which cloud are meant."""
    click.echo(f"{file} {cloud}")


def run(*arguments: str, **environment: str) -> Result:
    """Return what the command does."""
    return CliRunner(env=environment).invoke(command, arguments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a federation file, CloudOne's own."""
    file = tmp_path / "federation.yaml"
    file.write_text(TEXT)
    return file


def test_an_option_beats_its_variable() -> None:
    """Either is enough."""
    variables = {"OPENSTACKOID_FEDERATION": "v.yaml", "OPENSTACKOID_CLOUD": "V"}
    assert run(**variables).stdout == "v.yaml V\n"
    assert run("--cloud", "O", **variables).stdout == "v.yaml O\n"
    assert run("--federation", "o.yaml", **variables).stdout == "o.yaml V\n"


@pytest.mark.parametrize(
    ("given", "missing"),
    [(["--cloud", "O"], "--federation"), (["--federation", "o.yaml"], "--cloud")],
)
def test_nothing_is_guessed_where_neither_is_given(given: list[str], missing: str) -> None:
    """The message names the option and its variable, with exit code 2."""
    result = run(*given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert missing in result.stderr
    assert f"OPENSTACKOID_{missing.removeprefix('--').upper()}" in result.stderr


def test_a_good_file_is_loaded(file: Path) -> None:
    """As the gateway loads it."""
    assert loaded(file) == load(file)


def test_a_bad_file_ends_the_command_with_every_fault(file: Path) -> None:
    """Each with its line, so that one look at the file mends them all."""
    file.write_text(TEXT.replace("http://one/image", "one").replace("http://two/image", "two"))
    with pytest.raises(click.ClickException) as caught:
        loaded(file)
    first, second = caught.value.message.splitlines()
    assert first.startswith(f"{file}:3: clouds.CloudOne.frontends.image: ")
    assert second.startswith(f"{file}:7: clouds.CloudTwo.frontends.image: ")
    assert caught.value.exit_code == 1


def test_a_file_that_is_not_there_ends_the_command(tmp_path: Path) -> None:
    """With the reason, not with a traceback."""
    with pytest.raises(click.ClickException, match="can't be read: No such file"):
        loaded(tmp_path / "none.yaml")


def test_a_cloud_of_the_file_is_known(file: Path) -> None:
    """By its name as written alone."""
    federation = load(file)
    assert known(federation, "CloudTwo", file) is federation.clouds["CloudTwo"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cloudone", 'did you mean "CloudOne"?'),
        ("Elsewhere", "known are CloudOne, CloudTwo"),
        ("", "known are CloudOne, CloudTwo"),
    ],
)
def test_a_cloud_that_is_not_there_is_a_wrong_use(file: Path, name: str, hint: str) -> None:
    """It says what may have been meant, for each command alike, with exit code 2."""
    federation = load(file)
    for find in (known, served):
        with pytest.raises(click.UsageError) as caught:
            find(federation, name, file)
        assert caught.value.message == f'{file} has no cloud "{name}"; {hint}'
        assert caught.value.exit_code == 2


def test_a_cloud_is_served_from_its_own_file_alone(file: Path) -> None:
    """The file of another one does not say where its services listen; the message says how to."""
    federation = load(file)
    assert served(federation, "CloudOne", file) is federation.clouds["CloudOne"]
    with pytest.raises(click.ClickException) as caught:
        served(federation, "CloudTwo", file)
    assert caught.value.message.startswith(f"{file} has no backends for CloudTwo: ")
    assert f"federation import --cloud CloudTwo --into {file} " in caught.value.message


@pytest.mark.parametrize("text", ["0.001", "5", "1e3", "86400"])
def test_a_time_that_makes_sense_is_read(text: str) -> None:
    """In seconds, with or without a fraction."""
    assert SECONDS(text) == float(text)


@pytest.mark.parametrize("text", ["", "nan", "-nan", "inf", "-1", "0", "86401", "1e400", "5 s"])
def test_a_time_that_makes_no_sense_is_refused(text: str) -> None:
    """What float() reads is not always a number of seconds; the message says what to write."""
    with pytest.raises(click.BadParameter, match=r"write one from 0\.001 to 86400"):
        SECONDS(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "1e3", "nan", "inf", "1000001", "9" * 5000])
def test_a_rate_that_makes_no_sense_is_refused(text: str) -> None:
    """A rate is a whole number."""
    with pytest.raises(click.BadParameter, match="write one from 1 to 1000000"):
        REQUESTS(text)
