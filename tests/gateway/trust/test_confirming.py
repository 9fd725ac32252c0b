"""When an issuer is asked about its assertions, who waits for it, and what is made of answers."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from gateway.trust.test_confirmed import claims

from openstackoid.federation.trust import Trust
from openstackoid.gateway.trust.confirmed import Times
from openstackoid.gateway.trust.confirming import Confirming
from openstackoid.identity.assertion import BadAssertionError
from openstackoid.identity.confirmation import MOST, Asked, BadConfirmationError
from openstackoid.routing import Refusal

RULES = Trust.model_validate({"projects": "same-id", "roles": {"a": "b"}, "offline": "10m"})
AT_ONCE = Times(interval=0, hurried=0, wait=1000)
"""Questions at once; whoever waits for an answer that does not come, fails the test."""


@dataclass
class Issuer:
    """An issuer that is played: it answers each question when it is let, as it is told."""

    says: Callable[[str], str] = lambda _: "l"
    questions: list[list[str]] = field(default_factory=list)
    away: bool = False
    may: asyncio.Event = field(default_factory=asyncio.Event)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.may.set()

    async def ask(self, issuer: str, asked: Sequence[Asked]) -> str:
        """Answer a question."""
        self.questions.append([one.jti for one in asked])
        await self.may.wait()
        if self.away:
            raise BadConfirmationError("it is away")
        return "".join(self.says(one.jti) for one in asked)


Use = Callable[..., Awaitable[None]]


@pytest.fixture
def times() -> Times:
    """Return times by which an issuer may be asked at once."""
    return AT_ONCE


@pytest.fixture
def issuer() -> Issuer:
    """Return the issuer."""
    return Issuer()


@pytest.fixture
async def confirming(issuer: Issuer, times: Times) -> AsyncIterator[Confirming]:
    """Yield what asks it; its clock is the issuer's, which a test sets."""
    confirming = Confirming("Two", issuer.ask, times, lambda: issuer.now)
    yield confirming
    await confirming.close()


@pytest.fixture
def use(confirming: Confirming) -> Use:
    """Return how to use an assertion by its id, as its issuer brings it or as others do."""

    async def use(jti: str = "a", rules: Trust | None = RULES, **more: Any) -> None:
        async with asyncio.timeout(10):
            await confirming.check(claims(jti), rules, "image", **more)

    return use


async def settle() -> None:
    """Let everything go on that waits for nothing."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_its_issuer_has_just_brought_is_not_asked_about(
    use: Use, issuer: Issuer
) -> None:
    """For half a minute; then it is, in the background."""
    await use(brought=True)
    for issuer.now in (1000, 1029):
        await use()
        await settle()
        assert issuer.questions == []
    issuer.now = 1030
    issuer.may.clear()
    await use()  # which does not wait
    await settle()
    assert issuer.questions == [["a"]]
    issuer.now = 1034
    issuer.may.set()
    await settle()
    for issuer.now, questions in ((1059, 1), (1060, 2)):  # it was asked at 1030
        await use()
        await settle()
        assert len(issuer.questions) == questions


async def test_what_is_brought_again_is_not_asked_about(use: Use, issuer: Issuer) -> None:
    """A user who goes on working costs no questions."""
    for issuer.now in range(1000, 1300, 25):
        await use(brought=True)
        await use()
    await settle()
    assert issuer.questions == []


async def test_one_from_a_third_cloud_is_asked_about_at_once(use: Use, issuer: Issuer) -> None:
    """Nobody has confirmed it; the request that brings it does not wait."""
    issuer.says = lambda _: "r"
    await use()
    await settle()
    with pytest.raises(BadAssertionError):
        await use()


async def test_one_that_was_idle_is_waited_for(use: Use, issuer: Issuer) -> None:
    """All requests with it wait for one question."""
    await use(brought=True)
    issuer.now = 1041
    issuer.says = lambda _: "r"
    results = await asyncio.gather(*(use() for _ in range(50)), return_exceptions=True)
    assert all(isinstance(result, BadAssertionError) for result in results)
    assert issuer.questions == [["a"]]


@pytest.mark.parametrize("brought", [False, True])
async def test_a_revoked_one_is_out_however_it_comes(
    use: Use, issuer: Issuer, *, brought: bool
) -> None:
    """Another worker of its issuer may have brought it by what it remembers."""
    issuer.says = lambda _: "r"
    await use()
    await settle()
    with pytest.raises(BadAssertionError, match="One says that it was revoked; log in again"):
        await use(brought=brought)
    await use("b", brought=True)


async def test_many_are_one_question(use: Use, issuer: Issuer) -> None:
    """Of so many at most; the others are in the next one."""
    issuer.may.clear()
    for n in range(MOST + 2):
        await use(f"{n}")
    await settle()
    issuer.may.set()
    await settle()
    assert [len(question) for question in issuer.questions] == [MOST, 2]
    asked = [jti for question in issuer.questions for jti in question]
    assert sorted(asked) == sorted(f"{n}" for n in range(MOST + 2))


@pytest.mark.parametrize("times", [Times(hurried=0)])
async def test_questions_have_some_seconds_between_them(use: Use, issuer: Issuer) -> None:
    """But for one that a request waits for."""
    await use("first")
    await settle()
    issuer.now += 1
    await use("second")
    await settle()
    assert issuer.questions == [["first"]]
    issuer.now += 15  # the second one is now as old as one that is waited for
    await use("second")
    assert issuer.questions == [["first"], ["second"]]


@pytest.mark.parametrize("times", [Times(interval=0, hurried=0, wait=0.01)])
async def test_nobody_waits_longer_than_some_seconds(use: Use, issuer: Issuer) -> None:
    """A link may swallow the question; it has not failed yet."""
    await use(brought=True)
    issuer.now += 100
    issuer.may.clear()
    await use()
    assert issuer.questions == [["a"]]


async def test_after_no_answer_nobody_waits_for_a_while(use: Use, issuer: Issuer) -> None:
    """Of that issuer; the questions go on in the background."""
    await use("a", brought=True)
    await use("b", brought=True)
    issuer.now += 100
    issuer.away = True
    await use("a")
    issuer.may.clear()  # whoever waits now, waits for ever
    for seconds in (0, 1, 28):
        issuer.now += seconds
        await use("b")
    await settle()
    assert issuer.questions == [["a"], ["b"]]
    issuer.away = False
    issuer.may.set()
    await settle()
    issuer.now += 100
    issuer.says = lambda _: "r"
    with pytest.raises(BadAssertionError):
        await use("b")  # it has answered since


async def test_one_of_which_the_issuer_knows_nothing_is_not_waited_for_again(
    use: Use, issuer: Issuer
) -> None:
    """Its keys were rotated; others are waited for."""
    issuer.says = lambda jti: "u" if jti == "a" else "r"
    for jti in ("a", "b"):
        await use(jti, brought=True)
    issuer.now += 100
    await use("a")
    issuer.may.clear()
    await use("a")
    issuer.may.set()
    with pytest.raises(BadAssertionError):
        await use("b")


async def test_what_is_waited_for_is_asked_about_first(use: Use, issuer: Issuer) -> None:
    """However much is on the list before."""
    await use("idle", brought=True)
    issuer.may.clear()
    await use("first")
    await settle()
    for n in range(MOST + 1):
        await use(f"{n}")
    issuer.now += 41
    waiting = asyncio.ensure_future(use("idle"))
    await settle()
    issuer.may.set()
    await waiting
    assert issuer.questions[1][0] == "idle"


@pytest.mark.parametrize("times", [Times(interval=1000, hurried=1000, wait=1000)])
async def test_when_one_question_fails_nobody_waits_for_the_next(use: Use, issuer: Issuer) -> None:
    """It would fail, too."""
    await use("idle", brought=True)
    issuer.may.clear()
    await use("first")
    await settle()
    issuer.now += 100
    waiting = asyncio.ensure_future(use("idle"))
    await settle()
    issuer.away = True
    issuer.may.set()
    await waiting
    assert issuer.questions == [["first"]]


async def test_a_question_is_for_no_request(use: Use, issuer: Issuer) -> None:
    """What is noted while it is asked is not in the record of the request that was the first."""
    request: ContextVar[str] = ContextVar("request", default="none")
    seen: list[str] = []

    def says(_: str) -> str:
        seen.append(request.get())
        return "l"

    issuer.says = says
    request.set("the first")
    await use()
    await settle()
    assert seen == ["none"]


async def test_without_an_answer_it_ends(use: Use, issuer: Issuer, logged: io.StringIO) -> None:
    """After what the operator has said: 503, since services keep a 404; said once in the log."""
    issuer.away = True
    await use(brought=True)
    for issuer.now in range(1040, 1601, 40):
        await use()
        await settle()
    issuer.now = 1601
    with pytest.raises(Refusal, match="One has not confirmed since") as refusal:
        await use()
    assert refusal.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "clouds.Two.trust.One.offline" in str(refusal.value)
    assert 0 < logged.getvalue().count("assertions not confirmed") <= 3
    issuer.away = False
    issuer.now += 31
    await use()  # home is back
    assert "assertions confirmed again" in logged.getvalue()


async def test_one_that_was_never_confirmed_ends_as_well(use: Use, issuer: Issuer) -> None:
    """So long after it was first seen."""
    issuer.away = True
    await use()
    issuer.now += 600
    await use()
    issuer.now += 1
    with pytest.raises(Refusal, match="One has never confirmed here since"):
        await use()


@pytest.mark.parametrize("answer", ["", "ll", "rl"])
async def test_an_answer_of_another_length_is_none(
    use: Use, issuer: Issuer, answer: str, logged: io.StringIO
) -> None:
    """Nobody can tell which letter is for which."""
    issuer.says = lambda _: answer
    await use()
    await settle()
    await use()
    assert "fewer or more assertions" in logged.getvalue()


async def test_who_is_not_trusted_is_not_asked(use: Use, issuer: Issuer) -> None:
    """Nor is anything remembered of it: nobody lets its users in."""
    await use(rules=None)
    await use(rules=None, brought=True)
    await settle()
    assert issuer.questions == []


async def test_nothing_runs_while_nothing_is_asked(confirming: Confirming, use: Use) -> None:
    """A task ends with the last answer, and a new one begins with the next question."""
    before = asyncio.all_tasks()
    await use()
    assert asyncio.all_tasks() - before
    await settle()
    assert asyncio.all_tasks() == before


async def test_a_client_that_leaves_takes_nobody_along(use: Use, issuer: Issuer) -> None:
    """The question that it waited for is for the others, too."""
    await use(brought=True)
    issuer.now += 100
    issuer.may.clear()
    one, other = (asyncio.ensure_future(use()) for _ in range(2))
    await settle()
    one.cancel()
    issuer.may.set()
    await other
    assert issuer.questions == [["a"]]


@pytest.mark.parametrize("times", [Times(interval=0.05, hurried=0.05)])
async def test_no_question_is_asked_about_nothing(use: Use, issuer: Issuer) -> None:
    """What was on the list has come from its issuer before its turn."""
    before = asyncio.all_tasks()
    await use("first")
    await settle()
    await use("second")
    await settle()
    await use("second", brought=True)
    issuer.now += 1
    while asyncio.all_tasks() != before:  # noqa: ASYNC110  (it is the end of a task)
        await asyncio.sleep(0.01)
    assert issuer.questions == [["first"]]


async def test_what_is_brought_while_it_is_waited_for_goes_on(use: Use, issuer: Issuer) -> None:
    """Its issuer's request says more than its answer would."""
    await use(brought=True)
    issuer.now += 100
    issuer.may.clear()
    waiting = asyncio.ensure_future(use())
    await settle()
    await use(brought=True)
    await waiting


async def test_what_cannot_be_asked_about_is_not_taken(
    use: Use, issuer: Issuer, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a cloud could hide a revoked one behind very many of a user who still stands."""
    monkeypatch.setattr("openstackoid.gateway.trust.confirming.MOST", 3)
    issuer.may.clear()
    await use("asked")
    await settle()
    for number in range(3):
        await use(f"waits-{number}")
    with pytest.raises(Refusal) as caught:
        await use("revoked")
    assert caught.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert b"try again in a minute" in caught.value.body
    assert "wait here to be asked about" in logged.getvalue()
    issuer.may.set()
