"""Tokens at the gateway: Keystone never sees a suffix, and a token is validated at home."""

import json

import pytest
from gateway.backend import json_answer
from gateway.played import TOKEN, Clouds

from openstackoid.scope import DELIMITER

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPED = f"{TOKEN}{DELIMITER}{COMPLETED}"


async def test_keystone_gets_clean_headers(clouds: Clouds) -> None:
    """The suffix is taken off X-Auth-Token and X-Subject-Token."""
    await clouds.ask(
        "CloudOne",
        "identity",
        "/v3/auth/tokens",
        f"X-Auth-Token: {SCOPED}",
        f"X-Subject-Token: {SCOPED}",
    )
    (received,) = clouds.backends["CloudOne"]["identity"].requests
    assert received.values("x-auth-token") == [TOKEN]
    assert received.values("x-subject-token") == [TOKEN]


async def test_keystone_gets_a_clean_body(clouds: Clouds) -> None:
    """The suffix is taken off the token that a login holds in its body, and is its scope."""
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": SCOPED}}, "scope": "é"}}
    await clouds.ask(
        "CloudOne",
        "identity",
        "/v3/auth/tokens",
        "Content-Type: application/json",
        method="POST",
        body=json.dumps(body).encode(),
    )
    (received,) = clouds.backends["CloudOne"]["identity"].requests
    body["auth"]["identity"]["token"]["id"] = TOKEN
    assert json.loads(received.body) == body
    assert received.values("content-length") == [str(len(received.body))]


async def test_a_login_goes_where_the_token_in_its_body_says(clouds: Clouds) -> None:
    """Rescoping a token of CloudOne within CloudTwo asks CloudOne's Keystone."""
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": SCOPED}}}}
    await clouds.ask(
        "CloudTwo", "identity", "/v3/auth/tokens", method="POST", body=json.dumps(body).encode()
    )
    assert clouds.backends["CloudTwo"]["identity"].requests == []
    assert len(clouds.backends["CloudOne"]["identity"].requests) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"auth": {"x": "!SCOPE!"}}', b"\xff!SCOPE!"])
async def test_a_login_without_a_scope_passes_as_it_is(clouds: Clouds, body: bytes) -> None:
    """Whatever else is in the body is Keystone's to judge."""
    await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", method="POST", body=body)
    assert clouds.backends["CloudOne"]["identity"].requests[0].body == body


async def test_a_login_that_is_too_long_is_refused(clouds: Clouds) -> None:
    """The gateway holds a login in memory, so it bounds it as Keystone does."""
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", method="POST", body=b"x" * 114_689
    )
    assert answered.status == 413
    assert json.loads(answered.body)["error"]["cloud"] == "CloudOne"


async def test_other_services_keep_the_suffix(clouds: Clouds) -> None:
    """That is how a scope travels through them; a token sent without it gets it."""
    await clouds.ask("CloudOne", "compute", "/", f"X-Auth-Token: {SCOPED}")
    await clouds.ask(
        "CloudOne", "compute", "/", f"X-Auth-Token: {TOKEN}", "X-Scope: image=CloudTwo"
    )
    for received in clouds.backends["CloudOne"]["compute"].requests:
        assert received.values("x-auth-token") == [SCOPED]


async def test_a_token_is_validated_at_home_by_itself(clouds: Clouds) -> None:
    """A middleware of CloudTwo asks CloudOne's Keystone, with no credential of CloudTwo."""
    home = clouds.backends["CloudOne"]["identity"]
    await clouds.ask(
        "CloudTwo",
        "identity",
        "/v3/auth/tokens?allow_expired=1",
        "X-Auth-Token: the-password-of-glance",
        f"X-Subject-Token: {SCOPED}",
    )
    (received,) = home.requests
    assert received.line == "GET /identity/v3/auth/tokens?allow_expired=1 HTTP/1.1"
    assert received.values("x-auth-token") == [TOKEN]
    assert received.values("x-subject-token") == [TOKEN]
    assert clouds.backends["CloudTwo"]["identity"].requests == []


async def test_a_bad_token_is_unknown_not_unauthorized(clouds: Clouds) -> None:
    """Keystonemiddleware takes 401 for its own password's fault, and 404 for a bad token."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer("{}", "401 Unauthorized")
    answered = await clouds.ask(
        "CloudTwo",
        "identity",
        "/v3/auth/tokens",
        "X-Auth-Token: mine",
        f"X-Subject-Token: {SCOPED}",
    )
    assert answered.status == 404
    assert json.loads(answered.body)["error"]["cloud"] == "CloudOne"


async def test_a_users_own_401_stays(clouds: Clouds) -> None:
    """A user who asks about a token with a bad one of their own is unauthorized."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer("{}", "401 Unauthorized")
    answered = await clouds.ask(
        "CloudTwo",
        "identity",
        "/v3/auth/tokens",
        f"X-Auth-Token: {SCOPED}",
        f"X-Subject-Token: {SCOPED}",
    )
    assert answered.status == 401


@pytest.mark.parametrize("name", ["X-Storage-Token", "x_storage_token"])
async def test_a_scope_does_not_come_in_by_another_header_s_door(clouds: Clouds, name: str) -> None:
    """A service takes X-Storage-Token for X-Auth-Token; beside a scope it is dropped."""
    token = f'{TOKEN}!SCOPE!{{"*":"CloudTwo","identity":"CloudOne"}}'
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", f"{name}: {token}")
    assert answered.status == 400
    assert clouds.executed == 0
    scope = "X-Scope: image=CloudOne"
    await clouds.ask("CloudTwo", "image", "/v2/images", f"{name}: {TOKEN}", scope)
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert TOKEN.encode() not in received.head
