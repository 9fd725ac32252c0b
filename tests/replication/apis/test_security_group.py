"""Security groups with their rules."""

import json
from typing import Any

import pytest
from replication.apis.saying import values_of

from openstackoid.replication.apis import rules
from openstackoid.replication.apis.api import NotReplicatedError
from openstackoid.replication.apis.security_group import SECURITY_GROUP
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica

AT = Timestamp(1, 1, "Paris", 1)
RULES = "/v2.0/security-group-rules"
SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
ELEMENT = rules.element(SSH)
PLACE = ("rules", ELEMENT)


def shown(*more: dict[str, object], **fields: object) -> dict[str, Any]:
    """Return a group as Neutron shows it; its rules have the ids 0, 1, and so on."""
    every: list[dict[str, object]] = [
        {"direction": "egress", "ethertype": version} for version in ("IPv4", "IPv6")
    ]
    numbered = [{**one, "id": str(number)} for number, one in enumerate([*every, *more])]
    group = {"id": "7", "name": "g", "description": "", "tags": []}
    return {"security_group": {**group, "security_group_rules": numbered, **fields}}


def test_a_create_says_the_rules_that_neutron_makes() -> None:
    """So they are nothing that somebody has added by hand, and can be taken out everywhere."""
    draft = SECURITY_GROUP.asked("POST", "/v2.0/security-groups", {"security_group": {"name": "g"}})
    assert draft is not None
    for write in draft.writes:
        SECURITY_GROUP.check(write)
    values = values_of(draft.writes)
    assert SECURITY_GROUP.seen([shown()]).values == values
    call = SECURITY_GROUP.create("u", Create(AT, {("name", None): '"g"'}))
    assert call.path == "/v2.0/security-groups"


def test_a_rule_is_added_to_the_group_that_it_names() -> None:
    """It is a change of that group: an element, with its description."""
    body = {"security_group_rule": SSH | {"security_group_id": "7", "description": "ssh"}}
    draft = SECURITY_GROUP.asked("POST", RULES, body)
    assert draft is not None
    assert (draft.action, draft.id) == (Action.CHANGE, "7")
    assert draft.writes == (Write("rules", '"ssh"', ELEMENT),)


def test_a_rule_that_is_deleted_is_asked_for_first() -> None:
    """Its id is that of one cloud; what that shows says which rule it is."""
    path = f"{RULES}/9"
    assert SECURITY_GROUP.asks("DELETE", path) == path
    assert SECURITY_GROUP.asks("POST", RULES) is None
    assert SECURITY_GROUP.asks("DELETE", "/v2.0/security-groups/7") is None
    body = SSH | {"security_group_id": "7", "id": "9", "project_id": "p", "normalized_cidr": None}
    draft = SECURITY_GROUP.asked("DELETE", path, {"security_group_rule": body})
    assert draft is not None
    assert (draft.id, draft.writes) == ("7", (Write("rules", None, ELEMENT),))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"{RULES}/9", {"security_group_rule": {"description": "x"}}),
        ("POST", RULES, {"security_group_rules": [SSH]}),
        ("POST", RULES, {"security_group_rule": SSH}),
        (
            "POST",
            RULES,
            {"security_group_rule": SSH | {"security_group_id": "7", "tenant_id": "p"}},
        ),
        ("POST", "/v2.0/security-groups", {"security_group": {"name": "g", "stateful": False}}),
    ],
)
def test_what_cannot_be_replicated_is_refused(method: str, path: str, body: object) -> None:
    """Before any cloud has it."""
    with pytest.raises(NotReplicatedError):
        SECURITY_GROUP.asked(method, path, body)


def test_rules_are_written_one_by_one() -> None:
    """By the ids that the cloud has given them; what is taken out goes first."""
    other = ("rules", rules.element({"direction": "egress"}))
    copy = Replica("7", AT, None, elements={other: "1"})
    calls = SECURITY_GROUP.change(copy, Change({PLACE: '"ssh"', other: None}, AT))
    assert [(call.method, call.path) for call in calls] == [
        ("DELETE", f"{RULES}/1"),
        ("POST", RULES),
    ]
    assert calls[1].document == {
        "security_group_rule": {
            **SSH, "ethertype": "IPv4", "security_group_id": "7", "description": "ssh",
        }
    }  # fmt: skip


def test_another_description_is_another_rule_in_its_place() -> None:
    """Neutron changes none."""
    copy = Replica("7", AT, None, elements={PLACE: "3"})
    calls = SECURITY_GROUP.change(copy, Change({PLACE: '"new"'}, AT))
    assert [call.method for call in calls] == ["DELETE", "POST"]


def test_what_is_taken_out_and_not_there_needs_no_request() -> None:
    """It may have been deleted by hand."""
    assert not SECURITY_GROUP.change(Replica("7", AT, None), Change({PLACE: None}, AT))


def test_what_neutron_shows_has_the_ids_of_its_rules() -> None:
    """By which they are deleted."""
    seen = SECURITY_GROUP.seen([shown(SSH | {"description": "ssh"})])
    assert seen.values[PLACE] == '"ssh"'
    assert seen.elements[PLACE] == "2"


def test_who_adds_a_rule_is_shown_that_rule() -> None:
    """Also where the group that it refers to has another id; everything else as it is."""
    referring = SSH | {"security_group_id": "7", "remote_group_id": "mine"}
    draft = SECURITY_GROUP.asked("POST", RULES, {"security_group_rule": referring})
    assert draft is not None
    document = shown(SSH | {"remote_group_id": "its"})
    answer = SECURITY_GROUP.answer(draft, document)
    assert answer["security_group_rule"]["id"] == "2"
    both = shown(SSH | {"remote_group_id": "its"}, SSH | {"remote_group_id": "mine"})
    assert SECURITY_GROUP.answer(draft, both)["security_group_rule"]["id"] == "3"
    unclear = shown(SSH | {"remote_group_id": "its"}, SSH | {"remote_group_id": "another"})
    assert SECURITY_GROUP.answer(draft, unclear) is unclear
    body: Any = {"security_group": {"name": "h"}}
    named = SECURITY_GROUP.asked("PUT", "/v2.0/security-groups/7", body)
    assert named is not None
    assert SECURITY_GROUP.answer(named, document) is document
    assert SECURITY_GROUP.shows("POST", RULES, "7") == (201, "/v2.0/security-groups/7")
    assert SECURITY_GROUP.shows("DELETE", f"{RULES}/2", "7") == (204, None)
    assert SECURITY_GROUP.shows("POST", "/v2.0/security-groups", "7")[0] == 201


@pytest.mark.parametrize(
    "write",
    [
        Write("rules", '""', "x"),
        Write("rules", "7", ELEMENT),
        Write("rules", '""'),
        Write("stateful", "true"),
    ],
)
def test_what_another_cloud_orders_is_checked(write: Write) -> None:
    """Whoever has signed it."""
    with pytest.raises(ValueError, match=r"rule|field|Expecting"):
        SECURITY_GROUP.check(write)


def test_no_rule_of_an_unknown_form_is_taken_for_another() -> None:
    """Then the copy can't be read."""
    with pytest.raises(ValueError, match="no rule"):
        SECURITY_GROUP.seen([shown({"direction": "sideways"})])
    assert json.loads(ELEMENT)["direction"] == "ingress"
