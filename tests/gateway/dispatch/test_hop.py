"""A request as one cloud is to get it: no suffix for Keystone, a token validated at its issuer."""

import io
import json

import pytest
from gateway.backend import Connection, Received, json_answer
from gateway.equipped import know_nobody
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
    token = {"id": SCOPED}
    body = {"auth": {"identity": {"methods": ["token"], "token": token}, "scope": "é"}}
    await clouds.ask(
        "CloudOne",
        "identity",
        "/v3/auth/tokens",
        "Content-Type: application/json",
        method="POST",
        body=json.dumps(body).encode(),
    )
    (received,) = clouds.backends["CloudOne"]["identity"].requests
    token["id"] = TOKEN
    assert json.loads(received.body) == body
    assert received.values("content-length") == [str(len(received.body))]


async def test_a_login_goes_where_the_token_in_its_body_says(clouds: Clouds) -> None:
    """Rescoping a token of CloudOne within CloudTwo asks CloudOne's Keystone."""
    know_nobody(clouds, "CloudTwo")
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
    know_nobody(clouds, "CloudTwo")
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
    know_nobody(clouds, "CloudTwo")
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


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_only_with_a_scope_is_a_request_changed(clouds: Clouds, method: str) -> None:
    """Its id is the gateway's, then; without a scope the service gets what the client sent."""
    odd = "X-Openstack-Request-Id: odd"
    await clouds.ask("CloudOne", "image", "/", odd, method=method, body=b"a")
    await clouds.ask("CloudOne", "image", "/", odd, "X-Scope: image=CloudOne", method=method)
    plain, scoped = clouds.backends["CloudOne"]["image"].requests
    assert plain.values("x-openstack-request-id") == ["odd"]
    (made,) = scoped.values("x-openstack-request-id")
    assert made.startswith("req-")


async def test_a_cloud_that_cannot_be_reached_is_watched_and_one_that_is_silent_is_not(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """A service that closes a connection is there; a gateway that is down is told of once."""

    async def hang_up(_: Received, connection: Connection) -> None:
        connection.writer.close()

    clouds.backends["CloudTwo"]["image"].answer = hang_up
    scope = "X-Scope: image=CloudTwo"
    assert (await clouds.ask("CloudOne", "image", "/", scope)).status == 502
    assert '"event":"cloud down"' not in logged.getvalue()
    await clouds.gateways["CloudTwo"].close()
    for _ in range(2):
        assert (await clouds.ask("CloudOne", "image", "/", scope)).status == 502
    assert logged.getvalue().count("cloud down") == 1


async def test_an_own_service_that_is_down_is_not_a_cloud_that_is(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """The gateway itself is here."""
    await clouds.backends["CloudOne"]["image"].stop()
    assert (await clouds.ask("CloudOne", "image", "/")).status == 502
    assert "cloud down" not in logged.getvalue()


async def test_an_answer_that_must_not_pass_lets_go_of_its_connection(clouds: Clouds) -> None:
    """A refused redirection leaves none open with a body that nobody reads."""

    async def elsewhere(_: Received, connection: Connection) -> None:
        await connection.send(
            b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\n"
            b"Content-Length: 1000000\r\n\r\n"
        )

    service = clouds.backends["CloudTwo"]["image"]
    service.answer = elsewhere
    assert (await clouds.ask("CloudOne", "image", "/", "X-Scope: image=CloudTwo")).status == 502
    await service.all_closed()
