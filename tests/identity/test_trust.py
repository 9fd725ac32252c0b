"""What the rules make of a foreign token: nothing is taken over that is not asked for."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.federation.trust import Guest, Table, Trust
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.trust import (
    ById,
    ByName,
    Project,
    advice,
    rewritten,
    theirs,
    untrusted,
    wanted,
)
from openstackoid.routing import Route
from openstackoid.scope import CloudRef, parse

HERE = Project("ours", "demo", "default", "Default")
CATALOG = [{"type": "compute", "endpoints": []}]


def trust(projects: Any = "same-name", **roles: tuple[str, ...]) -> Trust:
    """Return the rules of a cloud that takes members."""
    return Trust(projects=projects, roles=roles or {"member": ("member", "reader")})


def token(**other: object) -> dict[str, Any]:
    """Return a document as Keystone renders it."""
    base: dict[str, Any] = {
        "methods": ["password", "totp"],
        "audit_ids": ["3T2dc1CGQxyJsHdDu1xkcw", "parent"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2026-01-01T02:00:00.000000+01:00",
        "user": {
            "id": "abc",
            "name": "Zoë",
            "domain": {"id": "default", "name": "Default"},
            "OS-FEDERATION": {"groups": [{"id": "admins"}]},
        },
        "project": {"id": "p1", "name": "demo", "domain": {"id": "d", "name": "Default"}},
        "is_domain": False,
        "is_admin_project": True,
        "roles": [{"id": "1", "name": "admin"}, {"id": "2", "name": "member"}],
        "catalog": [{"type": "image", "endpoints": [{"url": "http://evil"}]}],
        "service_providers": [{"auth_url": "http://evil"}],
    }
    return {"token": base | other}


def become(document: object, rules: Trust | None = None) -> dict[str, Any]:
    """Return the token as the services of this cloud see it."""
    return dict(rewritten(document, rules or trust(), "One", HERE, CATALOG)["token"])


def test_the_whole_of_a_rewritten_token() -> None:
    """Every key there is; no other one gets through."""
    assert become(token()) == {
        "methods": ["password", "totp"],
        "audit_ids": ["3T2dc1CGQxyJsHdDu1xkcw", "parent"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2026-01-01T01:00:00.000000Z",
        "is_domain": False,
        "is_admin_project": False,
        "user": {
            "id": "abc@One",
            "name": "Zoë@One",
            "domain": {"id": "@One", "name": "One"},
            "password_expires_at": None,
        },
        "project": {
            "id": "ours",
            "name": "demo",
            "domain": {"id": "default", "name": "Default"},
        },
        "roles": [{"id": "member", "name": "member"}, {"id": "reader", "name": "reader"}],
        "catalog": CATALOG,
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"system": {"all": True}}, "for the system"),
        ({"domain": {"id": "d", "name": "d"}}, "for a domain"),
        ({"project": None}, "for no project"),
        ({"project": {}}, "for no project"),
        ({"project": "p1"}, "for no project"),
        ({"is_domain": True}, "stands for a domain"),
        ({"project": {"id": "p1", "name": "d", "is_domain": True}}, "stands for a domain"),
        ({"user": {"id": "", "name": "a"}}, "id of its user"),
        ({"user": {"id": "x" * 256, "name": "a"}}, "id of its user"),
        ({"user": {"id": "a\r\nX-Roles: admin", "name": "a"}}, "id of its user"),
        ({"user": {"id": 7, "name": "a"}}, "id of its user"),
        ({"user": None}, "id of its user"),
        ({"user": {"id": "a", "name": "a\r\nX-Roles: admin"}}, "name of its user"),
        ({"user": {"id": "a", "name": "\x00"}}, "name of its user"),
        ({"user": {"id": "a", "name": ""}}, "name of its user"),
        ({"user": {"id": "a", "name": "x" * 253}}, "too long to be marked"),
        ({"roles": []}, "no role in One that counts here; these do: member"),
        ({"roles": [{"name": "admin"}]}, "no role in One"),
        ({"roles": [{"name": "Member"}]}, "no role in One"),
        ({"roles": {"name": "member"}}, "no role in One"),
        ({"roles": ["member"]}, "no role in One"),
        ({"expires_at": "never"}, "expires_at is not a time"),
        ({"expires_at": "2026-01-01T00:00:00"}, "expires_at is not a time"),
        ({"issued_at": None}, "issued_at is not a time"),
        ({"application_credential": "x"}, "not readable"),
        ({"application_credential": {"access_rules": "all"}}, "not readable"),
        ({"application_credential": {"access_rules": [{"path": "/"}]}}, "not readable"),
        ({"oauth2_credential": {"x5t#S256": None}}, "bound to is not readable"),
        ({"oauth2_credential": {}}, "bound to is not readable"),
        ({"bind": {"kerberos": "alice"}}, "bound to a way"),
    ],
)
def test_what_is_not_believed(change: dict[str, Any], why: str) -> None:
    """Each with its reason."""
    with pytest.raises(Distrust, match=why):
        become(token(**change))


@pytest.mark.parametrize("id_", ["0" * 32, "0" * 64, "alice", "0-9.A_z"])
def test_an_id_as_keystone_makes_them_stays(id_: str) -> None:
    """With the mark of its cloud."""
    assert become(token(user={"id": id_, "name": "a"}))["user"]["id"] == f"{id_}@One"


ODD = [
    "alice%40idp.example.org",
    "alice@idp.example.org",
    "a@Two",
    "../a",
    "..",
    "CN=Alice, OU=Staff/Paris",
    "Zoë",
    "~",
    "x" * 65,
    "x" * 255,
]


@pytest.mark.parametrize("id_", ODD)
def test_another_id_is_hashed(id_: str) -> None:
    """As older Keystones have them of identity providers; their owners' names stay readable."""
    user = become(token(user={"id": id_, "name": "alice@idp.example.org"}))["user"]
    assert re.fullmatch("~[0-9a-f]{64}@One", user["id"])
    assert user["name"] == "alice@idp.example.org@One"


@given(st.lists(st.sampled_from(ODD) | st.text(min_size=1, max_size=80), min_size=2, max_size=6))
def test_no_two_users_become_one(ids: list[str]) -> None:
    """Whoever may choose an id of an identity provider's cannot choose another user's here."""
    ids = [id_ for id_ in dict.fromkeys(ids) if id_.isprintable()]
    ids += [become(token(user={"id": id_, "name": "a"}))["user"]["id"] for id_ in ids]
    ids = list(dict.fromkeys(ids))
    seen = {become(token(user={"id": id_, "name": "a"}))["user"]["id"] for id_ in ids}
    assert len(seen) == len(ids)


@pytest.mark.parametrize("document", [None, [], "x", {}, {"token": None}, {"token": []}])
def test_what_is_no_token(document: object) -> None:
    """Whatever else a server may answer."""
    for use in (become, theirs, lambda d: wanted(d, trust(), "One")):
        with pytest.raises(Distrust, match="not the document of a token"):
            use(document)


def test_restrictions_are_kept() -> None:
    """Without them the token could do more here than at home."""
    rules = [{"id": "1", "method": "GET", "path": "/v2.1/servers", "service": "compute"}]
    credential = {"id": "x", "name": "mine", "restricted": False, "access_rules": rules}
    seen = become(token(application_credential=credential, oauth2_credential={"x5t#S256": "ab"}))
    assert seen["application_credential"] == {"restricted": True, "access_rules": rules}
    assert seen["oauth2_credential"] == {"x5t#S256": "ab"}
    assert become(token(application_credential={"id": "x"}))["application_credential"] == {
        "restricted": True
    }


@pytest.mark.parametrize(
    ("projects", "expected"),
    [
        ("same-id", ById("p1")),
        ("same-name", ByName("demo", "Default")),
        (Guest(guest="g"), ById("g")),
        (Table(table={"p1": "q1"}), ById("q1")),
    ],
)
def test_the_project_here(projects: Any, expected: ById | ByName) -> None:
    """By each rule."""
    assert wanted(token(), trust(projects), "One") == expected
    assert theirs(token()) == "p1"


@pytest.mark.parametrize(
    ("projects", "project", "why"),
    [
        (Table(table={"p2": "q2"}), {"id": "p1", "name": "demo"}, "no entry under projects.table"),
        ("same-id", {"id": "a@b", "name": "demo"}, '"a@b", cannot be one here: at most 64 letters'),
        ("same-id", {"id": "../p1", "name": "demo"}, "id of its project"),
        ("same-id", {"id": "..", "name": "demo"}, "id of its project"),
        ("same-name", {"id": "p1", "name": "demo"}, "domain of the project"),
        ("same-name", {"id": "p1", "name": "a\n", "domain": {"name": "D"}}, "name of its project"),
    ],
)
def test_no_project_here(projects: Any, project: dict[str, Any], why: str) -> None:
    """A project that the rule does not know, or that is none."""
    with pytest.raises(Distrust, match=why):
        wanted(token(project=project), trust(projects), "One")


@pytest.mark.parametrize("name", ["admin", "Service", "services", "ops"])
@pytest.mark.parametrize("rule", ["same-id", "same-name"])
def test_an_administrator_elsewhere_gets_into_no_administrator_s_project(
    rule: str, name: str
) -> None:
    """Whatever roles the table gives; the message says what to do."""
    rules = Trust(projects=rule, excluded=("ops",), roles={"admin": ("member",)})
    project = Project("ours", name, "default", "Default")
    with pytest.raises(Distrust, match=f'into the project "{name}" here by {rule}; log in to an'):
        rewritten(token(), rules, "One", project, CATALOG)


@pytest.mark.parametrize("rule", [Guest(guest="ours"), Table(table={"p1": "ours"})])
def test_the_administrators_project_is_open_if_the_file_names_it(rule: Any) -> None:
    """By its id."""
    project = Project("ours", "admin", "default", "Default")
    seen = rewritten(token(), trust(rule), "One", project, CATALOG)
    assert seen["token"]["project"]["id"] == "ours"


def test_what_is_recommended_lets_nobody_into_an_administrator_s_project() -> None:
    """The advice names the projects that are left out."""
    assert "lets nobody into the projects admin, service, services; or" in advice("Here", "There")


@pytest.mark.parametrize("when", ["0900-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-01-01"])
@pytest.mark.parametrize("key", ["issued_at", "expires_at"])
def test_a_time_is_one_of_a_keystone(key: str, when: str) -> None:
    """Years of less than four digits are read by nobody once they are written."""
    with pytest.raises(Distrust, match=f"its {key} is not a time"):
        become(token(**{key: when}))


@pytest.mark.parametrize(
    ("scope", "issuer", "strangers"),
    [
        ("identity=Here", "Here", []),
        ("identity=Friend", "Friend", []),
        ("identity=Stranger", "Stranger", ["Stranger"]),
        ("identity=Stranger", "Here", []),  # by the wallet
        ("identity=Stranger|Friend", None, []),
        ("identity=Stranger|Other", None, ["Other", "Stranger"]),
    ],
)
def test_whose_tokens_are_believed(scope: str, issuer: str | None, strangers: list[str]) -> None:
    """One's own, and of those who are trusted."""
    parsed = parse(scope).completed("Here")
    route = Route("image", "public", "/", parsed, CloudRef("Here"), None, issuer)
    assert untrusted(route, {"Friend": trust()}, "Here") == strangers


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = sorted([*token()["token"], "system", "domain", "application_credential", "bind"])


@given(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=3))
def test_whatever_an_issuer_says_nobody_gets_more_than_the_table_has(
    change: dict[str, Any],
) -> None:
    """Marked, mapped, in the project here; or not believed."""
    try:
        seen = become(token(**change))
    except Distrust:
        return
    assert {role["name"] for role in seen["roles"]} <= {"member", "reader"}
    assert seen["user"]["id"].endswith("@One")
    assert seen["project"]["id"] == "ours"
    assert seen["catalog"] == CATALOG
