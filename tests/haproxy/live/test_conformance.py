"""The conformance table once more: HAProxy before a gateway does what the gateway does alone."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from haproxy.live.fronts import PORTS, Fronts, fronts
from routing.test_conformance import CASES, TABLE, head

HOSTS = sorted({case["gateway"] for case in TABLE["cases"]})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clouds(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, Fronts]]:
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        yield {
            cloud: await stack.enter_async_context(
                fronts(TABLE["federation"], cloud, tmp_path_factory.mktemp(cloud))
            )
            for cloud in HOSTS
        }


def written(request: dict[str, Any], ports: dict[int, int]) -> bytes:
    """Return the bytes of a case's request; ports in Host are those that stand for them."""
    asked = head(request)
    lines = [f"{asked.method} {asked.target} HTTP/1.1"]
    for name, value in asked.headers:
        for old, new in ports.items():
            if name == "Host" and value.endswith(f":{old}"):
                value = value.replace(f":{old}", f":{new}")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES)
async def test_both_fronts_do_the_same(case: dict[str, Any], clouds: dict[str, Fronts]) -> None:
    """Answer and what services got are equal to the byte."""
    here = clouds[case["gateway"]]
    request = case["request"]
    parts = urlsplit(request["url"])
    port = parts.port or PORTS[parts.scheme]
    if port not in here.ports:
        return  # nobody listens there
    alone, both = await here.both(written(request, here.ports), port, request.get("method", "GET"))
    if both.unreadable:
        assert (alone.status, alone.received, both.received) == (400, [], [])
    else:
        assert both.seen == alone.seen
