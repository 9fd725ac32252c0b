"""Another cloud's name leads inside: at once, later, in other spellings, by a detour."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gateway.backend import Backend, json_answer
from gateway.equipped import equip, know_nobody
from gateway.played import HOST, TOKEN, Answered, Clouds, playing
from gateway.ports import free_ports
from gateway.probe import Probe
from gateway.trust.vouching import unasked

from openstackoid.federation import load
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.forwarding.health import Health
from openstackoid.gateway.http import Client, ForbiddenAddressError

NAME = "two.example"


class Names:
    """A resolver that knows what it is told."""

    def __init__(self) -> None:
        self.known: dict[str, Sequence[str]] = {}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[str]:
        if host[0].isdigit() or ":" in host:
            return (host,)
        self.asked.append(host)
        await asyncio.sleep(0)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.known[host]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def clouds(tmp_path: Path, logged: io.StringIO, names: Names) -> AsyncIterator[Clouds]:
    """Both clouds; CloudOne knows CloudTwo by a name, and allows the address of its gateway."""
    async with playing(tmp_path, 20, resolve=names) as clouds:
        await equip(clouds)
        entry = clouds.document["clouds"]["CloudTwo"]
        entry["frontends"] = {
            service: url.replace(HOST, NAME)
            for service, url in clouds.frontends["CloudTwo"].items()
        }
        await allow(clouds, HOST)
        names.known[NAME] = [HOST]
        yield clouds


async def allow(clouds: Clouds, *networks: str) -> None:
    """Let CloudOne's file allow networks, and its gateway read it."""
    clouds.document["clouds"]["CloudOne"]["own"]["allow"] = list(networks)
    clouds.save()
    await clouds.gateways["CloudOne"].reload()


async def listing(clouds: Clouds, expression: str = "CloudTwo") -> Answered:
    """List images by way of CloudOne."""
    scope = json.dumps({"image": expression})
    token = f"X-Auth-Token: {TOKEN}"
    return await clouds.ask("CloudOne", "image", "/v2/images", f"X-Scope: {scope}", token)


def told(answered: Answered) -> str:
    """Return the message of a refusal that says that nothing was sent."""
    assert answered.status == 502
    error = json.loads(answered.body)["error"]
    assert (error["cloud"], error["sent"]) == ("CloudTwo", False)
    return str(error["message"])


async def test_a_name_is_looked_up_for_each_connection_not_for_each_request(
    clouds: Clouds, names: Names
) -> None:
    """Requests over a kept connection cost no lookup."""
    for _ in range(3):
        assert (await listing(clouds)).status == 200
    assert names.asked == [NAME]


async def test_a_name_that_leads_elsewhere_later_is_noticed(clouds: Clouds, names: Names) -> None:
    """DNS rebinding: the address that was checked is the one that is connected to."""
    assert (await listing(clouds)).status == 200
    port = clouds.address("CloudTwo", "image")[1]
    async with Backend(host="127.0.0.9", port=port) as inside:
        names.known[NAME] = ["127.0.0.9"]
        await clouds.gateways["CloudOne"].reload()  # kept connections are not used any more
        message = told(await listing(clouds))
        assert inside.open == 0
        assert inside.requests == []
    assert message.startswith(
        f"image of CloudTwo at http://{NAME}:{port} leads to 127.0.0.9, an internal address "
        "(loopback); if that is meant, add to clouds.CloudOne.own in the federation file of "
        'CloudOne: allow: ["127.0.0.9"]; '
    )
    await allow(clouds, "127.0.0.9")
    async with Backend(host="127.0.0.9", port=port) as inside:
        assert (await listing(clouds)).status == 200
        assert len(inside.requests) == 1


async def test_what_is_allowed_no_longer_is_left_at_once(clouds: Clouds, names: Names) -> None:
    """Connections that were made before the reload are of no use either."""
    assert (await listing(clouds)).status == 200
    await allow(clouds)
    assert "an internal address (loopback)" in told(await listing(clouds))


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["2002:7f00:1::"],
        ["0.0.0.0"],
        ["fd00:ec2::254"],
        [HOST, "127.0.0.1"],
        ["127.0.0.1", HOST],
    ],
)
async def test_one_address_that_is_not_permitted_is_enough(
    clouds: Clouds, names: Names, addresses: list[str]
) -> None:
    """Who mixes them may send the next one there."""
    names.known[NAME] = addresses
    assert "an internal address" in told(await listing(clouds))
    assert clouds.executed == 0


@pytest.mark.parametrize("by_name", [False, True])
async def test_a_backend_of_home_is_never_connected_to_for_another_cloud(
    clouds: Clouds, names: Names, by_name: bool
) -> None:
    """Whatever is allowed: a service behind the gateway believes who comes from there."""
    home = clouds.backends["CloudOne"]["image"]
    entry = clouds.document["clouds"]["CloudTwo"]
    entry["frontends"]["image"] = f"http://{NAME}:{home.port}"
    if by_name:
        backends = clouds.document["clouds"]["CloudOne"]["backends"]
        backends["image"] = backends["image"].replace("127.0.0.1", "backend.example")
        names.known["backend.example"] = ["192.0.2.9", "127.0.0.1"]
    names.known[NAME] = ["127.0.0.1"]
    await allow(clouds, "127.0.0.0/8", HOST)
    message = told(await listing(clouds))
    assert "leads to 127.0.0.1, where CloudOne itself has a backend; correct the entry" in message
    assert home.requests == []
    if by_name:
        del names.known["backend.example"]
        message = told(await listing(clouds))
        assert "can't be told whether that is meant; mend the backends of CloudOne" in message
        assert "backend.example" not in message, "users see no address of a backend"
        assert home.requests == []


async def test_a_detour_is_checked_and_not_shown(clouds: Clouds, logged: io.StringIO) -> None:
    """Users learn no address of a VPN; the log has it, and the line to add."""
    clouds.document["clouds"]["CloudTwo"]["connect"] = "10.8.0.2"
    await allow(clouds, HOST)
    message = told(await listing(clouds))
    assert "the log of CloudOne says why" in message
    assert "10.8.0.2" not in message
    assert r"10.8.0.2, an internal address (private); if that is meant, add" in logged.getvalue()


@pytest.mark.parametrize("operator", ["&", "|"])
async def test_of_several_clouds_the_other_one_goes_on(
    clouds: Clouds, names: Names, operator: str
) -> None:
    """And it is not taken for one that is down."""
    names.known[NAME] = ["127.0.0.1"]
    clouds.backends["CloudOne"]["image"].answer = json_answer('{"images": []}')
    answered = await listing(clouds, f"CloudTwo{operator}CloudOne")
    assert clouds.backends["CloudTwo"]["image"].requests == []
    assert answered.status == 200
    (report,) = answered.values("x-scope-report")
    assert "an internal address (loopback)" in report
    names.known[NAME] = [HOST]
    assert (await listing(clouds)).status == 200


async def test_no_token_is_validated_inside(clouds: Clouds, names: Names) -> None:
    """A cloud's Keystone is asked as its other services are."""
    know_nobody(clouds, "CloudOne")
    names.known[NAME] = ["127.0.0.1"]
    scope = '{"*":"CloudOne","identity":"CloudTwo"}'
    token = f"{TOKEN}!SCOPE!{scope}"
    headers = (f"X-Auth-Token: {TOKEN}", f"X-Subject-Token: {token}")
    answered = await clouds.ask("CloudOne", "identity", "/v3/auth/tokens", *headers)
    assert "an internal address (loopback)" in told(answered)
    assert clouds.executed == 0


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.9"]])
async def test_no_probe_goes_inside(clouds: Clouds, names: Names, addresses: list[str]) -> None:
    """A cloud that is down does not come up where it may not be."""
    names.known[NAME] = addresses
    (port,) = free_ports(1)
    clouds.document["clouds"]["CloudTwo"]["frontends"] = {"image": f"http://{NAME}:{port}"}
    clouds.document["clouds"]["CloudTwo"]["backends"] = {}
    clouds.save()
    federation = load(clouds.file, "CloudOne")
    pool = Client(20, 20, names)
    peers = Peers(federation, "CloudOne", UsedSignatures())
    made, health = clouds.file.with_name("made"), Health(Probe())
    site = Site.of(federation, "CloudOne", peers, pool, made, unasked("CloudOne"), health)
    (origin,) = site.origins("CloudTwo")
    async with Backend(host=addresses[0], port=port) as inside:
        with pytest.raises(ForbiddenAddressError):
            await site.upstream.reach(origin)
        assert inside.open == 0
    await pool.close()


async def test_a_name_that_is_not_known_is_an_address_that_cannot_be_reached(
    clouds: Clouds, names: Names
) -> None:
    """As it is without this rule."""
    names.known.clear()
    assert "could not be reached: Name or service not known" in told(await listing(clouds))


async def test_the_frontend_s_port_stays(clouds: Clouds) -> None:
    """And the Host header has the name."""
    await listing(clouds)
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    port = urlsplit(clouds.frontends["CloudTwo"]["image"]).port
    assert received.values("host") == [f"{NAME}:{port}"]
