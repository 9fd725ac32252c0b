"""Where a gateway listens."""

import asyncio
import errno
import io
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from gateway.backend import Backend, Connection, Received
from gateway.credentials import client_context, issue
from gateway.played import HOST, Answered, Client, Clouds
from gateway.ports import free_ports
from ruamel.yaml import YAML

from openstackoid.federation import Cloud
from openstackoid.gateway.admission.tls import Listening
from openstackoid.gateway.handover import Alone
from openstackoid.gateway.listeners import (
    UNSENT,
    Listener,
    ListenError,
    Listeners,
    listeners_of,
    look_up,
)
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

CERTIFICATE = {"certificate": "c.pem", "key": "c.key"}
PROXY = {"proxies": ["127.0.0.1"]}
OUTSIDE, INSIDE = "https://127.0.24.10:19292", "http://127.0.24.20:19292"
"""Frontends as Kolla has them: one port at two addresses."""


def described(*urls: str, **more: Any) -> Cloud:
    """Return a cloud with a service at each frontend."""
    frontends = {f"service-{number}": url for number, url in enumerate(urls)}
    return Cloud.model_validate({"frontends": frontends} | more)


async def wanted(cloud: Cloud) -> set[str]:
    """Return where a cloud's gateway is to listen, each with its scheme."""
    found = listeners_of(cloud, await look_up(cloud))
    return {f"{'https' if one.tls else 'http'}://{one}" for one in found}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Make names known, and all others unknown, but for addresses."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def found(host: str, port: Any, *hints: Any) -> list[Any]:
        if host not in known and not host[-1].isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = known.get(host, [host])
        return [one for address in addresses for one in real(address, port, *hints)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return known


@pytest.mark.parametrize(
    ("urls", "expected"),
    [
        ([OUTSIDE, INSIDE], {OUTSIDE, INSIDE}),
        (["http://one:1/a", "http://one:1/b"], {"http://127.0.0.5:1"}),
        (["http://one:1", "http://127.0.0.5:1/b"], {"http://127.0.0.5:1"}),
        (["http://one:1", "http://also-one:1/b"], {"http://127.0.0.5:1"}),
        (["http://one:1", "http://one:2"], {"http://127.0.0.5:1", "http://127.0.0.5:2"}),
        (["https://one", "http://one"], {"https://127.0.0.5:443", "http://127.0.0.5:80"}),
        (["http://two:1", "http://[::1]:1/b"], {"http://127.0.0.6:1", "http://[::1]:1"}),
        (["http://127.5:1", "http://one:1/b"], {"http://127.0.0.5:1"}),
    ],
)
async def test_a_listener_is_an_address_and_a_port(
    names: dict[str, list[str]], urls: list[str], expected: set[str]
) -> None:
    """However many frontends are there, and whatever names they have."""
    names |= {"one": ["127.0.0.5"], "also-one": ["127.0.0.5"], "two": ["127.0.0.6", "::1"]}
    names["127.5"] = ["127.0.0.5"]
    assert await wanted(described(*urls, own=CERTIFICATE)) == expected


@pytest.mark.parametrize(
    ("urls", "more", "expected"),
    [
        (["https://a.example/image"], {}, "http://127.0.0.9:443"),
        (["https://a.example/image"], {"own": CERTIFICATE}, "https://127.0.0.9:443"),
        (["http://a.example/image"], {"own": CERTIFICATE}, "http://127.0.0.9:80"),
        ([OUTSIDE, INSIDE], {}, "http://127.0.0.9:19292"),
        ([OUTSIDE, INSIDE], {"own": PROXY}, "http://127.0.0.9:19292"),
        ([OUTSIDE, INSIDE], {"own": CERTIFICATE | PROXY}, "https://127.0.0.9:19292"),
    ],
)
async def test_bind_replaces_the_hosts_alone(
    names: dict[str, list[str]], urls: list[str], more: dict[str, Any], expected: str
) -> None:
    """No name has to be known then; a proxy that is known speaks TLS for frontends without it."""
    assert names == {}
    assert await wanted(described(*urls, bind="127.0.0.9", **more)) == {expected}


@pytest.mark.parametrize(
    ("urls", "more", "message"),
    [
        (["https://127.0.0.5/image"], {}, r"own\.certificate.*or bind"),
        (
            ["https://127.0.0.5:1", "http://127.0.0.5:1/b"],
            {"own": CERTIFICATE},
            r"127\.0\.0\.5:1 cannot be http and https at once.*two addresses",
        ),
        (
            ["https://one:1", "http://127.0.0.5:1"],
            {"own": CERTIFICATE},
            r"127\.0\.0\.5:1 .*\(http://127\.0\.0\.5:1, https://one:1\)",
        ),
        (
            [OUTSIDE, INSIDE],
            {"own": CERTIFICATE, "bind": "127.0.0.9"},
            r"127\.0\.0\.9:19292 cannot be http and https at once.*own\.proxies",
        ),
        (["http://127.0.0.1:1", "http://a.invalid:9"], {}, r"a\.invalid \(Name or.*bind.*leave"),
        (["http://a.invalid:9", "http://b.invalid"], {}, r"a\.invalid \(.*, b\.invalid \("),
    ],
)
async def test_what_cannot_be_listened_at_is_refused_with_what_to_do(
    names: dict[str, list[str]], urls: list[str], more: dict[str, Any], message: str
) -> None:
    names["one"] = ["127.0.0.5"]
    with pytest.raises(ListenError, match=message):
        await wanted(described(*urls, **more))


@asynccontextmanager
async def gateway(file: Path, cloud: dict[str, Any]) -> AsyncIterator[None]:
    """Run the gateway of a cloud, from a file that has it alone."""
    with file.open("w") as stream:
        YAML(typ="safe").dump({"clouds": {"CloudOne": cloud}}, stream)
    running = Gateway(Settings(file, "CloudOne", drain_timeout=1))
    await running.start()
    try:
        yield
    finally:
        await running.close()


async def get(host: str, port: int, *headers: str, **connection: Any) -> Answered:
    """Send a request, and read the answer."""
    reader, writer = await asyncio.open_connection(host, port, **connection)
    writer.write("\r\n".join(["GET /v2/images HTTP/1.1", *headers, "", ""]).encode())
    answered = await Client(reader, writer, "", "").answer()
    writer.close()
    return answered


async def test_two_names_of_one_address_are_listened_at_once(
    tmp_path: Path, logged: io.StringIO
) -> None:
    """And each is answered as the interface it is."""
    (port,) = free_ports(1)
    async with Backend() as public, Backend() as internal:
        cloud = {
            "frontends": {
                "identity": {
                    "public": f"http://localhost:{port}",
                    "internal": f"http://127.0.0.1:{port}",
                }
            },
            "backends": {
                "identity": {
                    "public": f"http://127.0.0.1:{public.port}",
                    "internal": f"http://127.0.0.1:{internal.port}",
                }
            },
        }
        async with gateway(tmp_path / "f.yaml", cloud):
            assert (await get("localhost", port, f"Host: localhost:{port}")).status == 200
            assert (await get("127.0.0.1", port, f"Host: 127.0.0.1:{port}")).status == 200
        assert (len(public.requests), len(internal.requests)) == (1, 1)
    listening = json.loads(logged.getvalue().splitlines()[0])
    assert f"127.0.0.1:{port}" in listening["addresses"]
    assert "localhost" not in logged.getvalue()


@pytest.mark.parametrize("tls", [False, True])
async def test_https_outside_and_http_inside_may_have_one_port(
    tmp_path: Path, *, tls: bool
) -> None:
    """Behind a proxy: Host says which is meant; where it does not, the proxy that is known."""
    ca = trustme.CA()
    (port,) = free_ports(1)
    async with Backend() as public, Backend() as internal:
        cloud = {
            "bind": HOST,
            "own": {
                "proxies": ["127.0.0.77"],
                **(issue(ca, tmp_path, "one.example") if tls else {}),
            },
            "frontends": {
                "image": {
                    "public": f"https://127.0.24.10:{port}",
                    "internal": f"http://127.0.24.20:{port}",
                }
            },
            "backends": {
                "image": {
                    "public": f"http://127.0.0.1:{public.port}",
                    "internal": f"http://127.0.0.1:{internal.port}",
                }
            },
        }
        async with gateway(tmp_path / "f.yaml", cloud):

            async def asked(host: str, said: str, source: str = "127.0.0.77") -> list[str] | None:
                """Return the scheme that the public service is told; None for the internal one."""
                public.requests.clear()
                connection: dict[str, Any] = {"local_addr": (source, 0)}
                if tls:
                    connection |= {"ssl": client_context(ca), "server_hostname": "one.example"}
                headers = [f"Host: {host}", *([f"X-Forwarded-Proto: {said}"] if said else [])]
                assert (await get(HOST, port, *headers, **connection)).status == 200
                if public.requests:
                    return public.requests[0].values("x-forwarded-proto")
                assert internal.requests.pop().values("x-forwarded-proto") == []
                return None

            for said in ("", "http", "https"):
                assert await asked(f"127.0.24.10:{port}", said) == ["https"]
                assert await asked("127.0.24.20", said) is None
            assert await asked("proxy.example", "http") is None
            assert await asked("proxy.example", "https") == ["https"]
            assert await asked("proxy.example", "http", source="127.0.0.66") == ["https"]
            assert await asked("proxy.example", "gopher") == ["https"]


async def test_each_listener_has_its_own_scheme(tmp_path: Path) -> None:
    """Where no proxy is in front, the connection says which frontend an unknown Host means."""
    ca = trustme.CA()
    (port,) = free_ports(1)
    async with Backend() as image:
        cloud = {
            "own": issue(ca, tmp_path, "one.example"),
            "frontends": {
                "image": {
                    "public": f"http://127.0.24.20:{port}",
                    "internal": f"https://127.0.24.10:{port}",
                }
            },
            "backends": {"image": f"http://127.0.0.1:{image.port}"},
        }
        async with gateway(tmp_path / "f.yaml", cloud):
            tls = {"ssl": client_context(ca), "server_hostname": "one.example"}
            assert (await get("127.0.24.10", port, "Host: other", **tls)).status == 200
            assert (await get("127.0.24.20", port, "Host: other")).status == 200
        told = [received.values("x-forwarded-proto") for received in image.requests]
        assert told == [["https"], []]


async def test_listeners_follow_the_file(clouds: Clouds) -> None:
    """A frontend that moves to another port is served there, and not at the old one."""
    (port,) = free_ports(1)
    old = clouds.address("CloudTwo", "image")[1]
    clouds.frontends["CloudTwo"]["image"] = f"http://{HOST}:{port}"
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    assert (await clouds.ask("CloudTwo", "image")).status == 200
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, old)


async def test_a_port_that_is_taken_is_named(clouds: Clouds) -> None:
    """The message has the address and what to do."""
    second = Gateway(Settings(clouds.file, "CloudOne"))
    with pytest.raises(ListenError, match=r"127\.0\.0\.2:\d+.*in use.*bind"):
        await second.start()
    await second.close()


@pytest.mark.parametrize(
    ("url", "advice"),
    [("http://192.0.2.1:18901", r"Cannot assign.*bind to one"), ("http://127.0.0.1:1", "CAP_NET")],
)
async def test_why_a_gateway_cannot_listen_is_said_with_what_helps(
    monkeypatch: pytest.MonkeyPatch, url: str, advice: str
) -> None:
    """An address of another machine is not taken by a process, nor is a port of root's."""
    real = socket.socket.bind

    def bind(one: socket.socket, address: Any) -> None:
        if address[1] < 1024:
            raise PermissionError(errno.EACCES, "as for anybody but root")
        real(one, address)

    monkeypatch.setattr(socket.socket, "bind", bind)
    opening = Listeners(Alone(), asyncio.Protocol, Listening(lambda: None), 1)
    cloud = described(url)
    with pytest.raises(ListenError, match=advice):
        await opening.follow(listeners_of(cloud, await look_up(cloud)))
    assert opening.addresses == []


async def test_listeners_stay_if_one_of_the_new_cannot_be_had(clouds: Clouds) -> None:
    """A file with an address that is taken changes no listener at all."""
    free, taken = free_ports(2)
    frontends = clouds.frontends["CloudTwo"]
    old = clouds.address("CloudTwo", "image")[1]
    with socket.create_server((HOST, max(free, taken))):
        frontends["image"] = f"http://{HOST}:{min(free, taken)}"
        frontends["network"] = f"http://{HOST}:{max(free, taken)}"
        clouds.save()
        await clouds.gateways["CloudTwo"].reload()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, min(free, taken))
    _, writer = await asyncio.open_connection(HOST, old)
    writer.close()


class Unlucky(Alone):
    """Fails at one port, in a way that nobody has thought of."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.fails = False

    def listen(self, host: str, port: int) -> list[socket.socket]:
        if self.fails and port == self.port:
            self.fails = False
            raise UnicodeError
        return super().listen(host, port)


async def test_listeners_stay_whatever_is_wrong_with_a_new_one() -> None:
    """Also one that was closed already, to speak TLS from then on at the same port."""
    ports = free_ports(3)
    unlucky = Unlucky(ports[1])
    opening = Listeners(unlucky, asyncio.Protocol, Listening(lambda: None), 1)
    old = {Listener(HOST, port, tls=False) for port in ports[:2]}
    await opening.follow(old)
    unlucky.fails = True
    with pytest.raises(UnicodeError):
        await opening.follow(
            {Listener(HOST, ports[1], tls=True), Listener(HOST, ports[2], tls=False)}
        )
    assert opening.addresses == sorted(map(str, old))
    for listener in old:
        _, writer = await asyncio.open_connection(listener.address, listener.port)
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, ports[2])
    opening.leave()


async def test_little_of_an_answer_waits_in_the_kernel_for_a_slow_reader(clouds: Clouds) -> None:
    """It would be megabytes, of memory that all connections of the machine share."""
    piece = bytes(65_536)

    async def endless(received: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 2**30)
        while True:
            await connection.send(piece)

    clouds.backends["CloudOne"]["image"].answer = endless
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/v2/images/x/file")
    await client.reader.readuntil(b"\r\n\r\n")
    waiting = [0, 1]
    while waiting[-1] != waiting[-2] or not waiting[-1]:
        await asyncio.sleep(0.02)
        waiting.append(unsent(client.writer.get_extra_info("sockname")[1]))
    assert waiting[-1] <= 2 * UNSENT


def unsent(port: int) -> int:
    """Return how many bytes wait in the kernel to be sent to a port (proc_net_tcp)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = next(f for f in map(str.split, lines) if f[2].endswith(f":{port:04X}"))
    return int(fields[4].partition(":")[0], 16)
