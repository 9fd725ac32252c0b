"""The Keystones of both clouds."""

import io
from collections.abc import AsyncIterator, Iterator

import pytest
from gateway.keystone import OWN, SECRET, Keystone, token
from gateway.played import Clouds
from gateway.probe import Probe

from openstackoid.federation import load
from openstackoid.federation.internal import Permitted
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Client
from openstackoid.gateway.trust.service_account import ServiceAccount


@pytest.fixture
def home(clouds: Clouds) -> Keystone:
    """Let both Keystones be played whole; return CloudOne's."""
    for services in clouds.backends.values():
        services["identity"].apart = lambda _: None  # the Keystones count what they are asked
    there = Keystone(token())
    clouds.backends["CloudOne"]["identity"].answer = there
    clouds.backends["CloudTwo"]["identity"].answer = Keystone({}, "404 Not Found")
    return there


@pytest.fixture
def here(clouds: Clouds, home: Keystone, logged: io.StringIO) -> Iterator[Keystone]:
    """Return CloudTwo's Keystone; nothing of the gateway's account may be logged."""
    keystone = clouds.backends["CloudTwo"]["identity"].answer
    assert isinstance(keystone, Keystone)
    yield keystone
    assert SECRET not in logged.getvalue()
    assert OWN not in logged.getvalue()


@pytest.fixture
def probe() -> Probe:
    """Return what CloudTwo's gateway finds when it looks whether something answers again."""
    return Probe()


@pytest.fixture
async def account(clouds: Clouds, here: Keystone, probe: Probe) -> AsyncIterator[ServiceAccount]:
    """CloudTwo's service account, not logged in yet."""
    federation = load(clouds.file)
    pool = Client(5, 5)
    peers = Peers(federation, "CloudTwo", UsedSignatures())
    permit = Permit(Permitted.of(federation, "CloudTwo"))
    health = Health(probe)
    yield ServiceAccount(federation, "CloudTwo", Upstream(pool, peers, permit), health)
    await health.close()
    await pool.close()
