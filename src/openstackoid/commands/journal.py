"""`openstackoid journal`: what a gateway has begun in several clouds, and what is left of it."""

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from openstackoid.commands.options import CLOUD, FEDERATION, FORMAT, loaded, served
from openstackoid.commands.table import print_table
from openstackoid.gateway.settings import Settings, journal_of
from openstackoid.journal import reading
from openstackoid.journal.aftermath import told
from openstackoid.journal.document import began, document
from openstackoid.journal.intent import Intent, State
from openstackoid.scope.errors import printable

T = TypeVar("T")


@click.group(
    epilog="""\b
A gateway writes down what it is about to do in several clouds before it sends anything. If it is
killed, or a cloud does not answer, it brings that to its end as soon as it can: what was made in
some clouds only is removed again. What it cannot remove, or does not know, is unsettled.

\b
Examples:
  openstackoid journal status --cloud CloudOne
  openstackoid journal show
  openstackoid journal show -f json
  openstackoid journal settle 01a22bd3-2b8b-7329-aaff-968a2c4fecb7
"""
)
def journal() -> None:
    """Show what a gateway has begun in several clouds, and what is left of it."""


@journal.command(epilog="\b\nExample:\n  openstackoid journal status --cloud CloudOne")
@FEDERATION
@CLOUD
@FORMAT
def status(file: Path, cloud: str, form: str) -> None:
    """Print how many writes are open, unsettled and done. Exits 1 if some are unsettled."""
    counts = _ask(reading.counted(_directory(file, cloud)))
    if form == "json":
        click.echo(json.dumps(counts, indent=2))
    else:
        print_table([("State", "Writes"), *((name, str(n)) for name, n in counts.items())])
    sys.exit(1 if counts[State.UNSETTLED.value] else 0)


@journal.command(
    epilog="""\b
Examples:
  openstackoid journal show --cloud CloudOne
  openstackoid journal show --all -f json
"""
)
@FEDERATION
@CLOUD
@click.option("--all", "every", is_flag=True, help="Also those that are done or settled.")
@FORMAT
def show(file: Path, cloud: str, *, every: bool, form: str) -> None:
    """Print the writes that are open or unsettled, and what each cloud has of them."""
    states = tuple(State) if every else (State.OPEN, State.UNSETTLED)
    found = _ask(reading.shown(_directory(file, cloud), *states))
    if form == "json":
        click.echo(json.dumps([document(intent) for intent in found], indent=2))
    else:
        print_table(_rows(found))


@journal.command(
    epilog="""\b
Examples:
  openstackoid journal settle 01a22bd3-2b8b-7329-aaff-968a2c4fecb7 --cloud CloudOne
  openstackoid journal settle --before 2026-11-30T12:00 --cloud CloudOne
"""
)
@FEDERATION
@CLOUD
@click.argument("identifiers", metavar="[ID]...", nargs=-1)
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    metavar="TIME",
    help="All that began before a time (UTC), such as 2026-11-30 or 2026-11-30T12:00.",
)
def settle(file: Path, cloud: str, identifiers: tuple[str, ...], before: datetime | None) -> None:
    """Say that you have looked at unsettled writes, and that nothing is left to be done.

    Exits 1 if one of them is not unsettled.
    """
    if bool(identifiers) == (before is not None):
        raise click.UsageError("name writes by their IDs, or all that began --before a time")
    directory = _directory(file, cloud)
    if before is not None:
        unsettled = _ask(reading.shown(directory, State.UNSETTLED))
        limit = before.replace(tzinfo=UTC).timestamp()
        identifiers = tuple(intent.id for intent in unsettled if intent.began < limit)
    errors = _ask(reading.settle(directory, identifiers))
    for identifier, error in errors.items():
        if error is None:
            click.echo(f"{identifier} is settled")
        else:
            click.echo(f"Error: {error}; see: openstackoid journal show", err=True)
    if before is not None:
        click.echo(f"{len(errors)} writes that began before {before:%Y-%m-%dT%H:%M:%S}Z")
    sys.exit(1 if any(errors.values()) else 0)


def _directory(file: Path, cloud: str) -> Path:
    federation = loaded(file)
    served(federation, cloud, file)
    return journal_of(federation, Settings(file, cloud))


def _ask(asking: Coroutine[Any, Any, T]) -> T:
    """Return an answer of the journal; ends the command if nobody keeps it."""
    try:
        return asyncio.run(asking)
    except reading.NoKeeperError as error:
        raise click.ClickException(str(error)) from error


def _rows(intents: Sequence[Intent]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("Id", "Began", "State", "Request", "What", "Cloud", "What it has")
    ]
    for intent in intents:
        what = f"{intent.method} {intent.service}{intent.target.partition('?')[0]}"
        named = f' "{intent.name}"' if intent.name else ""
        first = (intent.id, began(intent), intent.state.value, intent.request_id, what + named)
        parts = [(part.cloud, told(part)) for part in intent.parts] or [("", "nothing is known")]
        rows.append((*map(printable, first), *map(printable, parts[0])))
        rows += [("", "", "", "", "", *map(printable, part)) for part in parts[1:]]
    return rows
