"""Host names become addresses, and nobody but who asked waits for it."""

import asyncio
import socket
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from openstackoid.gateway.http import Resolver, resolved
from openstackoid.gateway.http.resolver import MAX_ADDRESSES


class NameServer:
    """What the system's resolver says of a host; it does not answer before `answering` is set."""

    def __init__(self) -> None:
        self.addresses = ["192.0.2.2", "192.0.2.1", "192.0.2.2"]
        self.answering = Event()
        self.asked: list[str] = []

    def __call__(self, host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        self.answering.wait(30)
        if host == "unknown":
            raise socket.gaierror(socket.EAI_NONAME, "nobody knows it")
        return [(socket.AF_INET, 1, 6, "", (address, 0)) for address in self.addresses]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Play the system's resolver."""
    server = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", server)
    yield server
    server.answering.set()


async def test_addresses_keep_their_order(server: NameServer) -> None:
    """The system's, which knows which one is best reached; each once."""
    server.answering.set()
    assert await Resolver()("two.example") == ("192.0.2.2", "192.0.2.1")


async def test_of_very_many_addresses_the_first_ones_are_used(server: NameServer) -> None:
    """Each costs time to check, and to connect to."""
    server.addresses = [f"192.0.2.{n}" for n in range(256)]
    server.answering.set()
    assert await Resolver()("two.example") == tuple(server.addresses[:MAX_ADDRESSES])


@pytest.mark.parametrize(
    ("host", "address"),
    [("192.0.2.7", "192.0.2.7"), ("2001:DB8::0:7", "2001:db8::7"), ("::ffff:1.2.3.4", None)],
)
async def test_an_address_is_not_asked_for(
    server: NameServer, host: str, address: str | None
) -> None:
    """It is what it says."""
    (found,) = await Resolver()(host)
    assert address in {None, found}
    assert server.asked == []


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "localhost"])
async def test_a_host_leads_where_the_system_says(host: str) -> None:
    """However it is spelt: what is checked is the address, not the text."""
    assert "127.0.0.1" in await Resolver()(host)


async def test_a_lookup_is_shared_and_outlives_who_asked_first(server: NameServer) -> None:
    """A name server that does not answer costs one thread, not one for each request."""
    resolver = Resolver()
    asking = [asyncio.create_task(resolver("two.example")) for _ in range(50)]
    await asyncio.sleep(0)
    asking.pop(0).cancel()
    server.answering.set()
    assert set(await asyncio.gather(*asking)) == {("192.0.2.2", "192.0.2.1")}
    assert server.asked == ["two.example"]
    await resolver("two.example")
    assert server.asked == ["two.example"] * 2, "the next one is not of an old answer"


async def test_a_slow_name_holds_up_no_other(server: NameServer) -> None:
    """However many there are: each has its own thread."""
    resolver = Resolver()
    waiting = [asyncio.create_task(resolver(f"slow{n}")) for n in range(100)]
    while len(server.asked) < 100:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    server.answering.set()
    await asyncio.gather(*waiting)


async def test_what_is_not_known_is_an_error_for_all_who_asked(server: NameServer) -> None:
    """The system's own."""
    resolver = Resolver()
    asking = [asyncio.create_task(resolver("unknown")) for _ in range(2)]
    await asyncio.sleep(0)
    server.answering.set()
    for one in asking:
        with pytest.raises(socket.gaierror, match="nobody knows it"):
            await one


def test_a_loop_may_end_before_its_lookups(server: NameServer) -> None:
    """Nothing waits for them, and nothing fails in their threads."""

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await Resolver()("two.example")

    asyncio.run(impatient())
    server.answering.set()


async def test_what_is_found_in_time_is_kept(server: NameServer) -> None:
    """Unknown and late ones are left out."""

    async def resolve(host: str) -> tuple[str, ...]:
        if host == "late":
            await asyncio.Event().wait()
        if host == "unknown":
            raise socket.gaierror
        return (host,)

    found = await resolved({"late", "unknown", "192.0.2.1"}, 0.05, resolve)
    assert found == {"192.0.2.1": ("192.0.2.1",)}
    assert await resolved({"192.0.2.1"}, 5) == {"192.0.2.1": ("192.0.2.1",)}
