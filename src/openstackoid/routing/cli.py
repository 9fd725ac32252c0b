"""`openstackoid explain`."""

from pathlib import Path

import click

from openstackoid.federation.cli import CLOUD, FEDERATION, known, loaded
from openstackoid.routing.explain import Hop, head_of, hops
from openstackoid.routing.refusal import Refusal


@click.command(
    epilog="""\b
Examples:
  openstackoid explain --federation f.yaml --cloud CloudOne GET http://cloudone:8888/image/v2/images
  openstackoid explain --federation f.yaml --cloud CloudOne --scope '{"image": "CloudTwo"}' \\
      GET http://cloudone:8888/image/v2/images
"""
)
@FEDERATION
@CLOUD
@click.option("--scope", metavar="SCOPE", help="The request's scope, in any form.")
@click.argument("method")
@click.argument("url")
def explain(file: Path, cloud: str, scope: str | None, method: str, url: str) -> None:
    """Print what would happen to a request, hop by hop, without sending it.

    URL is an address of a frontend of the cloud. Nothing is contacted; a backend is shown only if
    the file has it. Exits 1 where a gateway would refuse the request, and prints how.
    """
    try:
        head = head_of(method, url, scope)
    except ValueError as error:
        message = f'"{url}" is no URL; write one like http://cloudone:8888/image/v2'
        raise click.UsageError(message) from error
    federation = loaded(file)
    known(federation, cloud, file)
    gateway = cloud
    try:
        for hop in hops(head, federation, cloud):
            _print(hop)
            gateway = hop.target.cloud if hop.target else gateway
    except Refusal as refusal:
        click.echo(f"{gateway}: answers {refusal.status.value} {refusal.status.phrase}")
        raise click.ClickException(refusal.message) from refusal


def _print(hop: Hop) -> None:
    route = hop.route
    if route.scope is None:
        click.echo(f"{hop.gateway}: {route.service}, without a scope, unchanged")
    else:
        click.echo(f"{hop.gateway}: {route.service} is taken in {route.expression}")
        click.echo(f"  scope   {route.scope.canonical}")
    to = hop.target.url if hop.target else f"its backend, which only {hop.gateway}'s file has"
    by = f" by way of {hop.target.connect}" if hop.target and hop.target.connect else ""
    click.echo(f"  sent to {to}{by}")
