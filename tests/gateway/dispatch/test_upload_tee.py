"""One upload goes to several clouds: read once, held nowhere, whole everywhere or nowhere."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from openstackoid.gateway.dispatch.upload_tee import UploadEndedError, UploadTee

PIECES = [bytes([n]) for n in range(20)]


async def source(read: list[bytes], error: Exception | None = None) -> AsyncIterator[bytes]:
    """Yield the pieces, and put down which were read."""
    for piece in PIECES:
        await asyncio.sleep(0)
        read.append(piece)
        yield piece
    if error is not None:
        raise error


async def taken(tee: UploadTee, cloud: str) -> list[bytes]:
    return [piece async for piece in tee.branch(cloud)]


async def test_every_cloud_gets_every_piece() -> None:
    """In order; the source is read once."""
    read: list[bytes] = []
    tee = UploadTee(source(read), ["A", "B"], every=True)
    _, one, two = await asyncio.gather(tee.pump(), taken(tee, "A"), taken(tee, "B"))
    assert one == two == read == PIECES


async def test_the_slowest_sets_the_pace() -> None:
    """No more than a few pieces are held for it."""
    read: list[bytes] = []
    tee = UploadTee(source(read), ["A", "B"], every=True)
    pump = asyncio.create_task(tee.pump())
    fast = asyncio.create_task(taken(tee, "A"))
    slow = aiter(tee.branch("B"))
    await anext(slow)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(read) < len(PIECES) // 2
    assert [piece async for piece in slow] == PIECES[1:]
    assert await fast == PIECES
    await pump


async def test_a_cloud_that_has_its_answer_holds_up_nobody() -> None:
    """Be it before all of the body."""
    tee = UploadTee(source([]), ["A", "B"], every=False)
    pump = asyncio.create_task(tee.pump())
    early = aiter(tee.branch("A"))
    await anext(early)
    tee.answered("A", 503)
    assert await taken(tee, "B") == PIECES
    assert tee.ended_by is None
    await pump


async def test_where_all_are_needed_the_first_refusal_ends_the_upload() -> None:
    """No more is read of the source, and nobody takes what came for whole."""
    read: list[bytes] = []
    tee = UploadTee(source(read), ["A", "B", "C"], every=True)
    pump = asyncio.create_task(tee.pump())
    one = aiter(tee.branch("A"))
    await anext(one)
    tee.answered("B", 413)
    with pytest.raises(UploadEndedError):
        [piece async for piece in one]
    with pytest.raises(UploadEndedError):
        await taken(tee, "C")
    await pump
    assert tee.ended_by == ("B", 413)
    assert len(read) < len(PIECES)
    tee.answered("A", 400)
    assert tee.ended_by == ("B", 413)


async def test_a_success_before_the_end_ends_nothing() -> None:
    """A service may answer before it has read all."""
    tee = UploadTee(source([]), ["A", "B"], every=True)
    pump = asyncio.create_task(tee.pump())
    tee.answered("A", 201)
    assert await taken(tee, "B") == PIECES
    await pump


async def test_where_the_source_breaks_off_so_does_every_branch() -> None:
    """None may be taken for whole."""
    tee = UploadTee(source([], OSError()), ["A", "B"], every=False)
    pump = asyncio.create_task(tee.pump())
    both = await asyncio.gather(taken(tee, "A"), taken(tee, "B"), return_exceptions=True)
    assert [type(error) for error in both] == [OSError, OSError]
    with pytest.raises(OSError):  # noqa: PT011  (the source's own)
        await pump
