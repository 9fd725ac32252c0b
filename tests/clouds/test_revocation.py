"""A user who is revoked at home, on real clouds: out at every gateway, though nobody tells them."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from clouds.api import Api
from clouds.conftest import federation_of, tell
from clouds.presenting import IMAGES, caught, shown_to
from clouds.recorder import Borders, recorded

from openstackoid.identity import keys, stamp
from openstackoid.identity.issuer_secrets import stamp_secret
from openstackoid.lab import CUT, Lab

SERVERS = "/v2.1/servers"
SCOPE = "compute=CloudTwo,image=CloudThree"
PASSWORD = "a-guest-s"
WITHIN = 60.0
"""Seconds after which a revoked user is out, while the links are up."""


@pytest.fixture(scope="module")
def borders(lab: Lab) -> Iterator[Borders]:
    """Return what is recorded at each border."""
    with recorded(lab) as borders:
        yield borders


@dataclass
class Guest:
    """A user of CloudOne who takes compute in CloudTwo and images in CloudThree.

    `stamped` is what CloudTwo's services have of him, `beyond` what its gateway may present to
    CloudThree.
    """

    api: Api
    user: str
    project: str
    stamped: str = ""
    beyond: str = ""

    def works(self, borders: Borders) -> None:
        """Send a request to CloudTwo, and keep what was presented there."""
        token, scope = caught(self.api, borders, SCOPE, "compute", SERVERS)
        key = keys.read(self.api.lab.cloud("CloudTwo").keys).assertion
        assert key is not None
        self.stamped = f"{stamp.stamped(token, stamp_secret(key))}!SCOPE!{scope}"
        (self.beyond, _) = json.loads(scope)["tokens"]["CloudThree"]

    def goes_on(self) -> requests.Response:
        """Let a service of CloudTwo go on with what it has, by the gateway there."""
        url = self.api.lab.cloud("CloudTwo").frontends["compute"] + SERVERS
        return requests.get(url, headers={"X-Auth-Token": self.stamped}, timeout=60)

    def goes_beyond(self) -> requests.Response:
        """Let CloudTwo's gateway present what it has to CloudThree."""
        return shown_to(self.api.lab, "CloudThree", "image", IMAGES, self.beyond, sender="CloudTwo")


def made(admin: Api, service: str, path: str, **what: Any) -> str:
    """Make something with an administrator's token, unless it is there; return its id."""
    ((kind, body),) = what.items()
    found = admin.get(service, f"{path}?name={body['name']}").json()[f"{kind}s"]
    if not found:
        answer = admin.post(service, path, {kind: body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[kind]["id"])
    return str(found[0]["id"])


def guest(lab: Lab, root: Api, name: str, project: str) -> Guest:
    """Return a new user in a project of CloudOne that the other clouds have, too."""
    for cloud in ("CloudTwo", "CloudThree"):
        there = Api(lab, cloud, admin=True)
        assert there.login().status_code == 201
        made(there, "identity", "/v3/projects", project={"name": project, "domain_id": "default"})
    where = {"name": project, "domain_id": "default", "enabled": True}
    its = made(root, "identity", "/v3/projects", project=where)
    account = {"name": name, "password": PASSWORD, "domain_id": "default"}
    user = made(root, "identity", "/v3/users", user=account)
    role = root.get("identity", "/v3/roles?name=member").json()["roles"][0]["id"]
    path = f"/v3/projects/{its}/users/{user}/roles/{role}"
    assert root.request("PUT", "identity", path).status_code == 204
    api = Api(lab, "CloudOne")
    identity = {"methods": ["password"], "password": {"user": {"id": user, "password": PASSWORD}}}
    auth = {"auth": {"identity": identity, "scope": {"project": {"id": its}}}}
    answer = api.post("identity", "/v3/auth/tokens", auth)
    assert answer.status_code == 201, answer.text
    api.token = answer.headers["X-Subject-Token"]
    return Guest(api, user, its)


@pytest.fixture
def root(lab: Lab) -> Api:
    """Return CloudOne's administrator."""
    root = Api(lab, "CloudOne", admin=True)
    assert root.login().status_code == 201
    return root


def revoke_token(root: Api, who: Guest) -> None:
    """End a token, as a logout does."""
    headers = {"X-Subject-Token": who.api.token}
    answer = root.request("DELETE", "identity", "/v3/auth/tokens", headers=headers)
    assert answer.status_code == 204


def disable_user(root: Api, who: Guest) -> None:
    """Disable a user."""
    path = f"/v3/users/{who.user}"
    answer = root.request("PATCH", "identity", path, json={"user": {"enabled": False}})
    assert answer.status_code == 200


def disable_project(root: Api, who: Guest) -> None:
    """Disable the project of a user, which nobody else uses."""
    path = f"/v3/projects/{who.project}"
    answer = root.request("PATCH", "identity", path, json={"project": {"enabled": False}})
    assert answer.status_code == 200


WAYS = {"token": revoke_token, "user": disable_user, "project": disable_project}


def test_who_is_revoked_at_home_is_out_within_a_minute(
    lab: Lab, root: Api, borders: Borders, record_property: Callable[[str, object], None]
) -> None:
    """For services of CloudTwo that go on, and at CloudThree; whoever is not, goes on."""
    guests = {way: guest(lab, root, f"guest-{way}", f"project-{way}") for way in (*WAYS, "none")}
    left: dict[str, Callable[[], requests.Response]] = {}
    for way, who in guests.items():
        who.works(borders)
        left |= {f"{way} at CloudTwo": who.goes_on, f"{way} at CloudThree": who.goes_beyond}
    for place, go in left.items():
        assert go().status_code == 200, place
    for way, revoke in WAYS.items():
        revoke(root, guests[way])
    began = time.monotonic()
    staying = [f"none at {cloud}" for cloud in ("CloudTwo", "CloudThree")]
    while set(left) > set(staying):
        for place, go in list(left.items()):
            answer = go()
            if answer.status_code == 200:
                continue
            assert (answer.status_code, place in staying) == (401, False), answer.text
            assert "CloudOne says that it was revoked; log in again" in answer.text
            record_property(place, round(time.monotonic() - began, 1))
            del left[place]
        assert time.monotonic() - began < WITHIN, left.keys()
        time.sleep(0.5)
    for way in WAYS:
        assert guests[way].goes_on().status_code == 401
        assert guests[way].goes_beyond().status_code == 401


@pytest.fixture
def cut(lab: Lab) -> Iterator[Callable[[], None]]:
    """Return what cuts home off from CloudTwo; the link is whole behind the test."""
    yield lambda: lab.link("CloudOne", "CloudTwo", CUT)
    lab.link("CloudOne", "CloudTwo")


def test_without_home_a_user_goes_on_for_as_long_as_the_operator_says(
    lab: Lab, root: Api, borders: Borders, cut: Callable[[], None]
) -> None:
    """Then 503 says since when; elsewhere nothing changes; when home is back, he goes on."""
    with federation_of(lab, "CloudTwo") as described:
        described["clouds"]["CloudTwo"]["trust"]["CloudOne"]["offline"] = 0
        tell(lab, "CloudTwo", described)
        who = guest(lab, root, "guest-offline", "demo")
        who.works(borders)
        began = time.monotonic()
        assert who.goes_on().status_code == 200
        cut()
        while (answer := who.goes_on()).status_code == 200:
            assert time.monotonic() - began < WITHIN
            time.sleep(0.5)
        assert answer.status_code == 503
        assert "CloudOne has not confirmed since" in answer.json()["error"]["message"]
        assert who.goes_beyond().status_code == 200
        lab.link("CloudOne", "CloudTwo")
        while (answer := who.goes_on()).status_code != 200:
            assert answer.status_code == 503
            assert time.monotonic() - began < 2 * WITHIN
            time.sleep(0.5)
