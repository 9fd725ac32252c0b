"""`openstack replica list`, `show`, `create`, `check` and `sync`."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from openstackoid.client.replicas import Check, Create, List, Show, Sync
from openstackoid.gateway.replicas.making import KINDS as MADE
from openstackoid.replication.apis.table import APIS


def copy(cloud: str, state: str, **more: object) -> dict[str, Any]:
    return {
        "cloud": cloud,
        "state": state,
        "id": None,
        "status": None,
        "words": "",
        "more": [],
    } | more


ONE = {
    "id": "image:One:p:7",
    "kind": "image",
    "name": "debian",
    "deleted": False,
    "clouds": [
        copy("One", "fits", id="7"),
        copy("Two", "refused", status=403, words="quota \x1b[2J", more=["may be a copy: 8"]),
    ],
    "wanted": [
        {"field": "name", "key": None, "value": '"debian"'},
        {"field": "properties", "key": "k", "value": '"1"'},
    ],
    "lost": [
        {"at": "T", "cloud": "Two", "field": "name", "key": None, "value": '"x"', "to": "U in One"},
        {"at": "T", "cloud": "Two", "field": "", "key": None, "value": None, "to": "U in One"},
    ],
    "conflicts": [{"field": "ram", "at": "T", "cloud": "Two", "to": "U"}],
}
GONE = {
    **ONE,
    "name": "old",
    "deleted": True,
    "clouds": [copy("One", "fits"), copy("Two", "pending")],
}


def taken(kind: type, *args: str) -> tuple[Any, Any, list[str]]:
    """Run a command; return what it shows, and what was asked for."""
    paths: list[str] = []

    def request(path: str, method: str, **_: object) -> object:
        paths.append(path if method == "GET" else f"{method} {path}")
        return SimpleNamespace(json=lambda: {"replicas": [GONE, ONE]})

    manager = SimpleNamespace(
        session=SimpleNamespace(request=request),
        region_name=None,
        interface=None,
        get_endpoint_for_service_type=lambda *_, **__: "http://one/identity/v3",
    )
    command = kind(cast("Any", SimpleNamespace(client_manager=manager)), None)
    columns, rows = command.take_action(command.get_parser("x").parse_args(args))
    return columns, rows, paths


def test_each_copy_has_a_row() -> None:
    """Without terminal sequences, and without what was deleted and is gone."""
    _, rows, paths = taken(List)
    assert [row[1:] for row in rows] == [
        ("old", "Two", "pending (to be deleted)", "", ""),
        ("debian", "One", "fits", "7", ""),
        ("debian", "Two", "refused", "", "quota ?[2J; may be a copy: 8"),
    ]
    assert paths == ["/openstackoid/replicas"]


def test_only_those_that_are_not_as_they_should_be() -> None:
    """If somebody asks for them."""
    _, rows, _ = taken(List, "--pending")
    assert [row[2] for row in rows] == ["Two", "Two"]


def test_one_is_shown_with_those_who_have_lost() -> None:
    """To whom, and what they had said."""
    columns, values, paths = taken(Show, "debian & co")
    shown = dict(zip(columns, values, strict=True))
    assert paths == ["/openstackoid/replicas?id=debian+%26+co"]
    assert shown["clouds"].splitlines() == [
        "One (7): fits",
        "Two: refused; 403: quota ?[2J; may be a copy: 8",
    ]
    assert shown["wanted"].splitlines() == ['name = "debian"', 'properties k = "1"']
    lost = shown["lost"].splitlines()
    assert lost[0] == 'name = "x", ordered at T in Two, lost to U in One'
    assert lost[1].startswith("all that it says")
    assert shown["conflicts"].startswith("ram, as created at T in Two, differs")
    assert shown["deleted"] is False


@pytest.mark.parametrize(("kind", "name"), [(Check, "check"), (Sync, "sync")])
def test_copies_are_read_anew_and_listed(kind: type, name: str) -> None:
    """All of them, with what they are then."""
    columns, rows, paths = taken(kind, "debian & co")
    assert paths == [f"POST /openstackoid/replicas/{name}?id=debian+%26+co"]
    assert columns[3] == "State"
    assert [row[2:4] for row in rows][1:] == [("One", "fits"), ("Two", "refused")]


def test_what_exists_is_named_by_its_kind() -> None:
    """The scope goes with the request, as with any."""
    columns, rows, paths = taken(Create, "image", "debian & co")
    assert paths == ["POST /openstackoid/replicas?kind=image&id=debian+%26+co"]
    assert columns[3] == "State"
    assert [row[2:4] for row in rows][1:] == [("One", "fits"), ("Two", "refused")]


def test_its_kinds_are_those_that_the_gateway_takes() -> None:
    """A mistake is found before anything is asked."""
    for kind in APIS:
        if kind in MADE:
            assert taken(Create, kind, "x")[2]
        else:
            with pytest.raises(SystemExit):
                taken(Create, kind, "x")
