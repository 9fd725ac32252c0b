"""`openstackoid federation`: checks and writes the federation file, and makes keys."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from openstackoid import files
from openstackoid.commands.checking import in_file, of_clouds
from openstackoid.commands.options import FORMAT, loaded
from openstackoid.federation.endpoints import HOW, EndpointError
from openstackoid.federation.errors import FederationError
from openstackoid.federation.importing import extend
from openstackoid.federation.internal import hosts, misled
from openstackoid.federation.loader import loads, read
from openstackoid.federation.model import Federation, Url
from openstackoid.services import service_type

_LOOKUP = 5.0
"""Seconds to wait for the addresses of hosts; those that are later are not checked."""


@click.group()
def federation() -> None:
    """Check and write the federation file."""


@federation.command(
    epilog="""\b
Examples:
  openstackoid federation check federation.yaml
  openstackoid federation check --live federation.yaml
  openstackoid federation check -f json federation.yaml | jq -r '.warnings[]'
"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--live",
    is_flag=True,
    help="Connect to every cloud: services, certificate, clock; with an entry of its name in "
    "clouds.yaml also its catalog, and whether the services of the other clouds know its user.",
)
@FORMAT
def check(file: Path, form: str, *, live: bool) -> None:
    """Check FILE, and the files that it names for its own gateway; print clouds and services.

    Warns of what is allowed but seldom meant, and of other clouds whose names now lead where the
    gateway will not go, into a private network for instance. Exits 1 with file, line and key of
    each fault; with --live, with what is not as FILE says.
    """
    described = loaded(file)
    led = misled(described, described.clouds, _look_up(described)) if described.served else ()
    found = of_clouds(described) if live else in_file(described, file)
    found.warnings[:0] = led
    found.end(form)


def _decoded(data: bytes) -> object:
    """Return JSON in UTF-8 or UTF-16, with a BOM or without; ends the command if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:  # numbers may be too long as well
        raise click.ClickException(f"ENDPOINTS is not JSON ({error}); {HOW}") from error


def _look_up(described: Federation) -> dict[str, Sequence[str]]:
    """Return where the hosts of a federation lead now, as far as the system's resolver knows.

    Another resolver may be given as click's `obj`.
    """
    from openstackoid.gateway.http import resolved

    resolve = click.get_current_context().obj
    return asyncio.run(resolved(hosts(described), _LOOKUP, resolve))


@federation.command(
    "import",
    epilog="""\b
Examples:
  openstack endpoint list -f json > endpoints.json
  openstackoid federation import --cloud CloudOne endpoints.json > federation.yaml
  openstackoid federation import --cloud CloudTwo --into federation.yaml endpoints.json
  openstackoid federation import --cloud CloudOne --into federation.yaml endpoints.json \\
      --backend compute=http://127.0.0.1:18774 --backend image=http://127.0.0.1:19292
""",
)
@click.argument("endpoints", type=click.File("rb"))
@click.option("--cloud", required=True, metavar="NAME", help="The name to give the cloud.")
@click.option("--region", metavar="REGION", help="Take the endpoints of this region only.")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="SERVICE=URL",
    help="Where a service of this cloud really listens; may be given for each service.",
)
@click.option(
    "--insecure",
    is_flag=True,
    help="Let the cloud's entry say that gateways may reach it by http, and trust it without keys.",
)
@click.option(
    "--into",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Extend this file, comments kept, instead of printing a new one.",
)
def import_(
    endpoints: BinaryIO,
    cloud: str,
    region: str | None,
    backends: tuple[str, ...],
    into: Path | None,
    *,
    insecure: bool,
) -> None:
    """Make a cloud's entry from ENDPOINTS, the output of `openstack endpoint list -f json`.

    ENDPOINTS is a file, or - for standard input; `openstack catalog list -f json` does, too, and
    is for everybody. Importing again updates the entry. What no entry can be made from is left out,
    and named on standard error, and so are names that lead into a private network now. Another
    cloud with http is refused in a gateway's file without --insecure.
    """
    pairs = dict(_backend(text) for text in backends)
    try:
        document = _decoded(endpoints.read())
        text = read(into) if into and into.exists() else ""
        imported = extend(
            text, str(into or "<new>"), cloud, document, region, pairs, insecure=insecure
        )
    except (EndpointError, FederationError) as error:
        raise click.ClickException(str(error)) from error
    described = loads(imported.text)
    led = misled(described, [cloud], _look_up(described))
    for remark in (*imported.remarks, *led):
        click.echo(remark, err=True)
    if into is None:
        click.echo(imported.text, nl=False)
        return
    try:
        files.replace(into, imported.text)
    except OSError as error:
        raise click.ClickException(f"{into}: can't be written: {error.strerror}") from error
    click.echo(f"{into}: {cloud} imported", err=True)


def _backend(text: str) -> tuple[str, Url]:
    name, _, url = text.partition("=")
    service = service_type(name) or name
    try:
        return service, Url.parse(url)
    except ValueError as error:
        raise click.BadParameter(f"{text}: {error}", param_hint="--backend") from error


@federation.command(
    epilog="""\b
The private halves go to the file, which has mode 0600 and stays on the gateway's machine. What is
printed goes to the cloud's entry in everybody's federation file.

\b
Examples:
  openstackoid federation keys --out /etc/openstackoid/keys.json
  openstackoid federation keys --out /etc/openstackoid/new.json --beside /etc/openstackoid/keys.json
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
@click.option(
    "--beside",
    "old",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The keys that are in use, to be exchanged for the new ones: print both.",
)
def keys(file: Path, old: Path | None) -> None:
    """Make the keys by which the gateway of a cloud is known to the others.

    It signs with them what it sends to other clouds, and what it says there of its users; others
    seal tokens to it.
    """
    from openstackoid.identity.keys import KeysError, make, read, write

    made = make()
    try:
        pairs = [made.public] if old is None else [read(old).public, made.public]
        write(made, file)
    except KeysError as error:
        raise click.ClickException(str(error)) from error
    first = "      " if old is None else "      - "
    click.echo("    keys:")
    for pair in pairs:
        lines = (f"{name}: {key}" for name, key in pair.model_dump().items() if key)
        click.echo(first + f"\n{' ' * len(first)}".join(lines))
    named = f"own.keys: {file}" if old is None else f"own.keys: [{old}, {file}]"
    click.echo(
        f"{file} written; name it in the gateway's own federation file, {named}, "
        "and write the lines above into the cloud's entry in everybody's",
        err=True,
    )
