"""What a user is told of his writes of which something is left."""

import json
from collections.abc import AsyncIterator

import pytest
from gateway.backend import Connection, Received
from gateway.equipped import know, know_nobody
from gateway.journalled import Journal, create, journalled
from gateway.keystone import Keystone, message, token
from gateway.played import TOKEN, Answered, Clouds
from journal.world import Registry

from openstackoid.journal import reading
from openstackoid.journal.intent import State
from openstackoid.message import UNSETTLED


@pytest.fixture
async def journal(clouds: Clouds) -> AsyncIterator[Journal]:
    """CloudOne makes networks; CloudTwo says nothing of whether it does."""

    async def hang_up(_: Received, connection: Connection) -> None:
        connection.writer.close()

    clouds.backends["CloudOne"]["network"].answer = Registry("network")
    clouds.backends["CloudTwo"]["network"].answer = hang_up
    async with journalled(clouds) as journal:
        yield journal


async def ask(clouds: Clouds, *headers: str, method: str = "GET") -> Answered:
    return await clouds.ask("CloudOne", "identity", UNSETTLED, *headers, method=method)


async def test_a_user_sees_what_is_left_of_his_writes(clouds: Clouds, journal: Journal) -> None:
    """With the clouds where he has to look; no token is in it."""
    assert (await create(clouds)).status == 502
    await journal.one(State.UNSETTLED)
    for scope in ((), ("X-Scope: *=CloudOne",)):
        answered = await ask(clouds, f"X-Auth-Token: {TOKEN}", *scope)
        assert answered.status == 200
        (write,) = json.loads(answered.body)["unsettled"]
        assert (write["method"], write["name"]) == ("POST", "net")
        what = {part["cloud"]: part["what"] for part in write["clouds"]}
        assert what["CloudOne"] == "removed again"
        assert what["CloudTwo"] == "may have carried it out: look there"
        assert TOKEN.encode() not in answered.body


async def test_nobody_sees_what_is_anothers(clouds: Clouds, journal: Journal) -> None:
    """What counts is what home's Keystone says of the token."""
    assert (await create(clouds)).status == 502
    await journal.one(State.UNSETTLED)
    eve = token(user={"id": "u-eve", "name": "eve", "domain": {"id": "default"}})
    know(clouds, "CloudOne", Keystone(eve))
    answered = await ask(clouds, "X-Auth-Token: another")
    assert (answered.status, json.loads(answered.body)) == (200, {"unsettled": []})


@pytest.mark.parametrize("headers", [(), ("X-Auth-Token: wrong",)])
async def test_who_is_not_known_is_told_nothing(
    clouds: Clouds, journal: Journal, headers: tuple[str, ...]
) -> None:
    """He has to log in."""
    know_nobody(clouds, "CloudOne")
    answered = await ask(clouds, *headers)
    assert answered.status == 401
    assert "log in to CloudOne" in message(answered)


async def test_it_is_said_if_the_journal_cannot_be_read(
    clouds: Clouds, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty list would say that nothing is left."""

    async def fail(*_: object) -> None:
        raise reading.NoKeeperError

    monkeypatch.setattr("openstackoid.journal.link.shown_to", fail)
    answered = await ask(clouds, f"X-Auth-Token: {TOKEN}")
    assert answered.status == 503
    assert "cannot be read now" in message(answered)


@pytest.mark.parametrize(
    ("method", "headers"), [("POST", ()), ("GET", ("X-Scope: identity=CloudTwo",))]
)
async def test_anything_else_is_for_keystone(
    clouds: Clouds, journal: Journal, method: str, headers: tuple[str, ...]
) -> None:
    """Also there, where nobody answers to it."""
    before = clouds.executed
    await ask(clouds, *headers, method=method)
    assert clouds.executed == before + 1
