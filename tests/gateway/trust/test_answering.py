"""Whose an assertion is: what the services of a cloud are told, and who may ask."""

import json
import time

import pytest
from gateway.backend import saying
from gateway.keystone import OURS, Keystone, token
from gateway.played import Clouds
from gateway.trust.vouching import BACK, SCOPE, Vouching, why

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


async def test_who_may_not_ask_is_not_told(alice: Vouching) -> None:
    """Keystone decides it: the role service, or reader on the system."""
    subject = await stamped(alice)
    keystone = Keystone(token())

    async def policy(received, connection):  # type: ignore[no-untyped-def]
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
    """As the Keystone here has him: by name, id and roles, whoever has brought it back."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    answered = await alice.whose(alice.received("CloudOne"), "CloudOne")
    seen = json.loads(answered.body)["token"]
    assert seen["user"]["name"] == "alice"
    assert [role["name"] for role in seen["roles"]] == ["member", "admin"]


async def test_a_gateway_of_an_older_release_asks_the_issuer(alice: Vouching) -> None:
    """Only the audience is told, and as home's Keystone says it."""
    scope = SCOPE
    answered = await alice.present(
        "unused",
        f"X-Subject-Token: {alice.assertion()}!SCOPE!{scope}",
        at="CloudOne",
        by=None,
        service="identity",
        path="/v3/auth/tokens",
        scope=scope,
    )
    assert "has not come by the gateway" in why(answered, 404)
