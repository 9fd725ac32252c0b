"""Whose tokens a cloud accepts, as the file says it."""

from typing import Any

import pytest
from pydantic import ValidationError

from openstackoid.federation import FederationError, loads
from openstackoid.federation.trust import Guest, Table, Trust


def trust(projects: Any = "same-id", roles: Any = None) -> Trust:
    """Return the rules for one issuer."""
    return Trust.model_validate({"projects": projects, "roles": roles or {"member": "member"}})


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("same-id", "same-id"),
        ("same-name", "same-name"),
        ({"guest": "p1"}, Guest(guest="p1")),
        ({"table": {"there": "here"}}, Table(table={"there": "here"})),
        (Guest(guest="p1"), Guest(guest="p1")),
        (Table(table={"a": "b"}), Table(table={"a": "b"})),
    ],
)
def test_a_rule_for_projects_is_a_word_or_a_mapping_of_one_key(written: Any, rule: object) -> None:
    """Programs may give what the file would become."""
    assert trust(written).projects == rule


@pytest.mark.parametrize(
    "written", [None, 5, "", "guest", "table", [], {}, ["same-id"], {"Guest": "p"}, {1: "p"}]
)
def test_what_is_no_rule_is_told_all_there_are(written: object) -> None:
    """Of whatever type it is."""
    with pytest.raises(ValidationError, match=r"must be same-id, same-name, \{guest: ID HERE\}"):
        trust(written)


@pytest.mark.parametrize("rule", ["same-id", "same-name"])
@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "service",
        "services",
        "Admin",
        "SERVICE",
        "admin ",
        "ádmin",
        "\uff41dmin",
        "\u017fervice",
        "Ops",
    ],
)
def test_nobody_gets_into_an_administrator_s_project_by_its_name(rule: str, name: str) -> None:
    """Nor by its id, nor where only a database would take the name for the same."""
    rules = Trust.model_validate({"projects": rule, "excluded": ["ops"], "roles": {"a": "b"}})
    assert rules.excludes(name)


@pytest.mark.parametrize("rule", ["same-id", "same-name"])
@pytest.mark.parametrize("name", ["demo", "admins", "administrator", "my-service", "", "ops"])
def test_other_projects_stay_open(rule: str, name: str) -> None:
    """A name that only begins like one of these is another."""
    assert not trust(rule).excludes(name)


@pytest.mark.parametrize("rule", [{"guest": "p1"}, {"table": {"there": "here"}}])
def test_a_project_that_the_file_names_is_open(rule: Any) -> None:
    """Even the administrators', and so there is nothing else to exclude."""
    assert not trust(rule).excludes("admin")
    with pytest.raises(ValidationError, match="goes with same-id and same-name"):
        Trust.model_validate({"projects": rule, "excluded": ["a"], "roles": {"a": "b"}})


def test_one_role_stands_for_a_list_of_it() -> None:
    """Several are a list; their order stays."""
    assert trust(roles={"a": "b"}).roles == {"a": ("b",)}
    assert trust(roles={"a": ["c", "b"]}).roles == {"a": ("c", "b")}


def test_how_long_a_service_may_go_on_with_what_is_over() -> None:
    """Twelve hours if the file does not say."""
    rules = {"projects": "same-id", "roles": {"a": "b"}}
    assert trust().late == 12 * 3600
    said = Trust.model_validate(rules | {"late": "48h"})
    assert said.late == 48 * 3600
    for wrong in (900, "15", "-1s", "1d", True, None, ""):
        with pytest.raises(ValidationError, match="must be a duration such as 30s"):
            Trust.model_validate(rules | {"late": wrong})


def test_how_long_a_cloud_that_cannot_be_asked_is_believed() -> None:
    """A quarter of an hour if the file does not say; not at all beyond what needs no question."""
    rules = {"projects": "same-id", "roles": {"a": "b"}}
    assert trust().offline == 15 * 60
    assert Trust.model_validate(rules | {"offline": 0}).offline == 0
    assert Trust.model_validate(rules | {"offline": "2h"}).offline == 7200
    for wrong in (900, "15", "-1s", True, None):
        with pytest.raises(ValidationError, match="must be a duration such as 30s"):
            Trust.model_validate(rules | {"offline": wrong})


def test_tokens_themselves_are_taken_only_where_the_file_says_so() -> None:
    """They come from issuers whose gateways are of an older release."""
    assert trust().tokens is False
    rules = {"projects": "same-id", "roles": {"a": "b"}}
    assert Trust.model_validate(rules | {"tokens": True}).tokens is True
    with pytest.raises(ValidationError):
        Trust.model_validate(rules | {"tokens": "always"})


@pytest.mark.parametrize("roles", [{"a": []}, {"a": [""]}, {"": "b"}, {"a": 5}, {"a": "b" * 256}])
def test_a_role_has_a_name_on_both_sides(roles: object) -> None:
    """A role that leads to none is left out, not empty."""
    with pytest.raises(ValidationError):
        trust(roles=roles)


@pytest.mark.parametrize(
    ("rule", "key", "message"),
    [
        ("same-nam", "", "must be same-id, same-name, {guest: ID HERE} or {table: "),
        ("[same-id]", "", "must be same-id, same-name, "),
        ("{guest: a, table: {a: b}}", "", "must be same-id, same-name, "),
        ("{guest: a b}", ".guest", '"a b" is no valid name'),
        ("{table: {}}", ".table", "too few; at least 1 must be here"),
        ("{table: {a: b c}}", ".table.a", '"b c" is no valid name'),
    ],
)
def test_a_rule_for_projects_that_is_none_is_one_fault(rule: str, key: str, message: str) -> None:
    """The message has all rules there are, or what is wrong in the one that is meant."""
    with pytest.raises(FederationError) as caught:
        loads(
            "clouds:\n  One: {frontends: {image: 'http://a'}}\n"
            "  Two:\n    frontends: {image: 'http://b'}\n"
            f"    trust: {{One: {{projects: {rule}, roles: {{member: member}}}}}}\n"
        )
    (fault,) = caught.value.faults
    assert (fault.line, fault.key) == (5, f"clouds.Two.trust.One.projects{key}")
    assert fault.message.startswith(message)
