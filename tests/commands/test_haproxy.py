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
            | {"insecure": True}
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
    assert "bind 127.0.0.3:80 proto h1\n" in done.stdout
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
        (["One", "--rate", "0"], 2, "write one from 1 to 1000000"),
        (["One", "--rate", "inf"], 2, "write one from 1 to 1000000"),
    ],
)
def test_faults_end_the_command(file: Path, more: list[str], code: int, message: str) -> None:
    """With what to do, and 2 for what was typed."""
    done = run("render", file, *more)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no HAProxy be there."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)


@pytest.mark.usefixtures("not_installed")
def test_render_writes_what_it_would_print(file: Path, tmp_path: Path) -> None:
    """And says that it is not checked, where HAProxy is not installed."""
    printed = run("render", file, "One", "--fragment")
    assert run("render", file, "One", "--fragment", "--out", "-").stdout == printed.stdout
    out = tmp_path / "haproxy.cfg"
    out.write_text("old")
    done = run("render", file, "One", "--fragment", "--out", str(out))
    assert (done.exit_code, done.stdout) == (0, "")
    assert out.read_text() == printed.stdout
    assert f"{out}: written, and not checked: there is no haproxy" in done.stderr


@pytest.mark.usefixtures("not_installed")
@pytest.mark.parametrize(
    ("more", "code"),
    [(["One", "--bind", "127.0.0.2"], 1), (["Tow"], 2), (["One", "--rate", "0"], 2), (["Two"], 1)],
)
def test_a_configuration_that_is_refused_changes_no_file(
    file: Path, tmp_path: Path, more: list[str], code: int
) -> None:
    """The one that was there goes on being good."""
    out = tmp_path / "haproxy.cfg"
    out.write_text("old")
    assert run("render", file, *more, "--out", str(out)).exit_code == code
    assert out.read_text() == "old"
    assert sorted(f.name for f in tmp_path.iterdir()) == ["federation.yaml", "haproxy.cfg"]


@pytest.mark.usefixtures("not_installed")
@pytest.mark.parametrize(
    ("where", "message"), [("missing/h.cfg", "No such file or directory"), (".", "it is no file")]
)
def test_a_file_that_cannot_be_written_is_said(
    file: Path, tmp_path: Path, where: str, message: str
) -> None:
    """By name."""
    out = tmp_path / where
    done = run("render", file, "One", "--out", str(out))
    assert done.exit_code == 1
    assert f"{out}: can't be written: {message}" in done.stderr


@pytest.mark.usefixtures("not_installed")
def test_files_are_named_from_the_root(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However the federation file is: HAProxy begins elsewhere."""
    document = YAML(typ="safe").load(file)
    document["clouds"]["One"]["own"] = {"ca": "ca.pem"}
    document["clouds"]["One"]["backends"]["image"] = "https://glance.one:9292"
    with file.open("w") as stream:
        YAML(typ="safe").dump(document, stream)
    monkeypatch.chdir(tmp_path)
    done = run("render", Path(file.name), "One")
    assert f" ca-file '{tmp_path}/ca.pem' verifyhost glance.one " in done.stdout


def test_a_certificate_that_cannot_be_read_is_not_looked_for(file: Path) -> None:
    """Where the frontends have names; `check` says that it is not checked."""
    document = YAML(typ="safe").load(file)
    own = {"certificate": "nowhere.pem", "key": "nowhere.key", "proxies": ["127.0.0.1"]}
    document["clouds"]["One"] |= {"own": own, "frontends": {"image": "https://one/image"}}
    with file.open("w") as stream:
        YAML(typ="safe").dump(document, stream)
    done = run("render", file, "One", "--certificate", "both.pem")
    assert done.exit_code == 0
    assert "verifyhost one check-ssl\n" in done.stdout
    checked = run("check", file, "One", "--certificate", "both.pem")
    assert checked.exit_code == 1
    assert "the certificate of the gateway is not checked: " in checked.stderr
    assert "nowhere.pem" in checked.stderr


@pytest.mark.usefixtures("not_installed")
def test_check_says_how_to_install_haproxy(file: Path) -> None:
    """If it is not there."""
    done = run("check", file, "One")
    assert done.exit_code == 1
    assert "apt-get install haproxy" in done.stderr
