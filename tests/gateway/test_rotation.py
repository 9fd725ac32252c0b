"""Keys are exchanged and certificates renewed while many requests cross the border."""

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from gateway.credentials import client_context, give_keys, issue, reload, speak_tls
from gateway.played import Clouds, playing

from openstackoid.identity.keys import Keys, key_id, make, write

CLIENTS = 8
"""At each gateway: half of them keep their connections, half open one for each request."""

ANSWERS = 40
"""Requests that are answered between two steps."""

SCOPES = {"CloudOne": "X-Scope: image=CloudTwo", "CloudTwo": "X-Scope: image=CloudOne"}


@pytest.fixture
async def clouds(tmp_path: Path, logged: io.StringIO) -> AsyncIterator[Clouds]:
    """Both clouds, at which one client may send as much as it likes."""
    async with playing(tmp_path, 20, rate=1_000_000) as clouds:
        yield clouds


class Load:
    """Clients that send requests across the border, each in turn with its answer."""

    def __init__(self, clouds: Clouds) -> None:
        self._clouds = clouds
        self._answered = asyncio.Condition()
        self.statuses: Counter[int] = Counter()

    async def more(self, number: int = ANSWERS) -> None:
        """Wait until this many more requests are answered."""
        wanted = self.statuses.total() + number
        async with self._answered:
            await self._answered.wait_for(lambda: self.statuses.total() >= wanted)

    async def client(self, cloud: str, *, kept: bool) -> None:
        """Send requests until cancelled."""
        client = None
        while True:
            client = client or await self._clouds.open(cloud, "image")
            await client.send("GET", "/v2/images", SCOPES[cloud])
            answered = await client.answer()
            if not kept or answered.values("connection") == ["close"]:
                client.writer.close()
                client = None
            async with self._answered:
                self.statuses[answered.status] += 1
                self._answered.notify_all()


@asynccontextmanager
async def loaded(clouds: Clouds) -> AsyncIterator[Load]:
    """Let clients send requests to both gateways; fails if one of them fails."""
    load = Load(clouds)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(load.client(cloud, kept=number % 2 == 0))
            for cloud in SCOPES
            for number in range(CLIENTS)
        ]
        await load.more()
        yield load
        for task in tasks:
            task.cancel()


async def step(clouds: Clouds, load: Load, order: list[str]) -> None:
    """Let one gateway read the document as it is now, and then the other, with load between."""
    clouds.save()
    for name in order:
        await clouds.gateways[name].reload()
        await load.more()


def crossings(logged: io.StringIO) -> list[dict[str, Any]]:
    """Return the access records of requests that another gateway has sent."""
    records = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [r for r in records if r["event"] == "request" and "sender" in r]


def publish(clouds: Clouds, name: str, pairs: list[Keys], signing: list[Keys]) -> None:
    """Write into the document which keys a cloud has, and by which its gateway signs."""
    entry = clouds.document["clouds"][name]
    entry["keys"] = [keys.public.model_dump() for keys in pairs]
    entry["own"]["keys"] = [f"{name}-{keys.public.sign[:8]}.json" for keys in signing]


@pytest.mark.parametrize("order", [["CloudOne", "CloudTwo"], ["CloudTwo", "CloudOne"]])
async def test_keys_are_exchanged_under_load(
    clouds: Clouds, logged: io.StringIO, order: list[str]
) -> None:
    """No request is refused, and none is taken without a signature.

    Between the steps of an exchange it does not matter which gateway is reloaded first.
    """
    old = await give_keys(clouds, *SCOPES)
    new = {name: make() for name in SCOPES}
    for name, keys in new.items():
        write(keys, clouds.file.with_name(f"{name}-{keys.public.sign[:8]}.json"))
    async with loaded(clouds) as load:
        for name in SCOPES:
            publish(clouds, name, [old[name], new[name]], [old[name], new[name]])
        await step(clouds, load, order)
        for name in SCOPES:
            publish(clouds, name, [old[name], new[name]], [new[name], old[name]])
        await step(clouds, load, order)
        for name in SCOPES:
            publish(clouds, name, [new[name]], [new[name]])
        await step(clouds, load, order)
    assert set(load.statuses) == {200}
    records = crossings(logged)
    assert len(records) >= load.statuses.total()
    assert all(record["proven"] == ["signature"] for record in records)
    used = {key_id(keys.public) for made in (old, new) for keys in made.values()}
    assert {record["key"] for record in records} == used


async def test_a_key_that_is_not_published_yet_is_refused(clouds: Clouds) -> None:
    """So that the exchange above is not good for want of a check; the error names both keys."""
    old = await give_keys(clouds, *SCOPES)
    theirs = clouds.document["clouds"]["CloudOne"]
    known = {"keys": theirs["keys"], "own": dict(theirs["own"])}
    new = await give_keys(clouds, "CloudOne")
    theirs.update(known)
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    answered = await clouds.ask("CloudOne", "image", "/v2/images", SCOPES["CloudOne"])
    assert answered.status == 401
    message = json.loads(answered.body)["error"]["message"]
    for keys in (old["CloudOne"], new["CloudOne"]):
        assert key_id(keys.public) in message
    assert clouds.executed == 0


async def test_what_is_taken_out_of_the_file_proves_nothing(clouds: Clouds) -> None:
    """From the reload on, and the error names the key."""
    old = await give_keys(clouds, *SCOPES)
    clouds.document["clouds"]["CloudOne"]["keys"] = [make().public.model_dump()]
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    answered = await clouds.ask("CloudOne", "image", "/v2/images", SCOPES["CloudOne"])
    assert answered.status == 401
    assert key_id(old["CloudOne"].public).encode() in answered.body


async def test_the_login_tells_the_key_by_which_the_gateway_signs(clouds: Clouds) -> None:
    """Tokens are sealed to the new key as soon as the file has it first."""
    old = (await give_keys(clouds, "CloudOne"))["CloudOne"]
    new = make()
    write(new, clouds.file.with_name(f"CloudOne-{new.public.sign[:8]}.json"))
    for first, second in ((old, new), (new, old)):
        publish(clouds, "CloudOne", [old, new], [first, second])
        await reload(clouds)
        answered = await clouds.ask(
            "CloudOne",
            "identity",
            "/v3/auth/tokens",
            "X-Scope: image=CloudTwo",
            method="POST",
            body=b'{"auth": {}}',
        )
        assert answered.values("x-scope-key") == [f"CloudOne {first.public.seal}"]


async def test_certificates_are_renewed_under_load(
    clouds: Clouds, logged: io.StringIO, tmp_path: Path
) -> None:
    """By the same authority, and by a new one that is trusted beforehand; each hop shows one."""
    first, second = trustme.CA(), trustme.CA()
    await speak_tls(clouds, first)
    clouds.tls = client_context(first)
    second.configure_trust(clouds.tls)
    both = tmp_path / "both.pem"
    both.write_bytes(first.cert_pem.bytes() + second.cert_pem.bytes())
    async with loaded(clouds) as load:
        for authority in (first, second):
            for name in SCOPES:
                clouds.document["clouds"][name]["own"]["ca"] = str(both)
            await step(clouds, load, list(SCOPES))
            for name in SCOPES:
                made = issue(authority, tmp_path, f"{name.lower()}.example")
                clouds.document["clouds"][name]["own"] |= {**made, "ca": str(both)}
            await step(clouds, load, list(SCOPES))
    assert set(load.statuses) == {200}
    records = crossings(logged)
    assert len(records) >= load.statuses.total()
    assert all(record["proven"] == ["certificate"] for record in records)
