"""The command `openstackoid`, which imports only the subcommand that runs."""

import importlib
from typing import cast

import click

_COMMANDS = {
    "block": "openstackoid.commands.block:block",
    "explain": "openstackoid.commands.explain:explain",
    "federation": "openstackoid.commands.federation:federation",
    "gateway": "openstackoid.commands.gateway:gateway",
    "haproxy": "openstackoid.commands.haproxy:haproxy",
    "journal": "openstackoid.commands.journal:journal",
    "lab": "openstackoid.commands.lab:lab",
    "scope": "openstackoid.commands.scope:scope",
    "unblock": "openstackoid.commands.block:unblock",
    "why": "openstackoid.commands.why:why",
}

_EXTRAS = {"lab": "lab"}
"""The extra of the package that a command needs."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        try:
            return cast(click.Command, getattr(importlib.import_module(module), name))
        except ModuleNotFoundError as error:
            if cmd_name not in _EXTRAS or (error.name or "").startswith("openstackoid"):
                raise
            return _without_extra(cmd_name, _EXTRAS[cmd_name])


def _without_extra(name: str, extra: str) -> click.Command:
    """Return a command that fails and says which extra to install."""
    needed = f"needs: pip install '.[{extra}]' in the clone"

    def fail() -> None:
        raise click.ClickException(f"openstackoid {name} {needed}")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(
        name, callback=fail, help=f"({needed})", context_settings=settings, add_help_option=False
    )


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Completion: eval "$(_OPENSTACKOID_COMPLETE=bash_source openstackoid)"',
)
@click.version_option(package_name="openstackoid")
def main() -> None:
    """Independent OpenStack clouds, made collaborative."""
