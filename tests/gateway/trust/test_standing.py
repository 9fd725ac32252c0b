"""What an issuer says of its assertions, by its Keystone, and how much it works for that."""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import pytest
from gateway.trust.test_confirmed import claims
from msgspec import structs

from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.service_account import AccountError, ServiceAccount
from openstackoid.gateway.trust.standing import AT_ONCE, QUESTIONS, Standing
from openstackoid.identity.confirmation import MOST, Asked, question, said_in
from openstackoid.identity.issuer_secrets import completed
from openstackoid.identity.keys import assertion_signers, make
from openstackoid.routing import Refusal

OLD, NEW = make(), make()
SIGNERS = assertion_signers([NEW.public])


class Keystone:
    """A Keystone that is played: the status that it gives for each token."""

    def __init__(self) -> None:
        self.statuses: dict[str, int] = {}
        self.asked_about: list[str] = []
        self.at_once = self.most_at_once = 0
        self.may = asyncio.Event()
        self.may.set()

    async def asked(self, path: str, headers: Any) -> tuple[int, dict[str, Any]]:
        """Answer to the account; an unknown token is 404."""
        token = dict(headers)["X-Subject-Token"]
        assert path.endswith("&allow_expired=1")
        self.asked_about.append(token)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        status = self.statuses.get(token, 404)
        if status < 0:
            raise AccountError("Keystone cannot be reached")
        return status, {"token": {"expires_at": "2099-01-01T00:00:00.000000Z"}}


@pytest.fixture
def keystone() -> Keystone:
    """Return a Keystone."""
    return Keystone()


@pytest.fixture
def standing(keystone: Keystone) -> Standing:
    """Return who answers for One, which has a new key beside the old one."""
    keys = [pair.assertion for pair in (NEW, OLD) if pair.assertion]
    return Standing("One", keys, HomeTokens(cast("ServiceAccount", keystone)), seconds=0.2)


def given(token: str, pair: Any = NEW, aud: str = "Two", presenter: str = "One") -> Asked:
    """Return what a cloud may ask about an assertion that it was given for a token."""
    claim = structs.replace(claims(), aud=aud, presenter=presenter, own="", jti="")
    made = completed(claim, token, pair.assertion)
    return Asked(made.jti, made.presenter, made.own)


async def said(standing: Standing, *asked: Asked, by: str = "Two") -> str:
    """Return what is said to a cloud."""
    body = question(asked, b"n" * 16)
    return said_in(await standing.answer(by, body), body, "One", by, SIGNERS)


async def test_keystone_says_what_stands(standing: Standing, keystone: Keystone) -> None:
    """By 404, and by 403 once it has answered the account; what it does not say is unknown."""
    keystone.statuses = {"lives": 200, "broken": 500, "forbidden": 403, "lost": 401, "away": -1}
    tokens = ("lives", "revoked", "broken", "forbidden", "lost", "away")
    assert await said(standing, *map(given, tokens)) == "lruruu"


async def test_what_the_old_key_has_made_is_known(standing: Standing, keystone: Keystone) -> None:
    """While keys are exchanged; a key that is taken out makes it unknown, and revokes nobody."""
    keystone.statuses = {"lives": 200}
    assert await said(standing, given("lives", OLD), given("lives", make())) == "lu"


async def test_who_was_not_given_it_learns_nothing(standing: Standing, keystone: Keystone) -> None:
    """Keystone is not asked either; a third cloud is answered about what was given to it."""
    keystone.statuses = {"lives": 200}
    assert await said(standing, given("lives"), by="Three") == "u"
    changed = given("lives")._replace(presenter="Three")
    assert await said(standing, changed, given("lives", aud="Three")) == "uu"
    assert keystone.asked_about == []
    beyond = given("lives", aud="Three", presenter="Two")
    assert await said(standing, beyond, by="Three") == "l"


async def test_keystone_is_asked_about_few_tokens_at_a_time(
    standing: Standing, keystone: Keystone
) -> None:
    """However many a question has; a token in several assertions is one."""
    keystone.statuses = {f"{n}": 200 for n in range(50)}
    many = [given(f"{n % 50}", aud="Two", presenter="One") for n in range(MOST)]
    assert await said(standing, *many) == "l" * MOST
    assert len(keystone.asked_about) == 50
    assert keystone.most_at_once <= AT_ONCE


async def test_what_keystone_does_not_say_in_time_is_unknown(
    standing: Standing, keystone: Keystone
) -> None:
    """And nothing is asked any more on behalf of who has got the answer."""
    keystone.statuses = {"known": 200}
    assert await said(standing, given("known")) == "l"
    keystone.may.clear()
    others = [given(f"{n}") for n in range(2 * AT_ONCE)]
    assert await said(standing, given("known"), *others) == "l" + "u" * 2 * AT_ONCE
    keystone.may.set()
    asked = len(keystone.asked_about)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(keystone.asked_about) == asked


def test_a_cloud_has_so_many_questions_at_a_time(standing: Standing) -> None:
    """One that floods takes no place from another one, and gets its own again."""
    places = [standing.place("Two") for _ in range(QUESTIONS)]
    for place in places:
        place.__enter__()
    with pytest.raises(Refusal, match="ask less often") as refusal, standing.place("Two"):
        pass
    assert refusal.value.status == HTTPStatus.TOO_MANY_REQUESTS
    with standing.place("Three"):
        pass
    places[0].__exit__(None, None, None)
    with standing.place("Two"):
        pass


async def test_a_gateway_without_a_key_can_sign_no_answer(keystone: Keystone) -> None:
    """Its operator is told what to do."""
    standing = Standing("One", (), HomeTokens(cast("ServiceAccount", keystone)))
    with pytest.raises(Refusal, match="openstackoid federation keys") as refusal:
        await standing.answer("Two", question([given("t")], b"n" * 16))
    assert refusal.value.status == HTTPStatus.SERVICE_UNAVAILABLE
