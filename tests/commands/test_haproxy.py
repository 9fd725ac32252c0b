"""`openstackoid haproxy`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from haproxy.test_plan import federation
from ruamel.yaml import YAML

from openstackoid.commands.main import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "federation.yaml"
    document = {
        "clouds": {
            name: cloud.model_dump(mode="json", exclude_defaults=True, include={"bind"})
            | {
                key: {s: str(e["public"]) for s, e in getattr(cloud, key).items()}
                for key in ("frontends", "backends")
            }
            for name, cloud in federation().clouds.items()
        }
    }
    with file.open("w") as stream:
        YAML(typ="safe").dump(document, stream)
    return file


def run(command: str, file: Path, *more: str) -> Result:
    asked = ["haproxy", command, "--federation", str(file), "--cloud", *more]
    return CliRunner().invoke(main, asked)


def test_render_prints_the_configuration(file: Path) -> None:
    """And nothing else."""
    done = run("render", file, "One", "--bind", "127.0.0.3", "--rate", "7")
    assert done.exit_code == 0
    assert "bind 127.0.0.3:80\n" in done.stdout
    assert "gt 70 }" in done.stdout
    assert done.stdout.startswith("# HAProxy in front of One")


@pytest.mark.parametrize(
    ("bind", "example"),
    [("127.0.0.2", '["127.0.0.1"]'), ("::1", '["::1"]'), ("10.0.0.5", "[ADDRESS]")],
)
@pytest.mark.parametrize("command", ["render", "check"])
def test_what_the_gateway_is_not_told_is_said(
    file: Path, command: str, bind: str, example: str
) -> None:
    """With what to write, beside the configuration; once it is written, nothing is said."""
    document = YAML(typ="safe").load(file)
    document["clouds"]["One"]["bind"] = bind
    with file.open("w") as stream:
        YAML(typ="safe").dump(document, stream)
    said = run(command, file, "One").stderr
    assert "clouds.One.own.proxies is missing" in said
    assert f"proxies: {example}\n" in said
    document["clouds"]["One"]["own"] = {"proxies": ["10.0.0.0/24"]}
    with file.open("w") as stream:
        YAML(typ="safe").dump(document, stream)
    assert "proxies" not in run(command, file, "One").stderr


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["Tow"], 2, 'has no cloud "Tow"; did you mean "Two"?'),
        (["Nope"], 2, 'has no cloud "Nope"; known are '),
        (["Two"], 1, " ENDPOINTS --backend SERVICE=URL"),
        (["One", "--bind", "here"], 2, "write one such as 192.0.2.1"),
        (["One", "--bind", "127.0.0.2"], 1, "give the gateway an address of its own"),
        (["One", "--rate", "0"], 2, "0 is not in the range"),
    ],
)
def test_faults_end_the_command(file: Path, more: list[str], code: int, message: str) -> None:
    """With what to do, and 2 for what was typed."""
    done = run("render", file, *more)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr


def test_check_says_how_to_install_haproxy(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it is not there."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    done = run("check", file, "One")
    assert done.exit_code == 1
    assert "apt-get install haproxy" in done.stderr
