"""Partitions: the link between CloudOne and CloudTwo delayed, cut, silent, and healed again."""

import json
import time
from collections.abc import Iterator

import pytest
import requests
from clouds.api import Api
from clouds.commands import Commands, attempt, run, table

from openstackoid.lab import BLACKHOLE, CUT, Condition, Lab
from openstackoid.lab.services import GATEWAY, LINKS

ENDS = ("CloudOne", "CloudTwo")
TWO = "image=CloudTwo"
IMAGES = "/v2/images"
SIZE = 256 * 2**20


@pytest.fixture(autouse=True)
def _healed(lab: Lab) -> Iterator[None]:
    """Leave the link as it was found."""
    yield
    lab.link(*ENDS)


def unaffected(api: Api) -> None:
    """Check that work that does not need the link goes on."""
    for scope in ("", "image=CloudThree"):
        assert api.get("image", IMAGES, scope).status_code == 200
    two = Api(api.lab, "CloudTwo")
    assert two.login().status_code == 201
    for scope in ("", "image=CloudThree"):
        assert two.get("image", IMAGES, scope).status_code == 200


def test_a_cut_link_is_refused_at_once_by_name(lab: Lab, commands: Commands, api: Api) -> None:
    """502 names the cloud; in both directions, and nowhere else. Healed, all works again."""
    run(commands.lab("link", *ENDS, "--cut"))
    answer = api.get("image", IMAGES, TWO)
    assert answer.status_code == 502
    error = answer.json()["error"]
    assert (error["cloud"], error["service"]) == ("CloudTwo", "image")
    assert "Connection refused" in error["message"]
    status, _, err = attempt(commands.openstack("image list", cloud="CloudTwo", scope=TWO))
    assert (status, err) == (0, "")
    status, _, err = attempt(
        commands.openstack("image list", cloud="CloudTwo", scope="image=CloudOne")
    )
    assert status == 1
    assert "image of CloudOne at" in err
    unaffected(api)
    run(commands.lab("link", *ENDS, "--heal"))
    assert api.get("image", IMAGES, TWO).status_code == 200
    run(commands.openstack("image list", cloud="CloudTwo", scope="image=CloudOne"))


def test_a_cut_link_ends_what_is_under_way(lab: Lab, api: Api) -> None:
    """A download breaks off; the client is not told that it is whole."""
    body = {"name": "cut", "disk_format": "raw", "container_format": "bare"}
    path = f"{IMAGES}/{api.post('image', IMAGES, body, TWO).json()['id']}"
    headers = {"Content-Type": "application/octet-stream"}
    sent = api.request("PUT", "image", f"{path}/file", TWO, data=bytes(SIZE), headers=headers)
    assert sent.status_code == 204
    with api.get("image", f"{path}/file", TWO, stream=True) as download:
        pieces = download.iter_content(2**20)
        next(pieces)
        lab.link(*ENDS, CUT)
        with pytest.raises(requests.RequestException):
            sum(map(len, pieces))
    lab.link(*ENDS)
    assert api.request("DELETE", "image", path, TWO).status_code == 204


def test_a_blackholed_link_ends_in_504(lab: Lab, api: Api) -> None:
    """After the connect timeout; meanwhile and afterwards the rest goes on."""
    lab.link(*ENDS, CUT)  # so that the gateways have to connect anew
    lab.link(*ENDS, BLACKHOLE)
    answer = api.get("image", IMAGES, TWO)
    assert answer.status_code == 504
    assert answer.json()["error"]["cloud"] == "CloudTwo"
    assert "could not be reached within 5 s" in answer.json()["error"]["message"]
    unaffected(api)
    lab.link(*ENDS)
    assert api.get("image", IMAGES, TWO).status_code == 200


def test_a_link_that_falls_silent_is_found_out(lab: Lab, api: Api) -> None:
    """Also by a request on a connection of before; with an alternative it only takes longer."""
    for scope, status in ((TWO, 504), ("image=CloudTwo|CloudThree", 200)):
        lab.link(*ENDS)
        while api.get("image", IMAGES, TWO).status_code != 200:
            time.sleep(0.1)
        lab.link(*ENDS, BLACKHOLE)
        answer = api.get("image", IMAGES, scope)
        assert answer.status_code == status
        if status == 504:
            assert "can no longer be reached" in answer.json()["error"]["message"]
    unaffected(api)


def test_a_delayed_link_takes_its_time(lab: Lab, api: Api) -> None:
    """Each way."""
    delay = 0.3
    lab.link(*ENDS, Condition(delay=delay))
    begun = time.monotonic()
    assert api.get("image", IMAGES, TWO).status_code == 200
    assert time.monotonic() - begun > 2 * delay - 0.05
    unaffected(api)


def test_a_server_boots_over_a_slow_link(lab: Lab, commands: Commands, name: str) -> None:
    """A delay is no failure."""
    run(commands.lab("link", *ENDS, "--delay", "50ms"))
    create = "server create --flavor m1.tiny --network private --image only-in-CloudTwo --wait"
    server = table(commands.openstack(f"{create} {name}", scope=TWO))
    assert server["status"] == "ACTIVE"
    run(commands.openstack(f"server delete --wait {server['id']}"))


def test_a_condition_outlives_its_process(lab: Lab, commands: Commands, api: Api) -> None:
    """And is listed, in both directions."""
    lab.link(*ENDS, CUT)
    run(commands.lab("restart", "CloudOne", LINKS))
    assert api.get("image", IMAGES, TWO).status_code == 502
    listed = {
        (link["from"], link["to"]): link["state"]
        for link in json.loads(run(commands.lab("link", "-f", "json")))
    }
    assert len(listed) == 6
    assert {ends for ends, how in listed.items() if how == "cut"} == {ENDS, ENDS[::-1]}
    assert "is still cut" in attempt(commands.lab("up"))[2]


def test_a_write_on_a_silent_link_is_not_carried_out_later(lab: Lab, api: Api, name: str) -> None:
    """Once home has said that it cannot begin any more, also when the link is back."""
    known = time.monotonic() + 60
    while '"client_handle"' not in lab.cloud("CloudTwo").log(GATEWAY).read_text():
        assert time.monotonic() < known  # until CloudTwo's gateway is told more
        assert api.get("image", IMAGES, TWO).status_code == 200
        time.sleep(0.5)
    assert api.get("image", IMAGES, TWO).status_code == 200
    time.sleep(0.2)  # a write takes a connection that has rested for a moment
    lab.link(*ENDS, BLACKHOLE)
    body = {"name": name, "disk_format": "raw", "container_format": "bare"}
    answer = api.post("image", IMAGES, body, TWO)
    assert answer.status_code == 504
    message = answer.json()["error"]["message"]
    assert "may have been carried out, but cannot begin any more" in message
    lab.link(*ENDS)
    images = f"{IMAGES}?name={name}"
    for _ in range(10):
        assert api.get("image", images, TWO).json()["images"] == []
