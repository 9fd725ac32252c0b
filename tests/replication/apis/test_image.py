"""Images as records."""

import uuid
from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica
from openstackoid.replication.traces import Found

AT = Timestamp(1, 1, "Paris", 1)
ID = str(uuid.UUID(int=7))
BASE = f"/v2/images/{ID}"
RAW = {"container_format": "bare", "disk_format": "raw"}


def created(**image: object) -> Any:
    draft = IMAGE.asked("POST", "/v2/images", {"name": "debian", **RAW, **image})
    assert draft is not None
    return draft


def shown(**more: object) -> dict[str, Any]:
    """Return an image as Glance shows it."""
    image: dict[str, Any] = {
        "id": ID,
        "name": "debian",
        "visibility": "shared",
        "min_disk": 0,
        "min_ram": 0,
        "protected": False,
        "os_hidden": False,
        "tags": [],
        "owner": "1",
        "status": "queued",
        "size": None,
        **RAW,
    }
    return {**image, **more}


def test_a_create_says_what_its_copy_is() -> None:
    """What the service shows of what was made is what was ordered."""
    draft = created(tags=["t", "s"], os_distro="debian", min_ram="512")
    assert (draft.action, draft.name) == (Action.CREATE, None)
    for write in draft.writes:
        IMAGE.check(write)
    values = values_of(draft.writes)
    call = IMAGE.create(ID, Create(AT, values))
    assert call.document == {
        "id": ID, "name": "debian", "visibility": "shared", "min_disk": 0, "min_ram": 512,
        "protected": False, "os_hidden": False, "tags": ["s", "t"], "os_distro": "debian", **RAW,
    }  # fmt: skip
    image = shown(tags=["t", "s"], os_distro="debian", min_ram=512)
    assert IMAGE.seen([image, None]).values == values
    assert IMAGE.found(ID, desired([], IMAGE.kind), image) == [Found(ID, values, project="1")]


def test_members_are_seen_where_glance_shows_them() -> None:
    """It does so for images that are shared."""
    seen = IMAGE.seen([shown(), {"members": [{"member_id": "m"}]}])
    assert seen.values["members", "m"] == "true"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ID},
        {"visibility": "secret"},
        {"min_ram": -1},
        {"protected": "yes"},
        {"tags": "t"},
        {"tags": [""]},
        {"disk_format": 1},
        {"owner": "somebody"},
        {"os_glance_x": "1"},
        {"prop": 1},
        {"name": "a\nb"},
    ],
)
def test_what_is_no_image_is_refused(wrong: dict[str, object]) -> None:
    """Also what Glance itself says of an image."""
    with pytest.raises(NotReplicatedError):
        created(**wrong)


def patch(*changes: object) -> Any:
    return IMAGE.asked("PATCH", BASE, list(changes))


def test_a_patch_is_read_change_by_change() -> None:
    """The last of two at one place counts."""
    draft = patch(
        {"op": "replace", "path": "/name", "value": "old"},
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "add", "path": "/a~1b~0c", "value": "1"},
        {"op": "remove", "path": "/k"},
        {"op": "replace", "path": "/disk_format", "value": "qcow2"},
        {"op": "replace", "path": "/container_format", "value": "bare"},
    )
    assert draft.id == ID
    assert set(draft.writes) == {
        Write("name", '"new"'),
        Write("properties", '"1"', "a/b~c"),
        Write("properties", None, "k"),
        Write("formats", '{"container_format":"bare","disk_format":"qcow2"}'),
    }
    for write in draft.writes:
        IMAGE.check(write)


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["x"],
        [{"op": "move", "path": "/a"}],
        [{"op": "add", "path": "a", "value": "1"}],
        [{"op": "add", "path": "/a/b", "value": "1"}],
        [{"op": "add", "path": "/owner", "value": "me"}],
        [{"op": "add", "path": "/locations", "value": "x"}],
        [{"op": "remove", "path": "/name"}],
        [{"op": "replace", "path": "/tags", "value": []}],
        [{"op": "replace", "path": "/disk_format", "value": "raw"}],
        [{"op": "add", "path": "/k", "value": 1}],
    ],
)
def test_a_patch_of_something_else_is_refused(changes: list[object]) -> None:
    """As a whole: nothing of it is lost in silence."""
    with pytest.raises(NotReplicatedError):
        patch(*changes)


@pytest.mark.parametrize(
    ("method", "path", "document", "writes"),
    [
        ("PUT", f"{BASE}/tags/a%20b", None, (Write("tags", "true", "a b"),)),
        ("DELETE", f"{BASE}/tags/x", None, (Write("tags", None, "x"),)),
        ("POST", f"{BASE}/members", {"member": "m"}, (Write("members", "true", "m"),)),
        ("DELETE", f"{BASE}/members/m", None, (Write("members", None, "m"),)),
        ("DELETE", BASE, None, ()),
    ],
)
def test_elements_come_one_by_one(
    method: str, path: str, document: object, writes: tuple[Write, ...]
) -> None:
    """Tags and members."""
    draft = IMAGE.asked(method, path, document)
    assert draft is not None
    assert (draft.id, draft.writes) == (ID, writes)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", f"{BASE}/file"),
        ("POST", f"{BASE}/actions/deactivate"),
        ("PUT", f"{BASE}/members/m"),
        ("POST", "/v2/images/import"),
        ("POST", f"{BASE}/members"),
    ],
)
def test_actions_and_data_that_nobody_has_read_are_not_replicated(method: str, path: str) -> None:
    """Which is said."""
    with pytest.raises(NotReplicatedError):
        IMAGE.asked(method, path, None)


def test_what_is_of_no_image_is_left_to_others() -> None:
    """As it may be of another kind."""
    assert IMAGE.asked("POST", "/v2/metadefs/namespaces", {}) is None


@pytest.mark.parametrize(
    "write",
    [
        Write("properties", '"x"', "owner"),
        Write("properties", '"x"', "status"),
        Write("properties", "1", "k"),
        Write("tags", '"x"', "t"),
        Write("formats", '{"disk_format": "raw"}'),
        Write("formats", '{"disk_format": [], "container_format": "bare"}'),
        Write("name", "1"),
        Write("visibility", '"secret"'),
        Write("min_ram", "true"),
        Write("protected", "0"),
    ],
)
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Nothing that only Glance, or an administrator, says of an image."""
    with pytest.raises(ValueError, match="no "):
        IMAGE.check(write)


def test_a_change_is_written_record_first() -> None:
    """Then element by element; what is so already is well."""
    order = Change(
        {
            ("name", None): '"n"',
            ("formats", None): '{"container_format":"bare","disk_format":"raw"}',
            ("properties", "a/b"): '"1"',
            ("properties", "k"): None,
            ("tags", "t"): "true",
            ("tags", "u v"): None,
            ("members", "m"): "true",
            ("members", "n"): None,
        },
        AT,
    )
    first, *others = IMAGE.change(Replica(ID, AT, None), order)
    assert first.content_type == "application/openstack-images-v2.1-json-patch"
    assert first.document == [
        {"op": "replace", "path": "/container_format", "value": "bare"},
        {"op": "replace", "path": "/disk_format", "value": "raw"},
        {"op": "replace", "path": "/name", "value": "n"},
        {"op": "add", "path": "/a~1b", "value": "1"},
        {"op": "remove", "path": "/k"},
    ]
    assert [(c.method, c.path.removeprefix(BASE)) for c in others] == [
        ("POST", "/members"),
        ("DELETE", "/members/n"),
        ("PUT", "/tags/t"),
        ("DELETE", "/tags/u%20v"),
    ]


def test_an_id_that_is_used_up_has_a_successor() -> None:
    """The same in each cloud, and never the same twice."""
    ids = [IMAGE.number(ID, {}, number) for number in range(4)]
    assert ids[0] == ID
    assert len(set(ids)) == 4
    calls = IMAGE.looks(ID, desired([], IMAGE.kind), 2)
    assert [call.path for call in calls] == [f"/v2/images/{one}" for one in ids[:2]]
    assert [call.path for call in IMAGE.reads(ID)] == [BASE, f"{BASE}/members"]


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/v2/images", (201, BASE)),
        ("PATCH", BASE, (200, BASE)),
        ("DELETE", BASE, (204, None)),
        ("PUT", f"{BASE}/tags/t", (204, None)),
        ("POST", f"{BASE}/members", (200, f"{BASE}/members")),
    ],
)
def test_its_user_sees_what_glance_would_say(
    method: str, path: str, answer: tuple[int, str | None]
) -> None:
    """The status, and where the result is."""
    assert IMAGE.shows(method, path, ID) == answer
