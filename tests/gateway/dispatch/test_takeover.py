"""What becomes of a write whose worker has ended."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gateway.backend import Connection, Received, json_answer
from gateway.journalled import BOTH, Journal, create, journalled
from gateway.played import Clouds
from journal.keeping import until
from journal.world import Registry
from msgspec.structs import replace

from openstackoid.gateway.dispatch import takeover
from openstackoid.journal import keeper
from openstackoid.journal.intent import Intent, Part, State


@pytest.fixture
def settle() -> str:
    """Return how long a write may still arrive."""
    return "0s"


@pytest.fixture
async def journal(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch, settle: str
) -> AsyncIterator[Journal]:
    """Both clouds make networks and images; what is left is looked at at once."""
    monkeypatch.setattr(keeper, "ROUND", 0.01)
    clouds.document["clouds"]["CloudOne"]["own"]["settle"] = settle
    clouds.save()
    for services in clouds.backends.values():
        for service in ("network", "image"):
            services[service].answer = Registry(service)
    async with journalled(clouds) as journal:
        yield journal


def registry(clouds: Clouds, cloud: str, service: str = "network") -> Registry:
    found = clouds.backends[cloud][service].answer
    assert isinstance(found, Registry)
    return found


async def written(
    clouds: Clouds, journal: Journal, service: str = "network", *headers: str
) -> Intent:
    """Create something in both clouds; return it as it was in the middle of that."""
    seen: list[Intent] = []

    async def look(_: str) -> None:
        seen.extend(journal.all(State.OPEN))

    registry(clouds, "CloudTwo", service).before = look
    assert (await create(clouds, BOTH, service, *headers)).status == 201
    registry(clouds, "CloudTwo", service).before = None
    return seen[0]


async def ended(journal: Journal, identifier: str) -> Intent:
    """Wait for the end of a write that was taken over."""

    def found() -> Intent | None:
        over = journal.all(State.DONE, State.UNSETTLED)
        return next((one for one in over if one.id == identifier), None)

    await until(found)
    one = found()
    assert one is not None
    return one


def asked(*clouds: str, created: str | None = None) -> tuple[Part, ...]:
    """Return what is known of clouds that were asked and have not answered."""
    return tuple(Part(cloud, created=created, unknown=True) for cloud in clouds)


def parts(clouds: Clouds, service: str = "network") -> dict[str, Part]:
    """Return what both clouds have said that they created."""
    return {
        cloud: Part(cloud, 201, next(iter(registry(clouds, cloud, service).things)))
        for cloud in ("CloudOne", "CloudTwo")
    }


async def test_what_one_cloud_has_made_is_removed(clouds: Clouds, journal: Journal) -> None:
    """The other one had refused it."""
    intent = await written(clouds, journal)
    one = parts(clouds)["CloudOne"]
    registry(clouds, "CloudTwo").things.clear()
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, Part("CloudTwo", 409)))
    over = await ended(journal, copy)
    assert over.state is State.DONE
    assert registry(clouds, "CloudOne").things == {}


async def test_what_all_clouds_have_made_stays(clouds: Clouds, journal: Journal) -> None:
    """Only its client was not told."""
    intent = await written(clouds, journal)
    copy = await journal.left_by_a_dead_worker(intent, parts=tuple(parts(clouds).values()))
    assert (await ended(journal, copy)).state is State.DONE
    assert len(registry(clouds, "CloudOne").things) == 1
    assert len(registry(clouds, "CloudTwo").things) == 1


async def test_what_succeeded_under_any_stays(clouds: Clouds, journal: Journal) -> None:
    """It was asked for wherever it can be had."""
    intent = await written(clouds, journal, "network", "X-Scope-Policy: any")
    one = parts(clouds)["CloudOne"]
    registry(clouds, "CloudTwo").things.clear()
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, Part("CloudTwo", 409)))
    assert (await ended(journal, copy)).state is State.DONE
    assert len(registry(clouds, "CloudOne").things) == 1


async def test_what_has_the_same_name_is_named_and_stays(clouds: Clouds, journal: Journal) -> None:
    """It may be older than the write, so nobody removes it."""
    intent = await written(clouds, journal)
    named = list(registry(clouds, "CloudTwo").things)
    copy = await journal.left_by_a_dead_worker(
        intent, parts=(parts(clouds)["CloudOne"], *asked("CloudTwo"))
    )
    over = await ended(journal, copy)
    assert over.state is State.UNSETTLED
    part = over.part("CloudTwo")
    assert part is not None
    assert list(part.found) == named == list(registry(clouds, "CloudTwo").things)
    assert registry(clouds, "CloudOne").things == {}


async def test_what_has_an_id_of_ours_is_removed_without_an_answer(
    clouds: Clouds, journal: Journal
) -> None:
    """Nothing else can have it."""
    intent = await written(clouds, journal, "image")
    (chosen,) = registry(clouds, "CloudTwo", "image").things
    left = asked("CloudOne", "CloudTwo", created=chosen)
    copy = await journal.left_by_a_dead_worker(intent, parts=left)
    assert (await ended(journal, copy)).state is State.DONE
    assert registry(clouds, "CloudOne", "image").things == {}
    assert registry(clouds, "CloudTwo", "image").things == {}


@pytest.mark.parametrize("settle", ["60s"])
async def test_what_is_not_there_yet_may_still_come(clouds: Clouds, journal: Journal) -> None:
    """So it is looked at again when the write can no longer arrive."""
    intent = await written(clouds, journal, "image")
    (chosen,) = registry(clouds, "CloudTwo", "image").things
    registry(clouds, "CloudTwo", "image").things.clear()
    left = asked("CloudOne", "CloudTwo", created=chosen)
    copy = await journal.left_by_a_dead_worker(intent, parts=left)
    over = await ended(journal, copy)
    assert over.state is State.UNSETTLED
    assert over.look_at is not None
    assert over.landed is not None
    assert over.look_at - over.landed == 60
    assert over.sent


async def test_what_cannot_be_removed_is_unsettled(clouds: Clouds, journal: Journal) -> None:
    """With its id; and it is not tried again where the token is refused."""
    intent = await written(clouds, journal)
    one = parts(clouds)["CloudOne"]
    clouds.backends["CloudOne"]["network"].answer = json_answer("{}", "401 Unauthorized")
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, Part("CloudTwo", 409)))
    over = await ended(journal, copy)
    assert (over.state, over.look_at) == (State.UNSETTLED, None)
    part = over.part("CloudOne")
    assert part is not None
    assert (part.created, part.undone) == (one.created, False)


@pytest.mark.parametrize("settle", ["60s"])
async def test_a_cloud_that_hangs_is_not_waited_for_long(
    clouds: Clouds, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left there is named, and looked at again."""
    monkeypatch.setattr(takeover, "PATIENCE", 0.05)
    intent = await written(clouds, journal)
    one = parts(clouds)["CloudOne"]

    async def hang(_: Received, connection: Connection) -> None:
        await connection.reader.read()

    clouds.backends["CloudOne"]["network"].answer = hang
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, Part("CloudTwo", 409)))
    over = await ended(journal, copy)
    assert over.state is State.UNSETTLED
    part = over.part("CloudOne")
    assert part is not None
    assert (part.created, part.undone) == (one.created, False)
    assert over.look_at is not None


@pytest.mark.parametrize("change", ["scope", "rubbish"])
async def test_what_can_no_longer_be_sent_stays_as_it_is(
    clouds: Clouds, journal: Journal, change: str
) -> None:
    """A cloud may have left the federation; what is known of the write stays to be seen."""
    intent = await written(clouds, journal)
    one = parts(clouds)["CloudOne"]
    sent = intent.sent.replace(b"CloudTwo", b"CloudSix") if change == "scope" else b"rubbish"
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, *asked("CloudTwo")), sent=sent)
    over = await ended(journal, copy)
    assert over.state is State.UNSETTLED
    assert over.parts == (replace(one, undone=False), *asked("CloudTwo"))
    assert len(registry(clouds, "CloudOne").things) == 1


async def test_a_deletion_that_was_interrupted_is_named(clouds: Clouds, journal: Journal) -> None:
    """What was there cannot be brought back."""
    intent = await written(clouds, journal)
    identifier = next(iter(registry(clouds, "CloudOne").things))
    copy = await journal.left_by_a_dead_worker(
        intent,
        method="DELETE",
        target=f"/v2.0/networks/{identifier}",
        parts=(Part("CloudOne", 204), *asked("CloudTwo")),
    )
    over = await ended(journal, copy)
    assert over.state is State.UNSETTLED
    assert {part.cloud: part.unknown for part in over.parts} == {
        "CloudOne": False,
        "CloudTwo": True,
    }


async def test_it_is_said_what_became_of_it(clouds: Clouds, journal: Journal, logged: Any) -> None:
    """In a line of the log, with the request's id and what each cloud has."""
    intent = await written(clouds, journal)
    one = parts(clouds)["CloudOne"]
    copy = await journal.left_by_a_dead_worker(intent, parts=(one, Part("CloudTwo", 409)))
    await ended(journal, copy)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (line,) = [one for one in lines if one["event"] == "write brought to its end"]
    assert line["write"] == copy
    assert line["request_id"] == intent.request_id
    assert line["clouds"] == {"CloudOne": "removed again", "CloudTwo": "answered 409"}
