"""What runs for all attacks of a process: both fronts, and what runs commands."""

from collections.abc import Iterator

import pytest
from hostile.clients import Commands, commands
from hostile.stage import Stage, staged


@pytest.fixture(scope="session", params=["gateway", "haproxy"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(request.param, tmp_path_factory.mktemp(request.param)) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    """Return one front with all behind it, with nothing recorded yet."""
    running.clear()
    yield running
    running.clear()


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    """Return what runs `openstack` commands."""
    with commands(tmp_path_factory.mktemp("user")) as commands_:
        yield commands_
