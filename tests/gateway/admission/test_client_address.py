"""Who the client is, behind proxies: limits, log and audit go by it."""

import asyncio
import io
import json
from ipaddress import IPv4Address, ip_network

import pytest
from gateway.credentials import give_keys
from gateway.played import TOKEN, Answered, Client, Clouds
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.admission.client_address import TrustedProxies, sender_told
from openstackoid.gateway.admission.limits import BURST, MAX_FDS_DIVISOR, Connections, Limits
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.message import Headers

PROXY, STRANGER = "127.0.0.77", "127.0.0.66"
"""Where connections to the gateway come from in these tests."""

PROXIES = TrustedProxies([ip_network(n) for n in ("10.0.0.0/24", "192.0.2.9", "2001:db8::/64")])

# fmt: off
SAID = [  # the peer, its X-Forwarded-For, line by line, and the client
    # nobody is believed but proxies
    ("198.51.100.1", ["203.0.113.5"], "198.51.100.1"),
    ("10.0.1.1", ["203.0.113.5"], "10.0.1.1"),
    ("", ["203.0.113.5"], ""),
    # a proxy, of IPv4 and IPv6
    ("10.0.0.1", ["203.0.113.5"], "203.0.113.5"),
    ("192.0.2.9", ["203.0.113.5"], "203.0.113.5"),
    ("2001:db8::7", ["2001:DB8:1:0::5"], "2001:db8:1::5"),
    ("10.0.0.1", ["::ffff:203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["\t203.0.113.5 "], "203.0.113.5"),
    # what a client says itself is before what the proxy says
    ("10.0.0.1", ["198.51.100.7, 203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["10.0.0.2, 203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["nothing, 203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["198.51.100.7", "203.0.113.5"], "203.0.113.5"),
    ("10.0.0.1", ["203.0.113.5", ""], "10.0.0.1"),
    # several proxies in a row
    ("10.0.0.1", ["198.51.100.7, 203.0.113.5, 192.0.2.9, ::ffff:10.0.0.2"], "203.0.113.5"),
    ("10.0.0.1", ["203.0.113.5", "10.0.0.2"], "203.0.113.5"),
    # a request of a proxy's own machine
    ("10.0.0.1", ["10.0.0.1"], "10.0.0.1"),
    ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
    # no address: the last that is sure
    ("10.0.0.1", [], "10.0.0.1"),
    ("10.0.0.1", [""], "10.0.0.1"),
    ("10.0.0.1", ["unknown"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.5, unknown"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.5, unknown, 10.0.0.2"], "10.0.0.2"),
    ("10.0.0.1", ["203.0.113.5,"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.5:4711"], "10.0.0.1"),
    ("10.0.0.1", ["[2001:db8:1::5]"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.0/24"], "10.0.0.1"),
    ("10.0.0.1", ["203.0.113.05"], "10.0.0.1"),
    ("10.0.0.1", ["fe80::1%" + "x" * 9], "10.0.0.1"),
    ("10.0.0.1", ["1" * 60_000], "10.0.0.1"),
    ("10.0.0.1", ["\udce4"], "10.0.0.1"),
    # a list without end is not read to its end
    ("10.0.0.1", ["203.0.113.5" + ",10.0.0.2" * 20], "203.0.113.5"),
    ("10.0.0.1", ["203.0.113.5" + ",10.0.0.2" * 21], "10.0.0.2"),
]
# fmt: on


@pytest.mark.parametrize(("peer", "lines", "client"), SAID)
def test_a_proxy_says_who_its_client_is(peer: str, lines: list[str], client: str) -> None:
    """The last in the list that is no proxy, as far as addresses are given."""
    headers = Headers(("X-Forwarded-For", line) for line in lines)
    assert PROXIES.client(peer, headers) == client


@given(st.lists(st.text()), st.ip_addresses(v=4).filter(lambda a: str(a) not in PROXIES))
def test_nobody_can_pass_for_another(said: list[str], client: IPv4Address) -> None:
    """Whatever he says: a proxy puts behind it whom it is connected with."""
    headers = Headers(("X-Forwarded-For", line) for line in [*said, str(client)])
    assert PROXIES.client("10.0.0.1", headers) == str(client)


@pytest.mark.parametrize(
    ("lines", "scheme"),
    [
        (["https"], "https"),
        ([" HTTP\t"], "http"),
        (["https", "https"], "https"),
        ([], None),
        ([""], None),
        (["wss"], None),
        (["https, http"], None),
        (["https", "http"], None),
    ],
)
def test_a_proxy_says_what_its_client_speaks(lines: list[str], scheme: str | None) -> None:
    """In one word."""
    assert PROXIES.scheme(Headers(("X-Forwarded-Proto", line) for line in lines)) == scheme


def test_a_proxy_has_the_connections_of_all_its_clients() -> None:
    """As long as it is one; what it has opened counts from then on."""
    current: list[TrustedProxies | None] = [TrustedProxies([ip_network("192.0.2.1")])]
    connections = Connections(2, Limits("CloudOne", 1).known, lambda: current[0])
    assert [connections.opened("192.0.2.1") for _ in range(9)] == [True] * 9
    assert [connections.opened("192.0.2.2") for _ in range(3)] == [True, True, False]
    current[0] = None
    assert not connections.opened("192.0.2.1")
    for _ in range(8):
        connections.closed("192.0.2.1")
    assert [connections.opened("192.0.2.1") for _ in range(2)] == [True, False]


async def connect(clouds: Clouds, source: str, cloud: str = "CloudOne") -> Client:
    """Connect from an address to a cloud's image service."""
    host, port, path = clouds.address(cloud, "image")
    reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
    client = Client(reader, writer, f"{host}:{port}", path)
    clouds.clients.append(client)
    return client


async def ask(clouds: Clouds, source: str, *headers: str, cloud: str = "CloudOne") -> Answered:
    """Ask for images from an address."""
    client = await connect(clouds, source, cloud)
    await client.send("GET", "/v2/images", *headers)
    return await client.answer()


def told(logged: io.StringIO) -> list[str]:
    """Return the clients of the requests in the log."""
    lines = map(json.loads, logged.getvalue().splitlines())
    return [line["client"] for line in lines if line["event"] == "request"]


@pytest.fixture
async def behind(clouds: Clouds) -> Clouds:
    """Both clouds; CloudOne has a proxy, and takes one request per second of each client."""
    await clouds.gateways["CloudOne"].close()
    clouds.document["clouds"]["CloudOne"]["own"] |= {"proxies": [PROXY]}
    clouds.save()
    clouds.gateways["CloudOne"] = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    await clouds.gateways["CloudOne"].start()
    return clouds


async def test_the_log_has_the_client(behind: Clouds, logged: io.StringIO) -> None:
    """By the proxy's word; of somebody else it has the address he comes from, whatever he says."""
    await ask(behind, PROXY, "X-Forwarded-For: 203.0.113.5")
    await ask(behind, PROXY, "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 2001:db8::5")
    await ask(behind, PROXY)
    await ask(behind, STRANGER, "X-Forwarded-For: 203.0.113.5")
    await ask(behind, STRANGER, f"X-Forwarded-For: {PROXY}")
    assert told(logged) == ["203.0.113.5", "2001:db8::5", PROXY, STRANGER, STRANGER]


async def test_each_request_of_a_connection_has_its_client(
    behind: Clouds, logged: io.StringIO
) -> None:
    """A proxy shares one connection among many."""
    proxy = await connect(behind, PROXY)
    for client in ("203.0.113.5", "203.0.113.6"):
        await proxy.send("GET", "/", f"X-Forwarded-For: {client}")
        assert (await proxy.answer()).status == 200
    await proxy.send("GET", "/")
    await proxy.answer()
    assert told(logged) == ["203.0.113.5", "203.0.113.6", PROXY]


async def test_the_rate_is_the_clients(behind: Clouds) -> None:
    """One that sends too much takes nothing from others behind the same proxy."""
    too_much = "X-Forwarded-For: 203.0.113.5"
    statuses = [(await ask(behind, PROXY, too_much)).status for _ in range(2 * BURST)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    refused = await ask(behind, PROXY, "X-Forwarded-For: 198.51.100.7, 203.0.113.5")
    assert refused.status == 429
    message = json.loads(refused.body)["error"]["message"]
    assert message.startswith("203.0.113.5 sends more than 1")
    assert (await ask(behind, PROXY, "X-Forwarded-For: 203.0.113.6")).status == 200


async def test_a_stranger_has_his_own_rate_whatever_he_says(behind: Clouds) -> None:
    """He can neither pass for many nor use up what others have."""
    statuses = [
        (await ask(behind, STRANGER, f"X-Forwarded-For: 203.0.113.{n}")).status
        for n in range(2 * BURST)
    ]
    assert statuses[-1] == 429
    assert (await ask(behind, PROXY, "X-Forwarded-For: 203.0.113.1")).status == 200


async def test_a_proxy_may_have_more_connections_than_a_client(
    behind: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are its clients'."""
    await behind.gateways["CloudOne"].close()
    monkeypatch.setattr("openstackoid.gateway.server.files", lambda: MAX_FDS_DIVISOR)
    behind.gateways["CloudOne"] = Gateway(Settings(behind.file, "CloudOne"))
    await behind.gateways["CloudOne"].start()
    for client in [await connect(behind, PROXY) for _ in range(3)]:
        await client.send("GET", "/")
        assert (await client.answer()).status == 200
    first = await connect(behind, STRANGER)
    await first.send("GET", "/")
    assert (await first.answer()).status == 200
    second = await connect(behind, STRANGER)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await second.reader.readexactly(1)


async def test_the_audit_has_the_client(behind: Clouds, logged: io.StringIO) -> None:
    """Which is the other cloud's gateway, where that is the client of a proxy here."""
    await give_keys(behind, "CloudTwo")
    via = ("Via: 1.1 CloudTwo (openstackoid)", "X-Forwarded-For: 203.0.113.5")
    await ask(behind, PROXY, f'X-Auth-Token: {TOKEN}!SCOPE!{{"image":"CloudOne"}}', *via)
    (event,) = (
        line["cadf"] for line in map(json.loads, logged.getvalue().splitlines()) if "cadf" in line
    )
    assert event["action"] == "receive"
    assert event["initiator"]["host"] == {"address": "203.0.113.5"}


async def test_a_reload_takes_over_other_proxies(behind: Clouds, logged: io.StringIO) -> None:
    """For the connections there are as well."""
    old, new = await connect(behind, PROXY), await connect(behind, STRANGER)
    for proxies in ([PROXY], [STRANGER], []):
        behind.document["clouds"]["CloudOne"]["own"] |= {"proxies": proxies}
        behind.save()
        await behind.gateways["CloudOne"].reload()
        for client in (old, new):
            await client.send("GET", "/", "X-Forwarded-For: 203.0.113.5")
            assert (await client.answer()).status == 200
    there = "203.0.113.5"
    assert told(logged) == [there, STRANGER, PROXY, there, PROXY, STRANGER]


@pytest.mark.parametrize(
    ("peer", "said", "told"),
    [
        (STRANGER, [], STRANGER),
        (STRANGER, ["X-Forwarded-For: 203.0.113.5"], STRANGER),
        (STRANGER, ["Forwarded: for=203.0.113.5", "X_Real-IP: 203.0.113.5"], STRANGER),
        (PROXY, ["X-Forwarded-For: 198.51.100.7, 203.0.113.5"], "203.0.113.5"),
        (PROXY, ["X-Forwarded-For: 203.0.113.5", "Connection: X-Forwarded-For"], "203.0.113.5"),
        (PROXY, ["X-Real-IP: 203.0.113.5", "X-Forwarded-Host: evil.example"], PROXY),
    ],
)
@pytest.mark.parametrize("scope", [(), ("X-Scope: image=CloudOne",)])
async def test_services_are_told_who_the_client_is(
    behind: Clouds, peer: str, said: list[str], told: str, scope: tuple[str, ...]
) -> None:
    """As limits and log see it: not by what the client says, but by what a trusted proxy does."""
    await ask(behind, peer, *said, *scope)
    (received,) = behind.backends["CloudOne"]["image"].requests
    assert received.values("x-forwarded-for") == [told]
    for name in ("forwarded", "x-real-ip", "x_real-ip", "x-forwarded-host"):
        assert received.values(name) == []


async def test_no_other_cloud_is_told_who_the_client_is(behind: Clouds) -> None:
    """Neither by the gateway nor by what came."""
    await ask(behind, PROXY, "X-Forwarded-For: 203.0.113.5", "X-Scope: image=CloudTwo")
    (received,) = behind.backends["CloudTwo"]["image"].requests
    assert b"203.0.113.5" not in received.head


async def test_who_ends_the_header_at_the_connection_hides_nobody(
    behind: Clouds, logged: io.StringIO
) -> None:
    """A proxy may pass on what its client says of the connection."""
    await ask(behind, PROXY, "Connection: X-Forwarded-For", "X-Forwarded-For: 203.0.113.5")
    assert told(logged) == ["203.0.113.5"]


@pytest.mark.parametrize(
    ("said", "client"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["2001:DB8:0::1"], "2001:db8::1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"),
        (["fe80::1%eth0"], None),
        (["fe80::1%192.0.2.1 is alice; she may"], None),
        (["fe80::1%" + "x" * 60_000], None),
        (["192.0.2.1, 192.0.2.2"], None),
        (["192.0.2.1", "192.0.2.1"], None),
        (["alice"], None),
        ([""], None),
        ([], None),
    ],
)
def test_another_gateway_tells_an_address_and_nothing_else(
    said: list[str], client: str | None
) -> None:
    """It is written into the log and the audit as it is."""
    assert sender_told(said) == client
