"""What a token becomes elsewhere, against what the file says."""

import dataclasses
import ssl
from typing import Any

import pytest

from openstackoid.federation import loads
from openstackoid.livecheck import Account
from openstackoid.livecheck.tokens import Taken, taken

from .conftest import Frontend

ALICE = Account("One", "secret", "alice", "p1", "demo", frozenset({"member", "observer"}), [])
TRUST = "{projects: same-name, roles: {member: [member, reader]}}"


def token(*roles: str, name: str = "demo", id_: str = "p2") -> dict[str, Any]:
    found = [{"name": role} for role in roles]
    return {"token": {"project": {"id": id_, "name": name}, "roles": found}}


def ask(account: Account, frontend: Frontend, trust: str) -> Taken:
    federation = loads(
        "clouds:\n"
        "  One: {frontends: {identity: 'http://127.0.0.1:1'}}\n"
        f"  Two: {{frontends: {{identity: '{frontend.url}/identity'}}, trust: {{One: {trust}}}}}\n"
    )
    rule = federation.clouds["Two"].trust["One"]
    return taken(account, "Two", rule, federation, ssl.create_default_context())


@pytest.mark.parametrize(
    ("trust", "answer", "becomes", "fault"),
    [
        (TRUST, (200, token("member", "reader")), "member, reader in demo (p2)", None),
        (TRUST, (200, token("admin")), "admin in demo (p2)", "the roles should be: member, reader"),
        (
            TRUST,
            (200, token("member", "reader", name="other")),
            "member, reader in other (p2)",
            "the project is not the one of the rule",
        ),
        (
            TRUST,
            (404, {"error": {"message": "unsigned"}}),
            "refused (404)",
            "the file says that it is accepted; Two says: unsigned",
        ),
        (TRUST, (502, []), "refused (502)", "the file says that it is accepted; Two says: nothing"),
        ("{projects: same-id, roles: {}}", (404, {}), "refused (404)", None),
        (TRUST, (200, {"versions": []}), "-", "its answer is no token"),
        (
            "{projects: {guest: p2}, roles: {member: member}}",
            (200, token("member", name="guests")),
            "member in guests (p2)",
            None,
        ),
        (
            "{projects: {table: {p1: p3}}, roles: {member: member}}",
            (200, token("member")),
            "member in demo (p2)",
            "the project is not the one of the rule",
        ),
        (
            "{projects: same-id, roles: {member: member}}",
            (200, token("member", id_="p1")),
            "member in demo (p1)",
            None,
        ),
    ],
)
def test_what_a_token_becomes(
    frontend: Frontend, trust: str, answer: tuple[int, Any], becomes: str, fault: str | None
) -> None:
    """The token asks for itself, with its issuer behind it."""
    frontend.answer = answer
    found = ask(ALICE, frontend, trust)
    assert (found.becomes, found.fault) == (becomes, fault)
    ((path, headers),) = frontend.requests
    assert path == "/identity/v3/auth/tokens"
    assert "X-Auth-Token" not in headers
    assert headers["X-Subject-Token"] == 'secret!SCOPE!{"*":"Two","identity":"One"}'


def test_a_token_for_an_excluded_project_is_rightly_refused(frontend: Frontend) -> None:
    """That it is not accepted is what the file says."""
    frontend.answer = (404, {})
    found = ask(dataclasses.replace(ALICE, project="Service"), frontend, TRUST)
    assert (found.becomes, found.fault) == ("refused (404)", None)


def test_the_token_of_an_administrator_is_not_shown_to_others(frontend: Frontend) -> None:
    """Whoever has it could use it at home."""
    admin = dataclasses.replace(ALICE, roles=frozenset({"admin", "member"}))
    found = ask(admin, frontend, TRUST)
    assert found.becomes == "not tried: the account is an administrator's"
    assert frontend.requests == []


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b"\xff"])
def test_an_answer_that_nobody_can_decode_ends_no_check(body: bytes, frontend: Frontend) -> None:
    """A cloud would keep what is found of all others from its operator."""
    frontend.answer = (200, body)
    assert ask(ALICE, frontend, TRUST).fault == "its answer is no token"
    frontend.answer = (404, body)
    assert "Two says: nothing" in str(ask(ALICE, frontend, TRUST).fault)
