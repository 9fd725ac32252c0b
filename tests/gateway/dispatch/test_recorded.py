"""What the journal has of a write to several clouds, before it is sent and after it has ended."""

import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest
from gateway.backend import Connection, Received
from gateway.journalled import BOTH, Journal, create, journalled
from gateway.keystone import message
from gateway.played import TOKEN, Clouds
from journal.keeping import until
from journal.making import raising
from journal.world import Registry

from openstackoid.journal import link, reading
from openstackoid.journal.intent import Part, State
from openstackoid.journal.store import FullError, Store


@pytest.fixture
async def journal(clouds: Clouds) -> AsyncIterator[Journal]:
    """Both clouds make networks and images; CloudOne's gateway keeps a journal."""
    for services in clouds.backends.values():
        for service in ("network", "image"):
            services[service].answer = Registry(service)
    async with journalled(clouds) as journal:
        yield journal


def refuse(clouds: Clouds, cloud: str) -> None:
    """Let a cloud refuse what it is to create."""
    registry = clouds.backends[cloud]["network"].answer
    assert isinstance(registry, Registry)
    registry.fails = lambda _: True


@pytest.mark.parametrize("expression", [BOTH, f"({BOTH}) | CloudOne"])
async def test_a_write_is_written_down_before_it_is_sent(
    clouds: Clouds, journal: Journal, expression: str
) -> None:
    """With all that is needed to undo it, whoever has to; then the token is forgotten."""
    seen = []

    async def look(_: str) -> None:
        seen.extend(journal.all(State.OPEN))

    registry = clouds.backends["CloudTwo"]["network"].answer
    assert isinstance(registry, Registry)
    registry.before = look
    assert (await create(clouds, expression)).status == 201
    (begun,) = seen
    assert (begun.method, begun.target, begun.name) == ("POST", "/v2.0/networks", "net")
    assert TOKEN.encode() in begun.sent
    ended = await journal.one(State.DONE)
    assert (ended.id, ended.sent) == (begun.id, b"")
    created = {part.cloud: part.created for part in ended.parts}
    assert created["CloudTwo"] in registry.things


async def test_an_id_that_the_gateway_chose_is_written_down(
    clouds: Clouds, journal: Journal
) -> None:
    """By it the image can be removed where nobody has heard an answer."""
    assert (await create(clouds, BOTH, "image")).status == 201
    (one,) = journal.all()
    registry = clouds.backends["CloudTwo"]["image"].answer
    assert isinstance(registry, Registry)
    assert {part.created for part in one.parts} == set(registry.things)


async def test_a_cloud_that_is_asked_again_is_written_down_again(
    clouds: Clouds, journal: Journal
) -> None:
    """What it does then has another id, which nobody knows until it has answered."""
    seen: list[Part | None] = []

    async def look(_: str) -> None:
        (begun,) = await reading.shown(journal.directory, State.OPEN)
        seen.append(begun.part("CloudOne"))

    refuse(clouds, "CloudTwo")
    registry = clouds.backends["CloudOne"]["network"].answer
    assert isinstance(registry, Registry)
    registry.before = look
    assert (await create(clouds, f"({BOTH}) | CloudOne")).status == 201
    assert seen == [Part("CloudOne", unknown=True)] * 2


async def test_a_write_that_was_undone_is_done(clouds: Clouds, journal: Journal) -> None:
    """Nothing is left, and nobody has to look."""
    refuse(clouds, "CloudTwo")
    assert (await create(clouds)).status == 409
    ended = await journal.one(State.DONE)
    assert ended.part("CloudOne") is not None
    assert [part.undone for part in ended.parts if part.cloud == "CloudOne"] == [True]


@pytest.mark.parametrize("expression", [BOTH, "CloudTwo | CloudOne"])
async def test_what_nobody_knows_is_unsettled(
    clouds: Clouds, journal: Journal, expression: str
) -> None:
    """Here the connection ends before an answer; under "|" nothing was written down before."""

    async def hang_up(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        connection.writer.close()

    clouds.backends["CloudTwo"]["network"].answer = hang_up
    assert (await create(clouds, expression)).status == 502
    left = await journal.one(State.UNSETTLED)
    part = left.part("CloudTwo")
    assert part is not None
    assert part.unknown
    assert left.look_at is not None
    assert left.sent


async def test_what_is_missing_under_any_is_no_fault(clouds: Clouds, journal: Journal) -> None:
    """The one cloud has refused, and is in the report."""
    refuse(clouds, "CloudTwo")
    assert (await create(clouds, BOTH, "network", "X-Scope-Policy: any")).status == 201
    await journal.one(State.DONE)


async def test_what_reads_is_not_written_down(clouds: Clouds, journal: Journal) -> None:
    """Nor what goes to one cloud alone."""
    scope = json.dumps({"*": "CloudOne", "network": BOTH})
    headers = (f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}")
    answered = await clouds.ask("CloudOne", "network", "/v2.0/networks", *headers)
    assert answered.status == 200
    assert (await create(clouds, "CloudTwo")).status == 201
    assert (await create(clouds, "CloudTwo | CloudOne")).status == 201
    assert journal.all() == []


async def test_what_cannot_be_named_is_logged(
    clouds: Clouds, journal: Journal, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """Under "|" it is too late to refuse it; the answer says that it may have been carried out."""

    async def hang_up(_: Received, connection: Connection) -> None:
        connection.writer.close()

    clouds.backends["CloudTwo"]["network"].answer = hang_up
    monkeypatch.setattr(Store, "keep", raising(FullError("make room")))
    answered = await create(clouds, "CloudTwo | CloudOne")
    assert answered.status == 502
    assert "may have been carried out" in message(answered)
    assert '"event":"a write is not written down"' in logged.getvalue()


@pytest.mark.parametrize(
    ("error", "status"), [(FullError("make room"), 507), (None, 503)], ids=["full", "away"]
)
async def test_a_write_that_cannot_be_written_down_is_refused(
    clouds: Clouds,
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    status: int,
) -> None:
    """Before anything is sent; the message says why, and what can be done."""
    if error is None:
        monkeypatch.setattr(link, "WAIT", 0.05)
        monkeypatch.setattr(link.Link, "_send", lambda *_: None)
    else:
        monkeypatch.setattr(Store, "keep", raising(error))
    executed = clouds.executed
    answered = await create(clouds)
    assert answered.status == status
    assert "Nothing was sent to any cloud" in message(answered)
    assert clouds.executed == executed
    assert journal.all() == []


async def test_each_created_id_is_in_the_log_at_once(
    clouds: Clouds, journal: Journal, logged: io.StringIO
) -> None:
    """Before the other clouds have answered: who is killed then has said it."""
    goes_on = asyncio.Event()
    registry = clouds.backends["CloudTwo"]["network"].answer
    assert isinstance(registry, Registry)
    registry.before = lambda _: goes_on.wait()
    task = asyncio.create_task(create(clouds))
    await until(lambda: '"event":"created"' in logged.getvalue())
    goes_on.set()
    assert (await task).status == 201
    assert [type(part) for part in (await journal.one()).parts] == [Part, Part]
