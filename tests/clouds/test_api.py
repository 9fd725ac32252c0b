"""Scopes without the client's plugin: a header is enough, and home is enough."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from clouds.api import Api
from clouds.commands import Command, Commands, run, table

from openstackoid.lab import Lab
from openstackoid.scope import DELIMITER


def test_x_scope_is_enough(api: Api) -> None:
    """Curl sends one header more; the first gateway completes the rest."""
    images = api.get("image", "/v2/images", '{"image": "CloudTwo"}').json()["images"]
    assert "only-in-CloudTwo" in {i["name"] for i in images}


def test_the_suffix_is_enough(api: Api) -> None:
    """A service that knows nothing of scopes hands them on behind the token."""
    token = f'{api.token}{DELIMITER}{{"image":"CloudTwo"}}'
    images = api.get("image", "/v2/images", headers={"X-Auth-Token": token}).json()["images"]
    assert "only-in-CloudTwo" in {i["name"] for i in images}


@pytest.mark.parametrize("method", ["password", "token"])
def test_keystone_never_sees_a_suffix(api: Api, method: str) -> None:
    """A token that comes with a suffix is good for validation and for a new login alike."""
    suffixed = f'{api.token}{DELIMITER}{{"image":"CloudTwo"}}'
    headers = {"X-Auth-Token": suffixed, "X-Subject-Token": suffixed}
    assert api.get("identity", "/v3/auth/tokens", headers=headers).status_code == 200
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": suffixed}}}}
    assert api.post("identity", "/v3/auth/tokens", body).status_code == 201


def test_a_token_of_nobody_is_401_everywhere(api: Api) -> None:
    """Keystone's answer at home becomes the middleware's 401 in the other cloud."""
    for token in ("nonsense", api.token[:-3] + "AAA"):
        headers = {"X-Auth-Token": token}
        answer = api.get("image", "/v2/images", "image=CloudTwo", headers=headers)
        assert answer.status_code == 401


def pages(api: Api, service: str, first: str, key: str, scope: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a list, page by page, by its next links."""
    path: str | None = first
    while path:
        document = api.get(service, path, scope).json()
        yield from document[key]
        links = {link["rel"]: link["href"] for link in document.get(f"{key}_links", [])}
        path = document.get("next") or links.get("next")


@pytest.mark.parametrize("cloud", ["CloudTwo", "CloudThree"])
def test_next_links_lead_through_home(api: Api, cloud: str) -> None:
    """Whoever reaches nothing but the home gateway sees every page of another cloud's lists."""
    images = pages(api, "image", "/v2/images?limit=1", "images", f"image={cloud}")
    assert {i["name"] for i in images} >= {"debian", f"only-in-{cloud}"}
    base = api.lab.cloud("CloudOne").frontends["compute"]
    document = api.get("compute", "/v2.1/flavors/detail", f"compute={cloud}").json()
    links = [link["href"] for flavor in document["flavors"] for link in flavor["links"]]
    assert links
    assert all(link.startswith(base) for link in links)


def test_version_discovery_leads_through_home(api: Api) -> None:
    """The versions of another cloud's services are at addresses of the home gateway."""
    api.token = ""  # home's is not for another Keystone to see
    for service in ("identity", "image", "compute", "network"):
        text = api.get(service, "/", f"{service}=CloudTwo").text
        assert api.lab.cloud("CloudOne").frontends[service] in text
        assert api.lab.cloud("CloudTwo").address not in text


def test_the_catalog_of_another_keystone_leads_through_home(lab: Lab) -> None:
    """Who logs in to CloudTwo by CloudOne's gateway goes on by CloudOne's gateway."""
    two = Api(lab, "CloudTwo")
    answer = two.login("identity=CloudOne")
    assert answer.status_code == 401  # CloudOne does not know CloudTwo's password
    answer = two.login()
    assert lab.cloud("CloudTwo").address in answer.text
    one = Api(lab, "CloudOne", two.token)
    headers = {"X-Subject-Token": two.token}
    validated = one.get("identity", "/v3/auth/tokens", "identity=CloudTwo", headers=headers)
    assert validated.status_code == 200
    urls = {e["url"] for entry in validated.json()["token"]["catalog"] for e in entry["endpoints"]}
    assert all(url.startswith(f"http://{lab.cloud('CloudOne').address}") for url in urls)


def test_bad_input_is_refused_before_a_service_sees_it(api: Api) -> None:
    """Errors have OpenStack's shape, and say which cloud refuses and why."""
    for scope, message in (
        ('{"image": "CloudTwo"', "the text ends"),
        ('{"image": "CloudTwo", "glance": "CloudOne"}', "the same service"),
        ("image=CloudFour", 'unknown cloud "CloudFour"'),
        ("image=CloudOne&", "the expression ends"),
    ):
        answer = api.get("image", "/v2/images", scope)
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["cloud"] == "CloudOne"
        assert message in error["message"]


def test_ten_operations_with_five_scopes_at_once(lab: Lab, commands: Commands) -> None:
    """Servers, lists and shows in five different scopes, each sees its own clouds alone."""
    create = "server create --flavor m1.tiny --network private --wait"
    cases = [
        (f"{create} ten-1 --image only-in-CloudTwo", "image=CloudTwo"),
        (f"{create} ten-2 --image only-in-CloudThree", "image=CloudThree"),
        (f"{create} ten-3 --image only-in-CloudTwo", "compute=CloudThree,image=CloudTwo"),
        ("image show only-in-CloudTwo", "image=CloudTwo"),
        ("image show only-in-CloudThree", "image=CloudThree"),
        ("image show only-in-CloudOne", "image=CloudOne"),
        ("image show only-in-CloudTwo", "compute=CloudThree,image=CloudTwo"),
        ("network show private", "compute=CloudTwo"),
        ("network show private", "compute=CloudThree,image=CloudTwo"),
        ("image show only-in-CloudOne", "compute=CloudTwo"),
    ]
    with ThreadPoolExecutor(len(cases)) as pool:
        results = list(
            pool.map(lambda case: table(commands.openstack(case[0], scope=case[1])), cases)
        )
    image = {
        cloud: table(commands.openstack(f"image show only-in-{cloud}", cloud))["id"]
        for cloud in ("CloudOne", "CloudTwo", "CloudThree")
    }
    network = {
        cloud: table(commands.openstack("network show private", cloud))["id"]
        for cloud in ("CloudTwo", "CloudThree")
    }
    servers, shown = results[:3], results[3:]
    assert [s["status"] for s in servers] == ["ACTIVE"] * 3
    for server, cloud in zip(servers, ("CloudTwo", "CloudThree", "CloudTwo"), strict=True):
        assert image[cloud] in server["image"]
    clouds = ("CloudTwo", "CloudThree", "CloudOne", "CloudTwo")
    assert [s["id"] for s in shown] == [
        *(image[cloud] for cloud in clouds),
        network["CloudTwo"],
        network["CloudThree"],
        image["CloudOne"],
    ]
    for server, (_, scope) in zip(servers, cases[:3], strict=True):
        run(commands.openstack(f"server delete {server['id']}", scope=scope))


def test_openstacksdk_needs_only_clouds_yaml(lab: Lab, tmp_path: Path) -> None:
    """A program that knows nothing of scopes gets one from its cloud's entry."""
    clouds = yaml.safe_load(lab.clouds_yaml.read_text())["clouds"]
    entry = clouds["CloudOne"]
    entry["auth_type"] = "v3oidpassword"
    entry["auth"]["oid_scope"] = {"image": "CloudTwo"}
    file = tmp_path / "clouds.yaml"
    file.write_text(yaml.safe_dump({"clouds": {"scoped": entry}}))
    program = """if True:
        import openstack
        with openstack.connect(cloud="scoped") as cloud:
            print([image.name for image in cloud.image.images()])
            print([flavor.name for flavor in cloud.compute.flavors()])
    """
    env = {"HOME": str(tmp_path), "OS_CLIENT_CONFIG_FILE": str(file)}
    images, flavors = run(Command([sys.executable, "-c", program], env)).splitlines()
    assert "only-in-CloudTwo" in images
    assert flavors == "['m1.tiny']"
