"""Whose an assertion is: what the services of a cloud are told, and who may ask."""

import json
import time
from typing import Any

import pytest
from gateway.backend import Connection, Received, saying
from gateway.credentials import reload
from gateway.keystone import OURS, Keystone, token
from gateway.played import Answered, Clouds
from gateway.trust.vouching import BACK, SCOPE, TOKEN, Vouching, why

FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def alice(clouds: Clouds) -> Vouching:
    """Return what CloudOne's gateway says of alice."""
    return Vouching(clouds)


async def stamped(alice: Vouching) -> str:
    """Return the token that a service of CloudTwo has got."""
    await alice.present(alice.assertion())
    return alice.received("CloudTwo")


async def test_a_service_sees_what_the_rules_of_trust_make_of_it(alice: Vouching) -> None:
    """A marked user, the project here of the same name, mapped roles; home is not asked."""
    answered = await alice.whose(await stamped(alice))
    assert answered.status == 200
    seen = json.loads(answered.body)["token"]
    assert seen["user"]["name"] == "alice@CloudOne"
    assert seen["project"]["id"] == OURS
    assert [role["name"] for role in seen["roles"]] == ["member", "reader"]
    assert seen["catalog"]
    assert alice.clouds.backends["CloudOne"]["identity"].requests == []


async def test_one_without_a_stamp_is_nobody_s(alice: Vouching) -> None:
    """Not even a service of this cloud could have it from anywhere but past the gateway."""
    for subject in (alice.assertion(), f"{alice.assertion()}~{'A' * 22}"):
        answered = await alice.whose(f"{subject}!SCOPE!{SCOPE}")
        assert "has not come by the gateway" in why(answered, 404)


async def test_one_that_an_older_gateway_here_has_let_in_is_its_user_s(alice: Vouching) -> None:
    """As long as tokens of its issuer are taken, so that no upgrade ends what goes on."""
    alice.clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    await reload(alice.clouds)
    answered = await alice.whose(f"{alice.assertion()}!SCOPE!{SCOPE}")
    assert answered.status == 200
    others = (
        f"{alice.assertion()}~{'A' * 22}",
        alice.assertion(aud="CloudThree"),
        alice.assertion(presenter="CloudThree"),
        alice.assertion("CloudTwo"),
    )
    for other in others:
        answered = await alice.whose(f"{other}!SCOPE!{SCOPE}")
        assert "has not come by the gateway" in why(answered, 404)


async def test_who_may_not_ask_is_not_told(alice: Vouching) -> None:
    """Keystone decides it: the role service, or reader on the system."""
    subject = await stamped(alice)
    keystone = Keystone(token())

    async def policy(received: Received, connection: Connection) -> None:
        own = received.values("x-auth-token") != ["a-service-s-own"]
        await (keystone if own else saying(FORBIDDEN))(received, connection)

    identity = alice.clouds.backends["CloudTwo"]["identity"]
    identity.apart, identity.answer = (lambda _: None), policy
    assert "lets only services ask" in why(await alice.whose(subject), 403)


async def test_a_service_may_only_ask(alice: Vouching) -> None:
    """To revoke the token is its user's affair, at home."""
    subject = await stamped(alice)
    asking = (f"X-Subject-Token: {subject}", "X-Auth-Token: a-service-s-own")
    answered = await alice.clouds.ask(
        "CloudTwo", "identity", "/v3/auth/tokens", *asking, method="DELETE"
    )
    assert "by GET or HEAD" in why(answered, 403)


async def test_one_that_is_over_is_nobody_s(alice: Vouching) -> None:
    """But for a service that has begun with it, and says so."""
    await alice.present(alice.assertion(exp=int(time.time()) - 5))
    subject = alice.received("CloudTwo")
    assert "it is over" in why(await alice.whose(subject), 404)
    asking = (f"X-Subject-Token: {subject}", "X-Auth-Token: a-service-s-own")
    path = "/v3/auth/tokens?allow_expired=1"
    assert (await alice.clouds.ask("CloudTwo", "identity", path, *asking)).status == 200


async def test_home_s_own_service_sees_its_own_user(alice: Vouching) -> None:
    """As the Keystone here has him: by name and id, whoever has brought it back."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    answered = await alice.whose(alice.received("CloudOne"), "CloudOne")
    seen = json.loads(answered.body)["token"]
    assert seen["user"]["name"] == "alice"
    assert [role["name"] for role in seen["roles"]] == ["member"]


async def old_gateway_asks(alice: Vouching, assertion: str) -> Answered:
    """Ask the issuer whose an assertion is, as CloudTwo's gateway of an older release does."""
    where: Any = {"at": "CloudOne", "service": "identity", "path": "/v3/auth/tokens"}
    return await alice.present(assertion, by="CloudTwo", subject=assertion, **where)


async def test_a_gateway_of_an_older_release_asks_the_issuer(alice: Vouching) -> None:
    """It knows no assertions, and asks about one as about any token: it is told as ever.

    An old worker that goes on beside a new one also gets what the new one has stamped.
    """
    for assertion in (alice.assertion(), (await stamped(alice)).partition("!SCOPE!")[0]):
        answered = await old_gateway_asks(alice, assertion)
        assert answered.status == 200
        assert json.loads(answered.body)["token"]["user"]["name"] == "alice"


async def test_another_gateway_is_not_told(alice: Vouching) -> None:
    """Whoever has seen an assertion that is for another cloud."""
    answered = await old_gateway_asks(alice, alice.assertion(aud="CloudSix"))
    assert "not for the gateway of CloudTwo to ask about" in why(answered, 404)


async def test_a_client_with_a_bare_one_is_not_told(alice: Vouching) -> None:
    """Nothing proves that it is a gateway."""
    answered = await alice.whose(f"{alice.assertion()}!SCOPE!{SCOPE}", "CloudOne")
    assert "has not come by the gateway" in why(answered, 404)


async def test_an_unknown_issuer_s_is_nobody_s(alice: Vouching) -> None:
    """Its operator has trusted it when it came, and does no longer."""
    subject = await stamped(alice)
    del alice.clouds.document["clouds"]["CloudTwo"]["trust"]
    await reload(alice.clouds)
    assert "does not accept tokens of CloudOne" in why(await alice.whose(subject), 404)


async def test_what_keystone_has_revoked_is_nobody_s_at_home(alice: Vouching) -> None:
    """Home's services ask home's Keystone, whoever has brought the assertion back."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    subject = alice.received("CloudOne")
    account, users = Keystone(token()), Keystone({}, "404 Not Found")

    async def revoked(received: Received, connection: Connection) -> None:
        of_user = received.values("x-subject-token") == [TOKEN]
        await (users if of_user else account)(received, connection)

    identity = alice.clouds.backends["CloudOne"]["identity"]
    identity.apart, identity.answer = (lambda _: None), revoked
    await reload(alice.clouds)  # what was remembered is forgotten
    answered = await alice.whose(subject, "CloudOne")
    assert "has expired or was revoked" in why(answered, 404)
