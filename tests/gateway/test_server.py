"""The gateway: what it reads, reload, drain."""

import asyncio
import io
import json

import pytest
from gateway.backend import Connection, Received
from gateway.played import Clouds

from openstackoid.federation import FederationError, load
from openstackoid.gateway import server
from openstackoid.gateway.listeners import ListenError
from openstackoid.gateway.server import Gateway
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


@pytest.mark.parametrize("step", ["load", "Peers", "listeners_of"])
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


async def test_a_file_that_is_missing_is_an_error(clouds: Clouds) -> None:
    """Starting without a federation is refused with the file's name."""
    with pytest.raises(FederationError, match="nowhere"):
        load(clouds.file.with_name("nowhere.yaml"))


async def test_a_cloud_that_is_not_in_the_file_is_an_error(clouds: Clouds) -> None:
    """A program that is exchanged meets files that have changed, too."""
    with pytest.raises(ListenError, match=r"federation\.yaml does not have CloudNine any more"):
        Gateway(Settings(clouds.file, "CloudNine"))
