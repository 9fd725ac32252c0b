"""The point of it all: servers whose parts come from different clouds."""

import hashlib
import json

import pytest
from clouds.api import Api
from clouds.commands import Commands, attempt, run, table

from openstackoid.lab import Lab

CREATE = "server create --flavor m1.tiny --network private --wait"


def image_of(commands: Commands, cloud: str, name: str) -> dict[str, str]:
    """Return an image as its own cloud shows it."""
    image: dict[str, str] = table(commands.openstack(f"image show {name}", cloud))
    return image


def disk_of(lab: Lab, cloud: str, server: str) -> str:
    """Return the checksum of the disk that a cloud's hypervisor downloaded for a server."""
    return (lab.cloud(cloud).instances / server / "disk.sha512").read_text().split()[0]


def test_the_clouds_are_independent(lab: Lab, commands: Commands) -> None:
    """Ids, passwords and images of one are nothing to another; they look different, too."""
    seen: dict[str, set[str]] = {}
    for cloud in ("CloudOne", "CloudTwo", "CloudThree"):
        images = {i["ID"] for i in table(commands.openstack("image list", cloud))}
        token = table(commands.openstack("token issue", cloud))
        passwords = set(lab.cloud(cloud).passwords.read_text().split()[1::2])
        seen[cloud] = images | {token["project_id"], token["user_id"]} | passwords
        assert len(images) >= 2
    assert not seen["CloudOne"] & seen["CloudTwo"]
    assert not seen["CloudOne"] & seen["CloudThree"]
    assert not seen["CloudTwo"] & seen["CloudThree"]


@pytest.mark.parametrize("cloud", ["CloudTwo", "CloudThree"])
@pytest.mark.parametrize("by", ["name", "id"])
def test_a_server_boots_from_an_image_of_another_cloud(
    lab: Lab, commands: Commands, name: str, cloud: str, by: str
) -> None:
    """It gets ACTIVE in CloudOne with the other cloud's image id, and its very bytes on disk."""
    image = image_of(commands, cloud, f"only-in-{cloud}")
    scope = json.dumps({"image": cloud})
    create = f"{CREATE} {name} --image {image[by]}"
    server = table(commands.openstack(create, scope=scope))
    assert server["status"] == "ACTIVE"
    assert image["id"] in server["image"]
    there = lab.cloud(cloud).directory / "state/image/images" / image["id"]
    assert disk_of(lab, "CloudOne", server["id"]) == hashlib.sha512(there.read_bytes()).hexdigest()
    assert image["id"] not in {i["ID"] for i in table(commands.openstack("image list"))}
    run(commands.openstack(f"server delete --wait {server['id']}"))


def test_without_the_scope_nova_refuses(lab: Lab, commands: Commands, api: Api) -> None:
    """The same image id without a scope is unknown, to the client and to nova itself."""
    image = image_of(commands, "CloudTwo", "only-in-CloudTwo")["id"]
    status, _, err = attempt(commands.openstack(f"{CREATE} refused --image {image}"))
    assert status == 1
    assert "No Image found" in err
    flavor = table(commands.openstack("flavor show m1.tiny"))["id"]
    body = {"name": "refused", "imageRef": image, "flavorRef": flavor, "networks": "none"}
    answer = api.post("compute", "/v2.1/servers", {"server": body}, microversion="compute 2.37")
    assert answer.status_code == 400
    assert "Can not find requested image" in answer.text
    servers = table(commands.openstack("server list"))
    assert "refused" not in {s["Name"] for s in servers}


def test_a_server_in_another_cloud_lives_there(lab: Lab, commands: Commands, name: str) -> None:
    """Network and placement follow compute; the image still comes from home."""
    scope = '{"compute": "CloudTwo", "image": "CloudOne"}'
    image = image_of(commands, "CloudOne", "only-in-CloudOne")
    server = table(commands.openstack(f"{CREATE} {name} --image only-in-CloudOne", scope=scope))
    assert server["status"] == "ACTIVE"
    everyones = table(commands.openstack("server list --all-projects", "CloudTwo-admin"))
    assert server["id"] in {s["ID"] for s in everyones}
    assert server["id"] not in {s["ID"] for s in table(commands.openstack("server list"))}
    here = lab.cloud("CloudOne").directory / "state/image/images" / image["id"]
    assert disk_of(lab, "CloudTwo", server["id"]) == hashlib.sha512(here.read_bytes()).hexdigest()
    run(commands.openstack(f"server delete --wait {server['id']}", scope=scope))
    everyones = table(commands.openstack("server list --all-projects", "CloudTwo-admin"))
    assert server["id"] not in {s["ID"] for s in everyones}


def test_a_snapshot_goes_where_images_are_taken(lab: Lab, commands: Commands, name: str) -> None:
    """Nova uploads the snapshot to the other cloud's Glance."""
    scope = "image=CloudTwo"
    server = table(commands.openstack(f"{CREATE} {name} --image only-in-CloudTwo", scope=scope))
    snapshot = table(
        commands.openstack(f"server image create --wait {server['id']} --name {name}", scope=scope)
    )
    assert snapshot["status"] == "active"
    uploaded = lab.cloud("CloudTwo").directory / "state/image/images" / snapshot["id"]
    disk = hashlib.sha512(uploaded.read_bytes()).hexdigest()
    assert disk == disk_of(lab, "CloudOne", server["id"])
    run(commands.openstack(f"image delete {snapshot['id']}", scope=scope))
    run(commands.openstack(f"server delete --wait {server['id']}", scope=scope))


@pytest.mark.parametrize("bound", ["network", "placement", "block-storage"])
def test_a_collaboration_that_cannot_work_is_refused(
    lab: Lab, commands: Commands, bound: str
) -> None:
    """A server here with a network, placement or volume of CloudThree: nothing is created."""
    command = commands.openstack(
        f"{CREATE} impossible --image only-in-CloudOne".replace("--network private", "--nic none"),
        scope=f"{bound}=CloudThree",
    )
    status, _, err = attempt(command)
    assert status == 1
    assert f"cannot use the {bound} of CloudThree" in err
    assert "impossible" not in {s["Name"] for s in table(commands.openstack("server list"))}


def test_reading_is_always_allowed(lab: Lab, commands: Commands) -> None:
    """The networks and volumes of another cloud can be listed, with one's own login."""
    here = {n["ID"] for n in table(commands.openstack("network list"))}
    there = {n["ID"] for n in table(commands.openstack("network list", scope="network=CloudTwo"))}
    assert there
    assert not here & there
    assert table(commands.openstack("volume list", scope="block-storage=CloudThree")) == []


def test_volumes_of_another_cloud_are_managed_from_home(
    lab: Lab, commands: Commands, name: str
) -> None:
    """CloudOne has no Cinder, and its user makes a volume in CloudThree all the same."""
    scope = "block-storage=CloudThree"
    volume = table(commands.openstack(f"volume create --size 1 {name}", scope=scope))
    assert volume["id"] in {v["ID"] for v in table(commands.openstack("volume list", scope=scope))}
    run(commands.openstack(f"volume delete {volume['id']}", scope=scope))
