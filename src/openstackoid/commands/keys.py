"""`openstackoid federation keys`."""

from pathlib import Path

import click

from openstackoid.commands.federation import federation
from openstackoid.identity.keys import KeysError, make, write

__all__ = ["federation"]


@federation.command(
    epilog="""\b
The private halves go to the file, which has mode 0600 and stays on the gateway's machine. What is
printed goes to the cloud's entry in everybody's federation file.

\b
Example:
  openstackoid federation keys --out /etc/openstackoid/keys.json
"""
)
@click.option(
    "--out",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the private halves go; must not be there yet.",
)
def keys(file: Path) -> None:
    """Make the keys by which the gateway of a cloud is known to the others.

    It signs with them what it sends to other clouds, and others seal tokens to it.
    """
    made = make()
    try:
        write(made, file)
    except KeysError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"    keys:\n      sign: {made.public.sign}\n      seal: {made.public.seal}")
    click.echo(
        f"{file} written; name it in the gateway's own federation file as own.keys, "
        "and add the lines above to the cloud's entry in everybody's",
        err=True,
    )
