"""The command `openstackoid lab`, as far as no cloud is needed."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from openstackoid.commands.main import main
from openstackoid.lab import addresses, environment, state, status
from openstackoid.lab.lab import Lab
from openstackoid.lab.links import CUT, Condition, condition


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the directory of a lab that has CloudOne and CloudTwo, both down."""
    directory = tmp_path / "a lab"
    known = state.State(addresses.network("127.7.0.0/16"))
    for name in ("CloudOne", "CloudTwo"):
        known = known.having(name, directory, ())
    directory.mkdir()
    state.save(directory, known)
    return directory


def run(directory: Path, *arguments: str) -> Result:
    """Return what a command printed and its exit code."""
    name, *rest = arguments
    return CliRunner().invoke(main, ["lab", name, "--dir", str(directory), *rest])


@pytest.mark.parametrize("name", ["up", "down", "status", "link", "env", "restart", "logs"])
def test_every_command_says_how_it_is_used(name: str) -> None:
    """With an example."""
    shown = CliRunner().invoke(main, ["lab", name, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output


def test_status_lists_every_process_of_every_cloud(directory: Path) -> None:
    """For programs as JSON, for people as a table."""
    shown = json.loads(run(directory, "status", "-f", "json").stdout)
    assert [(r["name"], r["service"]) for r in shown[:3]] == [
        ("CloudOne", "gateway"),
        ("CloudOne", "links"),
        ("CloudOne", "identity"),
    ]
    assert len(shown) == 14
    assert {(r["pid"], r["state"]) for r in shown} == {(None, "down")}
    assert shown[1]["address"] == "127.7.1.3"
    assert shown[7]["address"] == "http://127.7.2.1:5000,8774,8778,9292,9696"
    table = run(directory, "status").stdout
    assert "NAME" in table
    assert "http://127.7.1.1:15000/identity" in table


@pytest.mark.parametrize("lines", ["-1", "nan", "1" + "0" * 30])
def test_lines_that_nobody_can_read_are_a_wrong_use(directory: Path, lines: str) -> None:
    """Exit code 2, and what to write."""
    result = run(directory, "logs", "CloudOne", "-n", lines)
    assert result.exit_code == 2
    assert "write one from 0 to 1000000" in result.stderr


@pytest.mark.parametrize("name", ["status", "link"])
def test_without_a_lab_is_said_how_to_begin_one(name: str, tmp_path: Path) -> None:
    """No bare heading is shown, programs get an empty list, and no lab is made."""
    none = tmp_path / "no lab"
    table, programs = run(none, name), run(none, name, "-f", "json")
    assert (table.exit_code, table.stdout) == (0, "")
    assert (programs.exit_code, json.loads(programs.stdout)) == (0, [])
    begin = f"openstackoid lab up --dir '{none}'\n"
    assert table.stderr == f"There is no lab in {none}; begin one with:  {begin}"
    assert not none.exists()


def test_env_points_openstack_at_a_cloud_and_at_nothing_else(directory: Path) -> None:
    """Whatever other OS_* variables there are, and whatever the directory is called."""
    lab = Lab(directory)
    lines = status.exports(lab, lab.cloud("CloudTwo"), {"OS_USERNAME": "x", "OS_CLOUD": "y"})
    assert lines.splitlines() == [
        "unset OS_USERNAME",
        f"export OS_CLIENT_CONFIG_FILE={shlex.quote(str(lab.clouds_yaml))}",
        "export OS_CLOUD=CloudTwo",
    ]


def test_env_keeps_a_proxy_away_from_the_lab(directory: Path) -> None:
    """Clients would ask the proxy for 127.0.0.0/8 otherwise; what was exempt stays so."""
    lab = Lab(directory)
    environment = {"http_proxy": "http://proxy", "no_proxy": "example.org"}
    lines = status.exports(lab, lab.cloud("CloudOne"), environment)
    assert "export no_proxy=example.org,127.7.0.0/16\n" in lines


@pytest.mark.parametrize("name", ["env", "logs", "down", "restart"])
def test_an_unknown_cloud_is_refused_naming_those_there_are(directory: Path, name: str) -> None:
    """Exit code 1, the message on standard error."""
    shown = run(directory, name, "CloudNone")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "there are CloudOne, CloudTwo" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["env", "CloudNone"], "lab up CloudNone"),
        (["restart", "CloudOne"], "lab up CloudOne"),
        (["link", "CloudOne", "CloudTwo", "--cut"], "lab up CloudOne"),
    ],
)
def test_a_command_that_helps_is_for_the_lab_that_is_meant(
    directory: Path, arguments: Sequence[str], cure: str
) -> None:
    """Not for the usual one."""
    assert run(directory, *arguments).stderr.endswith(f"{cure} --dir '{directory}'\n")


def test_the_usual_lab_is_not_named_in_a_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is meant without."""
    monkeypatch.delenv("OPENSTACKOID_LAB", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shown = CliRunner().invoke(main, ["lab", "env", "CloudOne"])
    assert shown.stderr.endswith("add it with: openstackoid lab up CloudOne\n")


def test_a_lab_keeps_its_network(directory: Path) -> None:
    """Addresses are in the clouds' own catalogs, so another network is refused."""
    shown = run(directory, "up", "--network", "127.8.0.0/16")
    assert shown.exit_code == 1
    assert "this lab is at 127.7.0.0/16" in shown.stderr


def test_down_twice_is_no_error(directory: Path) -> None:
    """Nor is it without a lab."""
    assert run(directory, "down").exit_code == 0
    assert "was down already" in run(directory, "down").stderr
    assert run(directory / "none", "down").exit_code == 0


def test_down_with_nothing_to_end_says_where_it_looked(directory: Path) -> None:
    """Another lab may have been meant."""
    for where in (directory, directory / "none"):
        assert f"No cloud was up in {where};" in run(where, "down").stderr


def test_a_lab_that_is_not_the_usual_one_is_named_in_hints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that a variable names, which may be set for this command alone."""
    monkeypatch.delenv("OPENSTACKOID_LAB", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    usual, other = tmp_path / "openstackoid" / "lab", tmp_path / "a lab"
    assert environment.dir_option(usual) == ""
    assert environment.dir_option(other) == f" --dir '{other}'"
    for named in (usual, other):
        monkeypatch.setenv("OPENSTACKOID_LAB", str(named))
        assert environment.dir_option(named).endswith(shlex.quote(str(named)))


def test_links_are_listed_in_both_directions(directory: Path) -> None:
    """For programs as JSON, for people as a table; down, as the clouds are."""
    ends = frozenset(("CloudOne", "CloudTwo"))
    condition.save(directory, {ends: Condition(delay=0.05)})
    assert json.loads(run(directory, "link", "-f", "json").stdout) == [
        {"from": "CloudOne", "to": "CloudTwo", "state": "down", "delay": 0.05},
        {"from": "CloudTwo", "to": "CloudOne", "state": "down", "delay": 0.05},
    ]
    table = run(directory, "link").stdout.splitlines()
    assert table[0].split() == ["FROM", "TO", "STATE", "DELAY"]
    assert table[1].split() == ["CloudOne", "CloudTwo", "down", "50ms"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("CloudOne", "CloudNone", "--cut"), 1, "there are CloudOne, CloudTwo"),
        (("CloudOne", "CloudOne", "--cut"), 1, "name another one beside CloudOne"),
        (("CloudOne", "CloudTwo", "--cut"), 1, "start it with: openstackoid lab up CloudOne"),
        (("CloudOne", "CloudTwo", "--delay", "5"), 2, "such as 50ms or 1.5s"),
        (("CloudOne", "CloudTwo"), 2, "one of --delay, --cut, --blackhole and --heal"),
        (("CloudOne", "CloudTwo", "--cut", "--heal"), 2, "one of --delay, --cut"),
        (("CloudOne", "--cut"), 2, "takes two clouds"),
        (("--heal",), 2, "takes two clouds"),
    ],
)
def test_a_change_of_a_link_that_cannot_be_made_says_what_to_write(
    directory: Path, arguments: Sequence[str], code: int, message: str
) -> None:
    """Nothing is remembered of it."""
    shown = run(directory, "link", *arguments)
    assert (shown.exit_code, shown.stdout) == (code, "")
    assert message in shown.stderr
    assert Lab(directory).conditions == {}


def test_the_links_of_a_wiped_cloud_are_forgotten(directory: Path) -> None:
    """A cloud of that name that is made later begins with links that are whole."""
    condition.save(directory, {frozenset(("CloudOne", "CloudTwo")): CUT})
    assert run(directory, "down", "CloudTwo", "--wipe").exit_code == 0
    assert Lab(directory).conditions == {}


def test_wiped_clouds_are_forgotten(directory: Path) -> None:
    """With everything they had; the others stay."""
    (directory / "CloudOne").mkdir()
    assert run(directory, "down", "CloudOne", "--wipe").exit_code == 0
    assert [c.name for c in Lab(directory).clouds] == ["CloudTwo"]
    assert not (directory / "CloudOne").exists()


def test_only_a_cloud_that_is_up_can_be_restarted(directory: Path) -> None:
    """The message says how to start it."""
    shown = run(directory, "restart", "CloudOne")
    assert shown.exit_code == 1
    assert "lab up CloudOne" in shown.stderr


def test_logs_show_the_last_lines_of_a_service_by_any_of_its_names(directory: Path) -> None:
    """Nova is compute."""
    log = Lab(directory).cloud("CloudOne").log("compute")
    log.parent.mkdir(parents=True)
    log.write_text("first\nsecond\nthird\n")
    assert run(directory, "logs", "CloudOne", "nova", "-n", "2").stdout == "second\nthird\n"
    assert "it has gateway, links, identity" in run(directory, "logs", "CloudOne", "x").stderr


def test_progress_is_shown_with_seconds() -> None:
    """A line at the begin and at the end of a phase where there is no terminal."""
    from io import StringIO

    from rich.console import Console

    from openstackoid.lab.progress import Display, phase

    shown = StringIO()
    with Display(Console(file=shown)) as display, phase(display, "CloudOne", "services"):
        pass
    begun, ended = shown.getvalue().splitlines()
    assert begun == "CloudOne: services …"
    assert ended.startswith("CloudOne: services")
    assert ended.endswith(" 0.0 s")
