"""HAProxy while it runs: services that end, too many requests, a new configuration, TLS."""

import asyncio
import io
import json
import signal
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import trustme
from gateway.backend import Backend, Connection, Received
from gateway.played import Client
from gateway.ports import free_ports
from haproxy.live.conftest import FEDERATION
from haproxy.live.fronts import GATEWAY, HAPROXY, PREFACE, Fronts, fronts, running
from ruamel.yaml import YAML

from openstackoid.federation import load
from openstackoid.gateway.reporting import log as gateway_log
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings as GatewaySettings
from openstackoid.haproxy import Settings, plan, render
from openstackoid.haproxy.checking import faults

GET = b"GET /image/v2 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def clouds(tmp_path: Path) -> AsyncIterator[Fronts]:
    """Both fronts, for one test alone; five requests per second of one address."""
    async with fronts(FEDERATION, "Here", tmp_path, rate=5) as clouds:
        yield clouds


async def test_a_service_that_has_ended_is_left_to_the_gateway(tmp_path: Path) -> None:
    """At once, or with the first error; and the error is of the same shape."""
    async with fronts(FEDERATION, "Here", tmp_path) as clouds:
        await clouds.services["image"].stop()
        first = await clouds.send(HAPROXY, GET, 8888)
        assert first.status in {502, 503}
        assert json.loads(first.body)["error"]["service"] == "image"
        assert json.loads(first.body)["error"]["sent"] is False
        alone, both = await clouds.both(GET, 8888)
        assert both.handed_over
        assert both.seen == alone.seen


async def test_without_its_gateway_a_cloud_goes_on(tmp_path: Path) -> None:
    """Who has no scope logs in and lists images; what leaves the cloud says who is missing."""
    here = '{"*":"Here","identity":"Here"}'
    login = b'{"auth":{"identity":{"methods":["token"],"token":{"id":"T"}}}}'
    asked = [
        ("GET /identity/v3", "", b""),
        ("POST /identity/v3/auth/tokens", f"Content-Length: {len(login)}", login),
        ("GET /identity/v3/auth/tokens", "X-Subject-Token: T", b""),
        ("GET /image/v2/images", "X-Auth-Token: T", b""),
        ("GET /image/v2/images", f"X-Auth-Token: T!SCOPE!{here}", b""),
        ("POST /compute/v2.1/servers", "Content-Length: 2", b"{}"),
    ]
    missing = [
        ("GET /image/v2/images", 'X-Scope: {"image":"There"}', b""),
        ("POST /identity/v3/auth/tokens", f"X-Scope: {here}\r\nContent-Length: 2", b"{}"),
    ]
    async with fronts(FEDERATION, "Here", tmp_path) as clouds:
        await clouds.gateway.close()
        for line, headers, body in (*asked, *missing):
            more = f"{headers}\r\n" if headers else ""
            head = f"{line} HTTP/1.1\r\nHost: here\r\n{more}\r\n"
            answer = await clouds.send(HAPROXY, head.encode() + body, 8888)
            if (line, headers, body) in asked:
                assert (answer.status, answer.handed_over) == (200, 0)
                continue
            error = json.loads(answer.body)["error"]
            assert (answer.status, error["sent"], answer.received) == (503, False, [])
            assert error["message"] == (
                "the gateway of here cannot be reached; without it, only requests that stay in "
                "this cloud are carried out. tell its operator"
            )


async def test_an_answer_that_breaks_off_is_an_error_of_the_same_shape(tmp_path: Path) -> None:
    """Nobody is told that nothing was executed."""

    async def leaving(received: Received, connection: Connection) -> None:
        connection.writer.close()

    async with fronts(FEDERATION, "Here", tmp_path) as clouds:
        clouds.services["image"].answer = leaving
        alone, both = await clouds.both(GET, 8888)
        assert alone.status == both.status == 502
        assert json.loads(both.body)["error"].keys() == json.loads(alone.body)["error"].keys()


async def test_too_many_requests_of_one_address_are_refused(clouds: Fronts) -> None:
    """As many in ten seconds as are allowed on average come through; the gateway is not asked."""
    answers = [await clouds.send(HAPROXY, GET, 8888) for _ in range(53)]
    assert [a.status for a in answers] == [200] * 50 + [429] * 3
    assert json.loads(answers[-1].body)["error"]["code"] == 429
    assert (b"retry-after", b"1") in answers[-1].headers
    assert not any(a.handed_over for a in answers)


async def asked(clouds: Fronts, source: str, *headers: str) -> int:
    """Send HAProxy, from an address, a request for the gateway; return the status."""
    reader, writer = await asyncio.open_connection(
        HAPROXY, clouds.ports[8888], local_addr=(source, 0)
    )
    head = ["GET /image/v2 HTTP/1.1", "Host: here", "X-Roles: none", *headers, "", ""]
    writer.write("\r\n".join(head).encode())
    answer = await asyncio.wait_for(Client(reader, writer, "", "").answer(), 20)
    writer.close()
    return answer.status


async def test_the_gateway_learns_who_the_client_is(clouds: Fronts) -> None:
    """From HAProxy alone, whatever the client says; and services learn it from the gateway."""
    logged = io.StringIO()
    gateway_log.configure(logged)
    one, other = "127.66.0.1", "127.66.0.2"
    assert await asked(clouds, one) == 200
    assert await asked(clouds, other, f"X-Forwarded-For: {one}") == 200
    assert await asked(clouds, other, f"X-Forwarded-For: {one}", "X-Forwarded-For: 10.0.0.1") == 200
    assert await asked(clouds, other, "X-Forwarded-For: 127.0.0.1", "Connection: close") == 200
    assert await asked(clouds, other, "X-Forwarded-For: ,\t,x", "Connection: X-Other") == 200
    told = [json.loads(line).get("client") for line in logged.getvalue().splitlines()]
    assert told == [one, *[other] * 4]
    for received, client in zip(clouds.services["image"].requests, told, strict=True):
        assert received.values("x-forwarded-for") == [client]
        assert received.values("x-roles") == ["none"]


async def test_the_gateway_limits_each_client_behind_haproxy(clouds: Fronts) -> None:
    """One that sends too much takes nothing from others."""

    async def limited(headers: Iterable[str]) -> bool:
        for header in headers:
            if await asked(clouds, "127.66.0.1", header) == 429:
                return True
        return False

    assert await asked(clouds, "127.66.0.1") == 200
    assert await limited(["X-Other: x"] * 200)
    assert await limited(f"X-Forwarded-For: 203.0.113.{number}" for number in range(200))
    assert await asked(clouds, "127.66.0.2") == 200


async def test_a_reload_loses_no_request(tmp_path: Path) -> None:
    """The listening sockets are handed on, and what is under way comes to its end."""
    async with fronts(FEDERATION, "Here", tmp_path) as clouds:

        async def ask() -> int:
            reader, writer = await asyncio.open_connection(HAPROXY, clouds.ports[8888])
            writer.write(GET)
            answer = await Client(reader, writer, "", "").answer()
            writer.close()
            return answer.status

        async def ask_often() -> set[int]:
            return {await ask() for _ in range(60)}

        for _ in range(3):
            asking = [asyncio.create_task(ask_often()) for _ in range(8)]
            await ask()
            clouds.haproxy.send_signal(signal.SIGUSR2)
            assert set().union(*await asyncio.gather(*asking)) == {200}


async def test_tls_ends_in_haproxy_and_begins_anew(tmp_path: Path) -> None:
    """Towards the gateway, which has a certificate; a file's name may be any."""
    ca = trustme.CA()
    certificate = ca.issue_cert("one.example")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "one.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "one.key")
    (tmp_path / "one.key").chmod(0o600)
    both = tmp_path / 'it\'s "$HOME" #1.pem'
    certificate.private_key_and_cert_chain_pem.write_to_path(both)
    (port,) = free_ports(1)
    async with Backend() as image:
        here = {
            "bind": GATEWAY,
            "frontends": {"image": f"https://one.example:{port}/image"},
            "backends": {"image": f"http://127.0.0.1:{image.port}"},
            "own": {"certificate": "one.pem", "key": "one.key", "ca": "ca.pem"},
        }
        there = {"frontends": {"image": "https://two.example"}}
        file = tmp_path / "federation.yaml"
        with file.open("w") as stream:
            YAML(typ="safe").dump({"clouds": {"One": here, "Two": there}}, stream)
        gateway = Gateway(GatewaySettings(file, "One"))
        await gateway.start()
        made = plan(load(file), "One", HAPROXY, both)
        assert faults(render(made, Settings(fragment=True)), fragment=True) == ""
        text = render(made, Settings(socket=tmp_path / "s", drop=False))
        assert faults(text, fragment=False) == ""
        configuration = tmp_path / "haproxy.cfg"
        configuration.write_text(text)
        context = ssl.create_default_context(cadata=ca.cert_pem.bytes().decode())
        async with running(configuration):
            for path in ("/image/v2", "/image?x", "/beside"):
                reader, writer = await asyncio.open_connection(
                    HAPROXY, port, ssl=context, server_hostname="one.example"
                )
                request = f"GET {path} HTTP/1.1\r\nHost: one.example:{port}\r\n\r\n"
                writer.write(request.encode())
                answer = await Client(reader, writer, "", "").answer()
                assert answer.status == 200
                writer.close()
        lines = [f"GET {path} HTTP/1.1" for path in ("/v2", "/?x", "/beside")]
        assert [r.line for r in image.requests] == lines
        assert image.requests[0].values("x-forwarded-proto") == ["https"]
        await gateway.close()


async def test_no_http2_is_spoken(clouds: Fronts) -> None:
    """Who begins with HTTP/2 without being asked to is refused by both, and reaches nobody.

    HAProxy would change over to HTTP/2 by itself, by rules of its own for what a head is.
    """
    settings = b"\0\0\0\4\0\0\0\0\0"
    fields = b"\x82\x86" + b"\x04\x09/image/v2" + b"\x41\x04here"  # GET, http, path, authority
    headers = len(fields).to_bytes(3, "big") + b"\1\5\0\0\0\1" + fields
    for request in (PREFACE + settings + headers, PREFACE):
        for outcome in await clouds.both(request, 8888):
            assert outcome.status in {400, 505}
            assert outcome.received == []
            assert not outcome.handed_over


def test_what_haproxy_does_not_take_is_said() -> None:
    """With its own words, and never taken for good."""
    said = faults("global\n    tune.bufsize none\n", fragment=False)
    assert "tune.bufsize" in said
    assert faults("frontend x\n    mode none\n", fragment=True)
