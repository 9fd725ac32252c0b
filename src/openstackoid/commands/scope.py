"""`openstackoid scope`: parses a scope and prints its canonical form."""

from pathlib import Path

import click

from openstackoid.scope import ScopeError, parse


@click.group()
def scope() -> None:
    """Work with scopes."""


@scope.command(
    epilog="""\b
Examples:
  openstackoid scope show '{"compute": "CloudOne & CloudTwo", "image": "CloudTwo"}'
  openstackoid scope show '{nova: Berlin, glance: Denver|Paris}'
  openstackoid scope show compute=A,image=B
"""
)
@click.argument("text", metavar="SCOPE")
@click.option(
    "--federation",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Refuse clouds that are not in this federation file.",
)
def show(text: str, file: Path | None) -> None:
    """Print the canonical form of SCOPE, as it travels.

    Exits 2 and shows where the fault is if SCOPE is no scope.
    """
    try:
        if file is None:
            parsed = parse(text)
        else:
            from openstackoid.commands.options import loaded

            federation = loaded(file)
            parsed = parse(text, clouds=federation.names, services=federation.services)
    except ScopeError as error:
        raise click.UsageError(str(error)) from error
    click.echo(parsed.canonical)
