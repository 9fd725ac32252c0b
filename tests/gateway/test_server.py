"""The process: listeners, reload, drain."""

import asyncio
import io
import json
import socket
from pathlib import Path

import pytest
from gateway.backend import Connection, Received
from gateway.played import HOST, Clouds
from gateway.ports import free_ports

from openstackoid.federation import FederationError, load, loads
from openstackoid.gateway import server
from openstackoid.gateway.server import Gateway, Listener, ListenError, listeners
from openstackoid.gateway.settings import Settings


def events(logged: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in logged.getvalue().splitlines()]


async def test_a_cloud_that_joins_is_known_after_a_reload(clouds: Clouds) -> None:
    """Adding a cloud is one more entry and a SIGHUP, not a restart."""
    three = {"image": clouds.frontends["CloudTwo"]["image"]}
    del clouds.document["clouds"]["CloudTwo"]["frontends"]["image"]
    del clouds.document["clouds"]["CloudTwo"]["backends"]["image"]
    clouds.document["clouds"]["CloudThree"] = {"frontends": three}
    scoped = "X-Scope: image=CloudThree"
    assert (await clouds.ask("CloudOne", "image", "/", scoped)).status == 400
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    # It arrives: the gateway there does not know that name yet, and says so.
    answered = await clouds.ask("CloudOne", "image", "/", scoped)
    assert b'unknown cloud \\"CloudThree\\"' in answered.body


@pytest.mark.parametrize("text", ["clouds: {", "clouds: {CloudTwo: {frontends: {}}}", ""])
async def test_a_bad_file_changes_nothing(clouds: Clouds, logged: io.StringIO, text: str) -> None:
    """A typing error in the file must not take a running gateway down."""
    clouds.file.write_text(text)
    await clouds.gateways["CloudOne"].reload()
    assert events(logged)[-1] == "not reloaded"
    assert (await clouds.ask("CloudOne", "image")).status == 200


@pytest.mark.parametrize("step", ["load", "Peers", "listeners"])
async def test_what_nobody_thought_of_ends_no_gateway(
    clouds: Clouds, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Nor does it change anything; the log has its kind and place, and no text of it."""

    def fail(*_: object) -> None:
        raise UnicodeError("a secret")

    monkeypatch.setattr(server, step, fail)
    await clouds.gateways["CloudOne"].reload()
    last = json.loads(logged.getvalue().splitlines()[-1])
    assert (last["event"], last["level"]) == ("not reloaded", "error")
    assert last["error"].startswith("UnicodeError at ")
    assert "secret" not in logged.getvalue()
    assert (await clouds.ask("CloudOne", "image")).status == 200


async def test_listeners_follow_the_file(clouds: Clouds) -> None:
    """A frontend that moves to another port is served there, and not at the old one."""
    (port,) = free_ports(1)
    old = clouds.address("CloudTwo", "image")[1]
    clouds.frontends["CloudTwo"]["image"] = f"http://{HOST}:{port}"
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    assert (await clouds.ask("CloudTwo", "image")).status == 200
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, old)


async def test_a_port_that_is_taken_is_named(clouds: Clouds) -> None:
    """The message has the address and what to do."""
    gateway = Gateway(Settings(clouds.file, "CloudOne"))
    with pytest.raises(ListenError, match=r"127\.0\.0\.2:\d+.*in use.*bind"):
        await gateway.start()
    await gateway.close()


async def test_a_request_under_way_is_drained(clouds: Clouds) -> None:
    """Stopping waits for the answer, and takes no new connection meanwhile."""
    arrived, go = asyncio.Event(), asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        arrived.set()
        await go.wait()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

    clouds.backends["CloudTwo"]["image"].answer = answer
    asking = asyncio.create_task(clouds.ask("CloudTwo", "image"))
    await arrived.wait()
    closing = asyncio.create_task(clouds.gateways["CloudTwo"].close())
    host, port, _ = clouds.address("CloudTwo", "image")
    async with asyncio.timeout(2):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except ConnectionError:  # refused, or reset while the listener closes
                break
            writer.close()
            await asyncio.sleep(0)
    go.set()
    assert (await asking).body == b"late"
    await closing


def test_bind_replaces_the_host_alone() -> None:
    """Behind an address that is not this machine's, the gateway listens at bind."""
    text = "clouds: {A: {frontends: {image: 'https://a.example/image'}, bind: 127.0.0.9}}"
    assert listeners(loads(text).clouds["A"]) == {Listener("127.0.0.9", 443, tls=False)}


async def test_a_file_that_is_missing_is_an_error(clouds: Clouds) -> None:
    """Starting without a federation is refused with the file's name."""
    with pytest.raises(FederationError, match="nowhere"):
        load(clouds.file.with_name("nowhere.yaml"))


async def test_a_cloud_that_is_not_in_the_file_is_an_error(clouds: Clouds) -> None:
    """A program that is exchanged meets files that have changed, too."""
    with pytest.raises(ListenError, match=r"federation\.yaml does not have CloudNine any more"):
        Gateway(Settings(clouds.file, "CloudNine"))


async def test_listeners_stay_if_one_of_the_new_cannot_be_had(clouds: Clouds) -> None:
    """A file with an address that is taken changes no listener at all."""
    free, taken = free_ports(2)
    frontends = clouds.frontends["CloudTwo"]
    old = clouds.address("CloudTwo", "image")[1]
    with socket.create_server((HOST, max(free, taken))):
        frontends["image"] = f"http://{HOST}:{min(free, taken)}"
        frontends["network"] = f"http://{HOST}:{max(free, taken)}"
        clouds.save()
        await clouds.gateways["CloudTwo"].reload()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, min(free, taken))
    _, writer = await asyncio.open_connection(HOST, old)
    writer.close()


async def test_listeners_stay_whatever_is_wrong_with_a_new_one(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that was closed already, to speak TLS from then on at the same port."""
    gateway = clouds.gateways["CloudTwo"]
    old = set(gateway._sites)
    tls = max(old).other
    join = gateway._join

    async def failing(listener: Listener) -> None:
        if listener == tls:
            raise UnicodeError
        await join(listener)

    monkeypatch.setattr(gateway, "_join", failing)
    monkeypatch.setattr(server, "listeners", lambda _: {*old, tls} - {tls.other})
    await gateway.reload()
    assert set(gateway._sites) == old
    for listener in old:
        _, writer = await asyncio.open_connection(listener.host, listener.port)
        writer.close()


async def test_little_of_an_answer_waits_in_the_kernel_for_a_slow_reader(clouds: Clouds) -> None:
    """It would be megabytes, of memory that all connections of the machine share."""
    piece = bytes(65_536)

    async def endless(received: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 2**30)
        while True:
            await connection.send(piece)

    clouds.backends["CloudOne"]["image"].answer = endless
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/v2/images/x/file")
    await client.reader.readuntil(b"\r\n\r\n")
    waiting = [0, 1]
    while waiting[-1] != waiting[-2] or not waiting[-1]:
        await asyncio.sleep(0.02)
        waiting.append(unsent(client.writer.get_extra_info("sockname")[1]))
    assert waiting[-1] <= 2 * server.UNSENT


def unsent(port: int) -> int:
    """Return how many bytes wait in the kernel to be sent to a port (proc_net_tcp)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = next(f for f in map(str.split, lines) if f[2].endswith(f":{port:04X}"))
    return int(fields[4].partition(":")[0], 16)
