"""Tokens that are none, at real clouds that believe one another: refused, nothing executed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from clouds.api import Api

from openstackoid.lab import Lab

Make = Callable[[Lab, Api], tuple[str, str]]
"""What makes a token, and the scope to use it with."""

HERE = "image=CloudTwo"


def forged(lab: Lab, api: Api) -> tuple[str, str]:
    """Another key's: the same format, signed by nobody."""
    return "gAAAAAB" + "x" * (len(api.token) - 7), HERE


def truncated(lab: Lab, api: Api) -> tuple[str, str]:
    """All but the last characters."""
    return api.token[:-8], HERE


def changed(lab: Lab, api: Api) -> tuple[str, str]:
    """One character in the middle is another."""
    half = len(api.token) // 2
    other = "A" if api.token[half] != "A" else "B"
    return api.token[:half] + other + api.token[half + 1 :], HERE


def of_another_cloud(lab: Lab, api: Api) -> tuple[str, str]:
    """CloudThree's, said to be CloudOne's."""
    three = Api(lab, "CloudThree")
    assert three.login().status_code == 201
    return three.token, HERE


def as_if_issued_there(lab: Lab, api: Api) -> tuple[str, str]:
    """CloudOne's, said to be the one of the cloud it is used in."""
    return api.token, "identity=CloudTwo,image=CloudTwo"


def as_if_of_a_third(lab: Lab, api: Api) -> tuple[str, str]:
    """CloudOne's, said to be CloudThree's, which CloudTwo believes as well."""
    return api.token, "identity=CloudThree,image=CloudTwo"


def revoked(lab: Lab, api: Api) -> tuple[str, str]:
    """Its owner has given it back."""
    headers = {"X-Subject-Token": api.token}
    answer = api.request("DELETE", "identity", "/v3/auth/tokens", headers=headers)
    assert answer.status_code == 204
    return api.token, HERE


def expired(lab: Lab, api: Api) -> tuple[str, str]:
    """Of an application credential, which a token does not outlive."""
    asked = {"X-Subject-Token": api.token}
    user = api.get("identity", "/v3/auth/tokens", headers=asked).json()["token"]["user"]["id"]
    end = datetime.now(UTC) + timedelta(seconds=4)
    credential = {"name": f"short {end.timestamp()}", "expires_at": f"{end:%Y-%m-%dT%H:%M:%S.%fZ}"}
    made = api.post(
        "identity",
        f"/v3/users/{user}/application_credentials",
        {"application_credential": credential},
    ).json()["application_credential"]
    named = {"id": made["id"], "secret": made["secret"]}
    methods = {"methods": ["application_credential"], "application_credential": named}
    answer = api.post("identity", "/v3/auth/tokens", {"auth": {"identity": methods}})
    token = answer.headers["X-Subject-Token"]
    deadline = time.monotonic() + 30
    while api.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": token}).ok:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return token, HERE


@pytest.mark.parametrize(
    "make",
    [
        forged,
        truncated,
        changed,
        of_another_cloud,
        as_if_issued_there,
        as_if_of_a_third,
        revoked,
        expired,
    ],
)
def test_a_token_that_is_none_is_refused(lab: Lab, api: Api, name: str, make: Make) -> None:
    """401, by way of home and at the cloud's own gateway alike; nothing is created."""
    two = Api(lab, "CloudTwo")
    assert two.login().status_code == 201
    token, scope = make(lab, api)
    said = scope if "identity" in scope else f"identity=CloudOne,{scope}"
    image = {"name": name, "disk_format": "raw", "container_format": "bare"}
    for cloud, its_scope in (("CloudOne", scope), ("CloudTwo", said)):
        answer = Api(lab, cloud, token).post("image", "/v2/images", image, its_scope)
        assert answer.status_code == 401
        assert token not in answer.text
    assert two.get("image", f"/v2/images?name={name}").json()["images"] == []


def test_a_scope_of_somebody_else_gives_no_rights(lab: Lab, api: Api, name: str) -> None:
    """Whoever copies the suffix of another one's request has to put his own token before it."""
    admin = Api(lab, "CloudOne", admin=True)
    assert admin.login().status_code == 201
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudOne"}'
    users = admin.get(
        "identity", "/v3/users", headers={"X-Auth-Token": f"{admin.token}!SCOPE!{scope}"}
    )
    assert users.status_code == 200
    replayed = api.get(
        "identity", "/v3/users", headers={"X-Auth-Token": f"{api.token}!SCOPE!{scope}"}
    )
    assert replayed.status_code == 403
    nobody = api.get("identity", "/v3/users", headers={"X-Auth-Token": f"!SCOPE!{scope}"})
    assert nobody.status_code in {400, 401}


def test_no_log_of_a_gateway_or_service_has_a_token(lab: Lab, api: Api) -> None:
    """After scoped work, whatever the verdict was."""
    for scope in ("image=CloudTwo", "image=CloudTwo|CloudThree", "image=CloudTwo&CloudThree"):
        assert api.get("image", "/v2/images", scope).status_code == 200
    assert api.get("image", "/v2/images", "image=Nowhere").status_code == 400
    for cloud in lab.clouds:
        for file in cloud.directory.rglob("*.log"):
            assert api.token not in file.read_text(errors="replace"), file
