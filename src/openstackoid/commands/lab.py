"""`openstackoid lab`: starts, shows, changes and stops the clouds of a lab."""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from openstackoid.commands.options import number
from openstackoid.lab import environment, status
from openstackoid.lab.errors import LabError
from openstackoid.lab.lab import Lab, check_process
from openstackoid.lab.links import BLACKHOLE, CUT, WHOLE, Condition
from openstackoid.lab.links.condition import seconds, shown
from openstackoid.lab.progress import Display
from openstackoid.lab.services import FRONTS, LINKS, OPTIONAL
from openstackoid.services import service_type

_DIRECTORY = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the lab lives.  [default: $OPENSTACKOID_LAB, else openstackoid/lab below"
    " $XDG_STATE_HOME or ~/.local/state]",
)


_FORM = click.option(
    "-f", "form", type=click.Choice(["table", "json"]), default="table", show_default=True
)


def _delay(_context: click.Context, _parameter: click.Parameter, value: str | None) -> float | None:
    try:
        return None if value is None else seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _on_lab(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: pass it the lab, and turn a LabError into a message and exit code 1."""

    @_DIRECTORY
    @wraps(command)
    def run(directory: Path | None, **arguments: Any) -> None:
        try:
            with Display(Console(stderr=True)) as display:
                command(Lab(directory or environment.lab_directory(), display), **arguments)
        except LabError as error:
            there = ""
            if error.cure:
                there = environment.dir_option(directory or environment.lab_directory())
            raise click.ClickException(f"{error}{there}") from error

    return run


@click.group()
def lab() -> None:
    """Real, independent OpenStack clouds on this machine, each with a gateway in front."""


@lab.command(
    epilog="""\b
Examples:
  openstackoid lab up
  openstackoid lab up CloudOne CloudTwo CloudThree
  openstackoid lab up CloudThree --with block-storage
  openstackoid lab up --front haproxy
  openstackoid lab up --dir /tmp/another --network 127.77.0.0/16
"""
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--with",
    "extra",
    type=click.Choice(OPTIONAL),
    multiple=True,
    help="A service these clouds have besides the usual ones, from now on.",
)
@click.option(
    "--network",
    metavar="NETWORK",
    help="A /16 of 127.0.0.0/8 for a new lab, so that two can live side by side."
    "  [default: 127.0.0.0/16]",
)
@click.option(
    "--front",
    type=click.Choice(FRONTS),
    help="What all clouds of the lab have at their frontends from now on: their gateway, or HAProxy"
    " before it.  [default: as before, gateway at first]",
)
@_on_lab
def up(
    lab: Lab,
    names: tuple[str, ...],
    extra: tuple[str, ...],
    network: str | None,
    front: str | None,
) -> None:
    """Start clouds, made new unless the lab has them.

    Without a name: those the lab has, or CloudOne and CloudTwo in a new one. May be repeated at
    any time; what is there stays, what is missing is made.
    """
    started = lab.up(names, extra, network, front)
    clouds = [lab.cloud(name) for name in names] or list(lab.clouds)
    for cloud in clouds:
        where = cloud.frontends["identity"]
        click.echo(f"{cloud.name} is {'up' if started else 'already up'}: {where}", err=True)
    there = environment.dir_option(lab.directory)
    for ends, how in lab.conditions.items():
        both = " ".join(sorted(ends))
        heal = f"openstackoid lab link {both} --heal{there}"
        click.echo(f"The link {both} is still {how}; heal it with:  {heal}", err=True)
    hint = f'eval "$(openstackoid lab env {clouds[0].name}{there})"'
    click.echo(f"Go on with:  {hint}", err=True)


@lab.command(
    epilog="""\b
Examples:
  openstackoid lab down
  openstackoid lab down CloudTwo --wipe
"""
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--wipe", is_flag=True, help="Remove all they have, too; the lab forgets them.")
@_on_lab
def down(lab: Lab, names: tuple[str, ...], wipe: bool) -> None:
    """End the processes of clouds, of all without a name. Their data stay for the next `up`."""
    known = names or [cloud.name for cloud in lab.clouds]
    ended = lab.down(names, wipe)
    for name in known:
        was = "is down" if name in ended else "was down already"
        click.echo(f"{name} {was}{' and wiped' if wipe else ''}", err=True)
    if not ended:
        click.echo(f"No cloud was up in {lab.directory}; another lab is meant by --dir", err=True)


@lab.command("status", epilog="\b\nExample:\n  openstackoid lab status -f json")
@_FORM
@_on_lab
def show_status(lab: Lab, form: str) -> None:
    """Show every process of every cloud."""
    clouds = lab.clouds
    if not _exists(lab) and form == "table":
        return
    columns = tuple(status.Row.__dataclass_fields__)
    _show(form, columns, [asdict(row) for cloud in clouds for row in status.rows(cloud, clouds)])


@lab.command(
    epilog="""\b
Examples:
  openstackoid lab link
  openstackoid lab link CloudOne CloudTwo --cut
  openstackoid lab link CloudOne CloudTwo --delay 50ms
  openstackoid lab link CloudOne CloudTwo --heal
"""
)
@click.argument("names", nargs=-1, metavar="[NAME NAME]")
@click.option(
    "--delay",
    metavar="DURATION",
    callback=_delay,
    help="Let everything arrive later by this much, each way: 50ms, 1.5s.",
)
@click.option("--cut", is_flag=True, help="Reset connections, and refuse new ones at once.")
@click.option("--blackhole", is_flag=True, help="Swallow everything; nothing is ever answered.")
@click.option("--heal", is_flag=True, help="Let it be as at first.")
@_FORM
@_on_lab
def link(
    lab: Lab,
    names: tuple[str, ...],
    delay: float | None,
    cut: bool,
    blackhole: bool,
    heal: bool,
    form: str,
) -> None:
    """Show the links between the clouds, or change the one between two clouds.

    A change holds at once, in both directions and for the connections there are as well. It takes
    the place of the one before, and outlives `down` and `up`.
    """
    asked = [
        how
        for how, is_asked in (
            (Condition(delay=delay or 0.0), delay is not None),
            (CUT, cut),
            (BLACKHOLE, blackhole),
            (WHOLE, heal),
        )
        if is_asked
    ]
    if not names and not asked:
        if not _exists(lab) and form == "table":
            return
        rows = list(status.links(lab))
        if form == "table":
            rows = [{**row, "delay": shown(row["delay"]) if row["delay"] else None} for row in rows]
        _show(form, ("from", "to", "state", "delay"), rows)
        return
    if len(names) != 2 or len(asked) != 1:
        raise click.UsageError(
            "a change takes two clouds and one of --delay, --cut, --blackhole and --heal"
        )
    lab.link(*names, asked[0])
    click.echo(f"The link {' '.join(names)} is {asked[0]}", err=True)


@lab.command(epilog='\b\nExample:\n  eval "$(openstackoid lab env CloudOne)"; openstack image list')
@click.argument("name")
@_on_lab
def env(lab: Lab, name: str) -> None:
    """Print what a shell has to eval so that `openstack` means a cloud."""
    click.echo(status.exports(lab, lab.cloud(name)), nl=False)


@lab.command(epilog="\b\nExample:\n  openstackoid lab restart CloudOne image gateway")
@click.argument("name")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@_on_lab
def restart(lab: Lab, name: str, services: tuple[str, ...]) -> None:
    """End processes of a cloud that is up, all without a SERVICE, and start them again.

    Nothing is ended if somebody else has a port of the cloud. A gateway has 60 s to bring the
    requests under way to their end.

    SERVICE is a service type, an alias of one (nova), gateway, haproxy or links.
    """
    lab.restart(name, [_process(service) for service in services])


@lab.command(epilog="\b\nExample:\n  openstackoid lab logs CloudOne compute -f")
@click.argument("name")
@click.argument("service", required=False)
@click.option(
    "-n",
    "lines",
    type=number(int, "lines", 0, 1_000_000),
    default=20,
    show_default=True,
    help="How many of the last lines of each log.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@_on_lab
def logs(lab: Lab, name: str, service: str | None, lines: int, follow: bool) -> None:
    """Show the end of the logs of a cloud, or of one service of it."""
    cloud = lab.cloud(name)
    chosen = [_process(service)] if service else cloud.processes
    for process in chosen:
        check_process(cloud, process)
    paths = [path for process in chosen if (path := cloud.log(process)).exists()]
    if follow and paths:
        names = [str(path) for path in paths]
        os.execvp("tail", ["tail", "-F", "-n", str(lines), "--", *names])  # noqa: S606, S607
    for path in paths:
        if len(paths) > 1:
            click.echo(f"==> {path} <==")
        with path.open(errors="replace") as file:
            click.echo("".join(deque(file, lines)), nl=False)


def _exists(lab: Lab) -> bool:
    """Return whether the lab has clouds; if not, print how to start some."""
    if not lab.clouds:
        begin = f"openstackoid lab up{environment.dir_option(lab.directory)}"
        click.echo(f"There is no lab in {lab.directory}; begin one with:  {begin}", err=True)
    return bool(lab.clouds)


def _show(form: str, columns: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(*(name.upper() for name in columns), box=None)
    for row in rows:
        table.add_row(*("-" if value is None else str(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _process(name: str) -> str:
    return name if name in (*FRONTS, LINKS) else service_type(name) or name
