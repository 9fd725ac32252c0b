"""Waits have a bound, and things an age."""

import asyncio

import pytest

from openstackoid.gateway.http.errors import IdleTimeoutError
from openstackoid.gateway.http.waiting import Ages, within


def future() -> "asyncio.Future[str]":
    return asyncio.get_running_loop().create_future()


async def soon(awaited: "asyncio.Future[str]", seconds: float | None) -> "asyncio.Task[str]":
    """Begin to wait, and be back as soon as it has begun."""
    task = asyncio.create_task(within(seconds, awaited))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("seconds", [None, 0, 20])
async def test_what_is_there_already_is_returned_at_once(seconds: float | None) -> None:
    """Though there is no time left to wait for it."""
    done = future()
    done.set_result("it")
    assert await within(seconds, done) == "it"


@pytest.mark.parametrize("seconds", [None, 20])
async def test_what_comes_in_time_is_returned(seconds: float | None) -> None:
    """A wait without a bound is as good as one with some."""
    awaited = future()
    task = await soon(awaited, seconds)
    awaited.set_result("it")
    assert await task == "it"


@pytest.mark.parametrize("seconds", [0, 0.01])
async def test_what_does_not_come_is_given_up(seconds: float) -> None:
    """With the error that says that the other side is silent."""
    with pytest.raises(IdleTimeoutError):
        await within(seconds, future())


@pytest.mark.parametrize("seconds", [None, 20])
async def test_an_error_comes_through(seconds: float | None) -> None:
    """It is not taken for silence."""
    awaited = future()
    task = await soon(awaited, seconds)
    awaited.set_exception(KeyError("it"))
    with pytest.raises(KeyError):
        await task


async def test_what_comes_in_the_last_moment_is_returned() -> None:
    """A timer that fires after the result has come, but before it is taken, changes nothing."""
    awaited = future()
    awaited.get_loop().call_soon(awaited.set_result, "it")
    assert await within(0, awaited) == "it"


async def test_who_is_cancelled_leaves_no_timer() -> None:
    """The future is cancelled with it, and nothing is set on it later."""
    awaited = future()
    task = await soon(awaited, 0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    later = future()
    with pytest.raises(IdleTimeoutError):
        await within(0.02, later)
    assert awaited.cancelled()


class Expired(list[str]):
    """What has expired so far; `some` awaits a number of them."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def note(self, thing: str) -> None:
        self.append(thing)
        self.changed.set()

    async def some(self, number: int) -> None:
        async with asyncio.timeout(10):
            while len(self) < number:
                await self.changed.wait()
                self.changed.clear()


async def test_nothing_expires_before_its_time() -> None:
    """Each after its own, in the order in which they came, and nothing is left of it."""
    expired = Expired()
    loop = asyncio.get_running_loop()
    lived: dict[str, float] = {}

    def note(thing: str) -> None:
        lived[thing] = loop.time() - lived[thing]
        expired.note(thing)

    ages = Ages(0.05, note)
    for thing in "ab":
        lived[thing] = loop.time()
        ages.add(thing)
        with pytest.raises(IdleTimeoutError):
            await within(0.02, future())
    await expired.some(2)
    assert expired == ["a", "b"]
    assert min(lived.values()) >= 0.05
    assert len(ages) == 0
    assert "a" not in ages


async def test_what_was_discarded_does_not_expire() -> None:
    """Neither the first nor one in between; what is not there may be discarded, too."""
    expired = Expired()
    ages = Ages(0.02, expired.note)
    for thing in "abc":
        ages.add(thing)
    ages.discard("a")
    ages.discard("b")
    ages.discard("nothing")
    await expired.some(1)
    assert expired == ["c"]


async def test_after_all_have_gone_the_next_one_expires_as_well() -> None:
    """The timer that found nothing is started again."""
    expired = Expired()
    ages = Ages(0.01, expired.note)
    for number, thing in enumerate("ab", start=1):
        ages.add(thing)
        await expired.some(number)
    ages.add("c")
    ages.discard("c")
    ages.add("d")
    await expired.some(3)
    assert expired == ["a", "b", "d"]


async def test_an_age_grows_from_the_beginning() -> None:
    """Seconds since it was added; what is added again is new."""
    ages = Ages(20, Expired().note)
    ages.add("a")
    first = ages.age("a")
    assert 0 <= first < 20
    assert ages.age("a") >= first
    with pytest.raises(KeyError):
        ages.age("b")
    ages.close()


async def test_after_the_end_nothing_expires() -> None:
    """And one may end twice."""
    expired = Expired()
    ended = Ages(0.01, expired.note)
    ended.add("a")
    ended.close()
    ended.close()
    others = Expired()
    Ages(0.02, others.note).add("b")
    await others.some(1)
    assert (expired, len(ended)) == ([], 0)
