"""Where a lab's clouds are found."""

import pytest

from openstackoid.lab import LabError, addresses
from openstackoid.lab.services import SERVICES, chosen

LAB = addresses.network(addresses.DEFAULT_NETWORK)


def test_each_cloud_has_an_address_of_its_own() -> None:
    """Cloud i of the default network is at 127.0.i.1, that of another network elsewhere."""
    assert addresses.host(LAB, 1) == "127.0.1.1"
    assert addresses.host(LAB, 254) == "127.0.254.1"
    assert addresses.host(addresses.network("127.7.0.0/16"), 2) == "127.7.2.1"


def test_each_link_begins_at_an_address_of_its_own() -> None:
    """Between as many clouds as a lab can have, and none is a cloud's."""
    few = [1, 2, 3, 253, 254]
    links = [addresses.link(LAB, i, j) for i in few for j in few if i != j]
    assert addresses.link(LAB, 1, 2) == "127.0.1.3"
    assert addresses.link(LAB, 254, 253) == "127.0.254.254"
    assert len({*links, *(addresses.host(LAB, i) for i in few)}) == 5 * 4 + 5


def test_odd_clouds_look_like_devstack() -> None:
    """One address, a path per service."""
    found = addresses.frontends("127.0.1.1", 1, SERVICES)
    assert found["compute"] == "http://127.0.1.1:8888/compute"
    assert found["block-storage"] == "http://127.0.1.1:8888/volume"


def test_even_clouds_look_like_kolla() -> None:
    """A port per service, no path."""
    found = addresses.frontends("127.0.2.1", 2, chosen(()))
    assert found == {
        "identity": "http://127.0.2.1:5000",
        "image": "http://127.0.2.1:9292",
        "placement": "http://127.0.2.1:8778",
        "compute": "http://127.0.2.1:8774",
        "network": "http://127.0.2.1:9696",
    }


@pytest.mark.parametrize("index", [1, 2])
def test_a_backend_differs_from_its_frontend_in_the_port_alone(index: int) -> None:
    """Same address, same path, another port; so a path never changes on its way in."""
    front = addresses.frontends("127.0.9.1", index, SERVICES)
    back = addresses.backends("127.0.9.1", index, SERVICES)
    assert front.keys() == back.keys()
    for service in SERVICES:
        url = back[service.type]
        assert f":{service.port + 10000}" in url
        assert (
            url.rpartition(":")[2].partition("/")[2]
            == (front[service.type].rpartition(":")[2].partition("/")[2])
        )
    assert len(set(back.values()) | set(front.values())) == 2 * len(SERVICES)


@pytest.mark.parametrize("text", ["10.0.0.0/16", "127.0.0.0/8", "127.0.0.0/24", "::1/128", "here"])
def test_a_lab_lives_in_a_16_of_the_loopback_network(text: str) -> None:
    """Everything else is refused with an example of what to write."""
    with pytest.raises(LabError, match=r"127\.\d+\.0\.0/16"):
        addresses.network(text)
