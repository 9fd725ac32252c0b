"""openstacksdk pages through lists of another cloud by their links, and stays at home."""

from urllib.parse import urlsplit

import openstack
import pytest
from requests import Response

from openstackoid.client import hook
from openstackoid.lab import Lab

pytestmark = pytest.mark.filterwarnings(r"ignore:::openstack\.")  # openstacksdk warns of itself


@pytest.mark.parametrize(
    ("home", "cloud"),
    [("CloudOne", "CloudTwo"), ("CloudTwo", "CloudOne"), ("CloudOne", "CloudOne")],
)
def test_every_page_is_reached(
    home: str, cloud: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With path prefixes and with a port for each service; nova's links are absolute."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.directory / "clouds.yaml"))
    scope = {"image": cloud, "compute": cloud}
    urls = []

    def note(response: Response, **_: object) -> None:
        urls.append(urlsplit(str(response.url)))

    with openstack.connect(cloud=home, vendor_hook=hook.NAME, oid_scope=scope) as connection:
        connection.session.session.hooks["response"].append(note)
        images = {image.name for image in connection.image.images(limit=1)}
        flavors = [flavor.id for flavor in connection.compute.flavors(limit=1)]
        assert flavors == [flavor.id for flavor in connection.compute.flavors()]
    assert images >= {"debian", f"only-in-{cloud}"}
    second = {url.path.rpartition("/")[2] for url in urls if "marker=" in url.query}
    assert second >= {"images", "detail"}
    assert {url.hostname for url in urls} == {lab.cloud(home).address}
