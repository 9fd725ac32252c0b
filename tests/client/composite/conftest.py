"""Three clouds behind the recording one, and commands in them."""

import pytest

from ..clouds import SERVER, Clouds
from ..fake import Fake


@pytest.fixture
def clouds(cloud: Fake) -> Clouds:
    """Return clouds with a server, a flavor, an image and a network each, whose ids differ."""
    clouds = Clouds()
    for name in ("CloudOne", "CloudTwo", "CloudThree"):
        clouds.add(name, "servers", id=f"{name}-server", name="vm", **SERVER)
        clouds.add(name, "flavors", id=f"{name}-flavor", name="m1")
        clouds.add(name, "images", id=f"{name}-image", name="debian", data=name.encode())
        clouds.add(name, "networks", id=f"{name}-network", name="private")
        clouds.add(name, "stacks", id=f"{name}-stack", stack_name="web", name="web")
        clouds.add(name, "loadbalancers", id=f"{name}-lb", name="front")
        clouds.add(name, "resource_providers", id=name, uuid=f"{name}-rp", name="host")
    cloud.reply = clouds
    return clouds
