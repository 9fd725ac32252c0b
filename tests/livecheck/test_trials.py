"""As whom a user is known to the services of another cloud, by gateways that run."""

import asyncio
import dataclasses
import io
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway.backend import Connection, Received, json_answer
from gateway.credentials import reload
from gateway.equipped import equip
from gateway.played import HOST, Clouds, playing

from openstackoid.federation import load
from openstackoid.gateway.reporting import log as gateway_log
from openstackoid.livecheck import Account
from openstackoid.livecheck.trials import KNOWN, Tried, tried

TOKEN = "gAAAAAB-a-token-of-alice"
ALICE = Account("CloudOne", TOKEN, "alice", "p1", "demo", frozenset({"member"}), [])
REFUSED = '{"error": {"code": 401, "title": "Unauthorized", "message": "Log in."}}'
"""What keystonemiddleware says."""


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Catch what the gateways log."""
    stream = io.StringIO()
    gateway_log.configure(stream)
    yield stream
    assert TOKEN not in stream.getvalue()


@pytest.fixture
async def clouds(tmp_path: Path, logged: io.StringIO) -> AsyncIterator[Clouds]:
    """Both clouds with their gateways, which have keys and know alice's token."""
    async with playing(tmp_path, 20) as clouds:
        await equip(clouds)
        yield clouds


def catalog_of(clouds: Clouds) -> list[dict[str, Any]]:
    """Return the catalog of CloudOne, whose services are at one port."""
    url = f"{clouds.frontends['CloudOne']['identity']}/v3"
    return [{"type": "identity", "endpoints": [{"interface": "public", "url": url}]}]


async def everything(
    clouds: Clouds, account: Account | None = None
) -> dict[tuple[str, str], Tried]:
    """Return what was found of each service, by the cloud and the service."""
    account = account or dataclasses.replace(ALICE, catalog=catalog_of(clouds))
    context = ssl.create_default_context()
    found = await asyncio.to_thread(tried, account, "CloudTwo", load(clouds.file), context)
    return {(one.cloud, service): one for one in found for service in one.services}


async def test_services_elsewhere_know_the_user_and_no_token(clouds: Clouds) -> None:
    """Each gets an assertion; alice's token is shown to nobody but her own cloud."""
    found = await everything(clouds)
    theirs = {s: one for (cloud, s), one in found.items() if cloud == "CloudTwo"}
    assert {"compute", "image"} <= theirs.keys()
    assert "identity" not in theirs
    for service, one in theirs.items():
        assert (one.user, one.answer, one.fault) == ("alice (demo)", KNOWN, None)
        (request, *_) = clouds.backends["CloudTwo"][service].requests
        assert request.values("x-auth-token")[0].startswith("oid1.")
    for backend in clouds.backends["CloudTwo"].values():
        assert TOKEN.encode() not in b"".join(request.head for request in backend.requests)


async def test_a_token_goes_to_no_host_that_its_own_cloud_does_not_name(clouds: Clouds) -> None:
    """A federation file that somebody has made alone would lead it to himself."""
    (entry,) = catalog_of(clouds)
    for url in ("http://192.0.2.1/v3", f"https://{HOST}/v3", f"http://{HOST}:1/v3", "nonsense"):
        elsewhere = {**entry, "endpoints": [{"interface": "public", "url": url}]}
        found = await everything(clouds, dataclasses.replace(ALICE, catalog=[elsewhere]))
        assert {one.answer.partition(":")[0] for one in found.values()} == {"not tried"}
    assert clouds.executed == 0


async def test_a_service_that_asks_past_the_gateway_is_told(clouds: Clouds) -> None:
    """Its 401 is its own; the others are known."""
    clouds.backends["CloudTwo"]["image"].answer = json_answer(REFUSED, "401 Unauthorized")
    found = await everything(clouds)
    image = found["CloudTwo", "image"]
    assert image.services == ("image",)
    assert image.answer.startswith("401: ")
    assert image.fault is not None
    assert "it asks Keystone past the gateway" in image.fault
    address = clouds.frontends["CloudTwo"]["identity"]
    assert f"[keystone_authtoken]: auth_url = {address}, " in image.fault
    assert found["CloudTwo", "compute"].answer == KNOWN


@pytest.mark.parametrize(
    ("status", "answer", "fault"),
    [
        ("403 Forbidden", KNOWN, False),
        ("404 Not Found", "404: ", False),
        ("503 Service Unavailable", "503: ", True),
    ],
)
async def test_what_an_answer_shows(
    clouds: Clouds, status: str, answer: str, *, fault: bool
) -> None:
    """Whom a service forbids something, it knows; what it has not, it may say to anybody."""
    clouds.backends["CloudTwo"]["image"].answer = json_answer("{}", status)
    image = (await everything(clouds))["CloudTwo", "image"]
    assert image.answer.startswith(answer)
    assert bool(image.fault) is fault


async def test_a_cloud_that_does_not_know_the_key_is_told(clouds: Clouds) -> None:
    """Its gateway says so; the services agree, and are one line. The file says they are let in."""
    whole = clouds.file.read_text()
    del clouds.document["clouds"]["CloudOne"]["keys"]["assertion"]
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    clouds.file.write_text(whole)
    (one,) = {id(one): one for one in (await everything(clouds)).values()}.values()
    assert "no key of its issuer in the federation file has signed it" in one.answer
    assert one.fault == one.answer


async def test_a_cloud_that_trusts_nobody_is_as_the_file_says(clouds: Clouds) -> None:
    """That is printed, and no fault; where the file says otherwise, it is one."""
    trust = clouds.document["clouds"]["CloudTwo"].pop("trust")
    await reload(clouds)
    (one,) = {id(one): one for one in (await everything(clouds)).values()}.values()
    assert one.answer.startswith("401: ")
    assert "does not accept tokens of CloudOne" in one.answer
    assert one.fault is None
    clouds.document["clouds"]["CloudTwo"]["trust"] = trust
    clouds.save()
    assert all(one.fault for one in (await everything(clouds)).values())
    for nobody in ({"roles": frozenset({"observer"})}, {"project": "Service"}):
        account = dataclasses.replace(ALICE, **nobody)
        assert not any(one.fault for one in (await everything(clouds, account)).values())


async def let_compute_call(clouds: Clouds) -> None:
    """Let CloudTwo's compute get images for its user, as Nova's proxy does, who is an admin."""
    clouds.document["clouds"]["CloudOne"]["own"]["keep"] = []
    await reload(clouds)

    async def answer(received: Received, connection: Connection) -> None:
        status = "200 OK"
        if "/images" in received.line:
            (token,) = received.values("x-auth-token")
            asked = await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {token}")
            status = "200 OK" if asked.status == 200 else "500 Internal Server Error"
        await json_answer("{}", status)(received, connection)

    clouds.backends["CloudTwo"]["compute"].answer = answer


async def test_home_s_services_know_what_is_brought_back(clouds: Clouds) -> None:
    """Compute elsewhere reads them for the user, by the way of each server that is made there."""
    await let_compute_call(clouds)
    image = (await everything(clouds))["CloudOne", "image"]
    assert (image.caller, image.answer, image.fault) == ("CloudTwo", KNOWN, None)
    (request,) = clouds.backends["CloudOne"]["image"].requests
    assert request.values("x-auth-token")[0].startswith("oid1.")


async def test_home_s_service_that_asks_past_the_gateway_is_told(clouds: Clouds) -> None:
    """With home's own frontend."""
    await let_compute_call(clouds)
    clouds.backends["CloudOne"]["image"].answer = json_answer(REFUSED, "401 Unauthorized")
    image = (await everything(clouds))["CloudOne", "image"]
    assert image.fault is not None
    assert f"auth_url = {clouds.frontends['CloudOne']['identity']}, " in image.fault


async def test_an_administrator_s_goes_no_further(clouds: Clouds) -> None:
    """He is tried elsewhere, but nothing is brought back for him, so that is not tried."""
    admin = dataclasses.replace(ALICE, roles=frozenset({"Admin", "member"}))
    assert {cloud for cloud, _ in await everything(clouds, admin)} == {"CloudTwo"}


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b"\xff", b"", b'{"a": [1]}'])
async def test_an_answer_that_nobody_can_decode_ends_no_check(clouds: Clouds, body: bytes) -> None:
    """A cloud would keep what is found of all others from its operator."""
    head = f"HTTP/1.1 401 No\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    async def answer(received: Received, connection: Connection) -> None:
        await connection.send(head + body)

    clouds.backends["CloudTwo"]["image"].answer = answer
    assert (await everything(clouds))["CloudTwo", "image"].fault


async def test_a_gateway_that_is_gone_is_told(clouds: Clouds) -> None:
    """By home's, with 502: that is a fault whatever the file says of trust."""
    del clouds.document["clouds"]["CloudTwo"]["trust"]
    clouds.save()
    await clouds.gateways["CloudTwo"].close()
    found = await everything(clouds)
    assert json.dumps([one.fault for one in found.values()]).count("could not be reached") >= 2
    await clouds.gateways["CloudOne"].close()
    assert all(one.fault for one in (await everything(clouds)).values())
