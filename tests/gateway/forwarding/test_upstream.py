"""Clouds that are reached at another address than the one everyone knows."""

import asyncio
import io
import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway.backend import json_answer
from gateway.played import HOST, Clouds

IMAGE_TWO = 'X-Scope: {"image": "CloudTwo"}'


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
