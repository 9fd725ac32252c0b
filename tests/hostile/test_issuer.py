"""A hostile Keystone as issuer: whoever it says its users are, here they are members at most."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from client.fake import Raw, Request
from gateway.keystone import token
from hostile.headers import answering
from hostile.stage import Stage

SCOPE = '{"*":"Evil","identity":"Evil","image":"Home"}'
SUBJECT = f"gAAAAA-of-evil!SCOPE!{SCOPE}"
DEFAULT = {"id": "default", "name": "Default", "enabled": True}
PROJECTS = ("demo", "admin", "service", "Admin", "services")


def keystone(request: Request) -> tuple[int, Any] | None:
    """Be home's Keystone, as far as the gateway's own account looks into it."""
    path = request.path.partition("?")[0]
    if path == "/identity/v3/auth/tokens" and request.method == "GET":  # it is none of its own
        return 404, {"error": {"code": 404, "message": "no such token", "title": "Not Found"}}
    if path.startswith("/identity/v3/domains"):
        return 200, {"domains": [DEFAULT]} if path.endswith("domains") else {"domain": DEFAULT}
    if path.startswith("/identity/v3/projects"):
        found = [
            {"id": f"{n:032}", "name": name, "domain_id": "default", "enabled": True}
            for n, name in enumerate(PROJECTS)
        ]
        if path.endswith("projects"):
            return 200, {"projects": found}
        return 200, {"project": next(p for p in found if path.endswith(str(p["id"])))}
    if path.startswith("/identity/v3/services"):
        return 200, {"services": []}
    if path.startswith("/identity/v3/endpoints"):
        return 200, {"endpoints": []}
    return None


def validated(stage: Stage, reply: Any) -> tuple[int, dict[str, Any], str]:
    """Ask home's gateway whose a token is, as home's Glance does; the issuer answers with this."""
    stage.home.reply = keystone
    stage.evil.reply = reply
    answer = requests.get(
        f"{stage.url}/identity/v3/auth/tokens",
        headers={"X-Auth-Token": "glances-own", "X-Subject-Token": SUBJECT},
        timeout=20,
    )
    document = answer.json() if answer.ok else {}
    return answer.status_code, document.get("token", {}), answer.text


def project(name: str, domain: str = "Default") -> dict[str, Any]:
    return {"id": "1" * 32, "name": name, "domain": {"id": "default", "name": domain}}


def roles(*names: object) -> list[dict[str, Any]]:
    return [{"id": "r", "name": name} for name in names]


def user(**other: object) -> dict[str, Any]:
    return {"id": "u1", "name": "admin", "domain": {"id": "default", "name": "Default"}} | other


CLAIMS: dict[str, dict[str, Any]] = {
    "a role of admin": {"roles": roles("member", "admin")},
    "admin alone": {"roles": roles("admin")},
    "a role of service": {"roles": roles("service", "member")},
    "roles in other spellings": {"roles": roles("Admin", "ADMIN", " admin", "member ")},
    "roles that look alike": {"roles": roles("\uff41dmin", "adm\u0131n", "member\0")},
    "roles that are none": {"roles": roles(7, None, ["member"], {"name": "admin"})},
    "a role whose id is admin's": {"roles": [{"id": "admin", "name": "member"}]},
    "a role with a domain": {"roles": [{"id": "r", "name": "member", "domain_id": "x"}]},
    "roles that are text": {"roles": "member"},
    "no roles": {"roles": []},
    "home's admin": {"user": user()},
    "an id with a mark": {"user": user(id="u1@Home")},
    "an id of home's with an escape": {"user": user(id="u1\0", name="a\x1b[2J")},
    "an id that is a path": {"user": user(id="../../users/u1")},
    "an empty id": {"user": user(id="")},
    "a long id": {"user": user(id="x" * 9999)},
    "an id that is a number": {"user": user(id=7)},
    "a domain of home's": {"user": user(domain={"id": "default", "name": "Default"})},
    "groups": {"user": user(**{"OS-FEDERATION": {"groups": [{"id": "admins"}]}})},
    "the project admin": {"project": project("admin")},
    "the project service": {"project": project("service")},
    "the project services": {"project": project("services")},
    "the project Admin": {"project": project("Admin")},
    "the project ADMIN": {"project": project("ADMIN")},
    "the project admin in capitals that are wide": {"project": project("\uff21dmin")},
    "the project admin with a blank": {"project": project("admin ")},
    "the project admin with a NUL": {"project": project("admin\0")},
    "a project that is a query": {"project": project("admin&domain_id=default")},
    "a project that is a path": {"project": project("../admin")},
    "a project of no domain": {"project": project("demo", "")},
    "a project of another domain": {"project": project("demo", "default")},
    "a project that is a list": {"project": [project("admin")]},
    "an admin's project": {"is_admin_project": True},
    "a domain as the project": {"is_domain": True},
    "the system": {"system": {"all": True}},
    "the system beside no project": {"system": {"all": True}, "project": None},
    "a domain": {"domain": {"id": "default", "name": "Default"}, "project": None},
    "a trust": {"OS-TRUST:trust": {"id": "t", "trustor_user": {"id": "u1"}}},
    "a service provider": {"service_providers": [{"id": "home", "auth_url": "http://evil"}]},
    "a catalog": {
        "catalog": [{"type": "image", "endpoints": [{"url": "http://evil", "interface": "public"}]}]
    },
    "an end that is none": {"expires_at": "never"},
    "an end that is over": {"expires_at": "2001-01-01T00:00:00.000000Z"},
    "no end": {"expires_at": None},
    "methods of its own": {"methods": ["external", "admin"]},
}
"""By name: what differs from a token in order."""

ANSWERS: dict[str, Any] = {
    "201": answering("201 Created", json.dumps(token())),
    "203": answering("203 Non-Authoritative", json.dumps(token())),
    "204": answering("204 No Content", ""),
    "302": answering("302 Found", json.dumps(token()), "Location: /identity/v3/users"),
    "no JSON": answering("200 OK", "<token/>"),
    "a list": answering("200 OK", json.dumps([token()])),
    "two tokens": answering("200 OK", json.dumps(token())[:-1] + ',"token":{"roles":[]}}'),
    "no token": answering("200 OK", "{}"),
    "depth": answering("200 OK", "[" * 99_999),
    "half": answering("200 OK", json.dumps(token())[:-9]),
    "much": answering("200 OK", json.dumps(token(catalog=["x" * 99] * 99_999))),
}
"""By name: an answer that is no validation."""


def _own(stage: Stage) -> Iterator[Request]:
    """Yield what home's Keystone got by the issuer's token, which is nobody's here.

    The gateway asks, by its account, whether it is one of home's own.
    """
    return (
        request
        for request in stage.home.requests
        if any("of-evil" in v for n, v in request.headers if n.lower() != "x-subject-token")
    )


def wrongs(document: dict[str, Any]) -> list[str]:
    """Return what a token of another cloud's user may not have here."""
    found = [f"role {r['name']}" for r in document["roles"] if r["name"] != "member"]
    if not str(document["user"]["id"]).endswith("@Evil"):
        found.append(f"user {document['user']['id']}")
    if document["user"]["domain"]["id"] != "@Evil":
        found.append(f"domain {document['user']['domain']}")
    if document["project"]["name"].casefold() in {"admin", "service", "services"}:
        found.append(f"project {document['project']['name']}")
    if document.get("is_admin_project") or document.get("is_domain"):
        found.append("an admin's project")
    found += [key for key in ("system", "domain", "OS-TRUST:trust") if key in document]
    if "evil" in json.dumps(document["catalog"]):
        found.append("a catalog")
    return found


def test_an_issuer_in_order_is_believed(stage: Stage) -> None:
    """So that what follows is refused for what is wrong with it."""
    status, document, _ = validated(stage, answering("200 OK", json.dumps(token())))
    assert (status, document["project"]["name"], wrongs(document)) == (200, "demo", [])
    assert list(_own(stage)) == []


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_makes_nobody_more_than_a_member(name: str, stage: Stage) -> None:
    """It is refused, or the token here is that of a member of the project of that name."""
    answer = answering("200 OK", json.dumps(token(**CLAIMS[name])))
    status, document, text = validated(stage, answer)
    found = wrongs(document) if status == 200 else []
    assert (found, list(_own(stage))) == ([], [])
    assert status in {200, 401, 404, 502}, text


@pytest.mark.parametrize("name", ANSWERS)
def test_another_answer_is_no_validation(name: str, stage: Stage) -> None:
    """Nobody is let in, and the answer says whose it was."""
    status, _, text = validated(stage, ANSWERS[name])
    assert (status in {401, 404, 502, 504}, "Evil" in text, list(_own(stage))) == (True, True, [])


def test_an_issuer_that_does_not_end_holds_nobody(stage: Stage) -> None:
    """Nor one whose body breaks off."""
    head = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"
    status, _, text = validated(stage, lambda _: Raw([head.encode()]))
    assert (status in {401, 404, 502, 504}, "Evil" in text) == (True, True)
