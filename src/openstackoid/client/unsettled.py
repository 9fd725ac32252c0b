"""`openstack scope unsettled`: what is left of a user's writes to several clouds."""

import argparse
import re
from collections.abc import Iterator
from typing import Any

from keystoneauth1.exceptions import NotFound
from osc_lib import exceptions
from osc_lib.command import command

from openstackoid.message import UNSETTLED
from openstackoid.scope.errors import printable

_VERSION = re.compile(r"/v\d+(\.\d+)?/*$")

_COLUMNS = ("Began", "Request", "What", "Name", "Cloud", "What it has")


class Unsettled(command.Lister):
    """List your writes to several clouds of which something is left, or may be.

    The gateway of your own cloud knows them: each with the clouds where you have to look, and the
    id, or the ids, of what may be there. Whoever runs the gateway says that somebody has looked.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Any]:  # noqa: ARG002
        """Return the table, one row for each cloud of a write."""
        manager = self.app.client_manager
        endpoint = manager.get_endpoint_for_service_type(
            "identity", region_name=manager.region_name, interface=manager.interface
        )
        base = _VERSION.sub("", endpoint or "").rstrip("/")
        try:
            answer = manager.session.get(
                UNSETTLED, endpoint_filter={"service_type": "identity"}, endpoint_override=base
            )
            rows = list(_rows(answer.json()["unsettled"]))
        except (NotFound, ValueError, KeyError, TypeError) as error:
            raise exceptions.CommandError(
                f"{base} does not say what is left of writes: it is no gateway of OpenStackoïd, or "
                "an older one; ask its operator for: openstackoid journal show"
            ) from error
        return _COLUMNS, rows


def _rows(left: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for write in left:
        what = f"{write['method']} {write['service']}{write['path']}"
        for part in write["clouds"]:
            cells = (write["began"], write["request_id"], what, write["name"] or "")
            # An id of another cloud may have terminal sequences.
            yield tuple(map(printable, (*cells, part["cloud"], part["what"])))
