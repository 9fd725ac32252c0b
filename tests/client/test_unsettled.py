"""`openstack scope unsettled`."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from keystoneauth1.exceptions import NotFound
from osc_lib.exceptions import CommandError

from openstackoid.client.unsettled import Unsettled

WRITE = {
    "began": "2026-11-30T12:00:00+00:00",
    "request_id": "req-1",
    "method": "POST",
    "service": "network",
    "path": "/v2.0/networks",
    "name": None,
    "clouds": [
        {"cloud": "One", "what": "removed again"},
        {"cloud": "Two", "what": "may have created \x1b[2J: look there"},
    ],
}


class Session:
    """A session whose requests get one answer; `asked` has where they went."""

    def __init__(self, answer: object) -> None:
        self._answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def request(self, path: str, method: str, **more: Any) -> object:
        assert method == "GET"
        self.asked.append((path, more))
        if isinstance(self._answer, Exception):
            raise self._answer
        return SimpleNamespace(json=lambda: self._answer)


def listed(session: Session, endpoint: str | None) -> tuple[Any, list[Any]]:
    """Run the command."""
    manager = SimpleNamespace(
        session=session,
        region_name=None,
        interface=None,
        get_endpoint_for_service_type=lambda *_, **__: endpoint,
    )
    app = SimpleNamespace(client_manager=manager)
    command = Unsettled(cast("Any", app), None)
    columns, rows = command.take_action(command.get_parser("unsettled").parse_args([]))
    return columns, list(rows)


@pytest.mark.parametrize("version", ["", "/", "/v3", "/v3/", "/v2.0"])
def test_a_user_sees_where_to_look(version: str) -> None:
    """One row for each cloud, without terminal sequences, whichever Keystone is named."""
    session = Session({"unsettled": [WRITE]})
    columns, rows = listed(session, f"http://one/identity{version}")
    assert columns[-2:] == ("Cloud", "What it has")
    assert [row[-2:] for row in rows] == [
        ("One", "removed again"),
        ("Two", "may have created ?[2J: look there"),
    ]
    ((path, more),) = session.asked
    assert (path, more["endpoint_override"]) == ("/openstackoid/unsettled", "http://one/identity")


@pytest.mark.parametrize("answer", [NotFound(), {"versions": {}}, [], {"unsettled": [{}]}])
def test_a_keystone_that_no_gateway_is_in_front_of_is_named(answer: object) -> None:
    """An empty list would say that nothing is left."""
    with pytest.raises(CommandError, match="http://one/identity does not say what is left"):
        listed(Session(answer), "http://one/identity/v3")
