"""What one request may hold of answers is bounded, and let go of."""

import asyncio
import json
from types import SimpleNamespace
from typing import cast

import pytest

from openstackoid.gateway.dispatch import memory_budget
from openstackoid.gateway.dispatch.memory_budget import (
    BusyError,
    MemoryBudget,
    TooLongError,
    UnusableError,
)
from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.gateway.http import ConnectionClosedError
from openstackoid.routing.foreign_ids import Search

UNSAFE = b'{"images": [{"id": "a"}, {"id": "../x"}]}'


def passing(
    *pieces: bytes, foreign: bool = False, breaks: bool = False, cloud: str = "One"
) -> Passing:
    """Return an answer of which only the body is looked at."""
    left = list(pieces)
    played = SimpleNamespace(search=Search() if foreign else None, ended=False, cloud=cloud)

    async def read() -> bytes:
        if not left and breaks:
            raise ConnectionClosedError
        played.ended = not left
        return left.pop(0) if left else b""

    played.read = read
    return cast("Passing", played)


async def test_pieces_count_besides_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an answer that drips, each takes more memory than it has bytes."""
    text = b'"' + b"x" * 98 + b'"'
    monkeypatch.setattr(memory_budget, "MAX_HELD", 1000)
    with MemoryBudget() as budget:
        body = await budget.read(passing(text))
        assert (body.document, body.raw) == ("x" * 98, text)
        body.close()
        dripping = passing(*(text[n : n + 1] for n in range(len(text))))
        with pytest.raises(TooLongError):
            await budget.read(dripping)


async def test_no_cloud_keeps_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of a hostile cloud may ask for four long lists of it at once, and again."""
    monkeypatch.setattr(memory_budget, "MAX_HELD", 1100)
    monkeypatch.setattr(memory_budget, "MAX_ALL", 4400)
    monkeypatch.setattr(memory_budget, "MAX_OF_CLOUD", 2200)
    long = b'"' + b"x" * 900 + b'"'
    with MemoryBudget() as one, MemoryBudget() as two:
        held = [await budget.read(passing(long, cloud="Evil")) for budget in (one, two)]
        with MemoryBudget() as third, pytest.raises(BusyError, match="what else Evil answers"):
            await third.read(passing(long, cloud="Evil"))
        for cloud in ("Home", "Friend"):
            with MemoryBudget() as other:
                await other.read(passing(long, cloud=cloud))
        held[0].close()
        with MemoryBudget() as third:
            await third.read(passing(long, cloud="Evil"))
    with MemoryBudget() as one, MemoryBudget() as two:
        for budget in (one, two):
            await budget.read(passing(long, cloud="Evil"))


async def test_others_go_on_while_a_hostile_answer_is_searched() -> None:
    """However much of it is there at once; also while its items are searched one by one."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going = asyncio.create_task(others())
    half = b'id":' * 1000
    with MemoryBudget() as budget:
        held = await budget.read(passing(b"[", *[half] * 50, foreign=True))
        assert held.note == memory_budget.NO_JSON
        assert turns >= 50
        before = turns
        items = b",".join([b'{"id": "%d"}' % n for n in range(5000)])
        left_out = await budget.read(passing(b'{"images": [{"id": "/"},%b]}' % items, foreign=True))
        assert left_out.note == "left out 1 with an id that is none"
        assert turns >= before + 50
        before = turns
        half = json.dumps({"x": [{"a_id": "\u00e9"}] * 200_000}).encode()
        other = await budget.read(
            passing(b'{"images": [{"id": "/"},%b,{"id": "x"}]}' % half, foreign=True)
        )
        assert other.note == "left out 1 with an id that is none"
        assert turns >= before + len(half) // 2**16
    going.cancel()


async def test_no_body_is_no_document() -> None:
    """As a 204 has none."""
    with MemoryBudget() as budget:
        assert (await budget.read(passing()))[:3] == (None, None, None)


async def test_what_says_it_is_json_and_is_none_stays_bytes() -> None:
    """An object's lines of JSON, for one; the report says so."""
    with MemoryBudget() as budget:
        body = await budget.read(passing(b'{"a": 1}\n{"a": 2}'))
        assert (body.document, body.raw) == (None, b'{"a": 1}\n{"a": 2}')
        assert body.note == "is no JSON, although it says so"


async def test_items_with_unsafe_ids_are_left_out_of_another_cloud_s_list() -> None:
    """Home's own are as home has them."""
    with MemoryBudget() as budget:
        ours = await budget.read(passing(UNSAFE))
        theirs = await budget.read(passing(UNSAFE, foreign=True))
        assert (ours.raw, len(ours.document["images"])) == (UNSAFE, 2)
        assert (theirs.raw, len(theirs.document["images"])) == (None, 1)
        assert theirs.note == "left out 1 with an id that is none"


@pytest.mark.parametrize(
    "body", [b'{"id": "../x"}', b'{"images": [{"id": "a"}], "id": "../x"}', b'{"id": "../x"']
)
async def test_an_unsafe_id_elsewhere_makes_the_answer_unusable(body: bytes) -> None:
    """There is nothing to leave out."""
    with MemoryBudget() as budget, pytest.raises(UnusableError, match="has an id"):
        await budget.read(passing(body, foreign=True))


async def test_a_body_that_breaks_off_is_unusable() -> None:
    """Nobody may take it for whole."""
    with MemoryBudget() as budget, pytest.raises(UnusableError, match="broke off"):
        await budget.read(passing(b'{"a"', breaks=True))
