"""What a request goes by: one snapshot of a federation file."""

from collections.abc import Callable
from typing import Any

import pytest
from gateway.credentials import take_keys
from gateway.played import Clouds
from gateway.probe import Probe
from gateway.trust.vouching import unasked

from openstackoid.federation import load
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.http import Client

Describe = Callable[..., Site]


@pytest.fixture
async def site(clouds: Clouds) -> Describe:
    """Return how to describe CloudOne, with changes to what its file says of CloudTwo or itself."""
    take_keys(clouds)

    def described(cloud: str = "CloudTwo", **changes: Any) -> Site:
        clouds.document["clouds"][cloud] |= changes
        clouds.save()
        federation = load(clouds.file)
        peers = Peers(federation, "CloudOne", UsedSignatures())
        made = clouds.file.with_name("made")
        pool, confirming, health = Client(5, 5), unasked("CloudOne"), Health(Probe())
        return Site.of(federation, "CloudOne", peers, pool, made, confirming, health)

    return described


def looked_for(site: Site, cloud: str) -> set[tuple[str, int]]:
    """Return host and port of each origin of a cloud, all of which go by the rule for addresses."""
    origins = site.origins(cloud)
    assert {origin.permit for origin in origins} <= {site.upstream.permit}
    return {(origin.host, origin.port) for origin in origins}


async def test_another_cloud_is_looked_for_at_its_frontends(site: Describe) -> None:
    """At every host and port of the public ones, once, whatever the path: no others are used."""
    frontends = {
        "image": "https://two.example/image",
        "compute": {"public": "https://two.example/compute", "internal": "http://10.0.0.2:8774"},
    }
    described = site(frontends=frontends, backends={})
    assert looked_for(described, "CloudTwo") == {("two.example", 443)}


@pytest.mark.parametrize("connect", ["192.0.2.9", "2001:db8::9"])
async def test_a_cloud_with_a_detour_is_looked_for_there(site: Describe, connect: str) -> None:
    """The ports stay those of the frontends."""
    frontends = {"image": "https://two.example/image", "compute": "http://two.example:8774"}
    described = site(frontends=frontends, backends={}, connect=connect)
    assert looked_for(described, "CloudTwo") == {(connect, 443), (connect, 8774)}


async def test_a_cloud_that_has_left_is_nowhere(site: Describe) -> None:
    """Nobody goes on looking for it."""
    assert looked_for(site(), "CloudSix") == set()


async def test_no_proxy_is_believed_unless_it_is_named(site: Describe) -> None:
    """Nothing that a client says of its address counts, then."""
    assert site().proxies is None
    assert site("CloudOne", own={"proxies": []}).proxies is None
    assert site("CloudOne", own={"proxies": ["192.0.2.1"]}).proxies is not None


async def test_a_site_is_of_one_cloud(site: Describe) -> None:
    """What proves it is what its requests are sent with."""
    described = site()
    assert described.ours is described.federation.clouds["CloudOne"]
    assert described.peers is described.upstream.peers
