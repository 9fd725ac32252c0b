"""The command `openstackoid` as a whole."""

import importlib.metadata
import sys

import click
import pytest
from click.testing import CliRunner

from openstackoid.commands.main import main


def _commands(group: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found += _commands(command, (*path, name))
    return found


@pytest.mark.parametrize("command", _commands(main), ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(command: tuple[str, ...], option: str) -> None:
    """On stdout, exit code 0, with a sentence that ends, and examples where there are arguments."""
    result = CliRunner().invoke(main, [*command, option])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert result.stdout.split("\n\n")[1].strip()
    usage = result.stdout.split("\n\n")[0].replace("[OPTIONS]", "").replace("COMMAND [ARGS]...", "")
    if usage.split()[-1].isupper():
        assert "Example" in result.stdout


def test_the_commands_are_listed() -> None:
    """Each with its purpose."""
    result = CliRunner().invoke(main, ["--help"])
    listed = result.stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    commands = [line.split()[0] for line in listed.splitlines()]
    assert commands == [
        "block",
        "explain",
        "federation",
        "gateway",
        "haproxy",
        "journal",
        "lab",
        "scope",
        "unblock",
        "why",
    ]


def test_the_version_is_the_package_s() -> None:
    """And nothing else of it."""
    result = CliRunner().invoke(main, ["--version"], prog_name="openstackoid")
    version = importlib.metadata.version("openstackoid")
    assert (result.exit_code, result.stdout) == (0, f"openstackoid, version {version}\n")


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["scope", "nothing"], ["scope", "show"], ["explain"], ["--nothing"]]
)
def test_a_wrong_use_is_exit_code_2(arguments: list[str]) -> None:
    """With how it is used, on stderr."""
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: ")
    assert "Error: " in result.stderr


def test_a_command_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Help works without it; it fails only if it is run."""
    for module in [
        m for m in sys.modules if m.startswith(("openstackoid.lab", "openstackoid.commands.lab"))
    ]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "psutil", None)
    listed = CliRunner().invoke(main, ["--help"])
    assert listed.exit_code == 0
    assert "needs: pip install '.[lab]' in the clone" in listed.stdout
    ran = CliRunner().invoke(main, ["lab", "up", "CloudOne", "--help"])
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == "Error: openstackoid lab needs: pip install '.[lab]' in the clone\n"
