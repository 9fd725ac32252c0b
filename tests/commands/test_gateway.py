"""`openstackoid gateway`, up to where its processes begin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openstackoid.commands import gateway as command
from openstackoid.commands.main import main
from openstackoid.gateway.processes.supervisor import StartError
from openstackoid.gateway.settings import Settings

TEXT = """\
clouds:
  One:
    frontends: {image: "http://one/image"}
    backends: {image: "http://127.0.0.1:9292"}
  Two:
    insecure: true
    frontends: {image: "http://two/image"}
"""


class Supervised:
    """What would be supervised; `fault` is why it does not start."""

    def __init__(self) -> None:
        self.fault = ""
        self.begun: list[tuple[Settings, int, str]] = []
        self.argv: Sequence[str] = ()
        self.beside: Mapping[str, Sequence[str]] = {}

    def __call__(
        self,
        worker: Callable[[int], Sequence[str]],
        beside: Mapping[str, Sequence[str]],
        count: int,
        cloud: str,
    ) -> None:
        self.argv = worker(7)
        self.beside = beside
        self.begun.append((Settings.of(self.argv[-1]), count, cloud))
        if self.fault:
            raise StartError(self.fault)


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch) -> Supervised:
    """Start nothing, but remember what should be."""
    supervised = Supervised()
    monkeypatch.setattr(command, "supervise", supervised)
    monkeypatch.setattr("openstackoid.gateway.reporting.log.configure", lambda: None)
    return supervised


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the federation file of One."""
    file = tmp_path / "federation.yaml"
    file.write_text(TEXT)
    return file


def run(file: Path, *arguments: str, cloud: str = "One") -> Result:
    """Return what the command does."""
    options = ["--federation", str(file), "--cloud", cloud]
    return CliRunner().invoke(main, ["gateway", *options, *arguments])


def journalled(settings: Settings) -> Settings:
    """Return settings as processes get them: where the journal is, is found out once for all."""
    return replace(settings, journal=settings.federation.with_name("journal-One"))


def test_without_options_a_gateway_runs_as_settings_say(file: Path, supervised: Supervised) -> None:
    """One process, with the defaults that are written in one place."""
    assert run(file).exit_code == 0
    assert supervised.begun == [(journalled(Settings(file, "One")), 1, "One")]


def test_each_option_is_its_own_setting(file: Path, supervised: Supervised) -> None:
    """None is swapped for another on the way to the workers."""
    given = ["--connect-timeout", "1.5", "--idle-timeout", "2", "--drain-timeout", "3"]
    given += ["--patience", "4", "--rate", "5", "--workers", "6"]
    assert run(file, *given).exit_code == 0
    given_settings = Settings(file, "One", 1.5, 2.0, 3.0, 4.0, 5)
    assert supervised.begun == [(journalled(given_settings), 6, "One")]


def test_help_shows_the_defaults_that_hold(supervised: Supervised) -> None:
    """Of every time, and of the rate."""
    shown = " ".join(CliRunner().invoke(main, ["gateway", "--help"]).stdout.split())
    defaults = Settings(Path(), "")
    for name in ("connect_timeout", "idle_timeout", "drain_timeout", "patience", "rate"):
        assert f"[default: {getattr(defaults, name)}" in shown
    assert not supervised.begun


@pytest.mark.parametrize(
    "wrong",
    [
        ["--connect-timeout", "0"],
        ["--idle-timeout", "-1"],
        ["--drain-timeout", "0"],
        ["--patience", "soon"],
        ["--patience", "nan"],
        ["--connect-timeout", "inf"],
        ["--idle-timeout", "-Infinity"],
        ["--drain-timeout", "1e-9"],
        ["--idle-timeout", "1e300"],
        ["--rate", "0"],
        ["--rate", "1.5"],
        ["--rate", "1" + "0" * 30],
        ["--rate", "1" * 5000],
        ["--workers", "0"],
        ["--workers", "-1"],
        ["--workers", "1000000"],
        ["--workers", "nan"],
    ],
)
def test_a_number_that_makes_no_sense_is_a_wrong_use(
    file: Path, supervised: Supervised, wrong: list[str]
) -> None:
    """Exit code 2, by the name of the option, with what to write, before anything starts."""
    result = run(file, *wrong)
    assert result.exit_code == 2
    assert f"'{wrong[0]}'" in result.stderr
    assert "; write one from " in result.stderr
    assert not supervised.begun


@pytest.mark.parametrize(
    ("cloud", "code", "message"),
    [("Two", 1, "has no backends for Two"), ("one", 2, 'did you mean "One"?')],
)
def test_only_a_cloud_whose_backends_are_known_is_served(
    file: Path, supervised: Supervised, cloud: str, code: int, message: str
) -> None:
    """What to do is said before a process begins."""
    result = run(file, cloud=cloud)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
    assert not supervised.begun


def test_a_gateway_that_does_not_start_ends_the_command(file: Path, supervised: Supervised) -> None:
    """Exit code 1 and why, without a traceback."""
    supervised.fault = "http://one:80 is taken"
    result = run(file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: http://one:80 is taken\n"


def test_a_worker_is_told_its_listening_sockets_and_its_settings(
    file: Path, supervised: Supervised
) -> None:
    """By a program that is found by its module: nothing of the working directory is imported."""
    run(file)
    assert supervised.argv[1:3] == ("-P", "-m")
    assert supervised.argv[-2] == "7"
    assert supervised.beside.keys() == {"journal", "replicas"}
    for beside in supervised.beside.values():
        assert beside[1:3] == ("-P", "-m")
        assert Settings.of(beside[-1]) == journalled(Settings(file, "One"))
