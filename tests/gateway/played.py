"""Two clouds that look different, with gateways that run and services that are only played."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gateway.backend import Backend
from gateway.ports import free_ports
from ruamel.yaml import YAML

from openstackoid.gateway.http import Resolve
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

TOKEN = "gAAAAAB-a-token-that-must-not-be-logged"
HOST = "127.0.0.2"
"""Where the gateways listen; the services are at 127.0.0.1."""

SERVICES = ("identity", "image", "compute", "network", "object-store")
TRUST = {"projects": "same-name", "roles": {"member": ["member", "reader"]}}
"""What every played cloud says of the other."""

silence = pytest.mark.parametrize("idle_timeout", [0.25], ids=["silence"])
"""For a test that waits until a timeout is over."""


@dataclass
class Answered:
    """An answer as a client sees it."""

    status: int
    head: bytes
    body: bytes

    def values(self, name: str) -> list[str]:
        lines = [line.partition(b": ") for line in self.head.split(b"\r\n")[1:]]
        return [v.decode() for n, _, v in lines if n.lower() == name.lower().encode()]


@dataclass
class Clouds:
    """CloudOne has paths, CloudTwo ports; each service of each is a Backend."""

    file: Path
    document: dict[str, Any]
    backends: dict[str, dict[str, Backend]]
    gateways: dict[str, Gateway]
    frontends: dict[str, dict[str, str]]
    clients: list["Client"] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    """How clients connect, if not in the clear."""

    @property
    def executed(self) -> int:
        """How many requests have reached a service of any cloud."""
        return sum(
            len(b.requests) for services in self.backends.values() for b in services.values()
        )

    def address(self, cloud: str, service: str) -> tuple[str, int, str]:
        """Return host, port and path of a frontend."""
        _, _, address = self.frontends[cloud][service].partition("://")
        host, _, rest = address.partition(":")
        port, slash, path = rest.partition("/")
        return host, int(port), slash + path

    async def open(self, cloud: str, service: str) -> "Client":
        """Connect to the gateway of a cloud at the frontend of a service."""
        host, port, path = self.address(cloud, service)
        reader, writer = await asyncio.open_connection(host, port, ssl=self.tls)
        client = Client(reader, writer, f"{host}:{port}", path)
        self.clients.append(client)
        return client

    async def ask(
        self,
        cloud: str,
        service: str,
        path: str = "/",
        *headers: str,
        method: str = "GET",
        body: bytes = b"",
    ) -> Answered:
        """Send one request to a cloud's gateway and read the whole answer."""
        client = await self.open(cloud, service)
        try:
            await client.send(method, path, *headers, body=body)
            return await client.answer(method)
        finally:
            client.writer.close()

    def save(self) -> None:
        """Write the federation file."""
        with self.file.open("w") as stream:
            YAML(typ="safe").dump(self.document, stream)


@dataclass
class Client:
    """A client on a socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    prefix: str

    async def send(self, method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
        """Send a request; return the bytes of its head."""
        lines = [f"{method} {self.prefix}{path} HTTP/1.1", f"Host: {self.host}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode()
        self.writer.write(head + body)
        await self.writer.drain()
        return head

    async def answer(self, method: str = "GET") -> Answered:
        """Read one answer whole, whatever its framing."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        answered = Answered(status, head, b"")
        if method == "HEAD" or status in {100, 204, 304}:
            return answered
        if answered.values("transfer-encoding") == ["chunked"]:
            while size := int(await self.reader.readline(), 16):
                answered.body += await self.reader.readexactly(size)
                await self.reader.readline()
            await self.reader.readline()
        elif length := answered.values("content-length"):
            answered.body = await self.reader.readexactly(int(length[0]))
        else:
            answered.body = await self.reader.read()
        return answered


@asynccontextmanager
async def playing(
    directory: Path, idle_timeout: float, rate: int = 500, resolve: Resolve | None = None
) -> AsyncIterator[Clouds]:
    """Run both clouds with their gateways; the federation file is in a directory."""
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
                    "trust": {other: deepcopy(TRUST) for other in frontends if other != cloud},
                    "insecure": True,
                    "own": {"allow": ["127.0.0.0/8"]},
                }
                for cloud in frontends
            }
        }
        clouds = Clouds(directory / "federation.yaml", document, backends, {}, frontends)
        clouds.save()
        for name in frontends:
            settings = Settings(
                clouds.file,
                name,
                connect_timeout=idle_timeout,
                idle_timeout=idle_timeout,
                drain_timeout=5,
                rate=rate,
            )
            clouds.gateways[name] = Gateway(settings, resolve=resolve)
            await clouds.gateways[name].start()
        yield clouds
        for client in clouds.clients:
            client.writer.close()
        for gateway in clouds.gateways.values():
            await gateway.close()
