"""What will soon be wrong with a gateway's certificates, and what is revoked."""

import asyncio
import io
import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway.authority import CLIENTS, DAY, SERVERS, Authority
from gateway.credentials import reload, take_keys
from gateway.played import HOST, TOKEN, Clouds

from openstackoid.federation import Cloud, loads
from openstackoid.gateway.admission.certificates import SOON, certificates, covers, warnings
from openstackoid.gateway.admission.peers import PeersError
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

NOW = datetime.now(UTC)


def cloud(own: dict[str, str], url: str = "https://one.example:1/", **more: str) -> Cloud:
    entry = {"frontends": {"image": url}, "own": own, **more}
    return loads(json.dumps({"clouds": {"One": entry}})).clouds["One"]


def told(own: dict[str, str], now: datetime = NOW, **more: Any) -> list[str]:
    return list(warnings(cloud(own, **more), "One", now))


def test_a_certificate_is_warned_of_before_its_end(tmp_path: Path) -> None:
    """30 days before, with file, name and day; afterwards as ended."""
    end = NOW + timedelta(days=90)
    own = Authority().issue(tmp_path, "one.example", end=end)
    file = own["certificate"]
    assert told(own) == told(own, end - SOON - DAY) == []
    [soon] = told(own, end - SOON)
    assert soon == f"{file}: the certificate of CN=one.example ends on {end:%Y-%m-%d}; renew it"
    [ended] = told(own, end + DAY)
    assert f"has ended on {end:%Y-%m-%d}" in ended


def test_the_whole_chain_and_the_authorities_are_looked_at(tmp_path: Path) -> None:
    """An authority's end takes all its certificates with it, unless its successor is there."""
    end = NOW + timedelta(days=10)
    authority = Authority("Old", end)
    own = authority.issue(tmp_path, "one.example")
    file = Path(own["certificate"])
    file.write_bytes(file.read_bytes() + authority.pem)
    [chain, accepted] = told(own)
    assert chain.startswith(f"{file}: the certificate of CN=Old ends on")
    assert accepted.startswith(f"{own['ca']}: the certificate of CN=Old ends on")
    Path(own["ca"]).write_bytes(authority.pem + Authority("Old").pem)
    assert told(own) == [chain]


@pytest.mark.parametrize(
    ("purposes", "peer", "warned"),
    [
        ((SERVERS, CLIENTS), "one.example", []),
        (None, "one.example", []),
        ((SERVERS,), None, []),
        ((SERVERS,), "one.example", ["it is not for clients (clientAuth)"]),
        ((CLIENTS,), None, ["it is not for servers (serverAuth)"]),
        ((SERVERS, CLIENTS), "two.example", ["it is not for two.example, as clouds.One.peer says"]),
    ],
)
def test_a_certificate_has_to_be_for_what_it_is_shown(
    tmp_path: Path, purposes: Any, peer: str | None, warned: list[str]
) -> None:
    """For clients only where other gateways ask for it; one that says nothing is for all."""
    own = Authority().issue(tmp_path, "one.example", purposes=purposes)
    more: dict[str, Any] = {"peer": peer} if peer else {}
    found = told(own, **more)
    assert len(found) == len(warned)
    assert all(text in one for one, text in zip(found, warned, strict=True))


def test_a_certificate_has_to_be_for_the_frontends(tmp_path: Path) -> None:
    """By name, wildcard or address; a cloud with http frontends needs no names."""
    own = Authority().issue(tmp_path, "*.example")
    assert told(own) == []
    [warning] = told(own, url="https://deep.one.example:1/")
    assert "it is not for deep.one.example, a host of One's frontends" in warning
    assert told(own, url="http://deep.one.example:1/") == []
    assert covers(["192.0.2.1"], "192.0.2.1")
    assert not covers(["*.example"], "example")


def test_what_cannot_be_read_is_one_warning(tmp_path: Path) -> None:
    """A file that is being replaced must end no gateway."""
    own = Authority().issue(tmp_path, "one.example")
    Path(own["certificate"]).write_text("nothing of the kind")
    Path(own["ca"]).unlink()
    assert told(own) == [
        f"{own['certificate']}: it can't be read: it is not PEM",
        f"{own['ca']}: it can't be read: No such file or directory",
    ]


def test_names_and_purposes_are_read(tmp_path: Path) -> None:
    """As `federation check` prints them."""
    own = Authority().issue(tmp_path, "One.example", "two.example", purposes=(CLIENTS,))
    [found] = certificates(Path(own["certificate"]))
    assert found.names == {"one.example", "two.example"}
    assert found.purposes == {"clientAuth"}


async def test_the_gateway_logs_it_at_the_start_and_at_each_reload(
    clouds: Clouds, logged: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each day that it runs; nothing is logged of certificates that are good."""
    authority = Authority()
    await speak(clouds, authority)
    assert warned(logged) == []
    entry = clouds.document["clouds"]["CloudOne"]
    entry["own"] |= authority.issue(tmp_path, "cloudone.example", end=NOW + 9 * DAY)
    monkeypatch.setattr("openstackoid.gateway.server.DAY", 0.001)
    await reload(clouds)
    while len(warned(logged)) < 3:
        await clouds.ask("CloudTwo", "image")
    assert all("ends on" in text or "is not for" in text for text in warned(logged))


def warned(logged: io.StringIO) -> list[str]:
    records = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [record["error"] for record in records if record["event"] == "certificate"]


async def speak(clouds: Clouds, authority: Authority) -> dict[str, dict[str, str]]:
    """Give both gateways certificates in place of keys, and let each ask the other for its own.

    CloudTwo takes tokens themselves, as gateways of an older release send them.
    """
    take_keys(clouds)
    clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    issued = {}
    for name, frontends in clouds.frontends.items():
        for service, url in frontends.items():
            frontends[service] = url.replace("http:", "https:")
        host = f"{name.lower()}.example"
        issued[name] = authority.issue(clouds.file.parent, host, HOST)
        entry = clouds.document["clouds"][name]
        entry["own"] |= issued[name]
        entry["peer"] = host
    clouds.tls = ssl.create_default_context(cadata=authority.pem.decode())
    await reload(clouds)
    return issued


async def revoke(clouds: Clouds, cloud: str, lists: bytes) -> None:
    """Give the gateway of a cloud revocation lists."""
    file = clouds.file.with_name(f"{cloud}-crl.pem")
    file.write_bytes(lists)
    clouds.document["clouds"][cloud]["own"]["crl"] = str(file)
    await reload(clouds)


COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
HOP = (
    f"X-Scope: {COMPLETED}",
    f"X-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}",
    "Via: 1.1 CloudOne (openstackoid)",
)


async def crossed(clouds: Clouds) -> bytes:
    """Let a client of CloudOne use CloudTwo; return the status and the error."""
    answered = await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo")
    return f"{answered.status} ".encode() + (answered.body if answered.status != 200 else b"")


def showing(authority: Authority, own: dict[str, str]) -> ssl.SSLContext:
    """Return the context of a client that shows a certificate."""
    context = ssl.create_default_context(cadata=authority.pem.decode())
    context.load_cert_chain(own["certificate"], own["key"])
    return context


async def test_a_revoked_gateway_is_refused_from_the_reload_on(
    clouds: Clouds, tmp_path: Path
) -> None:
    """In a new handshake, and on a connection that was open; others are accepted as before."""
    authority = Authority()
    issued = await speak(clouds, authority)
    plain = clouds.tls
    clouds.tls = showing(authority, issued["CloudOne"])
    client = await clouds.open("CloudTwo", "image")
    await revoke(clouds, "CloudTwo", authority.revoke())
    await client.send("GET", "/v2/images", *HOP)
    assert (await client.answer()).status == 200
    await revoke(clouds, "CloudTwo", authority.revoke(issued["CloudOne"]["certificate"]))
    await client.send("GET", "/v2/images", *HOP)
    answered = await client.answer()
    assert answered.status == 401
    assert b"the certificate of its connection is revoked" in answered.body
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        await clouds.ask("CloudTwo", "image", "/v2/images", *HOP)
    clouds.tls = plain
    assert (await crossed(clouds)).startswith((b"401 ", b"502 "))
    (tmp_path / "renewed").mkdir()
    renewed = authority.issue(tmp_path / "renewed", "cloudone.example", HOST)
    clouds.tls = showing(authority, renewed)
    assert (await clouds.ask("CloudTwo", "image", "/v2/images", *HOP)).status == 200


async def test_a_revoked_frontend_is_not_asked(clouds: Clouds) -> None:
    """Whoever has the key of another cloud's gateway gets no request of this one."""
    authority = Authority()
    issued = await speak(clouds, authority)
    assert await crossed(clouds) == b"200 "
    await revoke(clouds, "CloudOne", authority.revoke(issued["CloudTwo"]["certificate"]))
    executed = clouds.executed
    answered = await crossed(clouds)
    assert answered.startswith(b"502 ")
    assert b"its certificate is not accepted" in answered
    assert clouds.executed == executed


@pytest.mark.parametrize("lists", ["ended", "another's"])
async def test_without_a_list_that_counts_nobody_is_accepted(
    clouds: Clouds, logged: io.StringIO, lists: str
) -> None:
    """A list that has ended, or is missing, could hide a revocation; the log says so."""
    authority = Authority()
    await speak(clouds, authority)
    made = authority.revoke(end=NOW - DAY) if lists == "ended" else Authority("Other").revoke()
    await revoke(clouds, "CloudOne", made)
    answered = await crossed(clouds)
    assert answered.startswith(b"502 ")
    assert b"its certificate is not accepted" in answered
    file = clouds.document["clouds"]["CloudOne"]["own"]["crl"]
    ended = f"{file}: the list of CN=Authority has ended on {NOW - DAY:%Y-%m-%d}"
    expected = [ended] if lists == "ended" else []
    found = told(clouds.document["clouds"]["CloudOne"]["own"], url=f"https://{HOST}:1/")
    assert [text.partition(",")[0] for text in found] == expected


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", Authority().pem])
async def test_a_file_without_lists_is_named(clouds: Clouds, content: bytes) -> None:
    """A gateway does not start without the revocations that its file names; nor are they none."""
    await speak(clouds, Authority())
    await revoke(clouds, "CloudOne", content)
    with pytest.raises(PeersError, match=r"CloudOne-crl\.pem can't be used"):
        Gateway(Settings(clouds.file, "CloudOne"))
    assert await crossed(clouds) == b"200 "  # as before the reload
