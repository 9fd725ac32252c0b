"""The Keystones of both clouds."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway.credentials import reload
from gateway.keystone import OWN, SECRET, Keystone, token
from gateway.played import Clouds


@pytest.fixture
async def home(clouds: Clouds, tmp_path: Path) -> Keystone:
    """Let both Keystones be played, give CloudTwo's gateway an account; return CloudOne's."""
    account = tmp_path / "account.yaml"
    account.write_text(f"username: gateway\npassword: {SECRET}\n")
    account.chmod(0o600)
    clouds.document["clouds"]["CloudTwo"]["own"] |= {"account": "account.yaml"}
    await reload(clouds)
    there = Keystone(token())
    clouds.backends["CloudOne"]["identity"].answer = there
    clouds.backends["CloudTwo"]["identity"].answer = Keystone({})
    return there


@pytest.fixture
def here(clouds: Clouds, home: Keystone, logged: io.StringIO) -> Iterator[Keystone]:
    """Return CloudTwo's Keystone; nothing of the gateway's account may be logged."""
    keystone = clouds.backends["CloudTwo"]["identity"].answer
    assert isinstance(keystone, Keystone)
    yield keystone
    assert SECRET not in logged.getvalue()
    assert OWN not in logged.getvalue()
