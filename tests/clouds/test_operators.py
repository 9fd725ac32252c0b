"""Here AND there, here OR there, on real services and for any HTTP client."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from clouds.api import Api
from clouds.test_paging import key_pair

from openstackoid.lab import Lab

BYTES = {"Content-Type": "application/octet-stream"}
IMAGE = {"disk_format": "raw", "container_format": "bare"}


def report(answer: requests.Response) -> dict[str, dict[str, Any]]:
    """Return what the answer says of each cloud."""
    return {outcome["cloud"]: outcome for outcome in json.loads(answer.headers["X-Scope-Report"])}


def statuses(answer: requests.Response) -> dict[str, int | None]:
    """Return what each cloud answered, None for one that did not."""
    return {cloud: outcome.get("status") for cloud, outcome in report(answer).items()}


def flavor(name: str, **more: object) -> dict[str, Any]:
    """Return the body of a request for a flavor."""
    return {"flavor": {"name": name, "ram": 1, "vcpus": 1, "disk": 0, **more}}


def flavors(admin: Api, cloud: str, name: str) -> list[str]:
    """Return the ids of a cloud's flavors of a name."""
    found = admin.get("compute", "/v2.1/flavors", f"compute={cloud}").json()["flavors"]
    return [f["id"] for f in found if f["name"] == name]


@pytest.fixture
def make(admin: Api, name: str) -> Iterator[Callable[..., requests.Response]]:
    """Return what makes flavors of the test's name; they are removed behind it."""

    def make(scope: str, **more: str) -> requests.Response:
        return admin.request(
            "POST", "compute", "/v2.1/flavors", scope, json=flavor(name), headers=more
        )

    yield make
    for cloud in ("CloudOne", "CloudTwo", "CloudThree"):
        for id_ in flavors(admin, cloud, name):
            admin.request("DELETE", "compute", f"/v2.1/flavors/{id_}", f"compute={cloud}")


# The kind of an answer does not change


@pytest.mark.parametrize(
    ("service", "path", "admin_only"),
    [
        ("image", "/v2/images", False),
        ("image", "/v2/schemas/images", False),
        ("network", "/v2.0/networks", False),
        ("network", "/v2.0/quotas", True),
        ("compute", "/v2.1/flavors/detail", False),
        ("compute", "/v2.1/limits", False),
        ("compute", "/v2.1/os-availability-zone", False),
        ("compute", "/v2.1/os-services", True),
        ("compute", "/v2.1/os-hypervisors/detail", True),
        ("placement", "/resource_providers", True),
        ("compute", "/v2.1/", False),
        ("image", "/versions", False),
        ("network", "/", False),
    ],
)
@pytest.mark.parametrize("operator", "&|")
def test_the_kind_of_an_answer_stays(
    api: Api, admin: Api, service: str, path: str, admin_only: bool, operator: str
) -> None:
    """The same keys with values of the same types; lists have every cloud's items."""
    one = admin if admin_only else api
    alone = {c: one.get(service, path, f"{service}={c}") for c in ("CloudOne", "CloudTwo")}
    answer = one.get(service, path, f"{service}=CloudOne{operator}CloudTwo")
    assert answer.status_code == alone["CloudOne"].status_code
    assert report(answer)["CloudOne"]["status"] == answer.status_code
    document, documents = answer.json(), [a.json() for a in alone.values()]
    assert {k: type(v) for k, v in document.items()} == {
        k: type(v) for k, v in documents[0].items()
    }
    for key in (k for k, v in document.items() if isinstance(v, list) and path != "/"):
        items = [i for i in document[key] if isinstance(i, dict) and "oid:cloud" in i]
        if operator == "&" and items:
            assert len(items) == sum(len(d[key]) for d in documents)
            assert {i["oid:cloud"] for i in items} == {"CloudOne", "CloudTwo"}


def test_a_list_by_name_is_found_where_the_name_is(api: Api) -> None:
    """`|` goes on behind an empty list, and `&` shows whoever has it."""
    for scope in ("CloudOne|CloudTwo|CloudThree", "CloudOne&CloudTwo&CloudThree"):
        path = "/v2/images?name=only-in-CloudThree"
        (image,) = api.get("image", path, f"image={scope}").json()["images"]
        assert image["name"] == "only-in-CloudThree"
    nobody = api.get("image", "/v2/images?name=nobody", "image=CloudOne|CloudTwo")
    assert nobody.json()["images"] == []
    assert statuses(nobody) == {"CloudOne": 200, "CloudTwo": 200}


def test_a_show_by_id_finds_who_has_it(api: Api) -> None:
    """In either order, with links that lead home; nobody's id is 404."""
    (image,) = api.get("image", "/v2/images?name=only-in-CloudTwo", "image=CloudTwo").json()[
        "images"
    ]
    for expression in ("CloudOne&CloudTwo", "CloudTwo&CloudOne", "CloudThree|CloudTwo"):
        answer = api.get("image", f"/v2/images/{image['id']}", f"image={expression}")
        assert answer.json() == image
        assert report(answer)["CloudTwo"]["status"] == 200
        data = api.get("image", f"/v2/images/{image['id']}/file", f"image={expression}")
        assert hashlib.sha512(data.content).hexdigest() == image["os_hash_value"]
    absent = api.get("image", "/v2/images/00000000-0000-4000-8000-000000000000", "image=CloudOne&CloudTwo")  # fmt: skip  # noqa: E501
    assert absent.status_code == 404
    assert statuses(absent) == {"CloudOne": 404, "CloudTwo": 404}


# Writes here and there


def test_an_image_here_and_there_boots_from_the_copy(
    lab: Lab, api: Api, name: str, kill: Callable[[str], None]
) -> None:
    """One id, one upload; once the first cloud is gone, a server takes the other's copy."""
    both = "image=CloudTwo&CloudOne"
    created = api.post("image", "/v2/images", {"name": name, **IMAGE}, both)
    assert created.status_code == 201, created.text
    image = created.json()["id"]
    data = hashlib.sha512(name.encode()).digest() * 50_000
    path = f"/v2/images/{image}/file"
    assert api.request("PUT", "image", path, both, data=data, headers=BYTES).status_code == 204
    digest = hashlib.sha512(data).hexdigest()
    for cloud in ("CloudOne", "CloudTwo"):
        copy = api.get("image", f"/v2/images/{image}", f"image={cloud}").json()
        assert (copy["status"], copy["os_hash_value"]) == ("active", digest)
    kill("CloudTwo")
    scope = "image=CloudTwo|CloudOne"
    flavor = api.get("compute", "/v2.1/flavors").json()["flavors"][0]["id"]
    body = {"name": name, "imageRef": image, "flavorRef": flavor, "networks": "none"}
    server = api.post("compute", "/v2.1/servers", {"server": body}, scope, "compute 2.37")
    assert server.status_code == 202, server.text
    id_ = server.json()["server"]["id"]
    deadline = time.monotonic() + 60
    while (shown := api.get("compute", f"/v2.1/servers/{id_}", scope).json()["server"])[
        "status"
    ] == "BUILD":
        assert time.monotonic() < deadline
    assert shown["status"] == "ACTIVE", shown
    disk = lab.cloud("CloudOne").instances / id_ / "disk.sha512"
    assert disk.read_text().split()[0] == digest
    api.request("DELETE", "compute", f"/v2.1/servers/{id_}")
    api.request("DELETE", "image", f"/v2/images/{image}")


def test_what_was_made_here_and_there_is_changed_and_removed_so(api: Api, name: str) -> None:
    """PATCH and DELETE by the common id; a second DELETE finds nothing."""
    both = "image=CloudOne&CloudTwo"
    image = api.post("image", "/v2/images", {"name": name, **IMAGE}, both).json()["id"]
    patch = [{"op": "replace", "path": "/name", "value": f"{name}-2"}]
    headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    path = f"/v2/images/{image}"
    changed = api.request("PATCH", "image", path, both, data=json.dumps(patch), headers=headers)
    assert (changed.status_code, changed.json()["name"]) == (200, f"{name}-2")
    copies = api.get("image", f"/v2/images?name={name}-2", both).json()["images"]
    assert [(c["id"], c["oid:cloud"]) for c in copies] == [
        (image, "CloudOne"),
        (image, "CloudTwo"),
    ]
    assert api.request("DELETE", "image", path, "image=CloudTwo").status_code == 204
    assert api.request("DELETE", "image", path, both).status_code == 204  # where it was left
    assert api.request("DELETE", "image", path, both).status_code == 404


def test_a_flavor_here_and_there_has_one_id(
    admin: Api, name: str, make: Callable[..., requests.Response]
) -> None:
    """As images have; whatever is made in each cloud is in the report."""
    answer = make("compute=CloudOne&CloudTwo&CloudThree")
    assert answer.status_code == 200, answer.text
    id_ = answer.json()["flavor"]["id"]
    for cloud in ("CloudOne", "CloudTwo", "CloudThree"):
        assert flavors(admin, cloud, name) == [id_]
        assert report(answer)[cloud]["created"] == id_


def test_a_key_pair_here_and_there(api: Api, name: str) -> None:
    """What has a name for its id is known by it."""
    both = "compute=CloudOne&CloudTwo"
    body = {"keypair": {"name": name, "public_key": key_pair()}}
    answer = api.post("compute", "/v2.1/os-keypairs", body, both)
    assert (answer.status_code, answer.json()["keypair"]["name"]) == (200, name)
    pairs = api.get("compute", "/v2.1/os-keypairs", both).json()["keypairs"]
    mine = [p for p in pairs if p["keypair"]["name"] == name]
    assert [p["oid:cloud"] for p in mine] == ["CloudOne", "CloudTwo"]
    path = f"/v2.1/os-keypairs/{name}"
    assert api.request("DELETE", "compute", path, "compute=CloudOne").status_code == 202
    again = api.post("compute", "/v2.1/os-keypairs", body, both)  # it is still in CloudTwo
    assert again.status_code == 409
    assert f"CloudOne: answered 200; {name} was removed again" in again.text
    assert "CloudTwo: answered 409 (Key pair" in again.text
    assert api.get("compute", path, "compute=CloudOne").status_code == 404
    assert api.request("DELETE", "compute", path, both).status_code == 202


def test_half_of_a_write_is_undone(
    admin: Api, name: str, make: Callable[..., requests.Response]
) -> None:
    """A name that CloudTwo has already: nothing new is left in CloudOne, and the user is told."""
    assert make("compute=CloudTwo").status_code == 200
    answer = make("compute=CloudOne&CloudTwo")
    assert answer.status_code == 409
    created = report(answer)["CloudOne"]["created"]
    text = answer.json()["error"]["message"]
    assert f"CloudOne: answered 200; {created} was removed again" in text
    assert f"CloudTwo: answered 409 (Flavor with name {name} already exists" in text
    assert report(answer)["CloudOne"]["undone"] is True
    assert flavors(admin, "CloudOne", name) == []
    assert len(flavors(admin, "CloudTwo", name)) == 1


def test_a_user_here_and_there_needs_a_token_of_each_keystone(admin: Api, name: str) -> None:
    """CloudTwo's Keystone does not know CloudOne's token: CloudOne keeps nothing, either."""
    user = {"user": {"name": name, "domain_id": "default"}}
    answer = admin.post("identity", "/v3/users", user, "identity=CloudOne&CloudTwo")
    assert answer.status_code == 401
    created = report(answer)["CloudOne"]["created"]
    assert (
        f"CloudOne: answered 201; {created} was removed again. CloudTwo: answered 401"
        in (answer.json()["error"]["message"])
    )
    assert admin.get("identity", f"/v3/users?name={name}").json()["users"] == []


def test_nothing_is_begun_while_a_cloud_is_down(
    admin: Api, name: str, make: Callable[..., requests.Response], two_is_dead: None
) -> None:
    """The first who notices is undone; whoever comes next is refused at once."""
    first, second = make("compute=CloudOne&CloudTwo"), make("compute=CloudOne&CloudTwo")
    assert first.status_code in {502, 503}
    if first.status_code == 502:  # nobody had noticed before
        assert "was removed again" in first.text
        assert "could not be reached: Connection refused" in first.text
    assert second.status_code == 503
    assert "CloudTwo is known to be down, so nothing was sent to CloudOne&CloudTwo" in second.text
    assert flavors(admin, "CloudOne", name) == []
    some = make("compute=CloudOne&CloudTwo", **{"X-Scope-Policy": "any"})
    assert some.status_code == 200
    assert report(some)["CloudTwo"]["error"] == "CloudTwo is known to be down"
    assert flavors(admin, "CloudOne", name) == [some.json()["flavor"]["id"]]


# Writes here or there


def test_a_write_here_or_there_is_done_once(
    admin: Api, name: str, make: Callable[..., requests.Response]
) -> None:
    """In the first that takes it: the next time, the first that has no such name yet."""
    for cloud in ("CloudThree", "CloudOne"):
        assert make("compute=CloudThree|CloudOne").status_code == 200
        assert len(flavors(admin, cloud, name)) == 1
    answer = make("compute=CloudThree|CloudOne")
    assert answer.status_code == 409
    assert statuses(answer) == {"CloudThree": 409, "CloudOne": 409}
    assert flavors(admin, "CloudTwo", name) == []


def test_a_write_here_or_there_goes_round_a_dead_cloud(
    admin: Api, name: str, make: Callable[..., requests.Response], two_is_dead: None
) -> None:
    """Made once, in the one that is up; known to be down, the other is not even asked."""
    assert make("compute=CloudTwo|CloudThree").status_code == 200
    assert len(flavors(admin, "CloudThree", name)) == 1
    answer = make("compute=CloudTwo|CloudOne")
    assert statuses(answer) == {"CloudOne": 200}
    assert len(flavors(admin, "CloudOne", name)) == 1


# Policies and reports


def test_a_list_says_what_is_missing(api: Api, two_is_dead: None) -> None:
    """What can be reached, and a report; all or nothing if the policy says so."""
    both = "image=CloudOne&CloudTwo"
    for headers in ({}, {"X-Scope-Policy": "any"}, {"X-Scope-Policy": "ANY"}):
        some = api.get("image", "/v2/images", both, headers=headers)
        assert {i["oid:cloud"] for i in some.json()["images"]} == {"CloudOne"}
        assert report(some)["CloudTwo"]["error"]
    everything = api.get("image", "/v2/images", both, headers={"X-Scope-Policy": "all"})
    assert everything.status_code == 502
    assert "CloudTwo is known to be down" in everything.json()["error"]["message"]
    assert statuses(everything) == {"CloudOne": 200, "CloudTwo": None}


def test_all_includes_those_who_refuse(admin: Api) -> None:
    """A Keystone that does not know the token is one whose users are missing."""
    both = "identity=CloudOne&CloudTwo"
    some = admin.get("identity", "/v3/users?limit=2", both)
    assert {u["oid:cloud"] for u in some.json()["users"]} == {"CloudOne"}
    assert statuses(some) == {"CloudOne": 200, "CloudTwo": 401}
    headers = {"X-Scope-Policy": "all"}
    assert admin.get("identity", "/v3/users", both, headers=headers).status_code == 401


def test_a_policy_that_is_none_is_refused(api: Api) -> None:
    """With what there is."""
    headers = {"X-Scope-Policy": "most"}
    answer = api.get("image", "/v2/images", "image=CloudOne&CloudTwo", headers=headers)
    assert answer.status_code == 400
    assert '"all", "any" or "eventual", and nothing else' in answer.json()["error"]["message"]


# What operators do not apply to


def test_a_login_is_in_one_cloud(lab: Lab) -> None:
    """Two Keystones would give two tokens."""
    for operator in "&|":
        answer = Api(lab, "CloudOne").login(f"identity=CloudOne{operator}CloudTwo")
        assert answer.status_code == 400
        assert "name one cloud for identity" in answer.json()["error"]["message"]


@pytest.mark.parametrize("operator", "&|")
def test_a_token_is_validated_by_whoever_knows_it(api: Api, operator: str) -> None:
    """Services go on under a scope whose identity is here or there."""
    scope = f'{{"identity": "CloudTwo{operator}CloudOne", "image": "CloudOne"}}'
    assert api.get("image", "/v2/images", scope).status_code == 200
    headers = {"X-Auth-Token": f"{api.token}!SCOPE!{scope}"}
    assert api.get("image", "/v2/images", headers=headers).status_code == 200


def test_a_service_that_only_one_has(api: Api) -> None:
    """`|` finds it, `&` shows what there is, and a write under `&` is not begun by halves."""
    token = api.get("identity", "/v3/auth/tokens", headers={"X-Subject-Token": api.token}).json()
    path = f"/v3/{token['token']['project']['id']}/volumes"
    for operator in "&|":
        scope = f"block-storage=CloudTwo{operator}CloudThree"
        answer = api.get("block-storage", path, scope)
        assert answer.json() == {"volumes": []}
        assert statuses(answer) == {"CloudTwo": 400, "CloudThree": 200}
        assert "CloudTwo has no block-storage service" in report(answer)["CloudTwo"]["message"]
    body = {"volume": {"size": 1}}
    answer = api.post("block-storage", path, body, "block-storage=CloudThree&CloudTwo")
    assert answer.status_code == 400
    assert "CloudTwo has no block-storage service" in answer.text
    assert api.get("block-storage", path, "block-storage=CloudThree").json()["volumes"] == []


def test_an_upload_is_to_all_or_to_one(api: Api, name: str) -> None:
    """It can't be sent again to the next."""
    image = api.post("image", "/v2/images", {"name": name, **IMAGE}).json()["id"]
    path = f"/v2/images/{image}/file"
    answer = api.request(
        "PUT", "image", path, "image=CloudOne|CloudTwo", data=b"data", headers=BYTES
    )
    assert answer.status_code == 400
    assert "an upload cannot be sent again" in answer.json()["error"]["message"]
    assert api.get("image", f"/v2/images/{image}").json()["status"] == "queued"
    api.request("DELETE", "image", f"/v2/images/{image}")


# Collaborations


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ('{"compute": "CloudOne & CloudTwo"}', True),
        ('{"compute": "CloudOne|CloudTwo", "network": "CloudOne|CloudTwo"}', True),
        ('{"compute": "CloudOne & CloudTwo", "network": "CloudOne"}', False),
        ('{"compute": "CloudOne | CloudTwo", "network": "CloudTwo | CloudOne"}', False),
        ('{"compute": "CloudOne", "network": "CloudOne & CloudTwo"}', False),
    ],
)
def test_each_cloud_s_servers_are_on_its_own_networks(
    api: Api, name: str, scope: str, allowed: bool
) -> None:
    """Bound services follow; crossed ones are refused before anything is created."""
    body = {"keypair": {"name": name, "public_key": key_pair()}}
    answer = api.post("compute", "/v2.1/os-keypairs", body, scope)
    path = f"/v2.1/os-keypairs/{name}"
    left = {c: api.get("compute", path, f"compute={c}").ok for c in ("CloudOne", "CloudTwo")}
    if allowed:
        assert answer.status_code == 200, answer.text
        assert left == {"CloudOne": True, "CloudTwo": "&" in scope}
        api.request("DELETE", "compute", path, scope.replace("|", "&"))
    else:
        assert answer.status_code == 400
        assert "they are different infrastructures" in answer.json()["error"]["message"]
        assert not any(left.values())
