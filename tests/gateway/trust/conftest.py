"""The Keystones of both clouds."""

import io
from collections.abc import Iterator

import pytest
from gateway.keystone import OWN, SECRET, Keystone, token
from gateway.played import Clouds


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
