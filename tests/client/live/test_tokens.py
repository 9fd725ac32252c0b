"""What a token becomes elsewhere, against what the file says."""

import ssl
from typing import Any

import pytest

from openstackoid.client.live import Account
from openstackoid.client.live.tokens import taken
from openstackoid.federation import loads

from .conftest import Frontend

ALICE = Account("One", "secret", "alice", "p1", "demo", frozenset({"member", "admin"}), [])
TRUST = "{projects: same-name, roles: {member: [member, reader]}}"


def token(*roles: str, name: str = "demo", id_: str = "p2") -> dict[str, Any]:
    found = [{"name": role} for role in roles]
    return {"token": {"project": {"id": id_, "name": name}, "roles": found}}


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
        (TRUST, (404, {}), "refused (404)", "the file says that it is believed"),
        ("", (404, {}), "refused (404)", None),
        ("{projects: same-id, roles: {}}", (404, {}), "refused (404)", None),
        (
            "",
            (200, token("member")),
            "member in demo (p2)",
            "it is believed, and the file has no trust for it",
        ),
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
    believes = f", trust: {{One: {trust}}}" if trust else ""
    federation = loads(
        "clouds:\n"
        "  One: {frontends: {identity: 'http://127.0.0.1:1'}}\n"
        f"  Two: {{frontends: {{identity: '{frontend.url}/identity'}}{believes}}}\n"
    )
    frontend.answer = answer
    found = taken(ALICE, "Two", federation, ssl.create_default_context())
    assert (found.becomes, found.fault) == (becomes, fault)
    ((path, headers),) = frontend.requests
    assert path == "/identity/v3/auth/tokens"
    assert headers["X-Auth-Token"] == "secret"
    assert headers["X-Subject-Token"] == 'secret!SCOPE!{"*":"Two","identity":"One"}'
