"""Flavors with their extra specs."""

import json
from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.flavor import FLAVOR
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import desired
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.plan import Change, Create, Replica

AT = Timestamp(1, 1, "Paris", 1)
BIG = {"name": "m1.big", "ram": 512, "vcpus": "1", "disk": 1}
SHOWN: dict[str, Any] = {
    "id": "42",
    "name": "m1.big",
    "ram": 512,
    "vcpus": 1,
    "disk": 1,
    "swap": "",
    "OS-FLV-EXT-DATA:ephemeral": 0,
    "rxtx_factor": 1.0,
    "os-flavor-access:is_public": True,
    "description": None,
    "extra_specs": {"hw:cpu": "x"},
}


def created(**more: object) -> Any:
    draft = FLAVOR.asked("POST", "/v2.1/flavors", {"flavor": {**BIG, **more}})
    assert draft is not None
    return draft


def test_a_create_says_what_its_copy_is() -> None:
    """What the service shows of what was made is what was ordered, but for the specs."""
    draft = created(id="42")
    assert (draft.action, draft.name) == (Action.CREATE, "m1.big")
    for write in draft.writes:
        FLAVOR.check(write)
    values = values_of(draft.writes)
    call = FLAVOR.create("m1.big", Create(AT, values))
    assert call.path == "/v2.1/flavors"
    assert isinstance(call.document, dict)
    assert call.document["flavor"]["ram"] == 512
    seen = dict(FLAVOR.seen([{"flavor": SHOWN}]).values)
    assert seen.pop(("specs", "hw:cpu")) == '"x"'
    assert seen == values


def test_a_description_is_sent_where_there_is_one() -> None:
    """An older Nova would refuse it."""
    call = FLAVOR.create("m1.big", Create(AT, values_of(created(description="big").writes)))
    assert isinstance(call.document, dict)
    assert call.document["flavor"]["description"] == "big"


def test_without_an_id_it_has_the_same_in_each_cloud() -> None:
    """So two who make it on both sides of a cut have made one flavor."""
    one, other, auto = (created(), created(), created(flavorid="auto", id=None))
    assert one == other == auto
    assert FLAVOR.number("m1.big", values_of(one.writes), 0) != FLAVOR.number("x", {}, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ram": "much"},
        {"rxtx_factor": "fast"},
        {"rxtx_factor": 0},
        {"rxtx_factor": []},
        {"description": 1},
        {"name": ""},
        {"extra": 1},
        {"id": "a\nb"},
    ],
)
def test_what_is_no_flavor_is_refused(wrong: dict[str, object]) -> None:
    """Before anything is sent."""
    with pytest.raises(NotReplicatedError):
        created(**wrong)


def test_whether_it_is_public_may_be_a_text() -> None:
    """As Nova takes it."""
    name = "os-flavor-access:is_public"
    values = [
        values_of(created(**{name: said}).writes)["is_public", None] for said in ("false", False)
    ]
    assert values == ["false", "false"]


SPECS = "/v2.1/flavors/42/os-extra_specs"


@pytest.mark.parametrize(
    ("method", "path", "document", "writes"),
    [
        ("PUT", "/v2/flavors/42", {"flavor": {"description": "d"}}, (Write("description", '"d"'),)),
        (
            "POST",
            SPECS,
            {"extra_specs": {"a": "1", "b": 2}},
            (Write("specs", '"1"', "a"), Write("specs", '"2"', "b")),
        ),
        ("PUT", f"{SPECS}/a", {"a": "1"}, (Write("specs", '"1"', "a"),)),
        ("DELETE", f"{SPECS}/a", None, (Write("specs", None, "a"),)),
        ("DELETE", "/flavors/42", None, ()),
    ],
)
def test_changes_name_the_flavor_by_its_id(
    method: str, path: str, document: object, writes: tuple[Write, ...]
) -> None:
    """With what they write, and nothing else."""
    draft = FLAVOR.asked(method, path, document)
    assert draft is not None
    assert (draft.id, draft.writes) == ("42", writes)
    for write in writes:
        FLAVOR.check(write)


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "/v2.1/flavors/42/action", {"addTenantAccess": {}}),
        ("PUT", f"{SPECS}/a", {"b": "1"}),
        ("PUT", f"{SPECS}/a", None),
        ("POST", SPECS, {}),
        ("POST", SPECS, {"extra_specs": {"a/b": "1"}}),
        ("POST", SPECS, {"extra_specs": {"a": []}}),
        ("POST", SPECS, {"extra_specs": {"a": "x" * 256}}),
    ],
)
def test_what_cant_be_replicated_is_refused(method: str, path: str, document: object) -> None:
    """With the reason."""
    with pytest.raises(NotReplicatedError):
        FLAVOR.asked(method, path, document)


def test_what_is_of_no_flavor_is_left_to_others() -> None:
    """As it may be of another kind."""
    assert FLAVOR.asked("POST", "/v2.1/servers", {}) is None
    assert FLAVOR.asked("PATCH", "/v2.1/flavors/42", {}) is None


@pytest.mark.parametrize(
    "write",
    [
        Write("specs", '"1"', "a/b"),
        Write("specs", "[]", "a"),
        Write("id", '"a\\nb"'),
        Write("id", "1"),
        Write("ram", "[]"),
        Write("ram", "no JSON"),
    ],
)
def test_a_hostile_write_is_not_carried_out(write: Write) -> None:
    """Nothing of it becomes a path, or another field."""
    with pytest.raises(ValueError, match=r"no |key|Expecting"):
        FLAVOR.check(write)


def test_a_change_is_written_field_by_field() -> None:
    """Description, specs, and specs that are taken out; what is gone already is well."""
    order = Change(
        {("description", None): '"d"', ("specs", "a"): '"1"', ("specs", "b c"): None}, AT
    )
    calls = FLAVOR.change(Replica("4/2", AT, None), order)
    assert [(c.method, c.path) for c in calls] == [
        ("PUT", "/v2.1/flavors/4%2F2"),
        ("POST", "/v2.1/flavors/4%2F2/os-extra_specs"),
        ("DELETE", "/v2.1/flavors/4%2F2/os-extra_specs/b%20c"),
    ]
    assert calls[2].fine == {404}


def test_it_is_looked_for_by_all_its_ids() -> None:
    """Also by those of creates that were deleted since."""
    writes = created(id="4/2").writes
    one = Operation(AT, "x", "flavor", Action.CREATE, members=("Paris",), writes=writes)
    (call,) = FLAVOR.looks("m1.big", desired([one], FLAVOR.kind), 1)
    assert (call.path, call.fine) == ("/v2.1/flavors/4%2F2", frozenset({404}))
    (found,) = FLAVOR.found("m1.big", desired([one], FLAVOR.kind), {"flavor": SHOWN})
    assert (found.id, found.values["ram", None]) == ("42", "512")


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/v2.1/flavors", (200, "/v2.1/flavors/1")),
        ("PUT", "/v2.1/flavors/42", (200, "/v2.1/flavors/1")),
        ("DELETE", "/v2.1/flavors/42", (202, None)),
        ("POST", SPECS, (200, "/v2.1/flavors/1/os-extra_specs")),
        ("PUT", f"{SPECS}/a", (200, "/v2.1/flavors/1/os-extra_specs/a")),
        ("DELETE", f"{SPECS}/a", (200, None)),
    ],
)
def test_its_user_sees_what_nova_would_say(
    method: str, path: str, answer: tuple[int, str | None]
) -> None:
    """The status, and where the result is."""
    assert FLAVOR.shows(method, path, "1") == answer


def test_what_it_says_is_json() -> None:
    """So each value can be read again."""
    for said in values_of(created().writes).values():
        json.loads(said)
