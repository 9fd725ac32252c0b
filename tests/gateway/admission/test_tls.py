"""TLS: what gateways show, whom they believe, and certificates that change while they run."""

import asyncio
import json
import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from gateway.credentials import client_context, issue, reload, speak_tls
from gateway.played import TOKEN, Clouds

from openstackoid.gateway.admission.peers import PeersError
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
HOP = (
    f"X-Scope: {COMPLETED}",
    f"X-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}",
    "Via: 1.1 CloudOne (openstackoid)",
)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    """Make the authority that the clouds have in common."""
    return trustme.CA()


@pytest.fixture
async def tls(clouds: Clouds, ca: trustme.CA) -> Clouds:
    """Both clouds with https frontends, which ask each other for certificates.

    CloudTwo takes tokens of CloudOne themselves: here it is about connections.
    """
    clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    await speak_tls(clouds, ca)
    clouds.tls = client_context(ca)
    return clouds


async def shown(clouds: Clouds) -> str:
    """Return the name in the certificate that the gateway of CloudTwo shows."""
    client = await clouds.open("CloudTwo", "image")
    certificate = client.writer.get_extra_info("peercert")
    return str(certificate["subjectAltName"][0][1])


async def test_work_goes_over_the_border_by_mutual_tls(tls: Clouds) -> None:
    """A gateway that shows the certificate the other asks for is let in; the client needs none."""
    answered = await tls.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo")
    assert answered.status == 200
    assert len(tls.backends["CloudTwo"]["image"].requests) == 1


@pytest.mark.parametrize("said", [(), ("X-Forwarded-Proto: http",), ("Forwarded: proto=http",)])
@pytest.mark.parametrize(
    ("scope", "asked"),
    [("", 1), ("image=CloudOne", 1), ("image=CloudTwo", 1), ("image=CloudOne&CloudTwo", 2)],
)
async def test_a_service_learns_that_tls_ends_here(
    tls: Clouds, said: tuple[str, ...], scope: str, asked: int
) -> None:
    """So its links are https; in each cloud its own gateway says it, whatever the client says."""
    scoped = (f"X-Scope: {scope}",) if scope else ()
    assert (await tls.ask("CloudOne", "image", "/v2/images", *said, *scoped)).status == 200
    told = [
        (received.values("x-forwarded-proto"), received.values("forwarded"))
        for services in tls.backends.values()
        for received in services["image"].requests
    ]
    assert told == [(["https"], [])] * asked


async def test_a_head_that_is_too_long_is_answered_with_the_limit(tls: Clouds) -> None:
    """Over TLS, too, though the client goes on sending: it meets no reset."""
    client = await tls.open("CloudOne", "image")
    client.writer.write(b"GET /image?" + b"a" * 4_000_000)
    assert (await client.answer()).status == 414
    client.writer.write(b"a" * 4_000_000)
    await client.writer.drain()


async def refused(tls: Clouds) -> bool:
    answered = await tls.ask("CloudTwo", "image", "/v2/images", *HOP)
    message = json.loads(answered.body)["error"]["message"]
    return (
        answered.status == 401
        and "has to show a certificate for cloudone.example" in message
        and tls.executed == 0
    )


async def test_a_gateway_without_certificate_is_refused(tls: Clouds) -> None:
    """Via alone proves nothing."""
    assert await refused(tls)


async def test_a_gateway_with_a_certificate_of_another_name_is_refused(
    tls: Clouds, ca: trustme.CA, tmp_path: Path
) -> None:
    """CloudTwo cannot pass for CloudOne, nor can who has a part of the name."""
    for name in ("cloudtwo.example", "x.cloudone.example", "*.example", "cloudone.example.org"):
        tls.tls = client_context(ca, issue(ca, tmp_path, name))
        assert await refused(tls)


async def test_the_right_certificate_is_taken(tls: Clouds, ca: trustme.CA, tmp_path: Path) -> None:
    """So that the refusals above are for their names."""
    tls.tls = client_context(ca, issue(ca, tmp_path, "CloudOne.example"))
    assert (await tls.ask("CloudTwo", "image", "/v2/images", *HOP)).status == 200


async def test_the_certificate_of_another_authority_ends_the_connection(
    tls: Clouds, ca: trustme.CA, tmp_path: Path
) -> None:
    """Not even the system's authorities can vouch for a gateway, only own.ca."""
    (tmp_path / "other").mkdir()
    own = issue(trustme.CA(), tmp_path / "other", "cloudone.example")
    tls.tls = client_context(ca, own)
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        await tls.ask("CloudTwo", "image", "/v2/images", *HOP)
    assert tls.executed == 0


async def test_a_frontend_with_an_unknown_certificate_is_not_asked(
    tls: Clouds, tmp_path: Path
) -> None:
    """Whoever has taken CloudTwo's address gets no request, and no token."""
    (tmp_path / "other").mkdir()
    tls.document["clouds"]["CloudTwo"]["own"] |= issue(
        trustme.CA(), tmp_path / "other", "cloudtwo.example"
    )
    await reload(tls)
    answered = await tls.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo")
    assert answered.status == 502
    assert b"its certificate is not accepted" in answered.body
    assert tls.executed == 0


async def test_a_certificate_is_renewed_without_a_restart(
    tls: Clouds, ca: trustme.CA, tmp_path: Path
) -> None:
    """A connection that is open goes on with the old one, the next gets the new one."""
    old = await tls.open("CloudTwo", "image")
    assert await shown(tls) == "cloudtwo.example"
    tls.document["clouds"]["CloudTwo"]["own"] |= issue(ca, tmp_path, "renewed.example")
    await reload(tls)
    assert await shown(tls) == "renewed.example"
    await old.send("GET", "/v2/images")
    assert (await old.answer()).status == 200


async def test_a_certificate_that_cannot_be_used_changes_nothing(
    tls: Clouds, tmp_path: Path
) -> None:
    """A renewal that went wrong must not take a running gateway down."""
    broken = tmp_path / "cloudtwo.example-certificate.pem"
    whole = broken.read_text()
    broken.write_text(whole[: len(whole) // 2])
    await tls.gateways["CloudTwo"].reload()
    assert await shown(tls) == "cloudtwo.example"


async def test_tls_comes_and_goes_with_the_file(
    tls: Clouds, ca: trustme.CA, tmp_path: Path
) -> None:
    """The same port speaks TLS or not, as its frontend says."""
    frontends = tls.frontends["CloudOne"]
    for scheme, context in (("http:", None), ("https:", client_context(ca))):
        for service, url in frontends.items():
            frontends[service] = scheme + url.partition(":")[2]
        await reload(tls)
        tls.tls = context
        assert (await tls.ask("CloudOne", "image")).status == 200


@pytest.mark.parametrize("broken", ["certificate", "key", "ca"])
def test_a_file_that_cannot_be_used_is_named(ca: trustme.CA, tmp_path: Path, broken: str) -> None:
    """A gateway that could not do what its file says does not start."""
    own = issue(ca, tmp_path, "cloudone.example")
    Path(own[broken]).write_text("nothing of the kind")
    file = federation(tmp_path, own)
    with pytest.raises(PeersError, match=f"cloudone.example-{broken}.pem.*can't be used: it .*PEM"):
        Gateway(Settings(file, "CloudOne"))
    Path(own[broken]).unlink()
    with pytest.raises(PeersError, match="can't be used: No such file"):
        Gateway(Settings(file, "CloudOne"))


def test_a_key_with_a_passphrase_is_not_asked_for(tmp_path: Path, ca: trustme.CA) -> None:
    """Nobody is there to type it."""
    own = issue(ca, tmp_path, "cloudone.example")
    key = serialization.load_pem_private_key(Path(own["key"]).read_bytes(), None)
    Path(own["key"]).write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(PeersError, match="locked by a passphrase"):
        Gateway(Settings(federation(tmp_path, own), "CloudOne"))


def test_a_key_that_everyone_may_read_is_not_used(tmp_path: Path, ca: trustme.CA) -> None:
    """As the other files with secrets."""
    own = issue(ca, tmp_path, "cloudone.example")
    Path(own["key"]).chmod(0o644)
    with pytest.raises(PeersError, match="can be read by everyone; make it yours: chmod 600"):
        Gateway(Settings(federation(tmp_path, own), "CloudOne"))


def federation(directory: Path, own: dict[str, str]) -> Path:
    file = directory / "f.yaml"
    entry = {"frontends": {"image": "https://127.0.0.2:1/image"}, "own": own}
    file.write_text(json.dumps({"clouds": {"CloudOne": entry}}))
    return file


async def test_a_handshake_that_does_not_end_is_cut(
    clouds: Clouds, ca: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a head is; until then nobody knows whose connection it is."""
    monkeypatch.setattr("openstackoid.gateway.listeners.HEAD_TIMEOUT", 0.1)
    await speak_tls(clouds, ca)
    client = await clouds.open("CloudTwo", "image")
    client.writer.write(b"\x16\x03\x01")
    try:
        assert await client.reader.read() == b""
    except ConnectionError:
        return
