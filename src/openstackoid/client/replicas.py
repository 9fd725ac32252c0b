"""`openstack replica`: shows how far what is replicated of a user's is, and mends it."""

import argparse
from functools import partial
from typing import Any
from urllib.parse import urlencode

from osc_lib.command import command

from openstackoid.client.own import asked
from openstackoid.message import REPLICAS
from openstackoid.scope.errors import printable

_COLUMNS = ("Kind", "Name", "Cloud", "State", "ID", "What it says")

_NONE = "keeps no replicas: it is no gateway of OpenStackoïd, or an older one; ask whoever runs it"


class List(command.Lister):
    """List what is replicated of yours, with the state of its copy in each cloud.

    The gateway of your own cloud knows it, and asks the others. A cloud that it can't reach is
    "unreachable": its copy is brought up to date when it is back.

      openstack replica list
      openstack replica list --pending -f json
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--pending",
            action="store_true",
            help="Only copies that are not as they should be",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:
        """Return the table, one row for each copy."""
        read = partial(_rows, pending=parsed_args.pending)
        return _COLUMNS, asked(self.app, REPLICAS, read, _NONE)


class _Reading(command.Lister):
    """Has copies read anew, and shows what they are then."""

    action: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command."""
        return _for_one(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:
        """Return the table, one row for each copy."""
        path = f"{REPLICAS}/{self.action}?{urlencode({'id': parsed_args.replica})}"
        return _COLUMNS, asked(self.app, path, _rows, _NONE, "POST")


class Create(command.Lister):
    """Have something that exists in your own cloud replicated in others, and list its copies.

    The scope says in which clouds, your own among them. An image's data is brought there, too.
    From then on the policy "eventual" changes and deletes all copies.

      openstack replica create image debian --os-scope 'image=Paris & Corte'
      openstack replica create security-group web --os-scope 'network=Paris & Corte'
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command."""
        parser = super().get_parser(prog_name)
        kinds = ("image", "network", "subnet", "security-group")
        parser.add_argument("kind", metavar="<kind>", choices=kinds, help=", ".join(kinds))
        parser.add_argument("resource", metavar="<resource>", help="Name or ID in your own cloud")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:
        """Return the table, one row for each copy."""
        query = urlencode({"kind": parsed_args.kind, "id": parsed_args.resource})
        return _COLUMNS, asked(self.app, f"{REPLICAS}?{query}", _rows, _NONE, "POST")


class Check(_Reading):
    """Read the copies of a replicated resource anew in all their clouds, and list them.

    So it finds what somebody has changed or deleted in one cloud alone. What a cloud has refused is
    asked again.

      openstack replica check debian
    """

    action = "check"


class Sync(_Reading):
    """Bring the copies of a replicated resource to what they should be, and list them.

    What somebody has changed in one cloud alone is ordered anew, by you. What a cloud has refused
    is asked again. What was deleted by hand stays deleted: delete it everywhere and create it anew.

      openstack replica sync debian
    """

    action = "sync"


class Show(command.ShowOne):
    """Show a replicated resource: what it should be, what each cloud has, and who has lost.

    openstack replica show debian
    openstack replica show debian -f json
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command."""
        return _for_one(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:
        """Return what there is to show."""
        query = urlencode({"id": parsed_args.replica})
        shown = asked(
            self.app,
            f"{REPLICAS}?{query}",
            lambda document: _document(document["replicas"][-1]),
            _NONE,
        )
        return tuple(shown), tuple(_shown(value) for value in shown.values())


def _for_one(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return a parser that takes what names a replicated resource."""
    parser.add_argument("replica", metavar="<replica>", help="Name, ID, or ID of a copy")
    return parser


def _rows(document: Any, *, pending: bool = False) -> list[tuple[str, ...]]:
    """Return a row for each copy, with `pending` only of those that are not as they should be."""
    rows = []
    for one in document["replicas"]:
        for copy in one["clouds"]:
            if one["deleted"] and copy["state"] == "fits":
                continue
            if pending and copy["state"] == "fits":
                continue
            said = "; ".join(filter(None, (copy["words"], *copy["more"])))
            state = f"{copy['state']} (to be deleted)" if one["deleted"] else copy["state"]
            cells = (one["kind"], one["name"], copy["cloud"], state, copy["id"] or "", said)
            rows.append(tuple(map(printable, cells)))
    return rows


def _document(one: dict[str, Any]) -> dict[str, object]:
    return {
        "id": one["id"],
        "kind": one["kind"],
        "name": one["name"],
        "deleted": one["deleted"],
        "clouds": "\n".join(_copy(copy) for copy in one["clouds"]),
        "wanted": "\n".join(_value(value) for value in one["wanted"]),
        "lost": "\n".join(_lost(lost) for lost in one["lost"]),
        "conflicts": "\n".join(_conflict(conflict) for conflict in one["conflicts"]),
    }


def _copy(copy: dict[str, Any]) -> str:
    identifier = f" ({copy['id']})" if copy["id"] else ""
    said = ": ".join(filter(None, (str(copy["status"] or ""), copy["words"])))
    lines = (f"{copy['cloud']}{identifier}: {copy['state']}", said, *copy["more"])
    return "; ".join(filter(None, lines))


def _value(value: dict[str, Any]) -> str:
    return f"{_place(value)} = {value['value']}"


def _lost(lost: dict[str, Any]) -> str:
    said = "all that it says" if not lost["field"] else f"{_place(lost)} = {lost['value']}"
    return f"{said}, ordered at {lost['at']} in {lost['cloud']}, lost to {lost['to']}"


def _conflict(conflict: dict[str, Any]) -> str:
    return (
        f"{conflict['field']}, as created at {conflict['at']} in {conflict['cloud']}, differs from "
        f"what was created at {conflict['to']}"
    )


def _place(value: dict[str, Any]) -> str:
    return value["field"] if value["key"] is None else f"{value['field']} {value['key']}"


def _shown(value: object) -> object:
    """Return what can be printed: values of another cloud may have terminal sequences."""
    if not isinstance(value, str):
        return value
    return "\n".join(printable(line) for line in value.split("\n"))
