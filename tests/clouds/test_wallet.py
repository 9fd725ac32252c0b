"""One user with an account in each of three clouds that do not trust one another at all."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
import yaml
from clouds.commands import Commands, attempt, run, table

from openstackoid.identity import keys
from openstackoid.lab import Lab, processes
from openstackoid.lab.services import GATEWAY

SEALED = re.compile(r"(?<![A-Za-z0-9_-])eyJ")
"""The beginning of a JWE or a JWS; within the random id of an assertion it means nothing."""

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree")
CREATE = "server create --flavor m1.tiny --network private --wait"

Change = Callable[[str, dict[str, Any]], None]


def tell(lab: Lab, change: Change) -> None:
    """Change what each gateway is told of the clouds, and wait until it has read it."""
    for name in CLOUDS:
        cloud = lab.cloud(name)
        document = yaml.safe_load(cloud.federation.read_text())
        change(name, document["clouds"])
        cloud.federation.write_text(yaml.safe_dump(document))
        reload(lab, name)


def reload(lab: Lab, name: str) -> None:
    """Let a gateway read its file, and wait until it has."""
    log = lab.cloud(name).log(GATEWAY)
    before = len(log.read_text())
    gateway = processes.find(lab.cloud(name), GATEWAY)
    assert gateway is not None
    processes.reload(lab.cloud(name), gateway)
    while "reloaded" not in (said := log.read_text()[before:]):
        assert gateway.is_running()
    assert '"not reloaded"' not in said


@pytest.fixture(scope="module", autouse=True)
def no_trust(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove all trust; give each gateway keys."""
    before = {name: lab.cloud(name).federation.read_text() for name in CLOUDS}
    directory = tmp_path_factory.mktemp("keys")
    made = {name: keys.make() for name in CLOUDS}
    for name, pair in made.items():
        keys.write(pair, directory / name)

    def change(own: str, clouds: dict[str, Any]) -> None:
        for name, cloud in clouds.items():
            cloud.pop("trust", None)
            cloud["keys"] = made[name].public.model_dump()
        clouds[own]["own"] = {**clouds[own].get("own", {}), "keys": str(directory / own)}

    tell(lab, change)
    yield
    for name, text in before.items():
        lab.cloud(name).federation.write_text(text)
        reload(lab, name)


@pytest.fixture(scope="module")
def logins(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clouds.yaml whose entries are used together, users' and administrators' apart."""
    entries = yaml.safe_load(lab.clouds_yaml.read_text())["clouds"]
    for name, entry in entries.items():
        del entry["oid_clouds"]
        if name.endswith("-admin"):
            entry["oid_clouds"] = {cloud: f"{cloud}-admin" for cloud in CLOUDS}
    path = tmp_path_factory.mktemp("wallet") / "clouds.yaml"
    path.write_text(json.dumps({"clouds": entries}))
    return path


@pytest.fixture
def wallet(commands: Commands, logins: Path) -> Commands:
    """Return the `openstack` command with these logins."""
    return Commands(logins.parent, commands.home)


@pytest.fixture
def private_image(wallet: Commands, name: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Give id and SHA-512 of an image in CloudTwo that only its alice sees."""
    data = name.encode() * 1000
    (tmp_path / "data").write_bytes(data)
    create = f"image create --private --disk-format raw --file {tmp_path / 'data'} {name}"
    image = table(wallet.openstack(create, "CloudTwo"))["id"]
    yield image, hashlib.sha512(data).hexdigest()
    run(wallet.openstack(f"image delete {image}", "CloudTwo"))


def test_one_account_is_not_enough(commands: Commands) -> None:
    """Nobody trusts anybody: what the other tests do is by the wallet alone."""
    status, _, err = attempt(commands.openstack("image list", scope="image=CloudTwo"))
    assert status == 1
    assert "401" in err


def test_a_private_image_of_another_cloud_boots(
    lab: Lab, wallet: Commands, name: str, private_image: tuple[str, str]
) -> None:
    """Its owner's token of CloudTwo travels to the hypervisor of CloudOne and back."""
    image, checksum = private_image
    scope = "image=CloudTwo"
    server = table(wallet.openstack(f"{CREATE} {name} --image {name}", scope=scope))
    assert server["status"] == "ACTIVE"
    assert image in server["image"]
    disk = lab.cloud("CloudOne").instances / server["id"] / "disk.sha512"
    assert disk.read_text().split()[0] == checksum
    run(wallet.openstack(f"server delete --wait {server['id']}", scope=scope))


def test_a_server_elsewhere_is_in_the_users_own_project_there(wallet: Commands, name: str) -> None:
    """Logged in at CloudOne, with an image of CloudOne; CloudTwo's own login can delete it."""
    scope = '{"compute": "CloudTwo", "image": "CloudOne"}'
    server = table(wallet.openstack(f"{CREATE} {name} --image only-in-CloudOne", scope=scope))
    assert server["status"] == "ACTIVE"
    token = table(wallet.openstack("token issue", "CloudTwo"))
    assert server["project_id"] == token["project_id"]
    assert server["id"] in {s["ID"] for s in table(wallet.openstack("server list", "CloudTwo"))}
    run(wallet.openstack(f"server delete --wait {server['id']}", "CloudTwo"))


def test_three_clouds_in_one_workflow(lab: Lab, wallet: Commands, name: str) -> None:
    """From CloudOne, a server in CloudTwo from an image of CloudThree."""
    scope = "compute=CloudTwo,image=CloudThree"
    create = f"{CREATE} {name} --image only-in-CloudThree"
    server = table(wallet.openstack(create, scope=scope))
    assert server["status"] == "ACTIVE"
    run(wallet.openstack(f"server delete --wait {server['id']}", scope=scope))


@pytest.mark.parametrize("cloud", ["CloudOne", "CloudTwo"])
def test_the_endpoints_of_either_keystone(wallet: Commands, cloud: str) -> None:
    """As the administrator of each, from CloudOne."""
    there = table(wallet.openstack("endpoint list", f"{cloud}-admin"))
    command = wallet.openstack("endpoint list", "CloudOne-admin", f"identity={cloud}")
    assert {e["ID"] for e in table(command)} == {e["ID"] for e in there}


def test_users_of_two_keystones(wallet: Commands, name: str) -> None:
    """One command, two administrators with different passwords."""
    both = "identity=CloudOne & CloudTwo"
    run(wallet.openstack(f"user create {name}", "CloudOne-admin", both))
    for cloud in ("CloudOne", "CloudTwo"):
        users = table(wallet.openstack("user list", f"{cloud}-admin"))
        assert name in {u["Name"] for u in users}
    run(wallet.openstack(f"user delete {name}", "CloudOne-admin", both))


def test_an_administrator_elsewhere_is_nobody_here(wallet: Commands) -> None:
    """CloudOne's administrator with alice's account in CloudTwo is alice in CloudTwo."""
    document = yaml.safe_load((wallet.directory / "clouds.yaml").read_text())
    assert document["clouds"]["CloudOne-admin"]["oid_clouds"]["CloudTwo"] == "CloudTwo-admin"
    status, _, err = attempt(
        wallet.openstack("endpoint list", "CloudOne", scope="identity=CloudTwo")
    )
    assert status == 1
    assert "403" in err


def test_lists_of_several_clouds(wallet: Commands) -> None:
    """Under &, each branch has the token of its cloud; by the command and by the gateway."""
    images = table(wallet.openstack("image list", scope="image=CloudOne & CloudTwo"))
    assert {"only-in-CloudOne", "only-in-CloudTwo"} <= {i["Name"] for i in images}
    assert {i["Cloud"] for i in images} == {"CloudOne", "CloudTwo"}


def test_a_volume_in_a_project_with_another_id(wallet: Commands, name: str) -> None:
    """Cinder has the id of the project in its paths."""
    scope = "block-storage=CloudThree"
    volume = table(wallet.openstack(f"volume create --size 1 {name}", scope=scope))
    there = {v["ID"] for v in table(wallet.openstack("volume list", "CloudThree"))}
    assert volume["id"] in there
    run(wallet.openstack(f"volume delete {volume['id']}", scope=scope))


Headers = Callable[[str], dict[str, str]]


@pytest.fixture
def headers(logins: Path, monkeypatch: pytest.MonkeyPatch) -> Headers:
    """Return what gives the headers of alice's requests with a scope, as openstacksdk has them."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(logins))

    def headers(scope: str) -> dict[str, str]:
        hook = "openstackoid.client.hook:install"
        with openstack.connect(cloud="CloudOne", vendor_hook=hook, oid_scope=scope) as connection:
            return dict(connection.session.get_auth_headers() or {})

    return headers


def tokens(headers: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return the wallet, tokens and ids of projects."""
    suffix = headers["X-Auth-Token"].partition("!SCOPE!")[2]
    return {cloud: tuple(entry) for cloud, entry in json.loads(suffix)["tokens"].items()}


@pytest.mark.filterwarnings(r"ignore:::openstack\.")
def test_a_sealed_token_is_of_no_use_to_others(lab: Lab, headers: Headers) -> None:
    """Who has seen it cannot present it, and CloudOne can for images only."""
    right = headers("image=CloudTwo")
    (sealed, _), (own, _) = tokens(right)["CloudTwo"], tokens(right)["*"]
    token = right["X-Auth-Token"].partition("!SCOPE!")[0]
    assert sealed.count(".") == own.count(".") == 4
    assert token not in own
    one, two = lab.cloud("CloudOne").frontends, lab.cloud("CloudTwo").frontends
    scope = '{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}'
    stolen = {"X-Auth-Token": f"{sealed}!SCOPE!{scope}", "X-Scope": scope}
    here = '{"*":"CloudTwo"}'
    direct = {"X-Auth-Token": f"{sealed}!SCOPE!{here}", "X-Scope": here}
    posing = stolen | {"Via": "1.1 CloudOne (openstackoid)"}
    for attack in ({"X-Auth-Token": sealed}, direct, posing):
        answer = requests.get(f"{two['image']}/v2/images", headers=attack, timeout=60)
        assert answer.status_code == 401
    servers = {k: v.replace('"image":', '"compute":') for k, v in right.items()}
    answer = requests.get(f"{one['compute']}/v2.1/servers", headers=servers, timeout=60)
    assert answer.status_code == 401
    assert "not for compute" in answer.text
    answer = requests.get(f"{one['image']}/v2/images", headers=right, timeout=60)
    assert "only-in-CloudTwo" in answer.text


@pytest.mark.filterwarnings(r"ignore:::openstack\.")
def test_the_gateway_gives_each_branch_its_token(lab: Lab, headers: Headers) -> None:
    """One request under &, with three Keystones behind it."""
    every = headers("image=CloudOne & CloudTwo & CloudThree") | {"X-Scope-Policy": "all"}
    url = lab.cloud("CloudOne").frontends["image"]
    answer = requests.get(f"{url}/v2/images", headers=every, timeout=60)
    assert answer.status_code == 200
    assert {f"only-in-{cloud}" for cloud in CLOUDS} <= {i["name"] for i in answer.json()["images"]}


@pytest.mark.filterwarnings(r"ignore:::openstack\.")
def test_the_id_of_the_project_at_home_works_elsewhere(lab: Lab, headers: Headers) -> None:
    """As a client has it that goes by home's catalog; the id there works as well."""
    there = headers("block-storage=CloudThree")
    ids = [project for _, project in tokens(there).values()]
    assert len(set(ids)) == 2
    federation = yaml.safe_load(lab.cloud("CloudOne").federation.read_text())["clouds"]
    url = federation["CloudOne"]["frontends"]["block-storage"]
    for project in ids:
        answer = requests.get(f"{url}/v3/{project}/volumes", headers=there, timeout=60)
        assert (answer.status_code, answer.json()) == (200, {"volumes": []})


def test_no_gateway_has_logged_a_token(lab: Lab) -> None:
    """Neither clear nor sealed, after all these requests."""
    for name in CLOUDS:
        said = lab.cloud(name).log(GATEWAY).read_text()
        assert "gAAAA" not in said
        assert not SEALED.search(said)
        assert 'tokens\\"' not in said


@pytest.fixture
def no_keys(lab: Lab) -> Iterator[None]:
    """Take the keys away again."""
    before = {name: lab.cloud(name).federation.read_text() for name in CLOUDS}

    def change(own: str, clouds: dict[str, Any]) -> None:
        for cloud in clouds.values():
            del cloud["keys"]
        del clouds[own]["own"]["keys"]

    tell(lab, change)
    yield
    for name, text in before.items():
        lab.cloud(name).federation.write_text(text)
        reload(lab, name)


@pytest.mark.usefixtures("no_keys")
def test_it_works_without_keys(wallet: Commands, name: str, private_image: tuple[str, str]) -> None:
    """Then tokens are not sealed."""
    scope = "image=CloudTwo"
    server = table(wallet.openstack(f"{CREATE} {name} --image {name}", scope=scope))
    assert private_image[0] in server["image"]
    run(wallet.openstack(f"server delete --wait {server['id']}", scope=scope))


@pytest.fixture
def three_has_no_gateway(lab: Lab) -> Iterator[None]:
    """Let the others know CloudThree by where its services really listen."""
    before = {name: lab.cloud(name).federation.read_text() for name in CLOUDS}

    def change(own: str, clouds: dict[str, Any]) -> None:
        if own != "CloudThree":
            region = clouds["CloudThree"]["region"]
            frontends = lab.cloud("CloudThree").backends
            entry = {"region": region, "frontends": frontends, "gateway": False}
            clouds["CloudThree"] = {**entry, "insecure": True}  # its services speak http

    tell(lab, change)
    yield
    for name, text in before.items():
        lab.cloud(name).federation.write_text(text)
        reload(lab, name)


@pytest.fixture
def public(lab: Lab, commands: Commands, logins: Path, tmp_path: Path) -> Commands:
    """Return the command with CloudThree's account at its own Keystone."""
    document = yaml.safe_load(logins.read_text())
    url = lab.cloud("CloudThree").backends["identity"]
    document["clouds"]["CloudThree"]["auth"]["auth_url"] = url
    (tmp_path / "clouds.yaml").write_text(json.dumps(document))
    return Commands(tmp_path, commands.home)


@pytest.mark.usefixtures("three_has_no_gateway")
def test_a_cloud_without_a_gateway_takes_part(public: Commands, name: str) -> None:
    """Its images, its servers, its volumes, with the account there."""
    scope = "image=CloudThree"
    image = table(public.openstack("image show only-in-CloudThree", "CloudThree"))["id"]
    server = table(public.openstack(f"{CREATE} {name} --image only-in-CloudThree", scope=scope))
    assert server["status"] == "ACTIVE"
    assert image in server["image"]
    run(public.openstack(f"server delete --wait {server['id']}", scope=scope))
    scope = "compute=CloudThree,image=CloudThree"
    create = f"{CREATE} {name} --image only-in-CloudThree"
    server = table(public.openstack(create, scope=scope))
    assert server["id"] in {s["ID"] for s in table(public.openstack("server list", "CloudThree"))}
    run(public.openstack(f"server delete --wait {server['id']}", scope=scope))
    volumes = public.openstack("volume list", scope="block-storage=CloudThree")
    assert table(volumes) == []


@pytest.mark.usefixtures("three_has_no_gateway")
def test_a_cloud_without_a_gateway_needs_an_account(commands: Commands) -> None:
    """And the message says so."""
    status, _, err = attempt(commands.openstack("image list", scope="image=CloudThree"))
    assert status == 1
    assert "CloudThree has no gateway" in err
