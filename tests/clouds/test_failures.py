"""What happens when a cloud's gateway dies, comes back, or a client goes away."""

import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from clouds.api import Api
from clouds.commands import Commands, attempt, run, table
from clouds.conftest import of_gateways

from openstackoid.lab import Lab


@pytest.mark.usefixtures("two_is_dead")
def test_the_other_clouds_go_on(lab: Lab, commands: Commands, api: Api, name: str) -> None:
    """Unscoped work, and work between clouds that are up, does not notice."""
    create = f"server create --flavor m1.tiny --network private --wait {name}"
    server = table(
        commands.openstack(f"{create} --image only-in-CloudThree", scope="image=CloudThree")
    )
    assert server["status"] == "ACTIVE"
    run(commands.openstack(f"server delete --wait {server['id']}"))
    assert api.get("image", "/v2/images").status_code == 200


@pytest.mark.usefixtures("two_is_dead")
def test_work_towards_the_dead_cloud_fails_at_once_by_name(
    lab: Lab, commands: Commands, api: Api
) -> None:
    """502 names cloud and service, and the command says so too."""
    before = time.monotonic()
    answer = api.get("image", "/v2/images", "image=CloudTwo")
    assert time.monotonic() - before < 5  # the connect timeout
    assert answer.status_code == 502
    error = answer.json()["error"]
    assert (error["cloud"], error["service"]) == ("CloudTwo", "image")
    status, _, err = attempt(commands.openstack("image list", scope="image=CloudTwo"))
    assert status == 1
    assert "image of CloudTwo at" in err
    assert "Connection refused" in err


def test_a_cloud_that_comes_back_is_used_again(
    lab: Lab, commands: Commands, api: Api, two_is_dead: None
) -> None:
    """Nothing has to be told that it is there again; HAProxy looks every two seconds."""
    assert api.get("image", "/v2/images", "image=CloudTwo").status_code == 502
    run(commands.lab("restart", "CloudTwo", *lab.cloud("CloudTwo").fronts))
    end = time.monotonic() + 10
    while (status := api.get("image", "/v2/images", "image=CloudTwo").status_code) != 200:
        assert status == 503
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_client_that_leaves_in_mid_download_leaves_nothing(
    lab: Lab, commands: Commands, api: Api, tmp_path: Path
) -> None:
    """Neither gateway keeps a connection to the services for a download nobody reads."""
    big = tmp_path / "big.img"
    with big.open("wb") as file:
        file.truncate(256 * 2**20)
    create = f"image create --disk-format raw --container-format bare --file {big} leaving"
    scope = "image=CloudTwo"
    image = table(commands.openstack(create, scope=scope))["id"]
    gateways = of_gateways(lab, "CloudOne", "CloudTwo")

    def upstream() -> int:
        """Count the connections that the gateways hold to CloudTwo's image service."""
        ports = {
            urlsplit(lab.cloud("CloudTwo").frontends["image"]).port,
            urlsplit(lab.cloud("CloudTwo").backends["image"]).port,
        }
        return sum(
            bool(c.raddr) and c.raddr.port in ports and c.status == psutil.CONN_ESTABLISHED
            for gateway in gateways
            for c in gateway.net_connections()
        )

    base = urlsplit(lab.cloud("CloudOne").frontends["image"])
    connection = http.client.HTTPConnection(base.netloc)
    headers = {"X-Auth-Token": api.token, "X-Scope": scope}
    connection.request("GET", f"{base.path}/v2/images/{image}/file", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read(2**20)
    assert upstream() >= 2
    connection.close()
    answer.close()
    deadline = time.monotonic() + 30
    while upstream():
        assert time.monotonic() < deadline, "a gateway still downloads for nobody"
    run(commands.openstack(f"image delete {image}", scope=scope))
