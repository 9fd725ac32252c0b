"""Requests that are sent on: where to, and what is said where there is no answer."""

import asyncio
import io
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway.asking import many
from gateway.backend import OK, Backend, Connection, Received, json_answer, saying
from gateway.played import HOST, Answered, Clouds, silence

from openstackoid.federation import load
from openstackoid.federation.internal import Permitted
from openstackoid.federation.model import Url
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.forwarding.upstream import LONG_HEAD, Upstream, refused
from openstackoid.gateway.http import Client
from openstackoid.identity import MAX_AUTH_BODY
from openstackoid.identity.base64url import decoded
from openstackoid.identity.signature import digest_of
from openstackoid.message import Headers
from openstackoid.operators.request import NoAnswerError
from openstackoid.routing import Destination, Refusal, Route
from openstackoid.scope import CloudRef

IMAGE_TWO = 'X-Scope: {"image": "CloudTwo"}'
ROUTE = Route("image", "public", "/", None, CloudRef("CloudOne"), None)


def error(answered: Answered) -> dict[str, Any]:
    """Return what a gateway's own error says."""
    return dict(json.loads(answered.body)["error"])


@pytest.fixture
async def upstream(clouds: Clouds) -> AsyncIterator[Upstream]:
    """CloudOne's way to services, without a gateway around it."""
    federation = load(clouds.file)
    pool = Client(5, 5)
    peers = Peers(federation, "CloudOne", UsedSignatures())
    yield Upstream(pool, peers, Permit(Permitted.of(federation, "CloudOne")))
    await pool.close()


def at(backend: Backend, *, remote: bool = False) -> Destination:
    """Return a backend as a service of this cloud, or of another one."""
    cloud = "CloudTwo" if remote else "CloudOne"
    return Destination(cloud, Url("http", "127.0.0.1", backend.port, ""), "/", remote)


async def hang_up(_: Received, connection: Connection) -> None:
    """Close the connection in place of an answer."""
    connection.writer.close()


async def test_a_host_is_said_once(clouds: Clouds, upstream: Upstream) -> None:
    """The one that the request has, or the one of the address."""
    service = clouds.backends["CloudOne"]["image"]
    for headers in ((), (("hOST", "known.example"),)):
        (await upstream.send("GET", at(service), ROUTE, Headers(headers), None)).close()
    hosts = [received.values("host") for received in service.requests]
    assert hosts == [[f"127.0.0.1:{service.port}"], ["known.example"]]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("remote", [True, False])
async def test_what_to_do_next_depends_on_what_may_have_been_done(
    clouds: Clouds, upstream: Upstream, method: str, remote: bool
) -> None:
    """After a write look first; a read may be sent again, or to another cloud if it was another."""
    service = clouds.backends["CloudTwo" if remote else "CloudOne"]["image"]
    service.answer = hang_up
    with pytest.raises(NoAnswerError, match="closed the connection without an answer") as caught:
        await upstream.request(method, at(service, remote=remote), ROUTE, Headers(()), None)
    assert (caught.value.sent, caught.value.status, caught.value.away) == (True, 502, False)
    advice = caught.value.message.partition("; ")[2]
    if method == "DELETE":
        assert advice == "the request may have been carried out; look before you send it again"
    elif remote:
        assert advice == "try again later, or take image in another cloud"
    else:
        assert advice == "try again later"
    origin = f"http://127.0.0.1:{service.port}"
    assert (origin in caught.value.message) is remote, "no address of an own service is shown"


@pytest.mark.parametrize(("size", "told"), [(10, False), (LONG_HEAD, True)])
async def test_a_head_that_may_be_too_long_is_told(
    clouds: Clouds, upstream: Upstream, size: int, told: bool
) -> None:
    """A server with a small buffer closes the connection without a word."""
    service = clouds.backends["CloudOne"]["image"]
    service.answer = hang_up
    headers = Headers([("X-A", "a" * size)])
    with pytest.raises(NoAnswerError) as caught:
        await upstream.request("GET", at(service), ROUTE, headers, None)
    assert ("buffer-size" in caught.value.message) is told


async def test_an_answer_that_nobody_can_read_is_described_and_not_quoted(
    clouds: Clouds, upstream: Upstream
) -> None:
    """It may have a token in it."""
    service = clouds.backends["CloudOne"]["image"]
    service.answer = saying(b"HTTP/1.1 200 OK\r\nX-Secret\x00: SECRET\r\n\r\n")
    with pytest.raises(NoAnswerError, match="gave an answer that the gateway cannot read") as got:
        await upstream.request("GET", at(service), ROUTE, Headers(()), None)
    assert "SECRET" not in got.value.message


@pytest.mark.parametrize("remote", [True, False])
async def test_a_service_that_is_down_has_got_nothing(
    clouds: Clouds, upstream: Upstream, remote: bool
) -> None:
    """A write may be sent again at once, then."""
    service = clouds.backends["CloudTwo" if remote else "CloudOne"]["image"]
    await service.stop()
    with pytest.raises(Refusal, match="could not be reached: Connection refused") as caught:
        await upstream.send("POST", at(service, remote=remote), ROUTE, Headers(()), b"")
    assert caught.value.sent is False


async def test_a_name_that_nobody_knows_is_told_without_it(upstream: Upstream) -> None:
    """The reason is the resolver's own word, not asyncio's, which has the address."""
    address = Url("http", "nowhere.invalid", 80, "")
    destination = Destination("CloudOne", address, "/", remote=False)
    with pytest.raises(NoAnswerError, match="could not be reached: ") as caught:
        await upstream.request("GET", destination, ROUTE, Headers(()), None)
    assert (caught.value.sent, caught.value.away) == (False, True)
    assert "invalid" not in caught.value.message


def test_a_refusal_says_what_is_known() -> None:
    """Which cloud and service gave no answer, and whether it may have acted."""
    refusal = refused(NoAnswerError("why", sent=True, status=504), "CloudTwo", "image")
    assert (refusal.status, refusal.cloud, refusal.service) == (504, "CloudTwo", "image")
    assert refusal.sent is True


async def test_a_cloud_that_is_down_is_named_at_once(clouds: Clouds) -> None:
    """A refused connection is 502; work that does not need that cloud goes on."""
    await clouds.gateways["CloudTwo"].close()
    answered = await clouds.ask("CloudOne", "image", "/v2/images", IMAGE_TWO)
    assert answered.status == 502
    assert "could not be reached: Connection refused" in error(answered)["message"]
    assert error(answered)["sent"] is False
    assert error(answered)["cloud"] == "CloudTwo"
    assert error(answered)["service"] == "image"
    assert (await clouds.ask("CloudOne", "image", "/v2/images")).status == 200


@silence
async def test_a_link_that_swallows_packets_ends_in_504(clouds: Clouds) -> None:
    """A connection that is never accepted is given up after the connect timeout."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for s in waiting:  # fill the backlog, so that the kernel drops what comes next
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", port))
        clouds.document["clouds"]["CloudTwo"]["frontends"]["image"] = f"http://127.0.0.1:{port}"
        clouds.save()
        await clouds.gateways["CloudOne"].reload()
        answered = await clouds.ask("CloudOne", "image", "/", IMAGE_TWO)
        for s in waiting:
            s.close()
    assert answered.status == 504
    assert "within 0.25 s" in error(answered)["message"]


@pytest.mark.parametrize(
    ("method", "advice"), [("GET", "another cloud"), ("POST", "may have been carried out")]
)
@silence
async def test_a_silent_service_ends_in_504(clouds: Clouds, method: str, advice: str) -> None:
    """Silence is given up after the idle timeout; of a write it is said that it may be done."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.reader.read()

    clouds.backends["CloudTwo"]["image"].answer = answer
    answered = await clouds.ask("CloudOne", "image", "/", IMAGE_TWO, method=method)
    assert answered.status == 504
    assert "CloudTwo" in error(answered)["message"]
    assert advice in error(answered)["message"]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
async def test_no_write_is_sent_twice(clouds: Clouds, method: str) -> None:
    """Not even one that HTTP calls idempotent: the second DELETE would be answered by 404."""

    async def answer(_: Received, connection: Connection) -> None:
        connection.writer.close()

    backend = clouds.backends["CloudOne"]["compute"]
    backend.answer = answer
    assert (await clouds.ask("CloudOne", "compute", method=method)).status == 502
    assert len(backend.requests) == 1


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 2", b"not http at all\r\n\r\n"])
async def test_a_service_that_breaks_off_before_its_answer_is_502(
    clouds: Clouds, head: bytes
) -> None:
    """A write that got no answer is never repeated: the service saw it once."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(head)
        connection.writer.close()

    backend = clouds.backends["CloudOne"]["compute"]
    backend.answer = answer
    answered = await clouds.ask("CloudOne", "compute", "/v2.1/servers", method="POST", body=b"{}")
    assert answered.status == 502
    assert "may have been carried out" in error(answered)["message"]
    assert "sent" not in error(answered)
    assert len(backend.requests) == 1


async def test_a_connection_that_went_stale_is_not_used_again(clouds: Clouds) -> None:
    """A service that closes idle connections costs nobody a failed write."""

    async def answer(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        await connection.send(OK)
        connection.writer.close()

    backend = clouds.backends["CloudOne"]["compute"]
    backend.answer = answer
    for _ in range(3):
        assert (await clouds.ask("CloudOne", "compute", method="POST", body=b"{}")).status == 200
        await backend.all_closed()


async def test_a_detour_changes_nothing_but_the_way(clouds: Clouds) -> None:
    """Host, path and links are those of the frontend, which need not be reachable from here."""
    port = clouds.address("CloudTwo", "image")[1]
    known = f"http://cloudtwo.invalid:{port}"
    two = clouds.document["clouds"]["CloudTwo"]
    two |= {"bind": HOST, "connect": HOST}
    two["frontends"] = two["frontends"] | {"image": known}
    clouds.save()
    for gateway in clouds.gateways.values():
        await gateway.reload()
    service = clouds.backends["CloudTwo"]["image"]
    service.answer = json_answer(json.dumps({"next": f"{known}/v2/images?marker=1"}))
    answered = await clouds.ask("CloudOne", "image", "/v2/a%2Fb//c?x=%7e+&", IMAGE_TWO)
    assert service.requests[0].line == "GET /v2/a%2Fb//c?x=%7e+& HTTP/1.1"
    assert service.requests[0].values("host") == [known.removeprefix("http://")]
    ours = clouds.frontends["CloudOne"]["image"]
    assert json.loads(answered.body) == {"next": f"{ours}/v2/images?marker=1"}


async def test_a_detour_that_ends_is_named(clouds: Clouds, logged: io.StringIO) -> None:
    """Who runs the gateway has to know which address did not answer, nobody else."""
    clouds.document["clouds"]["CloudTwo"]["connect"] = "127.0.0.3"
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    answered = await clouds.ask("CloudOne", "image", "/", IMAGE_TWO)
    assert answered.status == 502
    message = json.loads(answered.body)["error"]["message"]
    known = clouds.frontends["CloudTwo"]["image"]
    assert f"image of CloudTwo at {known} could not be reached" in message
    assert "127.0.0.3" not in message
    assert '"connect":"127.0.0.3"' in logged.getvalue()


async def test_a_certificate_is_checked_for_the_frontend(clouds: Clouds, tmp_path: Path) -> None:
    """The name that TLS asks for is the frontend's, and an unknown signer is refused."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path, "cloudtwo.invalid"))
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.3", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    two = clouds.document["clouds"]["CloudTwo"]
    two["frontends"] = two["frontends"] | {"image": f"https://cloudtwo.invalid:{port}"}
    two["connect"] = "127.0.0.3"
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    answered = await clouds.ask("CloudOne", "image", "/", IMAGE_TWO)
    server.close()
    assert asked == ["cloudtwo.invalid"]
    assert answered.status == 502
    assert b"could not be reached: its certificate is not accepted: self-signed" in answered.body


def _certificate(directory: Path, host: str) -> Path:
    """Return a file with a key and a certificate of its own for a host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


SCOPED = Headers([("X-Scope", "image=CloudTwo"), ("X-Auth-Token", "a token")])


async def silent(_: Received, connection: Connection) -> None:
    """Read on, and answer nothing."""
    await connection.reader.read()


@pytest.fixture
async def waiting(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Upstream, list[Received]]]:
    """CloudOne's way to a CloudTwo that is silent, and whose clock is 1000 s ahead."""
    monkeypatch.setattr("openstackoid.gateway.admission.clocks.SETTLED", 0)
    federation, service = load(clouds.file), clouds.backends["CloudTwo"]["image"]
    service.answer = silent
    pool = Client(0.2, 0.2)
    peers = Peers(federation, "CloudOne", UsedSignatures())
    now = time.time()
    peers.clocks.heard("CloudTwo", 200, f"{now + 1000:.3f}", now - 0.01, now)
    yield Upstream(pool, peers, Permit(Permitted.of(federation, "CloudOne"))), service.requests
    await pool.close()


def told(received: Received) -> dict[str, Any]:
    """Return what the proof of a request says."""
    (proof,) = received.values("x-scope-proof")
    return dict(json.loads(decoded(proof.split(".")[1].encode())))


async def test_a_write_without_an_answer_begins_no_more_once_that_is_said(
    clouds: Clouds, waiting: tuple[Upstream, list[Received]]
) -> None:
    """The other gateway is told until when; the error waits until a second after that."""
    upstream, requests = waiting
    there = at(clouds.backends["CloudTwo"]["image"], remote=True)
    with pytest.raises(NoAnswerError, match="but cannot begin any more") as caught:
        await upstream.request("POST", there, ROUTE, SCOPED, b"{}")
    assert (caught.value.sent, caught.value.status) == (True, 504)
    end = told(requests[0])["end"] - 1_000_000
    assert end + 1000 <= time.time() * 1000
    assert time.time() * 1000 < end + 20_000


@pytest.mark.parametrize(("method", "known"), [("GET", True), ("POST", False)])
async def test_no_end_is_told_where_there_is_none(
    clouds: Clouds, waiting: tuple[Upstream, list[Received]], method: str, known: bool
) -> None:
    """A read may begin at any time, and without the other clock nobody can say when."""
    upstream, requests = waiting
    if not known:
        now = time.time()  # an answer that has taken too long to tell the time
        upstream.peers.clocks.heard("CloudTwo", 200, None, now, now)
        upstream.peers.clocks.heard("CloudTwo", 200, f"{now:.3f}", now - 10, now)
    there = at(clouds.backends["CloudTwo"]["image"], remote=True)
    with pytest.raises(NoAnswerError) as caught:
        await upstream.request(method, there, ROUTE, SCOPED, None)
    assert "begin any more" not in caught.value.message
    assert "end" not in told(requests[0])


@pytest.mark.parametrize(
    ("method", "body", "signed"),
    [
        ("POST", b"{}", b"{}"),
        ("POST", None, b""),
        ("DELETE", None, b""),
        ("GET", None, None),
        ("PUT", many(b"{}"), None),
        ("POST", b" " * (MAX_AUTH_BODY + 1), None),
    ],
)
async def test_what_a_gateway_has_whole_is_signed(
    clouds: Clouds,
    waiting: tuple[Upstream, list[Received]],
    method: str,
    body: Any,
    signed: bytes | None,
) -> None:
    """The body of a write, or that it has none; what is streamed, or long, is not."""
    upstream, requests = waiting
    there = at(clouds.backends["CloudTwo"]["image"], remote=True)
    length = Headers([*SCOPED, ("Content-Length", "2")]) if method == "PUT" else SCOPED
    with pytest.raises(NoAnswerError):
        await upstream.request(method, there, ROUTE, length, body, client="192.0.2.1")
    claims = told(requests[0])
    assert claims.get("digest") == (None if signed is None else digest_of(signed))
    assert len(claims["client"]) == 22
    assert "by_service" not in claims


async def test_a_service_here_gets_no_write_that_is_too_late(
    clouds: Clouds, upstream: Upstream
) -> None:
    """Not a byte: the connection that was open for it is closed."""
    service = clouds.backends["CloudOne"]["image"]
    answer = await upstream.request("GET", at(service), ROUTE, Headers(()), None)
    answer.close()
    with pytest.raises(NoAnswerError, match="came too late") as caught:
        await upstream.request("POST", at(service), ROUTE, Headers(()), b"", end=time.time() - 1)
    assert (caught.value.sent, caught.value.status) == (False, 408)
    assert len(service.requests) == 1
    await upstream.request("POST", at(service), ROUTE, Headers(()), b"", end=time.time() + 20)
    assert len(service.requests) == 2
