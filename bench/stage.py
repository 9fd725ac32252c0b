"""Played services, behind gateways that are processes as in production."""

import asyncio
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from aiohttp import web
from ruamel.yaml import YAML

HOST = "127.0.0.3"

TRUST = {"projects": "same-name", "roles": {"member": "member"}}

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Stage:
    """Where to send requests, and the gateways to look at.

    `direct` is the service itself; One's gateway listens at `frontend`.
    """

    direct: str
    frontend: str
    gateways: tuple[psutil.Process, ...]


@asynccontextmanager
async def stage(handler: Handler) -> AsyncIterator[Stage]:
    """Play the image service of the clouds One and Two by one handler, with a gateway each."""
    with tempfile.TemporaryDirectory() as directory:
        async with play(handler) as (service, one):
            frontends = {"One": one, "Two": free_url()}
            clouds = {
                name: {
                    "frontends": {"image": url},
                    "backends": {"image": service},
                    "trust": {other: TRUST for other in frontends if other != name},
                }
                for name, url in frontends.items()
            }
            file = write_federation(Path(directory), clouds)
            gateways = [gateway_of(file, name) for name in clouds]
            try:
                for url in frontends.values():
                    await listening(url)
                processes = tuple(psutil.Process(g.pid) for g in gateways)
                yield Stage(service, one, processes)
            finally:
                for gateway in gateways:
                    gateway.terminate()
                for gateway in gateways:
                    gateway.wait()


@asynccontextmanager
async def play(handler: Handler) -> AsyncIterator[tuple[str, str]]:
    """Play a service by a handler; give its URL, and one where nobody listens."""
    runner = web.ServerRunner(web.Server(handler, max_field_size=65_536))
    await runner.setup()
    service, free = free_url(), free_url()
    await web.TCPSite(runner, HOST, urlsplit(service).port, backlog=4096).start()
    try:
        yield service, free
    finally:
        await runner.cleanup()


def free_url() -> str:
    """Return an address where nobody listens."""
    with socket.create_server((HOST, 0)) as server:
        return f"http://{HOST}:{server.getsockname()[1]}"


def write_federation(directory: Path, clouds: Mapping[str, object]) -> Path:
    """Write a federation file, and return it."""
    file = directory / "federation.yaml"
    with file.open("w") as stream:
        YAML(typ="safe").dump({"clouds": dict(clouds)}, stream)
    return file


def gateway_of(file: Path, cloud: str) -> subprocess.Popen[bytes]:
    """Start the gateway of a cloud."""
    command = [Path(sys.executable).with_name("openstackoid"), "gateway"]
    options = [
        "--federation",
        file,
        "--cloud",
        cloud,
        "--rate",
        "1000000",
    ]  # it is what is measured
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)  # noqa: S603


async def listening(url: str) -> None:
    """Wait until somebody listens."""
    parts = urlsplit(url)
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
