"""Two clouds of one played service each, behind gateways that are processes as in production."""

import asyncio
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from aiohttp import web
from ruamel.yaml import YAML

HOST = "127.0.0.3"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Stage:
    """Where to send requests, and the gateways to look at.

    `direct` is the service itself; One's gateway listens at `frontend`.
    """

    direct: str
    frontend: str
    gateways: tuple[psutil.Process, ...]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


@asynccontextmanager
async def stage(handler: Handler) -> AsyncIterator[Stage]:
    """Play the image service of the clouds One and Two by one handler, with a gateway each."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    ports = {name: _free_port() for name in ("service", "One", "Two")}
    await web.TCPSite(runner, HOST, ports["service"]).start()
    urls = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "federation.yaml"
        clouds = {
            name: {"frontends": {"image": urls[name]}, "backends": {"image": urls["service"]}}
            for name in ("One", "Two")
        }
        with file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": clouds}, stream)
        gateways = [_gateway(file, name) for name in clouds]
        try:
            for name in clouds:
                await _listening(ports[name])
            processes = tuple(psutil.Process(g.pid) for g in gateways)
            yield Stage(urls["service"], urls["One"], processes)
        finally:
            for gateway in gateways:
                gateway.terminate()
            for gateway in gateways:
                gateway.wait()
            await runner.cleanup()


def _gateway(file: Path, cloud: str) -> subprocess.Popen[bytes]:
    command = [Path(sys.executable).with_name("openstackoid"), "gateway"]
    options = ["--federation", file, "--cloud", cloud]
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)  # noqa: S603


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
