"""A cloud asks another one, by both gateways, whether assertions of that one still stand."""

import asyncio
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from gateway.backend import Backend
from gateway.credentials import reload
from gateway.equipped import know_nobody
from gateway.played import Answered, Clouds
from gateway.trust.vouching import TOKEN, Vouching, why

from openstackoid.identity.confirmation import MAX_QUESTION, PATH, Asked, question, said_in
from openstackoid.identity.issuer_secrets import completed
from openstackoid.identity.keys import assertion_signers

ASKING = '{"*":"CloudTwo","identity":"CloudOne"}'


@pytest.fixture
def alice(clouds: Clouds) -> Vouching:
    """Return what CloudOne's gateway says of alice."""
    return Vouching(clouds)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  (what others do in this loop is waited for)
            await asyncio.sleep(0.01)


def later(clouds: Clouds, seconds: float) -> None:
    """Let so many seconds pass for the confirmations of CloudTwo."""
    confirming = clouds.gateways["CloudTwo"].confirming
    before = confirming.clock
    confirming.clock = lambda: before() + seconds


def answered(logged: io.StringIO) -> int:
    """Return how many questions CloudOne's gateway has answered."""
    events = [json.loads(line) for line in logged.getvalue().splitlines()]
    return sum(e["event"] == "request" and e["path"].endswith(PATH) for e in events)


async def stamped(alice: Vouching, assertion: str | None = None) -> str:
    """Return the token that a service of CloudTwo has got from alice, by CloudOne's gateway."""
    assert (await alice.present(assertion or alice.assertion())).status == 200
    return alice.received("CloudTwo").partition("!SCOPE!")[0]


async def go_on(alice: Vouching, token: str) -> Answered:
    """Let a service of CloudTwo call another one with what it has got."""
    return await alice.present(token, by=None)


async def test_what_was_revoked_at_home_is_refused(
    alice: Vouching, clouds: Clouds, logged: io.StringIO
) -> None:
    """As soon as home was asked; a service that asks whose it is is told 404."""
    assertion = alice.assertion()
    token = await stamped(alice, assertion)
    assert (await go_on(alice, token)).status == 200
    assert answered(logged) == 0  # its issuer has just brought it
    know_nobody(clouds, "CloudOne")
    later(clouds, 35)
    assert (await go_on(alice, token)).status == 200  # asked about in the background
    await until(lambda: "assertions revoked" in logged.getvalue())
    assert "CloudOne says that it was revoked; log in again" in why(await go_on(alice, token))
    assert "it was revoked" in why(await alice.whose(f"{token}!SCOPE!{ASKING}"), 404)
    await reload(clouds)  # which forgets nothing of it
    assert "it was revoked" in why(await go_on(alice, token))
    assert "it was revoked" in why(await alice.present(assertion))
    assert answered(logged) == 1


async def test_one_that_was_idle_waits_for_the_answer(
    alice: Vouching, clouds: Clouds, logged: io.StringIO
) -> None:
    """So it is refused at its first use, however long ago home has confirmed it."""
    token = await stamped(alice)
    know_nobody(clouds, "CloudOne")
    later(clouds, 600)
    assert "it was revoked" in why(await go_on(alice, token))


async def test_one_that_lives_is_confirmed(
    alice: Vouching, clouds: Clouds, logged: io.StringIO
) -> None:
    """And for half a minute nothing is asked."""
    token = await stamped(alice)
    later(clouds, 600)
    for _ in range(3):
        assert (await go_on(alice, token)).status == 200
        assert (await alice.whose(f"{token}!SCOPE!{ASKING}")).status == 200
    assert answered(logged) == 1


async def test_a_question_after_a_reload_is_asked_with_the_new_keys(
    alice: Vouching, clouds: Clouds, logged: io.StringIO
) -> None:
    """What was confirmed before is remembered."""
    token = await stamped(alice)
    await reload(clouds)
    later(clouds, 600)
    assert (await go_on(alice, token)).status == 200
    assert answered(logged) == 1


async def test_home_that_is_away_is_waited_for_once(
    alice: Vouching, clouds: Clouds, logged: io.StringIO
) -> None:
    """An assertion goes on for `offline`, and is then 503 and never 404; back, it lives."""
    rules = clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"] | {"offline": "10m"}
    clouds.document["clouds"]["CloudTwo"]["trust"] = {"CloudOne": rules}
    token = await stamped(alice)
    clouds.document["clouds"]["CloudOne"]["connect"] = "127.0.0.9"  # where nobody listens
    await reload(clouds)
    later(clouds, 599)
    assert (await go_on(alice, token)).status == 200
    later(clouds, 2)
    for refused in (await go_on(alice, token), await alice.whose(f"{token}!SCOPE!{ASKING}")):
        message = why(refused, 503)
        assert "CloudOne has not confirmed since" in message
        assert "clouds.CloudTwo.trust.CloudOne.offline" in message
    del clouds.document["clouds"]["CloudOne"]["connect"]
    await reload(clouds)
    later(clouds, 60)
    assert (await go_on(alice, token)).status == 200
    assert "assertions confirmed again" in logged.getvalue()


def one(alice: Vouching, **changes: Any) -> Asked:
    """Return what CloudTwo may ask about an assertion."""
    key = alice.keys("CloudOne").assertion
    assert key is not None
    claims = completed(alice.claims(**changes), TOKEN, key)
    return Asked(claims.jti, claims.presenter, claims.own)


async def asks(alice: Vouching, body: bytes, by: str | None = "CloudTwo") -> Answered:
    """Ask CloudOne's gateway, as another one does, or a client."""
    where: dict[str, Any] = {"at": "CloudOne", "service": "identity", "path": PATH}
    return await alice.present("", by=by, scope=ASKING, method="POST", body=body, **where)


def said(alice: Vouching, body: bytes, answer: Answered) -> str:
    """Return the letters of a signed answer."""
    assert answer.status == 200, answer.body
    signers = assertion_signers([alice.keys("CloudOne").public])
    return said_in(json.loads(answer.body)["answer"], body, "CloudOne", "CloudTwo", signers)


async def test_nothing_is_said_of_what_the_asker_was_not_given(alice: Vouching) -> None:
    """Of another cloud's assertion, of changed ones, and of what is none."""
    good = one(alice)
    body = question(
        [
            good,
            one(alice, aud="CloudSix"),
            one(alice, aud="CloudOne"),
            good._replace(presenter="CloudTwo"),
            good._replace(jti="A" * 22),
            good._replace(own=good.own[:-2]),
            good._replace(own=""),
            good._replace(own="ö"),
        ],
        b"n" * 16,
    )
    assert said(alice, body, await asks(alice, body)) == "luuuuuuu"


async def test_only_a_gateway_with_a_proof_and_keys_is_answered(
    alice: Vouching, clouds: Clouds
) -> None:
    """A client's question is Keystone's affair, which knows no such path."""
    body = question([one(alice)], b"n" * 16)
    identity: Backend = clouds.backends["CloudOne"]["identity"]
    assert (await asks(alice, body, by=None)).body == b"ok"
    assert len(identity.requests) == 1
    keys = alice.keys("CloudTwo")
    del clouds.document["clouds"]["CloudTwo"]["keys"]
    clouds.document["clouds"]["CloudTwo"]["own"].pop("keys")
    await reload(clouds)
    alice.keys = lambda cloud: keys  # type: ignore[method-assign]
    assert "nothing proves that the gateway of CloudTwo asks" in why(await asks(alice, body))
    assert len(identity.requests) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{}", 400), (b"[" * 5000, 400), (b" " * (MAX_QUESTION + 1), 413)],
)
async def test_what_is_no_question_is_refused(
    alice: Vouching, clouds: Clouds, body: bytes, status: int
) -> None:
    """Nor is it Keystone's to read."""
    assert (await asks(alice, body)).status == status
    assert clouds.executed == 0


@pytest.mark.parametrize("rate", [1])
async def test_a_question_counts_as_the_work_that_it_makes(alice: Vouching) -> None:
    """A gateway that asks about very much is asked to slow down."""
    body = question([one(alice)._replace(own="A" * 1900)] * 500, b"n" * 16)
    assert [(await asks(alice, body)).status for _ in range(2)] == [200, 429]
