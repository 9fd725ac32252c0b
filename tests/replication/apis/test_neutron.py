"""What the kinds of Neutron have in common, by the example of networks."""

from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.network import NETWORK
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.marks import PREFIX, mark
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.plan import Change, Create, Replica
from openstackoid.replication.traces import Found

AT = Timestamp(1, 1, "Paris", 1)
COPY = Replica("7", AT, None)
NETWORKS = "/v2.0/networks"


def created(**more: object) -> Any:
    return NETWORK.asked("POST", NETWORKS, {"network": {"name": "n", **more}})


def shown(**more: object) -> dict[str, Any]:
    """Return a network as Neutron shows it."""
    one = {"id": "7", "name": "n", "description": "", "admin_state_up": True, "tags": [], "mtu": 1}
    return {**one, **more}


def test_a_create_says_all_but_the_description() -> None:
    """In whose place there is the mark, which is no value of the copy."""
    values = values_of(created(description="mine").writes)
    call = NETWORK.create("u", Create(AT, {("name", None): '"n"', ("up", None): "true"}))
    assert (call.method, call.path) == ("POST", NETWORKS)
    assert call.document == {
        "network": {"name": "n", "admin_state_up": True, "description": mark(AT)}
    }
    made = shown(description=mark(AT))
    assert NETWORK.made({"network": made}) == "7"
    seen = NETWORK.seen([{"network": made}]).values
    assert seen == {k: v for k, v in values.items() if k != ("description", None)}


def test_the_mark_becomes_a_tag_before_the_description_is_written() -> None:
    """So there is one at any time."""
    order = Change({("description", None): '""', ("tags", "a b"): "true", ("tags", "c"): None}, AT)
    calls = NETWORK.change(COPY, order)
    assert [(c.method, c.path) for c in calls] == [
        ("PUT", f"{NETWORKS}/7/tags/{mark(AT).replace(':', '%3A')}"),
        ("PUT", f"{NETWORKS}/7"),
        ("PUT", f"{NETWORKS}/7/tags/a%20b"),
        ("DELETE", f"{NETWORKS}/7/tags/c"),
    ]
    assert calls[1].document == {"network": {"description": ""}}
    seen = NETWORK.seen([{"network": shown(tags=[mark(AT), "a b"])}]).values
    assert seen["tags", "a b"] == "true"
    assert not [key for field, key in seen if str(key).startswith(PREFIX)]


def test_without_a_description_the_mark_stays() -> None:
    """Only what differs is written."""
    (call,) = NETWORK.change(COPY, Change({("name", None): '"m"'}, AT))
    assert call.document == {"network": {"name": "m"}}


def test_it_is_looked_for_by_its_mark_alone() -> None:
    """What has none, or one that nobody knows, is none of ours."""
    one = Operation(AT, "x", "network", Action.CREATE, members=("Paris",), writes=created().writes)
    state = desired([one], NETWORK.kind)
    where = mark(AT).replace(":", "%3A")
    assert [call.path for call in NETWORK.looks("u", state, 1)] == [
        f"{NETWORKS}?description={where}",
        f"{NETWORKS}?tags={where}",
    ]
    ours = [shown(id="1", tags=["x", mark(AT)]), shown(id="2", description=mark(AT))]
    others = [shown(id="3"), shown(id="4", tags=[f"{PREFIX}x"])]
    found = NETWORK.found("u", state, {"networks": [*ours, *others]})
    assert [(one.id, one.mark) for one in found] == [("1", AT), ("2", AT)]
    assert isinstance(found[0], Found)


@pytest.mark.parametrize(
    ("method", "path", "document", "writes"),
    [
        ("PUT", "", {"network": {"name": "m"}}, (Write("name", '"m"'),)),
        ("PUT", "/tags/a%20b", None, (Write("tags", "true", "a b"),)),
        ("DELETE", "/tags/a", None, (Write("tags", None, "a"),)),
        ("DELETE", "", None, ()),
        ("DELETE", ".json", None, ()),
    ],
)
def test_changes_name_it_by_an_id(
    method: str, path: str, document: object, writes: tuple[Write, ...]
) -> None:
    """With what they write, and nothing else."""
    draft = NETWORK.asked(method, f"{NETWORKS}/7{path}", document)
    assert draft is not None
    assert (draft.id, draft.writes) == ("7", writes)
    for write in writes:
        NETWORK.check(write)


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "", {"network": {"description": f"{PREFIX}mine"}}),
        ("POST", "", {"network": {"name": "x" * 256}}),
        ("POST", "", {"networks": [{"name": "n"}, {"name": "m"}]}),
        ("POST", "", None),
        ("PUT", "/7", {"network": {}}),
        ("PUT", "/7", {"network": {"name": 1}}),
        ("PUT", "/7", {"network": {"shared": True}}),
        ("PUT", "/7/tags", {"tags": ["a"]}),
        ("DELETE", "/7/tags", None),
        ("PUT", f"/7/tags/{PREFIX}x", None),
        ("DELETE", f"/7/tags/{PREFIX}x", None),
        ("PUT", "/7/tags/%0A", None),
    ],
)
def test_what_cant_be_replicated_is_refused(method: str, path: str, document: object) -> None:
    """With the reason; a mark is nobody's to choose."""
    with pytest.raises(NotReplicatedError):
        NETWORK.asked(method, f"{NETWORKS}{path}", document)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v2.0/routers"), ("GET", "/v2.0/networks/7"), ("PUT", NETWORKS)]
)
def test_what_is_of_no_network_is_left_to_others(method: str, path: str) -> None:
    """As it may be of another kind."""
    assert NETWORK.asked(method, path, {}) is None


@pytest.mark.parametrize(
    "write",
    [
        Write("tags", "true", f"{PREFIX}x"),
        Write("tags", "false", "x"),
        Write("tags", "true", "a\nb"),
        Write("name", f'"{PREFIX}x"'),
        Write("description", f'"{PREFIX}x"'),
        Write("name", "[]"),
        Write("name", "no JSON"),
    ],
)
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Nothing of it becomes a mark, or another field."""
    with pytest.raises(ValueError, match=r"no |key|Expecting"):
        NETWORK.check(write)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "", (201, f"{NETWORKS}/7")),
        ("PUT", "/7", (200, f"{NETWORKS}/7")),
        ("DELETE", "/7", (204, None)),
        ("PUT", "/7/tags/a", (201, None)),
        ("DELETE", "/7/tags/a", (204, None)),
    ],
)
def test_its_user_sees_what_neutron_would_say(
    method: str, path: str, answer: tuple[int, str | None]
) -> None:
    """The status, and where the result is."""
    assert NETWORK.shows(method, f"{NETWORKS}{path}", "7") == answer
