"""A cloud behind both fronts."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from haproxy.live.fronts import Fronts, fronts

FEDERATION: dict[str, Any] = {
    "clouds": {
        "Here": {
            "frontends": {
                "identity": "http://here:8888/identity",
                "image": "http://here:8888/image",
                "compute": "http://here:8888/compute",
                "network": "http://here:9696",
            },
            "backends": {
                "identity": "http://127.0.0.1:1/identity",
                "image": "http://127.0.0.1:2",
                "compute": "http://127.0.0.1:3/nova",
                "network": "http://127.0.0.1:4",
            },
        },
        "There": {
            "frontends": {
                "identity": "http://there:5000",
                "image": "http://there:9292",
                "compute": "http://there:8774",
                "network": "http://there:9697",
            },
        },
    }
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fronts]:
    """Run the cloud Here, which has paths but for its network, behind its gateway and HAProxy."""
    async with fronts(FEDERATION, "Here", tmp_path_factory.mktemp("here")) as here:
        yield here
