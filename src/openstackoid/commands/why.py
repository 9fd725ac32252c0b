"""`openstackoid why`: why a request failed, by the logs of the gateways that it came by."""

import json
import sys
from typing import Any, TextIO

import click

from openstackoid.commands.options import FORMAT
from openstackoid.commands.table import print_table
from openstackoid.gateway.reporting import causes
from openstackoid.scope.errors import printable


@click.command(
    epilog="""\b
A server that could not be started says only "Exhausted all hosts". Its request's id is in
openstack server event list SERVER, and the gateway knows which cloud did not answer, and why.

\b
Examples:
  openstackoid why req-3ce7f495-187c-45a2-8a54-2d2db918c9b3 gateway.log
  journalctl -u openstackoid -o cat | openstackoid why req-3ce7f495-187c-45a2-8a54-2d2db918c9b3
"""
)
@click.argument("identifier", metavar="REQUEST_ID")
@click.argument("logs", metavar="[LOG]...", nargs=-1, type=click.File(errors="replace"))
@FORMAT
def why(identifier: str, logs: tuple[TextIO, ...], form: str) -> None:
    """Print why a request failed, from the LOGs of gateways, or from standard input.

    REQUEST_ID is that of a client's request (X-Openstack-Request-Id), or the one that a service
    gave it. Exits 1 if no line of the logs is about it.
    """
    lines = (line for log in logs or (sys.stdin,) for line in log)
    found = causes.find(lines, identifier)
    if form == "json":
        click.echo(json.dumps(found.telling, indent=2))
    elif found.telling:
        print_table(
            [("Time", "Gateway", "Request", "Status", "Why"), *map(_row, found.telling)],
        )
    elif found.lines:
        click.echo(f"{found.lines} requests have this id, and none of them failed at the gateway")
    if not found.lines:
        raise click.ClickException(
            f"no line is about {printable(identifier)}; take the log of the gateway that the "
            "request was sent to, from the time when it was sent"
        )


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    request = f"{event.get('method', '')} {event.get('path', '')}".strip() or event["event"]
    cells = (
        str(event.get("timestamp", ""))[:19],
        event.get("gateway", ""),
        request,
        event.get("status") or "",
        causes.why(event),
    )
    return tuple(printable(str(cell)) for cell in cells)
