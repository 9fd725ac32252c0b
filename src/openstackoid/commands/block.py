"""`openstackoid block` and `unblock`: who is refused at a gateway, from now on."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from openstackoid.commands.options import CLOUD, FEDERATION, FORMAT, known, loaded, served
from openstackoid.commands.table import print_table
from openstackoid.federation.blocked import (
    KINDS,
    Blocked,
    BlockedError,
    Kind,
    blocked_file,
    change_blocked,
    network,
    read_blocked,
)
from openstackoid.identity.keys import KEY_ID, ids
from openstackoid.scope.errors import nearest, printable

_EXAMPLES: dict[Kind, tuple[str, str]] = {
    "cloud": ("a cloud", "CloudTwo"),
    "user": ("a user", "mallory@CloudTwo"),
    "address": ("an address", "192.0.2.0/24"),
    "key": ("a key", "F-dzbo3ZcM-6Jfyo"),
}
_WHAT: dict[Kind, str] = {
    "cloud": "NAME is a cloud of the federation: what its gateway sends, what names it in a scope, "
    "and its tokens.",
    "user": "NAME is a user's name or id, alice@CloudTwo for one of another cloud alone, or the id "
    "of the initiator in the audit, which stands for one token.",
    "address": "NAME is an IP address or a network. An address of IPv6 stands for its /64 network.",
    "key": "NAME is the id of a key, as `openstackoid federation check` prints it, that somebody "
    "has stolen: what it has signed is refused, requests of a gateway and assertions. A gateway "
    "has its keys in one file, so both keys of that file are meant. To block a key of CLOUD's own, "
    "make new ones, and take it out of own.keys.",
}


@click.group(
    epilog="""\b
The list is the file own.blocked of the federation file, blocked-CLOUD.json beside it if that names
none. A running gateway reads it within half a second, and after each start. Requests are answered
403, with a line in the audit. What HAProxy sends straight to a service does not pass the gateway.

\b
Examples:
  export OPENSTACKOID_FEDERATION=/etc/openstackoid/federation.yaml OPENSTACKOID_CLOUD=CloudOne
  openstackoid block cloud CloudTwo --why "broken into, ticket 4711"
  openstackoid block user mallory@CloudTwo
  openstackoid block address 192.0.2.0/24
  openstackoid block key F-dzbo3ZcM-6Jfyo --why "stolen at CloudTwo"
  openstackoid block list -f json
  openstackoid unblock address 192.0.2.0/24
"""
)
def block() -> None:
    """Refuse a cloud, a user, an address or a key at a gateway, at once."""


@click.group(
    epilog="""\b
Examples:
  export OPENSTACKOID_FEDERATION=/etc/openstackoid/federation.yaml OPENSTACKOID_CLOUD=CloudOne
  openstackoid unblock cloud CloudTwo
  openstackoid unblock user mallory@CloudTwo
"""
)
def unblock() -> None:
    """Let a cloud, a user, an address or a key in again that was blocked."""


def _read(file: Path, cloud: str) -> tuple[Path, Blocked]:
    """Return the list of a cloud's gateway and its file; ends the command if it is unusable."""
    federation = loaded(file)
    served(federation, cloud, file)
    path = blocked_file(federation, cloud, file)
    try:
        return path, read_blocked(path)
    except BlockedError as error:
        raise click.ClickException(str(error)) from error


def _change(path: Path, change: Callable[[Blocked], Blocked]) -> None:
    """Change a list; ends the command if it can't be written."""
    try:
        change_blocked(path, change)
    except BlockedError as error:
        raise click.ClickException(str(error)) from error


def _named(kind: Kind, name: str, file: Path, cloud: str) -> tuple[str, ...]:
    """Return the names that the list has for one; ends the command if nobody can have it."""
    if kind == "key":
        return _keys(name, file, cloud)
    if kind == "cloud":
        known(loaded(file), name, file)
        if name == cloud:
            raise click.UsageError(f"{cloud} cannot block itself; stop its gateway")
    if kind == "address":
        return (_network(name),)
    if not name.strip():
        raise click.UsageError("the name is empty")
    return (name,)


def _keys(name: str, file: Path, cloud: str) -> tuple[str, ...]:
    """Return the ids of the keys to block for one; ends the command if it is none, or its own."""
    if not re.fullmatch(KEY_ID, name):
        raise click.UsageError(
            f"{printable(name)} is no id of a key: 16 characters, as `openstackoid federation "
            "check` prints them"
        )
    owner, pair = _pair(name, file)
    if owner == cloud:
        raise click.UsageError(
            f"{name} is a key of {cloud} itself; make new ones (openstackoid federation keys), and "
            "take its file out of own.keys"
        )
    if owner is None:
        click.echo(f"{file} has no key {name}; what comes with it is refused", err=True)
    return pair


def _pair(key: str, file: Path) -> tuple[str | None, tuple[str, ...]]:
    """Return whose a key is, and the ids of the keys that are in one file with it, its own too."""
    for owner, described in loaded(file).clouds.items():
        for pair in map(ids, described.keys):
            if key in pair:
                return owner, pair
    return None, (key,)


def _warn_of_no_cloud(name: str, file: Path) -> None:
    """Say so if a user's name ends in what may have been meant as a cloud."""
    user, at, cloud = name.rpartition("@")
    names = loaded(file).names
    if user and at and cloud not in names:
        hint = nearest(cloud, names)
        click.echo(f'{file} has no cloud "{cloud}"{hint}: {name} is a name as a whole', err=True)


def _network(name: str) -> str:
    """Return an address as the list has it; ends the command if it is none."""
    try:
        found = network(name)
    except ValueError as error:
        raise click.UsageError(f"{error}; write an IP address, or a network") from error
    return str(found).removesuffix("/32") if found.version == 4 else str(found)


def _block(kind: Kind) -> Callable[..., None]:
    def run(name: str, file: Path, cloud: str, why: str) -> None:
        path, _ = _read(file, cloud)
        names = _named(kind, name, file, cloud)
        _change(path, lambda blocked: blocked.having(kind, *names, why=why))
        for one in names:
            click.echo(f"{kind} {one} is blocked at {cloud} ({path})")
        if kind == "user":
            _warn_of_no_cloud(name, file)

    return run


def _unblock(kind: Kind) -> Callable[..., None]:
    def run(name: str, file: Path, cloud: str) -> None:
        path, blocked = _read(file, cloud)
        names = _pair(name, file)[1] if kind == "key" else (name,)
        if kind == "address":
            names = (_network(name),)
        if not any(one in getattr(blocked, kind) for one in names):
            raise click.ClickException(f"{kind} {names[0]} is not blocked at {cloud} ({path})")
        _change(path, lambda blocked: blocked.without(kind, *names))
        for one in names:
            click.echo(f"{kind} {one} is no longer blocked at {cloud} ({path})")

    return run


_LIKE_A_KEY = re.compile(r"-[A-Za-z0-9_-]{15,}")
"""What begins with "-", and is longer than any option is."""


class _KeyCommand(click.Command):
    """A command whose argument is the id of a key, which may begin with "-" as an option does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such an id, or a whole key, behind `--`, where nothing is an option."""
        keys = [arg for arg in args if _LIKE_A_KEY.fullmatch(arg)]
        if keys and "--" not in args:
            args = [*(arg for arg in args if arg not in keys), "--", *keys]
        return super().parse_args(ctx, args)


def _command(group: click.Group, kind: Kind, run: Callable[..., None], *more: Any) -> None:
    """Add a subcommand for a kind to a group."""
    options = (FEDERATION, CLOUD, click.argument("name"), *more)
    for option in reversed(options):
        run = option(run)
    who, name = _EXAMPLES[kind]
    does = f"Block {who} at once." if group is block else f"Let {who} in again."
    gateway = "--federation federation.yaml --cloud CloudOne"
    epilog = f"\b\nExample:\n  openstackoid {group.name} {kind} {name} {gateway}"
    text = f"{does}\n\n{_WHAT[kind]}"
    cls = _KeyCommand if kind == "key" else click.Command
    group.command(kind, cls, help=text, epilog=epilog)(run)


_WHY = click.option("--why", default="", metavar="TEXT", help="A remark for the list.")

for _kind in KINDS:
    _command(block, _kind, _block(_kind), _WHY)
    _command(unblock, _kind, _unblock(_kind))


@block.command("list")
@FEDERATION
@CLOUD
@FORMAT
def show(file: Path, cloud: str, form: str) -> None:
    """Print what is blocked at a gateway, since when and why."""
    _, blocked = _read(file, cloud)
    rows = [
        {"kind": kind, "name": name, "since": entry.since, "why": entry.why}
        for kind in KINDS
        for name, entry in sorted(getattr(blocked, kind).items())
    ]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    else:
        heading = ("Kind", "Name", "Since", "Why")
        print_table([heading, *(tuple(map(printable, row.values())) for row in rows)])
