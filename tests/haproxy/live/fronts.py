"""Two fronts of one cloud, side by side: its gateway, and HAProxy before the same gateway.

Its own services are played, and so are the other clouds.
"""

import asyncio
import copy
import csv
import io
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gateway.backend import Backend
from gateway.played import Client
from gateway.ports import free_ports
from ruamel.yaml import YAML

from openstackoid.federation import load
from openstackoid.gateway.reporting import log as gateway_log
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings as GatewaySettings
from openstackoid.haproxy import Settings, plan, render
from openstackoid.haproxy.checking import executable
from openstackoid.routing.via import is_via_entry
from openstackoid.scope import ScopeError, join, parse, split

_OURS = f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"  # no other process's
GATEWAY, HAPROXY, OTHERS, OUTSIDE, INSIDE, CLIENT = (f"{_OURS}.{host}" for host in range(2, 8))
PORTS = {"http": 80, "https": 443}

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""How a connection of HTTP/2 begins (RFC 9113, section 3.4)."""

_REQUEST_ID = re.compile(rb"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANY_ID = b"req-any"
_SECONDS = re.compile(rb'"seconds": ?[0-9.]+')
_OWN = {b"connection", b"date", b"keep-alive"}
"""Headers that each connection, or each second, has of its own."""

Headers = list[tuple[bytes, bytes]]


@dataclass
class Outcome:
    """What a client saw, and what each service got, as far as the front is not to matter.

    Of Via that of gateways alone.

    Names of headers have no case and no order. `handed_over` tells whether HAProxy left it to the
    gateway.
    """

    status: int
    headers: Headers
    body: bytes
    received: list[tuple[str, Headers, bytes]]
    handed_over: int

    @property
    def unreadable(self) -> bool:
        """Whether HAProxy itself took the request for no HTTP, or for none that it knows."""
        return self.status in {400, 422} and (b"content-type", b"text/html") in self.headers

    @property
    def seen(self) -> tuple[object, ...]:
        return (self.status, self.headers, self.body, self.received)


@dataclass
class Fronts:
    """One cloud behind both fronts; `ports` are those that stand for the federation's.

    `services` are those of this cloud, at their public interface.
    """

    ports: dict[int, int]
    backends: list[Backend]
    services: dict[str, Backend]
    name: str
    socket: Path
    haproxy: asyncio.subprocess.Process
    gateway: Gateway

    async def both(self, request: bytes, port: int, method: str = "GET") -> tuple[Outcome, Outcome]:
        """Send the same bytes to both; return what came of it, the gateway's first.

        The gateway makes ids and completes scopes. Where HAProxy sends a request straight to a
        service it leaves both as they came: then ids do not count, and what HAProxy sent is
        completed here. All else is to be equal as it is.
        """
        alone = await self.send(GATEWAY, request, port, method)
        both = await self.send(HAPROXY, request, port, method)
        if not both.handed_over:
            alone.received = [(t, _without_id(h), b) for t, h, b in alone.received]
            both.received = [
                (t, _completed(_without_id(h), self.name), b) for t, h, b in both.received
            ]
        return alone, both

    async def send(self, front: str, request: bytes, port: int, method: str = "GET") -> Outcome:
        """Send one request on a connection of its own."""
        for backend in self.backends:
            backend.requests.clear()
        before = await self.handed_over()
        reader, writer = await asyncio.open_connection(
            front, self.ports.get(port, port), local_addr=(CLIENT, 0)
        )
        writer.write(request)
        client = Client(reader, writer, "", "")
        async with asyncio.timeout(20):
            while (answer := await client.answer(method)).status == HTTPStatus.CONTINUE:
                pass
        writer.close()
        received = [(r.line, _headers(r.head), r.body) for b in self.backends for r in b.requests]
        headers, body = _headers(answer.head), _alike(answer.body)
        if answer.status >= 400:
            body = body.lower()  # errors quote names of headers, which HAProxy writes in lower case
        return Outcome(answer.status, headers, body, received, await self.handed_over() - before)

    async def handed_over(self) -> int:
        """Return how many requests HAProxy has left to the gateway since it runs."""
        return int((await statistics(self.socket))[f"{self.name}-gateway", "BACKEND"]["stot"])


async def statistics(socket: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return what HAProxy counts, by names of its proxies and servers."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"show stat\n")
    lines = (await reader.read()).decode().removeprefix("# ").splitlines()
    writer.close()
    return {(row["pxname"], row["svname"]): row for row in csv.DictReader(lines)}


@asynccontextmanager
async def fronts(
    federation: dict[str, Any], here: str, directory: Path, rate: int | None = None
) -> AsyncIterator[Fronts]:
    """Run both fronts of one cloud of a federation, as a document has it, on this machine.

    `rate` is for each of them; without one HAProxy is as it is rendered by itself.
    """
    document = copy.deepcopy(federation)
    urls = [u for cloud in document["clouds"].values() for u in _urls(cloud["frontends"])]
    known = sorted({_port(url) for url in urls})
    ports = dict(zip(known, free_ports(len(known)), strict=True))
    gateway_log.configure(io.StringIO())
    async with AsyncExitStack() as stack:
        backends: list[Backend] = []
        services: dict[str, Backend] = {}

        async def played(**where: Any) -> Backend:
            backends.append(await stack.enter_async_context(Backend(**where)))
            return backends[-1]

        for name, cloud in document["clouds"].items():
            cloud["frontends"] = _each(cloud["frontends"], lambda url: moved(url, ports))
            if name != here:
                cloud |= {"connect": OTHERS, "insecure": True}
                cloud.pop("backends", None)
                continue
            cloud |= {"bind": GATEWAY, "own": {"proxies": ["127.0.0.1"], "allow": ["127.0.0.0/8"]}}
            for service, endpoints in cloud["backends"].items():
                served = {url: await played() for url in _urls({service: endpoints})}
                services[service] = next(iter(served.values()))
                cloud["backends"][service] = _each(
                    {service: endpoints},
                    lambda url, served=served: _at(url, "127.0.0.1", served[url].port),
                )[service]
        others = {
            _port(url)
            for name, cloud in document["clouds"].items()
            if name != here
            for url in _urls(cloud["frontends"])
        }
        for port in sorted(others):
            await played(host=OTHERS, port=port)
        file = directory / f"{here}.yaml"
        with file.open("w") as stream:
            YAML(typ="safe").dump(document, stream)
        gateway = Gateway(
            GatewaySettings(file, here, rate=rate or 100_000, connect_timeout=5, drain_timeout=5)
        )
        await gateway.start()
        stack.push_async_callback(gateway.close)
        stats = directory / "socket"
        settings = Settings(rate=rate, socket=stats, drop=False)
        configuration = directory / f"{here}.cfg"
        configuration.write_text(render(plan(load(file), here, HAPROXY), settings))
        haproxy = await stack.enter_async_context(running(configuration))
        mine = {_port(u) for u in _urls(document["clouds"][here]["frontends"])}
        ours = {old: new for old, new in ports.items() if new in mine}
        yield Fronts(ours, backends, services, here, stats, haproxy, gateway)


@asynccontextmanager
async def running(configuration: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run HAProxy until the context ends; give its master."""
    process = await asyncio.create_subprocess_exec(executable(), "-W", "-f", configuration)
    try:
        text = await asyncio.to_thread(configuration.read_text)
        for host, port in re.findall(r"bind (\S+):(\d+)", text):
            await _listening(process, lambda at=(host, port): asyncio.open_connection(*at))
        for path in re.findall(r"stats socket '(.+?)'", text):
            await _listening(process, lambda path=path: asyncio.open_unix_connection(path))
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _listening(process: asyncio.subprocess.Process, connect: Any) -> None:
    while True:
        assert process.returncode is None, "haproxy has ended"
        try:
            _, writer = await connect()
        except (ConnectionRefusedError, FileNotFoundError):
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


def moved(url: str, ports: dict[int, int]) -> str:
    """Return a URL with the port that stands for its own, and without TLS."""
    return _at(url, "", ports[_port(url)]).replace("https:", "http:", 1)


def _at(url: str, host: str, port: int) -> str:
    parts = urlsplit(url)
    name = host or (f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname)
    return parts._replace(netloc=f"{name}:{port}").geturl()


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or PORTS[parts.scheme]


def _urls(services: dict[str, Any]) -> list[str]:
    return [
        url
        for endpoints in services.values()
        for url in (endpoints.values() if isinstance(endpoints, dict) else [endpoints])
    ]


def _each(services: dict[str, Any], change: Any) -> dict[str, Any]:
    return {
        service: {i: change(u) for i, u in endpoints.items()}
        if isinstance(endpoints, dict)
        else change(endpoints)
        for service, endpoints in services.items()
    }


def _headers(head: bytes) -> Headers:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:] if line)
    return sorted(
        (name.lower(), _alike(value.strip()))
        for name, _, value in pairs
        if name.lower() not in _OWN
        if name.lower() != b"via" or is_via_entry(value.decode("latin-1"))
    )


def _without_id(headers: Headers) -> Headers:
    """Return headers without an id that is one."""
    return [header for header in headers if header != (b"x-openstack-request-id", _ANY_ID)]


def _completed(headers: Headers, home: str) -> Headers:
    """Return headers with the scope behind the token completed."""
    return [(n, _completed_token(v, home) if n == b"x-auth-token" else v) for n, v in headers]


def _completed_token(value: bytes, home: str) -> bytes:
    try:
        token, text = split(value.decode())
        scope = parse(text or "")
    except (ScopeError, UnicodeDecodeError):
        return value
    return join(token, scope.completed(home)).encode()


def _alike(text: bytes) -> bytes:
    """Return what is the same for two requests that are."""
    return _SECONDS.sub(b"seconds", _REQUEST_ID.sub(_ANY_ID, text))
