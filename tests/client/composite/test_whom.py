"""As whom a command was refused, and what is told of that."""

import json
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import access, fixture

from openstackoid.client.accounts import Accounts
from openstackoid.client.composite.whom import refused
from openstackoid.scope import Scope

from ..clouds import Clouds
from ..conftest import Openstack
from ..fake import Fake, Request
from ..wallets import PASSWORD, THERE, entry

HOME = Accounts(Scope(), homes=["CloudOne"])
CREDENTIALS = {
    "password": "s3cret",
    "token": "gAAAAs3cret",
    "application_credential_secret": "s3cret",
}


def token(**scope: Any) -> access.AccessInfo:
    """Return what a login of alice gives."""
    return access.create(body=fixture.V3Token(user_name="alice", **scope), auth_token="gAAAAs3cret")


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (token(project_id="p", project_name="demo"), "alice (project demo)"),
        (token(domain_id="d", domain_name="Default"), "alice (domain Default)"),
        (token(), "alice (no project)"),
        (token(project_id="p", project_name="x\x1b[2Jy"), "alice (project x?[2Jy)"),
        ({"username": "bob", "project_name": "demo"}, "bob (project demo)"),
        ({"user_id": "u1", "project_id": "p1"}, "u1 (project p1)"),
        ({"application_credential_id": "a1"}, "a1 (no project named)"),
        ({}, "whose token it is (no project named)"),
    ],
)
def test_who_it_was_is_told_by_names_alone(known: Any, told: str) -> None:
    """Of the token, else of what is written; nothing of it is a secret, or moves a cursor."""
    own = isinstance(known, access.AccessInfo)
    written = CREDENTIALS | ({} if own else known)
    message = refused("CloudOne", HOME, known if own else None, written, logs_in_here=False)
    assert message.startswith(f"it acted there, at home, as {told}; start with")
    assert "s3cret" not in message


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("command", "what", "scope"),
    [
        (("flavor", "create", "x"), "/flavors$", "compute"),
        (("image", "list"), "GET /image/v2/images", "image"),
        (("loadbalancer", "list"), "/loadbalancers$", "load-balancer"),
        (("stack", "list"), "/stacks$", "orchestration"),
    ],
)
def test_a_refusal_in_one_cloud_says_as_whom_it_was_asked(
    status: int,
    command: tuple[str, ...],
    what: str,
    scope: str,
    openstack: Openstack,
    clouds: Clouds,
) -> None:
    """Whatever the client of a service makes of the status; the other cloud is not spoken of."""
    clouds.fail("CloudTwo", what, status)
    result = openstack(*command, "--os-scope", f"{scope}=CloudOne&CloudTwo")
    assert result.code == 1
    assert (
        "; it acted there as alice (project demo) of home; your own account in CloudTwo would"
        in (result.err)
    )
    assert "an entry CloudTwo of clouds.yaml, or oid_clouds: {CloudTwo: ENTRY}" in result.err
    assert result.err.count("alice") == 1
    assert "s3cret-pw" not in result.err


@pytest.mark.parametrize("status", [404, 409, 500])
def test_another_failure_is_nobody_s_fault(
    status: int, openstack: Openstack, clouds: Clouds
) -> None:
    """So nothing is said of accounts."""
    clouds.fail("CloudTwo", "/flavors$", status)
    result = openstack("flavor", "create", "x", "--os-scope", "compute=CloudOne&CloudTwo")
    assert result.code == 1
    assert "alice" not in result.err


def test_a_login_there_is_told_apart_from_what_it_may_not_do(
    openstack: Openstack, clouds: Clouds
) -> None:
    """With the credentials of home, as long as there is no account."""
    command = ("user", "create", "bob", "--os-scope", "identity=CloudOne&CloudTwo")
    clouds.fail("CloudTwo", "POST .*/users$", 403)
    said = "CloudTwo with the credentials of home, as alice (project demo); your own account"
    assert f"it logged in to {said}" in openstack(*command).err
    clouds.fail("CloudTwo", "POST .*/auth/tokens", 401)
    err = openstack(*command).err
    assert "the login to CloudTwo failed: CloudTwo says no (HTTP 401); " in err
    assert "is tried with the credentials of home, alice (project demo); your own account" in err


def test_an_account_is_told_by_its_entry(
    openstack: Openstack, cloud: Fake, two: Fake, tmp_path: Path
) -> None:
    """And how another one is chosen; what a failed login says needs no more words."""

    def reply(request: Request) -> tuple[int, Any] | None:
        there = "Cloud-Two" in "".join(request.scope)
        return (403, {}) if there and request.path.startswith("/image/v2/images") else None

    cloud.reply = reply
    path = tmp_path / "clouds.yaml"
    path.write_text(
        json.dumps({"clouds": {"here": entry(cloud), "Cloud-Two": entry(two, PASSWORD)}})
    )
    env = {"OS_CLIENT_CONFIG_FILE": str(path), "OS_CLOUD": "here"}
    command = ("image", "list", "--os-scope", "image=CloudOne&Cloud-Two")
    result = openstack(*command, env=env)
    assert "it acted there as alice (project demo), the account of entry Cloud-Two" in result.err
    assert "oid_clouds: {Cloud-Two: ENTRY} takes another entry" in result.err
    assert PASSWORD not in result.err
    assert THERE not in result.err
    two.reply = lambda r: (401, {}) if r.method == "POST" else None
    result = openstack(*command, env=env)
    assert result.err.count("the login to Cloud-Two with Cloud-Two of clouds.yaml failed") == 1
    assert "acted" not in result.err
