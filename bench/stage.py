"""Played services, behind gateways that are processes as in production."""

import asyncio
import random
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import psutil
from aiohttp import web
from ruamel.yaml import YAML

from bench.processes import beside_python, has_ended, running
from openstackoid.identity.keys import make
from openstackoid.identity.keys import write as write_keys

HOST = "127.0.0.3"
LOOPBACK = "127.0.0.0/8"

TRUST = {"projects": "same-name", "roles": {"member": "member"}}

_UNLIMITED = "1000000"
"""Requests per second of one address: they are what is measured."""

_PORTS = iter(random.sample(range(20_000, 32_768), 12_768))  # clients get others (ip(7))

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
async def stage(handler: Handler, program: Path | None = None) -> AsyncIterator[Stage]:
    """Play the image service of the clouds One and Two by one handler, with a gateway each.

    The gateways run a `program` by its sources, if it is not that of this clone.
    """
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        service, one = await stack.enter_async_context(play(handler))
        frontends = {"One": one, "Two": free_url()}
        clouds: dict[str, dict[str, Any]] = {
            name: {
                "frontends": {"image": url},
                "backends": {"image": service},
                "trust": {other: TRUST for other in frontends if other != name},
            }
            for name, url in frontends.items()
        }
        give_keys(directory, clouds)
        know_users(directory, clouds, stack.enter_context(keystone(directory)))
        file = write_federation(directory, clouds)
        gateways = []
        for name, url in frontends.items():
            gateways.append(stack.enter_context(gateway_of(file, name, program)))
            await listening(url, gateways[-1])
        yield Stage(service, one, tuple(map(psutil.Process, gateways)))


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


def free_url(scheme: str = "http") -> str:
    """Return an address where nobody listens, and that was not returned before."""
    for port in _PORTS:
        try:
            socket.create_server((HOST, port)).close()
        except OSError:
            continue
        return f"{scheme}://{HOST}:{port}"
    raise click.ClickException(f"no port is free at {HOST}")


def write_federation(directory: Path, clouds: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write a federation file for clouds on this machine, by http or https, and return it."""
    file = directory / "federation.yaml"
    local = {
        name: {**entry, "insecure": True, "own": {"allow": [LOOPBACK], **entry.get("own", {})}}
        for name, entry in clouds.items()
    }
    with file.open("w") as stream:
        YAML(typ="safe").dump({"clouds": local}, stream)
    return file


def give_keys(directory: Path, clouds: Mapping[str, dict[str, Any]]) -> None:
    """Give each of these clouds keys, as gateways should have that know each other."""
    for name, entry in clouds.items():
        keys, file = make(), directory / f"{name}.json"
        write_keys(keys, file)
        entry["keys"] = keys.public.model_dump()
        entry["own"] = {**entry.get("own", {}), "keys": file.name}


@contextmanager
def keystone(directory: Path) -> Iterator[str]:
    """Run the Keystone of all clouds, and write their gateways' account; give its address."""
    account = directory / "account.yaml"
    account.write_text("username: gateway\npassword: secret\n")
    account.chmod(0o600)
    url = free_url()
    parts = urlsplit(url)
    command = [sys.executable, "-m", "bench.keystone", str(parts.hostname), str(parts.port)]
    with running(command, directory / "keystone.log"):
        yield url


def know_users(directory: Path, clouds: Mapping[str, dict[str, Any]], url: str) -> None:
    """Let the gateways of these clouds ask a Keystone whose the tokens are that they get."""
    for entry in clouds.values():
        entry["frontends"] = {"identity": free_url(), **entry["frontends"]}
        entry["backends"] = {"identity": url, **entry["backends"]}
        entry["own"] = {**entry.get("own", {}), "account": str(directory / "account.yaml")}


@contextmanager
def gateway_of(file: Path, cloud: str, program: Path | None = None) -> Iterator[int]:
    """Run the gateway of a cloud; give its process. Its log is beside the federation file."""
    options = ("--federation", file, "--cloud", cloud, "--rate", _UNLIMITED)
    command: list[str | Path] = [beside_python("openstackoid"), "gateway", *options]
    with running(command, log_of(file, cloud), program) as pid:
        yield pid


def log_of(file: Path, cloud: str) -> Path:
    """Return where the gateway of a cloud writes its log."""
    return file.with_name(f"{cloud}.log")


async def listening(url: str, *processes: int) -> None:
    """Wait until somebody listens; raises ClickException if one of these processes has ended."""
    parts = urlsplit(url)
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            except ConnectionRefusedError:
                if any(map(has_ended, processes)):
                    raise click.ClickException(f"nobody will listen at {url}") from None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
