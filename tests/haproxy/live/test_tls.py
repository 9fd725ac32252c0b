"""TLS on both sides of HAProxy: what it says of the client's, and whose certificates it accepts."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner
from gateway.authority import Authority
from gateway.backend import Backend
from gateway.played import Answered, Client
from gateway.ports import free_ports
from haproxy.live.fronts import GATEWAY, INSIDE, OUTSIDE, PREFACE, running, statistics
from ruamel.yaml import YAML

from openstackoid.commands.main import main
from openstackoid.federation import load
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings as GatewaySettings
from openstackoid.haproxy import Settings, plan, render
from openstackoid.haproxy.certificates import dns_names

NAME = "gateway.one.example"
SCOPE = 'X-Scope: {"image":"One"}'


@dataclass
class Cloud:
    """A cloud with https outside and http inside at one port; `image` is its service."""

    directory: Path
    port: int
    image: Backend
    ca: trustme.CA

    @property
    def file(self) -> Path:
        return self.directory / "federation.yaml"

    def write(self, own: dict[str, Any], **more: Any) -> None:
        """Write the federation file."""
        frontends = {
            "public": f"https://{OUTSIDE}:{self.port}",
            "internal": f"http://{INSIDE}:{self.port}",
        }
        backends = {"image": f"http://127.0.0.1:{self.image.port}"}
        one = {"own": own, "frontends": {"image": frontends}, "backends": backends} | more
        two = {"frontends": {"image": "https://two.example"}}
        with self.file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": {"One": one, "Two": two}}, stream)

    def issue(self, *names: str, ca: trustme.CA | None = None) -> dict[str, str]:
        """Write a certificate, and return what the federation file says of it."""
        issued = (ca or self.ca).issue_cert(*names)
        issued.cert_chain_pems[0].write_to_path(self.directory / "one.pem")
        for file, blob in (
            ("one.key", issued.private_key_pem),
            ("both.pem", issued.private_key_and_cert_chain_pem),
        ):
            blob.write_to_path(self.directory / file)
            (self.directory / file).chmod(0o600)
        self.ca.cert_pem.write_to_path(self.directory / "ca.pem")
        return {"certificate": "one.pem", "key": "one.key", "ca": "ca.pem"}

    async def get(self, host: str, *headers: str, tls: bool) -> Answered:
        """Ask outside or inside, with a Host."""
        connection: dict[str, Any] = {}
        if tls:
            context = ssl.create_default_context(cadata=self.ca.cert_pem.bytes().decode())
            connection = {"ssl": context, "server_hostname": NAME}
        address = OUTSIDE if tls else INSIDE
        reader, writer = await asyncio.open_connection(address, self.port, **connection)
        writer.write("\r\n".join(["GET /v2 HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode())
        answered = await asyncio.wait_for(Client(reader, writer, "", "").answer(), 20)
        writer.close()
        return answered

    def command(self, *more: str) -> Any:
        """Run a command of `openstackoid haproxy` for this cloud."""
        both = str(self.directory / "both.pem")
        asked = ["--federation", str(self.file), "--cloud", "One", "--certificate", both]
        return CliRunner().invoke(main, ["haproxy", more[0], *asked, *more[1:]])


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """Play a service; the rest is a test's."""
    (port,) = free_ports(1)
    async with Backend() as image:
        yield Cloud(tmp_path, port, image, trustme.CA())


@asynccontextmanager
async def gateway(cloud: Cloud) -> AsyncIterator[None]:
    """Run the gateway as the file says."""
    started = Gateway(GatewaySettings(cloud.file, "One", drain_timeout=1))
    await started.start()
    try:
        yield
    finally:
        await started.close()


@asynccontextmanager
async def behind(cloud: Cloud) -> AsyncIterator[Path]:
    """Run the gateway, and HAProxy before it; give HAProxy's socket."""
    certificate = cloud.directory / "both.pem"
    names = dns_names(certificate)
    socket = cloud.directory / "s"
    text = render(
        plan(load(cloud.file), "One", None, certificate, names), Settings(socket=socket, drop=False)
    )
    configuration = cloud.directory / "haproxy.cfg"
    configuration.write_text(text)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(gateway(cloud))
        await stack.enter_async_context(running(configuration))
        yield socket


async def checked(socket: Path) -> dict[str, str]:
    """Return what HAProxy says of the gateway, once its looks at it say the same each time."""
    async with asyncio.timeout(20):
        while True:
            gateway = (await statistics(socket))["One-gateway-tls", "gateway"]
            if gateway["status"] in {"UP", "DOWN"}:
                return gateway
            await asyncio.sleep(0.05)


FRONTS = {
    "the gateway": (gateway, True, {}),
    "HAProxy before a gateway without TLS": (behind, False, {"bind": GATEWAY}),
    "HAProxy before a gateway with TLS": (behind, True, {"bind": GATEWAY}),
}
"""By name: how to run it, whether the gateway has a certificate, what the federation file says."""

SAID = [
    (),
    ("X-Forwarded-Proto: https",),
    ("X-Forwarded-Proto: http",),
    ("X-Forwarded-Proto: http", "X-Forwarded-Proto: https"),
    ("X_Forwarded_Proto: http",),
    ("Forwarded: for=192.0.2.1;proto=http",),
]
"""What a client itself says of the scheme."""


@pytest.mark.parametrize("front", FRONTS)
async def test_a_service_is_told_the_scheme_by_either_front(front: str, cloud: Cloud) -> None:
    """In the same way, with a scope and without, whatever the client says, and whatever its Host.

    A Host that is no frontend's is left to the gateway, as is one of the other scheme.
    """
    run, certificate, more = FRONTS[front]
    own = cloud.issue(NAME, OUTSIDE)
    proxies = {"proxies": ["127.0.0.1"]} if more else {}
    cloud.write((own if certificate else {"ca": "ca.pem"}) | proxies, **more)
    async with run(cloud):
        for tls, address, told in ((True, OUTSIDE, ["https"]), (False, INSIDE, [])):
            other = INSIDE if tls else OUTSIDE
            for host, expected in (
                (f"{address}:{cloud.port}", told),
                (address, told),
                ("other.example", told),
                (other, ["https"] if other == OUTSIDE else []),
            ):
                for said in SAID:
                    for scope in ((), (SCOPE,)):
                        cloud.image.requests.clear()
                        answered = await cloud.get(host, *said, *scope, tls=tls)
                        assert answered.status == 200
                        (received,) = cloud.image.requests
                        assert received.values("x-forwarded-proto") == expected
                        assert received.values("x_forwarded_proto") == []
                        assert received.values("forwarded") == []


@pytest.mark.parametrize("offered", [[], ["h2"], ["h2", "http/1.1"]])
async def test_no_http2_is_spoken_under_tls(cloud: Cloud, offered: list[str]) -> None:
    """Whatever the client offers, and if it begins with HTTP/2 without having been asked to."""
    own = cloud.issue(NAME, OUTSIDE)
    cloud.write(own | {"proxies": ["127.0.0.1"]}, bind=GATEWAY)
    context = ssl.create_default_context(cadata=cloud.ca.cert_pem.bytes().decode())
    if offered:
        context.set_alpn_protocols(offered)
    async with behind(cloud):
        reader, writer = await asyncio.open_connection(
            OUTSIDE, cloud.port, ssl=context, server_hostname=NAME
        )
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        assert chosen == ("http/1.1" if "http/1.1" in offered else None)
        writer.write(PREFACE)
        answered = await asyncio.wait_for(Client(reader, writer, "", "").answer(), 20)
        assert answered.status in {400, 505}
        writer.close()
    assert cloud.image.requests == []


@pytest.mark.parametrize("names", [(NAME,), (NAME, OUTSIDE), ("*.one.example", OUTSIDE)])
async def test_the_gateways_certificate_may_have_a_name_beside_its_addresses(
    names: tuple[str, ...], cloud: Cloud
) -> None:
    """HAProxy verifies it by that, where the frontends are addresses."""
    own = cloud.issue(*names)
    cloud.write(own | {"proxies": ["127.0.0.1"]}, bind=GATEWAY)
    assert cloud.command("check").exit_code == 0
    async with behind(cloud) as socket:
        assert (await cloud.get("other.example", tls=True)).status == 200
        assert (await checked(socket))["status"] == "UP"


@pytest.mark.parametrize("command", ["check", "render"])
def test_addresses_alone_in_the_gateways_certificate_are_refused(
    command: str, cloud: Cloud
) -> None:
    """With what to write, for HAProxy would find nothing to verify."""
    cloud.write(cloud.issue(OUTSIDE, INSIDE) | {"proxies": ["127.0.0.1"]}, bind=GATEWAY)
    done = cloud.command(command)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "one.pem have a DNS name, too" in done.stderr


async def test_a_certificate_that_is_not_accepted_is_said(cloud: Cloud) -> None:
    """By `check`, by HAProxy's looks at the gateway, and by the error."""
    own = cloud.issue(NAME, ca=trustme.CA())
    cloud.write(own | {"proxies": ["127.0.0.1"]}, bind=GATEWAY)
    done = cloud.command("check")
    assert done.exit_code == 1
    assert "HAProxy would not accept the certificate of the gateway" in done.stderr
    assert "own.ca" in done.stderr
    async with behind(cloud) as socket:
        refused = await cloud.get("other.example", tls=False)
        assert refused.status == 503
        assert b"the gateway of One cannot be reached, or its certificate is not" in refused.body
        gateway = await checked(socket)
        assert (gateway["status"], gateway["check_status"]) == ("DOWN", "L6RSP")
        assert (await cloud.get(INSIDE, tls=False)).status == 200  # what needs no gateway


@pytest.mark.parametrize("revoked", [False, True])
async def test_a_revoked_certificate_is_not_accepted(cloud: Cloud, revoked: bool) -> None:
    """HAProxy reads the lists that the gateway reads; `check` says it."""
    authority = Authority()
    own = authority.issue(cloud.directory, NAME, OUTSIDE)
    (cloud.directory / f"{NAME}-both.pem").rename(cloud.directory / "both.pem")
    lists = authority.revoke(*([own["certificate"]] if revoked else []))
    (cloud.directory / "crl.pem").write_bytes(lists)
    cloud.write(own | {"crl": "crl.pem", "proxies": ["127.0.0.1"]}, bind=GATEWAY)
    done = cloud.command("check")
    assert done.exit_code == int(revoked), done.stderr
    assert ("certificate revoked" in done.stderr) == revoked
    async with behind(cloud) as socket:
        assert (await checked(socket))["status"] == ("DOWN" if revoked else "UP")


async def test_a_backend_with_tls_is_verified_by_its_name(cloud: Cloud) -> None:
    """One at an address is asked by the gateway, which finds addresses in certificates."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cloud.ca.issue_cert("localhost", "127.0.0.1").configure_cert(served)
    (port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        image = await stack.enter_async_context(Backend(port=port, tls=served))
        for host, handed_over in (("localhost", "0"), ("127.0.0.1", "1")):
            own = cloud.issue(NAME) | {"proxies": ["127.0.0.1"]}
            backends = {"image": f"https://{host}:{port}"}
            cloud.write(own, bind=GATEWAY, backends=backends)
            checked = cloud.command("check")
            assert checked.exit_code == 0
            assert ("are left to the gateway" in checked.stderr) == (host == "127.0.0.1")
            async with behind(cloud) as socket:
                assert (await cloud.get(INSIDE, tls=False)).status == 200
                gateway = (await statistics(socket))["One-gateway-tls", "BACKEND"]
                assert gateway["stot"] == handed_over
        assert len(image.requests) == 2


def test_names_of_one_address_cannot_be_http_and_https(cloud: Cloud) -> None:
    """HAProxy would take both, and give each connection to the one or to the other."""
    port = cloud.port
    urls = {"public": f"https://localhost:{port}", "internal": f"http://127.0.0.1:{port}"}
    own = cloud.issue(NAME) | {"proxies": ["127.0.0.1"]}
    cloud.write(own, bind=GATEWAY, frontends={"image": urls})
    done = cloud.command("check")
    assert done.exit_code == 1
    assert f"is 127.0.0.1, where port {port} cannot be http and https at once" in done.stderr
