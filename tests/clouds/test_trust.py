"""Tokens of other clouds on real ones: whom they are believed, and as whom."""

import time
from collections.abc import Iterator

import pytest
from clouds.api import Api
from clouds.conftest import by_ids, federation_of, tell
from clouds.servers import boot, gone, shown, whose

from openstackoid.lab import Lab

THERE = '{"identity": "CloudOne", "compute": "CloudTwo", "image": "CloudTwo"}'


@pytest.fixture
def two(lab: Lab) -> Api:
    """Return alice of CloudTwo, who has another password and another project id there."""
    two = Api(lab, "CloudTwo")
    assert two.login().status_code == 201
    return two


@pytest.fixture
def bob(lab: Lab, name: str) -> Iterator[tuple[Api, Api, str]]:
    """Return a user of CloudOne with the role member, CloudOne's administrator, and bob's id."""
    admin = Api(lab, "CloudOne", admin=True)
    assert admin.login().status_code == 201
    demo = admin.get("identity", "/v3/projects?name=demo").json()["projects"][0]["id"]
    member = admin.get("identity", "/v3/roles?name=member").json()["roles"][0]["id"]
    user = {"name": name, "password": name, "domain_id": "default"}
    made = admin.post("identity", "/v3/users", {"user": user})
    id_ = made.json()["user"]["id"]
    path = f"/v3/projects/{demo}/users/{id_}/roles/{member}"
    assert admin.request("PUT", "identity", path).status_code == 204
    bob = Api(lab, "CloudOne")
    password = {"name": name, "password": name, "domain": {"id": "default"}}
    answer = bob.post(
        "identity",
        "/v3/auth/tokens",
        {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": password}},
                "scope": {"project": {"id": demo}},
            }
        },
    )
    bob.token = answer.headers["X-Subject-Token"]
    yield bob, admin, id_
    admin.request("DELETE", "identity", f"/v3/users/{id_}")


def used(api: Api, scope: str = "") -> int:
    """Return how many servers count in the quota of the user's project."""
    limits = api.get("compute", "/v2.1/limits", scope).json()["limits"]["absolute"]
    return int(limits["totalInstancesUsed"])


@pytest.mark.parametrize("deleter", ["one", "two"])
def test_log_in_here_compute_there(api: Api, two: Api, name: str, deleter: str) -> None:
    """The server lives in the project there of the same name: its users see it, its quota has it.

    Either of them deletes it again.
    """
    ours, theirs = whose(two)["project"]["id"], whose(api)["project"]["id"]
    assert ours != theirs
    before = used(two)
    id_ = boot(api, name, THERE)
    server = shown(two, id_).json()["server"]
    assert server["tenant_id"] == ours
    assert server["user_id"] == f"{whose(api)['user']['id']}@CloudOne"
    assert used(two) == used(api, THERE) == before + 1
    assert id_ not in {s["id"] for s in api.get("compute", "/v2.1/servers").json()["servers"]}
    one, scope = (api, THERE) if deleter == "one" else (two, "")
    assert one.request("DELETE", "compute", f"/v2.1/servers/{id_}", scope).status_code == 204
    gone(two, id_)
    assert used(two) == before


def test_the_endpoints_of_either_keystone(lab: Lab) -> None:
    """By home's gateway alone, with an account in each: each Keystone lists its own."""
    for cloud in ("CloudOne", "CloudTwo"):
        scope = f"identity={cloud}"
        admin = Api(lab, cloud, admin=True)
        admin.frontends = Api(lab, "CloudOne").frontends
        assert admin.login(scope).status_code == 201
        found = admin.get("identity", "/v3/endpoints", scope).json()["endpoints"]
        host = lab.cloud(cloud).address
        assert {e["region_id"] for e in found} == {lab.cloud(cloud).region}
        assert all(host in e["url"] for e in found)


def test_log_in_there_compute_here(lab: Lab, api: Api, name: str) -> None:
    """Alice of CloudTwo logs in by CloudOne's gateway, and boots in CloudOne."""
    scope = '{"identity": "CloudTwo"}'
    two = Api(lab, "CloudTwo", frontends=api.frontends)
    assert two.login(scope).status_code == 201
    id_ = boot(two, name, scope)
    server = shown(api, id_).json()["server"]
    assert server["user_id"].endswith("@CloudTwo")
    assert server["tenant_id"] == whose(api)["project"]["id"]
    assert api.request("DELETE", "compute", f"/v2.1/servers/{id_}").status_code == 204
    gone(api, id_)


def test_a_project_id_in_a_path_is_the_one_there(lab: Lab, api: Api, name: str) -> None:
    """A volume, made with the own project's id in the path, is in the mapped project."""
    three = Api(lab, "CloudThree")
    assert three.login().status_code == 201
    mine, ours = (whose(one)["project"]["id"] for one in (api, three))
    scope = "block-storage=CloudThree"
    volumes = f"/v3/{mine}/volumes"
    made = api.post("block-storage", volumes, {"volume": {"size": 1, "name": name}}, scope)
    assert made.status_code == 202, made.text
    volume = made.json()["volume"]
    base = api.frontends["block-storage"]
    links = {link["rel"]: link["href"] for link in volume["links"]}
    assert links["self"] == f"{base}{volumes}/{volume['id']}"
    seen = three.get("block-storage", f"/v3/{ours}/volumes/{volume['id']}").json()["volume"]
    assert seen["os-vol-tenant-attr:tenant_id"] == ours
    assert seen["user_id"].endswith("@CloudOne")
    deadline = time.monotonic() + 60
    while (now := api.get("block-storage", links["self"], scope).json())["volume"][
        "status"
    ] not in {
        "available",
        "error",
    }:
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
    assert api.request("DELETE", "block-storage", links["self"], scope).status_code == 202
    quota = api.get("compute", f"/v2.1/os-quota-sets/{mine}", "compute=CloudThree")
    assert quota.status_code == 200, quota.text


PRIVILEGED = ["/v2.1/os-services", "/v2.1/os-hypervisors", "/v2.1/servers/detail?all_tenants=1"]
FLAVOR = {"flavor": {"name": "foreign", "ram": 1, "vcpus": 1, "disk": 0}}


@pytest.mark.parametrize("path", [*PRIVILEGED, "/v2.1/servers"])
def test_an_administrator_is_nobody_there(lab: Lab, path: str) -> None:
    """He acts in the project admin, into which nobody of another cloud gets by its name."""
    admin = Api(lab, "CloudOne", admin=True)
    assert admin.login().status_code == 201
    assert admin.get("compute", path).status_code == 200
    refused = admin.get("compute", path, "compute=CloudTwo")
    assert refused.status_code == 401
    assert 'into the project "admin" here' in refused.json()["error"]["message"]
    assert admin.post("compute", "/v2.1/flavors", FLAVOR, "compute=CloudTwo").status_code == 401


@pytest.mark.parametrize("path", PRIVILEGED)
def test_an_administrator_is_no_more_than_a_member_there(lab: Lab, path: str) -> None:
    """Where a table lets him into the project: what a member may not do is forbidden."""
    admin = Api(lab, "CloudOne", admin=True)
    assert admin.login().status_code == 201
    with federation_of(lab, "CloudTwo") as described:
        trust = described["clouds"]["CloudTwo"]["trust"]["CloudOne"]
        trust["projects"] = by_ids(lab, "CloudOne", "CloudTwo")
        tell(lab, "CloudTwo", described)
        assert admin.get("compute", path, "compute=CloudTwo").status_code == 403
        assert admin.post("compute", "/v2.1/flavors", FLAVOR, "compute=CloudTwo").status_code == 403


def test_a_role_that_counts_nowhere_is_explained(lab: Lab, api: Api) -> None:
    """Where the table has none of the user's roles, 401 says which there are."""
    with federation_of(lab, "CloudTwo") as described:
        described["clouds"]["CloudTwo"]["trust"]["CloudOne"]["roles"] = {"observer": "reader"}
        tell(lab, "CloudTwo", described)
        assert api.login().status_code == 201
        answer = api.get("image", "/v2/images", "image=CloudTwo")
        assert answer.status_code == 401
        assert "these do: observer" in answer.json()["error"]["message"]


def test_without_trust_the_missing_line_is_named(lab: Lab, api: Api, two: Api, name: str) -> None:
    """401 before anything is executed; the cloud's own users are not concerned."""
    with federation_of(lab, "CloudTwo") as described:
        del described["clouds"]["CloudTwo"]["trust"]
        tell(lab, "CloudTwo", described)
        body = {"name": name, "disk_format": "raw", "container_format": "bare"}
        answer = api.post("image", "/v2/images", body, "image=CloudTwo")
        assert answer.status_code == 401
        assert "no clouds.CloudTwo.trust.CloudOne" in answer.json()["error"]["message"]
        assert two.get("image", f"/v2/images?name={name}").json()["images"] == []
    assert api.get("image", "/v2/images", "image=CloudTwo").status_code == 200


def test_revoking_a_user_ends_his_access_everywhere(bob: tuple[Api, Api, str]) -> None:
    """Disabled in CloudOne, he is nobody in CloudTwo once the middleware's cache (10 s) is old."""
    user, admin, id_ = bob
    scope = "image=CloudTwo,compute=CloudTwo"
    for service, path in (("image", "/v2/images"), ("compute", "/v2.1/servers")):
        assert user.get(service, path, scope).status_code == 200
    disabled = {"user": {"enabled": False}}
    answer = admin.request("PATCH", "identity", f"/v3/users/{id_}", json=disabled)
    assert answer.status_code == 200
    begun = time.monotonic()
    for service, path in (("image", "/v2/images"), ("compute", "/v2.1/servers")):
        while user.get(service, path, scope).status_code != 401:
            assert time.monotonic() < begun + 30
            time.sleep(0.2)
