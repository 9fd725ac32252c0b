"""Servers are created and deleted."""

from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.server import SERVER
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.marks import mark
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.plan import Change, Create, Replica

AT = Timestamp(1, 1, "Paris", 1)
SERVERS = "/v2.1/servers"
BODY = {"name": "s", "imageRef": "i", "flavorRef": "f", "networks": [{"uuid": "n"}]}
DISK = {
    "uuid": "i",
    "boot_index": 0,
    "source_type": "image",
    "destination_type": "local",
    "delete_on_termination": True,
}
FULL = {
    **BODY,
    "key_name": "k",
    "metadata": {"a": "b", "c": ""},
    "description": "mine",
    "user_data": "IyE=",
    "config_drive": True,
    "security_groups": [{"name": "g"}],
}


def created(**more: object) -> Any:
    return SERVER.asked("POST", SERVERS, {"server": {**BODY, **more}})


def shown(**more: object) -> dict[str, Any]:
    """Return a server as Nova shows it."""
    server = {"id": "7", "name": "s", "status": "ACTIVE", "image": {"id": "i"}, "key_name": None}
    return {
        **server,
        "flavor": {"id": "f"},
        "metadata": {},
        "description": None,
        "tags": [],
        **more,
    }


def test_a_create_is_sent_as_it_was_ordered_with_a_mark() -> None:
    """By the version that takes tags with it; it is read by one that shows its flavor."""
    draft = SERVER.asked("POST", SERVERS, {"server": {**FULL, "min_count": 1, "max_count": 1}})
    assert draft is not None
    for write in draft.writes:
        SERVER.check(write)
    call = SERVER.create("u", Create(AT, values_of(draft.writes)))
    assert (call.method, call.path) == ("POST", SERVERS)
    assert call.document == {"server": {**FULL, "tags": [mark(AT)]}}
    assert ("OpenStack-API-Version", "compute 2.52") in call.headers
    assert ("OpenStack-API-Version", "compute 2.46") in SERVER.headers
    assert SERVER.made({"server": {"id": "7"}}) == "7"


def test_what_nova_shows_is_what_was_ordered() -> None:
    """But for what it does not show in the same words: that is left to whoever reads it."""
    values = values_of(created(**FULL).writes)
    seen = SERVER.seen(
        [{"server": shown(key_name="k", metadata=FULL["metadata"], description="mine")}]
    )
    hidden = {p: said for p, said in values.items() if p[0] in SERVER.kind.unseen}
    assert {**seen.values, **hidden} == values
    assert SERVER.seen([{"server": shown()}]).values.keys() == {
        ("name", None), ("image", None), ("flavor", None), ("metadata", None),
        ("description", None),
    }  # fmt: skip


def test_no_network_is_said_as_none() -> None:
    """Else Nova would choose one."""
    draft = created(networks="none")
    document: Any = SERVER.create("u", Create(AT, values_of(draft.writes))).document
    assert document["server"]["networks"] == "none"
    assert "security_groups" not in document["server"]


def test_the_disk_that_the_openstack_command_says_is_that_of_the_image() -> None:
    """It says nothing more."""
    assert created(block_device_mapping_v2=[DISK]) == created() == created(key_name=None)


@pytest.mark.parametrize(
    "more",
    [
        {"networks": "auto"},
        {"networks": []},
        {"networks": [{"port": "p"}]},
        {"networks": [{"uuid": "n", "fixed_ip": "10.0.0.1"}]},
        {"networks": ["n"]},
        {"networks": [{"uuid": "\n"}]},
        {"min_count": 2},
        {"imageRef": ""},
        {"imageRef": None},
        {"flavorRef": None},
        {"name": None},
        {"name": ""},
        {"metadata": {"a": 1}},
        {"config_drive": "yes"},
        {"user_data": "x" * 65_536},
        {"security_groups": [{"name": "g", "id": "h"}]},
        {"block_device_mapping_v2": [{**DISK, "destination_type": "volume"}]},
        {"block_device_mapping_v2": [DISK, DISK]},
        {"availability_zone": "nova"},
        {"tags": ["t"]},
        {"adminPass": "secret"},
    ],
)
def test_what_each_cloud_would_do_otherwise_is_refused(more: dict[str, object]) -> None:
    """Before any has it, without what was said."""
    with pytest.raises(NotReplicatedError) as error:
        created(**more)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{SERVERS}/7"),
        ("POST", f"{SERVERS}/7/action"),
        ("POST", f"{SERVERS}/7/metadata"),
        ("PUT", f"{SERVERS}/7/tags/a"),
    ],
)
def test_nothing_of_a_server_is_changed(method: str, path: str) -> None:
    """Which is said, with what to do instead."""
    with pytest.raises(NotReplicatedError, match="one of them"):
        SERVER.asked(method, path, {"os-start": None})


def test_hints_beside_the_server_are_refused() -> None:
    """They mean other servers of one cloud."""
    with pytest.raises(NotReplicatedError):
        SERVER.asked("POST", SERVERS, {"server": BODY, "os:scheduler_hints": {"group": "g"}})


def test_it_is_deleted_by_its_id() -> None:
    """Other paths are about something else."""
    draft = SERVER.asked("DELETE", f"{SERVERS}/7", None)
    assert draft is not None
    assert (draft.action, draft.id) == (Action.DELETE, "7")
    assert SERVER.asked("POST", "/v2.1/os-keypairs", {}) is None
    assert SERVER.shows("DELETE", f"{SERVERS}/7", "7") == (204, None)
    assert SERVER.shows("POST", SERVERS, "7") == (202, f"{SERVERS}/7")


@pytest.mark.parametrize(
    ("more", "busy", "failed", "going"),
    [
        ({"status": "BUILD"}, True, None, False),
        ({"status": "ACTIVE"}, False, None, False),
        ({"status": "SHUTOFF"}, False, None, False),
        ({"status": "ERROR", "fault": {"message": "no host"}}, False, "no host", False),
        ({"status": "ERROR"}, False, "Nova does not say why", False),
        ({"status": "ACTIVE", "OS-EXT-STS:task_state": "deleting"}, False, None, True),
        ({"status": "DELETED"}, False, None, True),
        ({"status": "SOFT_DELETED"}, False, None, True),
    ],
)
def test_nova_says_how_far_it_is(
    more: dict[str, object], *, busy: bool, failed: str | None, going: bool
) -> None:
    """What runs in a server is not looked at."""
    seen = SERVER.seen([{"server": shown(**more)}])
    assert (seen.busy, seen.failed, seen.going) == (busy, failed, going)


def test_it_is_looked_for_by_its_mark_alone() -> None:
    """Many servers may have the same name."""
    one = Operation(AT, "x", "server", Action.CREATE, members=("Paris",), writes=created().writes)
    state = desired([one], SERVER.kind)
    tag = mark(AT).replace(":", "%3A")
    assert [call.path for call in SERVER.looks("u", state, 1)] == [f"{SERVERS}/detail?tags={tag}"]
    listed = [shown(tags=["x", mark(AT)]), shown(id="8"), shown(id="9", tags=["openstackoid:x"])]
    found = SERVER.found("u", state, {"servers": listed})
    assert [(one.id, one.mark) for one in found] == [("7", AT)]


@pytest.mark.parametrize(
    "write",
    [
        Write("networks", '"n"'),
        Write("metadata", '{"a": []}'),
        Write("name", "7"),
        Write("tags", "true", "t"),
        Write("adminPass", '"x"'),
    ],
)
def test_what_another_cloud_orders_is_checked(write: Write) -> None:
    """Whoever has signed it."""
    with pytest.raises(ValueError, match=r"server|field"):
        SERVER.check(write)


def test_a_change_needs_no_request() -> None:
    """There is none."""
    assert SERVER.change(Replica("7", AT, None), Change({}, AT)) == []
