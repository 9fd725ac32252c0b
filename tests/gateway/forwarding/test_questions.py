"""Questions of a gateway itself to another one."""

import pytest
from gateway.credentials import reload
from gateway.played import Clouds

from openstackoid.gateway.forwarding import questions
from openstackoid.message import REPLICAS
from openstackoid.routing import Refusal

ONE, TWO = "CloudOne", "CloudTwo"


async def test_a_cloud_without_a_gateway_is_asked_nothing(clouds: Clouds) -> None:
    """It would not know whom it has before it."""
    clouds.document["clouds"][TWO]["gateway"] = False
    await reload(clouds)
    site = clouds.gateways[ONE]._handler.site
    assert await questions.asked(site.upstream, site.federation, ONE, TWO, REPLICAS, b"{}") is None


async def test_a_gateway_is_asked_by_name(clouds: Clouds) -> None:
    """It is proven who asks; without one that answers there is a reason."""
    site = clouds.gateways[ONE]._handler.site
    asking = (site.upstream, site.federation, ONE, TWO, REPLICAS, b"{}")
    response = await questions.asked(*asking)
    assert response is not None
    with response:
        assert response.status == 503  # it keeps no replicas
    await clouds.gateways[TWO].close()
    with pytest.raises(Refusal):
        await questions.asked(*asking)
