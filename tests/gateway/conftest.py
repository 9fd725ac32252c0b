"""The clouds that the gateway's tests use."""

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from gateway.backend import Backend
from gateway.played import HOST, SERVICES, TOKEN, Clouds, free_ports

from openstackoid.gateway import Gateway, Settings
from openstackoid.gateway import log as gateway_log


@pytest.fixture
def idle_timeout() -> float:
    """Longer than a busy machine needs; the tests of silence ask for less (`silence`)."""
    return 20


@pytest.fixture
async def clouds(tmp_path: Path, logged: io.StringIO, idle_timeout: float) -> AsyncIterator[Clouds]:
    """Both clouds with their gateways, which log to `logged`."""
    ports = free_ports(1 + len(SERVICES))
    async with AsyncExitStack() as stack:
        frontends = {
            "CloudOne": {s: f"http://{HOST}:{ports[0]}/{s}" for s in SERVICES},
            "CloudTwo": {
                s: f"http://{HOST}:{port}" for s, port in zip(SERVICES, ports[1:], strict=True)
            },
        }
        backends = {
            cloud: {s: await stack.enter_async_context(Backend()) for s in SERVICES}
            for cloud in frontends
        }
        document = {
            "clouds": {
                cloud: {
                    "frontends": frontends[cloud],
                    "backends": {
                        s: f"http://127.0.0.1:{b.port}{'/' + s if cloud == 'CloudOne' else ''}"
                        for s, b in backends[cloud].items()
                    },
                }
                for cloud in frontends
            }
        }
        clouds = Clouds(tmp_path / "federation.yaml", document, backends, {}, frontends)
        clouds.save()
        for name in frontends:
            settings = Settings(
                clouds.file,
                name,
                connect_timeout=idle_timeout,
                idle_timeout=idle_timeout,
                drain_timeout=5,
            )
            clouds.gateways[name] = Gateway(settings)
            await clouds.gateways[name].start()
        yield clouds
        for client in clouds.clients:
            client.writer.close()
        for gateway in clouds.gateways.values():
            await gateway.close()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Catch what the gateways log; no test may make them log a token."""
    stream = io.StringIO()
    gateway_log.configure(stream)
    yield stream
    assert TOKEN not in stream.getvalue()
