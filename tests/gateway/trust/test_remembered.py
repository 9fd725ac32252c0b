"""What is remembered: for how long, how much, and that it is asked for once."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest
from gateway.trust.clock import Clock

from openstackoid.gateway.trust import remembered
from openstackoid.gateway.trust.remembered import Remembered


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of the module."""
    return Clock(monkeypatch, remembered)


class Source:
    """What is asked: an answer, for some seconds, once it is let."""

    def __init__(self) -> None:
        self.answer: str | Exception | None = "answer"
        self.seconds = 10.0
        self.asked = 0
        self.let = asyncio.Event()
        self.let.set()

    async def __call__(self) -> tuple[str | None, float]:
        """Answer."""
        self.asked += 1
        await asyncio.sleep(0)
        await self.let.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer, self.seconds


def asks(source: Source, values: Remembered[str, str | None]) -> Callable[[], Awaitable[object]]:
    """Return what asks a source for one value."""
    return lambda: values.get_or_ask("key", source)


async def waiting(*tasks: asyncio.Task[object]) -> None:
    """Let tasks run until all of them wait."""
    for _ in range(len(tasks) + 3):
        await asyncio.sleep(0)


def test_a_value_is_remembered_so_long(clock: Clock) -> None:
    """Until its seconds are over, and not at their end; without a time, for good."""
    values: Remembered[str, str] = Remembered(9)
    values.put("some", "a", 10)
    values.put("ever", "b")
    clock.now = 9.9
    assert (values.get("some"), values.get("ever")) == ("a", "b")
    clock.now = 10
    assert (values.get("some"), values.get("ever")) == (None, "b")
    assert values.get("other") is None


@pytest.mark.parametrize("seconds", [0, -1])
def test_what_is_for_no_time_takes_the_place_of_what_was_there(
    clock: Clock, seconds: float
) -> None:
    """What was said last counts, even if it must not be remembered."""
    values: Remembered[str, str] = Remembered(9)
    values.put("a", "old")
    values.put("a", "new", seconds)
    assert values.get("a") is None


def test_what_was_remembered_first_is_forgotten_first() -> None:
    """Whoever makes up keys fills no memory; a value that is put again is a new one."""
    values: Remembered[int, int] = Remembered(2)
    for key in (1, 2, 1, 3):
        values.put(key, key)
    assert [values.get(key) for key in (1, 2, 3)] == [1, None, 3]


def test_only_the_value_that_was_wrong_is_forgotten() -> None:
    """Another one may have taken its place meanwhile."""
    values: Remembered[str, str] = Remembered(2)
    values.put("a", "new")
    values.forget("a", "old")
    assert values.get("a") == "new"
    values.forget("a", "new")
    assert values.get("a") is None
    values.forget("a", "new")
    values.forget("nothing", "new")


@pytest.mark.parametrize("answer", ["answer", None])
async def test_an_answer_is_asked_for_once(clock: Clock, answer: str | None) -> None:
    """However many wait for it at once, or come as long as it counts; None is one as well."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.answer = answer
    ask = asks(source, values)
    assert await asyncio.gather(*(ask() for _ in range(9))) == [answer] * 9
    clock.now = 9.9
    assert (await ask(), source.asked) == (answer, 1)
    clock.now = 10
    assert (await ask(), source.asked) == (answer, 2)


async def test_an_answer_for_no_time_serves_those_who_wait() -> None:
    """And nobody who comes later."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.seconds = 0
    ask = asks(source, values)
    await asyncio.gather(*(ask() for _ in range(9)))
    assert source.asked == 1
    await ask()
    assert source.asked == 2


async def test_an_error_is_everybody_s_who_waits() -> None:
    """They don't fail one after another, each after the patience of one; the next one asks."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.answer = ValueError("away")
    ask = asks(source, values)
    errors = await asyncio.gather(*(ask() for _ in range(9)), return_exceptions=True)
    assert errors == [source.answer] * 9
    assert source.asked == 1
    source.answer = "answer"
    assert await ask() == "answer"


async def test_an_error_that_nobody_waits_for_is_not_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The request that has asked has it."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.answer = ValueError("away")
    with pytest.raises(ValueError, match="away"):
        await values.get_or_ask("key", source)
    gc.collect()
    assert caplog.records == []


async def test_if_the_one_who_asks_goes_away_another_one_asks() -> None:
    """A client that closes its connection costs the others nothing."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.let.clear()
    tasks = [asyncio.ensure_future(asks(source, values)()) for _ in range(3)]
    await waiting(*tasks)
    tasks[0].cancel()
    await waiting(*tasks)
    assert source.asked == 2
    source.let.set()
    assert await asyncio.gather(*tasks[1:]) == ["answer"] * 2
    assert tasks[0].cancelled()


async def test_one_who_waits_and_goes_away_takes_nothing_along() -> None:
    """The others get what was asked for."""
    values: Remembered[str, str | None] = Remembered(2)
    source = Source()
    source.let.clear()
    tasks = [asyncio.ensure_future(asks(source, values)()) for _ in range(3)]
    await waiting(*tasks)
    tasks[1].cancel()
    source.let.set()
    assert await tasks[0] == await tasks[2] == "answer"
    assert tasks[1].cancelled()
    assert source.asked == 1


async def test_different_keys_do_not_wait_for_one_another() -> None:
    """One slow answer holds nobody else up."""
    values: Remembered[str, str | None] = Remembered(2)
    slow, fast = Source(), Source()
    slow.let.clear()
    waits = asyncio.ensure_future(values.get_or_ask("slow", slow))
    await waiting()
    assert await values.get_or_ask("fast", fast) == "answer"
    slow.let.set()
    assert await waits == "answer"
