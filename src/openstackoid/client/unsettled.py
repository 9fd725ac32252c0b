"""`openstack scope unsettled`: what is left of a user's writes to several clouds."""

import argparse
from collections.abc import Iterator
from typing import Any

from osc_lib.command import command

from openstackoid.client.own import asked
from openstackoid.message import UNSETTLED
from openstackoid.scope.errors import printable

_COLUMNS = ("Began", "Request", "What", "Name", "Cloud", "What it has")


class Unsettled(command.Lister):
    """List your writes to several clouds of which something is left, or may be.

    The gateway of your own cloud knows them: each with the clouds where you have to look, and the
    id, or the ids, of what may be there. Whoever runs the gateway says that somebody has looked.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:  # noqa: ARG002
        """Return the table, one row for each cloud of a write."""
        rows = asked(
            self.app,
            UNSETTLED,
            lambda document: list(_rows(document["unsettled"])),
            "does not say what is left of writes: it is no gateway of OpenStackoïd, or an older "
            "one; ask its operator for: openstackoid journal show",
        )
        return _COLUMNS, rows


def _rows(left: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for write in left:
        what = f"{write['method']} {write['service']}{write['path']}"
        for part in write["clouds"]:
            cells = (write["began"], write["request_id"], what, write["name"] or "")
            # An id of another cloud may have terminal sequences.
            yield tuple(map(printable, (*cells, part["cloud"], part["what"])))
