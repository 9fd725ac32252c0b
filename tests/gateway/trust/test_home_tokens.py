"""What the gateway remembers of the answers of its Keystone about tokens."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import pytest
from gateway.trust.clock import Clock

from openstackoid.gateway.trust import home_tokens, remembered
from openstackoid.gateway.trust.home_tokens import ASKERS, KNOWN, UNKNOWN, HomeTokens
from openstackoid.gateway.trust.service_account import AccountError, ServiceAccount


class Played:
    """A Keystone with an answer, which counts how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.document: Any = {"token": {"expires_at": "2099-01-01T00:00:00.000000Z"}}
        self.asked_with: list[tuple[str, str]] = []

    async def asked(self, path: str, headers: Sequence[tuple[str, str]]) -> tuple[int, Any]:
        """Answer to the account."""
        self.asked_with.append((path, dict(headers)["X-Subject-Token"]))
        await asyncio.sleep(0)
        return self.status, self.document

    async def answered(self, path: str, token: str) -> int:
        """Answer to another token."""
        self.asked_with.append((path, token))
        return self.status


@pytest.fixture
def keystone() -> Played:
    """Return a Keystone."""
    return Played()


@pytest.fixture
def tokens(keystone: Played) -> HomeTokens:
    """Return what asks it."""
    return HomeTokens(cast(ServiceAccount, keystone))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of what is remembered, at 1000 s."""
    clock = Clock(monkeypatch, home_tokens, remembered)
    clock.now = 1000.0
    return clock


@pytest.mark.parametrize(("status", "seconds"), [(200, KNOWN), (404, UNKNOWN)])
async def test_an_answer_is_remembered_so_long(
    tokens: HomeTokens, keystone: Played, clock: Clock, status: int, seconds: float
) -> None:
    """A token that is revoked is refused from then on; one that is unknown may come to life."""
    keystone.status = status
    for elapsed, asked in ((0, 1), (seconds - 1, 1), (seconds, 2)):
        clock.now = 1000 + elapsed
        assert (await tokens.document("t") is None) is (status == 404)
        assert len(keystone.asked_with) == asked


async def test_an_answer_is_not_remembered_beyond_the_token(
    tokens: HomeTokens, keystone: Played, clock: Clock
) -> None:
    """What has expired meanwhile makes no assertion."""
    keystone.document = {"token": {"expires_at": "1970-01-01T00:16:45.000000Z"}}  # 1005 s
    await tokens.document("t")
    clock.now += 5
    await tokens.document("t")
    assert len(keystone.asked_with) == 2


async def test_requests_at_once_ask_once(tokens: HomeTokens, keystone: Played) -> None:
    """A hundred requests with a new token are one question."""
    await asyncio.gather(*(tokens.document("t") for _ in range(100)))
    assert len(keystone.asked_with) == 1


async def test_a_late_answer_is_another_one(tokens: HomeTokens, keystone: Played) -> None:
    """A token that has expired is valid for services that go on with it alone."""
    await tokens.document("t")
    await tokens.document("t", late=True)
    assert [path.endswith("allow_expired=1") for path, _ in keystone.asked_with] == [False, True]


async def test_other_answers_are_the_operator_s_affair(
    tokens: HomeTokens, keystone: Played
) -> None:
    """They say nothing about the token, and are not remembered."""
    for keystone.status in (401, 403, 500, 503):
        with pytest.raises(AccountError):
            await tokens.document("t")
    keystone.status = 200
    assert await tokens.document("t") is not None


@pytest.mark.parametrize(
    "document", [None, [], {}, "token", {"token": None}, {"token": []}, {"token": "t"}]
)
async def test_a_success_that_is_no_token_is_the_operator_s_affair(
    tokens: HomeTokens, keystone: Played, document: object
) -> None:
    """As one of a proxy before Keystone; nothing is known of the token, or remembered."""
    with_one, keystone.document = keystone.document, document
    with pytest.raises(AccountError, match="gave no document of one"):
        await tokens.document("t")
    keystone.document = with_one
    assert await tokens.document("t") == with_one


@pytest.mark.parametrize("end", [None, "soon", 5])
async def test_an_answer_that_does_not_say_when_it_ends_is_not_remembered(
    tokens: HomeTokens, keystone: Played, end: object
) -> None:
    """It could be over at any time."""
    keystone.document = {"token": {"expires_at": end}}
    for _ in range(2):
        assert await tokens.document("t") == keystone.document
    assert len(keystone.asked_with) == 2


async def test_whether_one_may_ask_is_not_said_by_a_keystone_that_fails(
    tokens: HomeTokens, keystone: Played
) -> None:
    """The service is not refused: it asks again, as it would ask Keystone."""
    keystone.status = 503
    with pytest.raises(AccountError, match="answered 503 to a service"):
        await tokens.may_ask("t")
    keystone.status = 200
    assert await tokens.may_ask("t") == HTTPStatus.OK


async def test_keystone_decides_who_may_ask(
    tokens: HomeTokens, keystone: Played, clock: Clock
) -> None:
    """It is remembered for a minute that one may, and for a moment that one may not."""
    for keystone.status, seconds in ((200, ASKERS), (403, UNKNOWN), (401, UNKNOWN)):
        token = f"of {keystone.status}"
        assert await tokens.may_ask(token) == HTTPStatus(keystone.status)
        before = len(keystone.asked_with)
        clock.now += seconds - 1
        await tokens.may_ask(token)
        assert len(keystone.asked_with) == before
        clock.now += 1
        await tokens.may_ask(token)
        assert len(keystone.asked_with) == before + 1


async def test_what_was_asked_about_first_is_forgotten_first(
    keystone: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender of many tokens fills no memory."""
    monkeypatch.setattr(home_tokens, "MAX_TOKENS", 2)
    tokens = HomeTokens(cast(ServiceAccount, keystone))
    for token in ("a", "b", "c", "c", "b", "a"):
        await tokens.document(token)
    assert [token for _, token in keystone.asked_with] == ["a", "b", "c", "a"]


async def test_a_refusal_is_about_the_token_once_the_account_has_been_answered(
    tokens: HomeTokens, keystone: Played
) -> None:
    """Keystone says 403 of a trust's token whose trustor is disabled: that one is revoked."""
    keystone.status = 403
    with pytest.raises(AccountError):
        await tokens.document("of a trust")
    keystone.status = 200
    assert await tokens.document("another") is not None
    keystone.status = 403
    assert await tokens.document("of a trust") is None
