"""`openstackoid explain`: prints what gateways would do with a request."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from openstackoid.commands.options import CLOUD, FEDERATION, known, loaded
from openstackoid.identity.callers import reach
from openstackoid.routing.explain import Step, head_of, ways
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import EVERYTHING
from openstackoid.services import IDENTITY


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
@click.option("--service", metavar="SERVICE", help="The service that the client says it means.")
@click.argument("method")
@click.argument("url")
def explain(
    file: Path, cloud: str, scope: str | None, service: str | None, method: str, url: str
) -> None:
    """Print what would happen to a request, hop by hop, without sending it.

    URL is an address of a frontend of the cloud. Nothing is contacted; a backend is shown only if
    the file has it. Under "&" and "|" there is a way for each cloud. What another cloud is told in
    place of your token follows from the scope. Exits 1 where a gateway would refuse the request (of
    several ways: each of them), and prints how.
    """
    try:
        head = head_of(method, url, scope, service)
    except ValueError as error:
        message = f'"{url}" is no URL; write one like http://cloudone:8888/image/v2'
        raise click.UsageError(message) from error
    federation = loaded(file)
    known(federation, cloud, file)
    try:
        found = ways(head, federation, cloud)
    except Refusal as refusal:
        _print_refusal(cloud, refusal)
        sys.exit(1)
    reached = [_print_steps(steps, cloud) for steps in found.values()]
    sys.exit(0 if any(reached) else 1)


def _print_steps(steps: Iterator[Step], gateway: str) -> bool:
    """Print the steps to one cloud, and return whether they reach a service."""
    try:
        for step in steps:
            _print(step)
            gateway = step.destination.cloud if step.destination else gateway
    except Refusal as refusal:
        _print_refusal(gateway, refusal)
        return False
    return True


def _print_refusal(gateway: str, refusal: Refusal) -> None:
    click.echo(f"{gateway}: answers {refusal.status.value} {refusal.status.phrase}")
    click.ClickException(refusal.detail).show()


def _print(step: Step) -> None:
    route = step.route
    if route.scope is None:
        click.echo(f"{step.gateway}: {route.service}, without a scope, unchanged")
    else:
        click.echo(f"{step.gateway}: {route.service} is taken in {route.expression}")
        click.echo(f"  scope   {route.scope.canonical}")
    to = (
        step.destination.url
        if step.destination
        else f"its backend, which only {step.gateway}'s file has"
    )
    by = (
        f" by way of {step.destination.connect}"
        if step.destination and step.destination.connect
        else ""
    )
    click.echo(f"  sent to {to}{by}")
    if told := _told(step):
        click.echo(f"  told    {told}")


def _told(step: Step) -> str:
    """Return what another cloud's gateway is told of the user, "" if none is told anything."""
    route, destination = step.route, step.destination
    if (
        destination is None
        or not (destination.remote and destination.gateway)
        or route.scope is None
        or route.service == IDENTITY
    ):
        return ""
    cloud = destination.cloud
    if route.issuer == cloud:
        return f"who you are, by your token of {cloud} itself"
    if route.issuer != step.gateway:
        return f"nothing: a token of {route.issuer or 'one of several clouds'} goes to no other one"
    limits = reach(route.scope, cloud, step.gateway)
    parts = [f"who you are, for {_listed(limits.services)}"]
    if limits.back:
        parts.append(f"to be brought back for {_listed(limits.back)}")
    parts += [f"and for {other}: {_listed(services)}" for other, services in limits.beyond]
    return "; ".join(parts)


def _listed(services: Sequence[str]) -> str:
    """Return services as an assertion that is for them counts them."""
    return f"every service but {IDENTITY}" if EVERYTHING in services else ", ".join(services)
