"""How many requests one address, or one other gateway, may send, and connections hold."""

import asyncio
import functools
import io
import itertools
import json
import resource
from collections.abc import Callable

import pytest
from gateway.credentials import give_keys
from gateway.played import Clouds

from openstackoid.gateway.admission.limits import (
    BURST,
    GATEWAYS,
    MAX_FDS_DIVISOR,
    PROVEN_GATEWAY_FACTOR,
    Connections,
    Limits,
    files,
)
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.routing import Refusal


async def test_too_many_requests_are_told_when_to_come_back(clouds: Clouds) -> None:
    """429 with Retry-After in OpenStack's shape, and nothing is executed any more."""
    await clouds.gateways["CloudOne"].close()
    slow = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    clouds.gateways["CloudOne"] = slow
    await slow.start()
    taken = 0
    while (answered := await clouds.ask("CloudOne", "image")).status == 200:
        taken += 1
    assert answered.status == 429
    assert answered.values("retry-after") == ["1"]
    assert "127.0.0.1 sends more than 1" in json.loads(answered.body)["error"]["message"]
    assert clouds.executed == taken >= BURST


def flood(count: Callable[[], None]) -> int:
    """Return how often it may be done before it is refused."""
    for done in itertools.count():
        try:
            count()
        except Refusal:
            return done
    raise AssertionError


def test_each_address_has_a_rate_of_its_own() -> None:
    """One that sends too much takes nothing from others."""
    limits = Limits("CloudOne", 1)
    assert flood(lambda: limits.arrived("192.0.2.1")) >= BURST
    limits.arrived("192.0.2.2")


def test_a_proven_gateway_may_send_for_many_users() -> None:
    """What a stranger sends from the same address takes nothing from it."""
    limits = Limits("CloudOne", 1)
    flood(lambda: limits.address("192.0.2.1", 2))

    def proven() -> None:
        limits.arrived("192.0.2.2")
        limits.gateway("CloudTwo", "192.0.2.2")

    assert flood(proven) >= BURST * PROVEN_GATEWAY_FACTOR
    limits.gateway("CloudThree", "192.0.2.1")


def test_a_stranger_at_the_address_of_a_gateway_is_one() -> None:
    """Behind one proxy all have one address; who proves nothing has its ordinary rate."""
    limits = Limits("CloudOne", 1)
    limits.gateway("CloudTwo", "192.0.2.1")

    def strange() -> None:
        limits.arrived("192.0.2.1")
        limits.address("192.0.2.1")

    assert BURST <= flood(strange) <= BURST + 1
    limits.arrived("192.0.2.1")


def test_the_addresses_of_gateways_are_forgotten_at_last() -> None:
    """Who can prove itself cannot fill the memory by coming from many."""
    limits = Limits("CloudOne", 1)
    for n in range(GATEWAYS):
        limits.gateway(f"Cloud{n}", f"192.0.2.{n}")
    limits.gateway("Cloud0", "192.0.2.0")
    limits.gateway("More", "198.51.100.1")
    assert limits.known("192.0.2.0")
    assert not limits.known("192.0.2.1")


def test_a_request_to_several_clouds_counts_as_several() -> None:
    """However many it names, it is possible after a time of silence."""
    limits = Limits("CloudOne", 1)
    limits.arrived("192.0.2.1")
    limits.address("192.0.2.1", BURST - 1)
    assert flood(lambda: limits.arrived("192.0.2.1")) <= 2
    limits.arrived("192.0.2.2")
    limits.address("192.0.2.2", 1000)


def test_addresses_of_one_network_of_ipv6_are_one_sender() -> None:
    """A host has as many as it likes; another network is another sender."""
    limits = Limits("CloudOne", 1)
    many = itertools.count(1)
    assert flood(lambda: limits.arrived(f"2001:db8::{next(many):x}")) <= BURST + 1
    limits.arrived("2001:db8:0:1::1")
    with pytest.raises(Refusal, match=r"2001:db8::/64 sends more than 1 requests"):
        limits.arrived("2001:db8::ffff")
    connections = Connections(3, limits.known, lambda: None)
    assert [connections.opened(f"2001:db8::{n}") for n in range(5)] == [True] * 3 + [False] * 2
    for n in range(3):
        connections.closed(f"2001:db8::{n}")
    assert not connections._open


def test_a_user_has_a_rate_of_his_own_from_wherever_he_sends() -> None:
    """With whatever scope, and without his token in the message; others have their own."""
    limits = Limits("CloudOne", 1)
    many = itertools.count()
    assert flood(lambda: limits.token(f"secret!SCOPE!{next(many)}")) <= BURST + 1
    with pytest.raises(Refusal, match="the user of this token sends more than 1") as refused:
        limits.token("secret")
    assert "secret" not in refused.value.message
    limits.token("another")


@pytest.mark.parametrize("rate", [1])
async def test_a_user_of_another_cloud_takes_nothing_from_its_other_users(
    clouds: Clouds,
) -> None:
    """Though all come by one gateway, which has proven itself and may send much more."""
    await give_keys(clouds, "CloudOne")
    await clouds.gateways["CloudOne"].close()
    fast = Gateway(Settings(clouds.file, "CloudOne", rate=1000))
    clouds.gateways["CloudOne"] = fast
    await fast.start()
    scope = "X-Scope: image=CloudTwo"
    ask = functools.partial(clouds.ask, "CloudOne", "image", "/v2/images", scope)
    while (await ask("X-Auth-Token: one")).status != 429:
        pass
    assert (await ask("X-Auth-Token: two")).status == 200


async def test_what_is_refused_is_counted_too(clouds: Clouds) -> None:
    """A flood of scopes that are none ends in 429."""
    await clouds.gateways["CloudOne"].close()
    slow = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    clouds.gateways["CloudOne"] = slow
    await slow.start()
    seen = [(await clouds.ask("CloudOne", "image", "/", "X-Scope: {")).status for _ in range(15)]
    assert set(seen) == {400, 429}
    assert seen[-1] == 429


async def test_what_is_too_much_is_not_even_looked_at(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 comes before the request is read, or to send too much would be an attack still."""
    await clouds.gateways["CloudOne"].close()
    slow = Gateway(Settings(clouds.file, "CloudOne", rate=1))
    clouds.gateways["CloudOne"] = slow
    await slow.start()
    flood(lambda: slow._handler.state.limits.arrived("127.0.0.1"))
    read = []
    monkeypatch.setattr(
        "openstackoid.gateway.dispatch.handler.head_of", lambda *args: read.append(args)
    )
    answered = await clouds.ask("CloudOne", "image", "/", f"Via: {',' * 60_000}")
    assert (answered.status, read) == (429, [])


def test_no_address_has_more_connections_than_its_part(logged: io.StringIO) -> None:
    """Others still come in; once some are closed, it may have new ones. The log says it once."""
    connections = Connections(3, Limits("CloudOne", 1).known, lambda: None)
    assert [connections.opened("192.0.2.1") for _ in range(5)] == [True] * 3 + [False] * 2
    assert connections.opened("192.0.2.2")
    assert logged.getvalue().count("too many connections") == 1
    connections.closed("192.0.2.1")
    assert [connections.opened("192.0.2.1") for _ in range(2)] == [True, False]
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"):
        connections.closed(address)
    assert not connections._open


def test_an_address_of_a_gateway_may_have_more_connections() -> None:
    """It has many users; but not all connections either."""
    limits = Limits("CloudOne", 1)
    limits.gateway("CloudTwo", "192.0.2.1")
    connections = Connections(3, limits.known, lambda: None)
    assert [connections.opened("192.0.2.1") for _ in range(7)] == [True] * 6 + [False]


async def test_a_connection_too_many_is_closed(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a byte is read; those there are go on, and with one less another may come."""
    await clouds.gateways["CloudOne"].close()
    monkeypatch.setattr("openstackoid.gateway.server.files", lambda: 2 * MAX_FDS_DIVISOR)
    clouds.gateways["CloudOne"] = Gateway(Settings(clouds.file, "CloudOne"))
    await clouds.gateways["CloudOne"].start()
    first, second = [await clouds.open("CloudOne", "image") for _ in range(2)]
    for client in (first, second):
        await client.send("GET", "/")
        assert (await client.answer()).status == 200
    third = await clouds.open("CloudOne", "image")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await third.reader.readexactly(1)
    await first.send("GET", "/")
    assert (await first.answer()).status == 200
    await second.send("GET", "/", "Connection: close")
    await second.reader.read()
    assert (await clouds.ask("CloudOne", "image")).status == 200


def test_as_many_files_are_open_as_may_be() -> None:
    """Whatever the limit is that the process was started with, up to the one it can't pass."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[1] - 1, before[1]))
        assert files() == before[1]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
