"""Assertions at the border and back home: what a hostile cloud may try with one."""

import asyncio
import io
import json
import time
from typing import Any

import pytest
from gateway.backend import Connection, Received, json_answer
from gateway.credentials import give_keys, reload
from gateway.equipped import MEMBER, know, know_nobody
from gateway.keystone import Keystone, token
from gateway.played import Answered, Clouds
from gateway.trust.vouching import BACK, SCOPE, TOKEN, Vouching, why
from identity.alice import assertion_key

from openstackoid.gateway.trust.made import Made
from openstackoid.identity import keys as key_files
from openstackoid.identity.assertion import claimed, sign
from openstackoid.identity.issuer_secrets import completed
from openstackoid.identity.keys import make
from openstackoid.identity.signature import Told
from openstackoid.identity.stamp import cut
from openstackoid.identity.token_document import seconds_of, written

HOUR = 3600


@pytest.fixture
def alice(clouds: Clouds) -> Vouching:
    """Return what CloudOne's gateway says of alice."""
    return Vouching(clouds)


async def test_a_service_gets_a_stamped_assertion(alice: Vouching) -> None:
    """Not the one that came, so that only what a gateway has checked is taken."""
    assertion = alice.assertion()
    assert (await alice.present(assertion)).status == 200
    token, _, scope = alice.received("CloudTwo").partition("!SCOPE!")
    assert token.startswith(f"{assertion}~")
    assert scope == SCOPE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "CloudOne"}, "it is for CloudOne, and this is CloudTwo"),
        ({"presenter": "CloudTwo"}, "not for the gateway of CloudOne to present"),
        ({"services": ("compute",)}, "it is not for image"),
        ({"services": ()}, "it is not for image"),
        ({"exp": -61}, "it is over"),
        ({"iat": 120}, "not valid yet"),
        ({"iss": "CloudTwo"}, "no key of its issuer"),
        ({"iss": "CloudSix"}, "no key of its issuer"),
    ],
)
async def test_what_is_not_for_this_cloud_is_refused(
    alice: Vouching, changes: dict[str, Any], reason: str
) -> None:
    """Whatever of it differs; no service sees it. Times are relative to now."""
    now = int(time.time())
    changes = changes | {name: now + changes[name] for name in ("iat", "exp") if name in changes}
    answered = await alice.present(alice.assertion(**changes))
    assert reason in why(answered)
    assert alice.clouds.executed == 0


async def test_another_cloud_cannot_sign_for_the_issuer(alice: Vouching) -> None:
    """With its own key, which is not among the issuer's."""
    answered = await alice.present(alice.assertion("CloudTwo"))
    assert "no key of its issuer" in why(answered)


async def test_one_that_is_changed_anywhere_is_refused(alice: Vouching) -> None:
    """In its header, its claims or its signature."""
    assertion = alice.assertion()
    for at in (6, 40, 120, len(assertion) // 2, len(assertion) - 4):
        other = "A" if assertion[at] != "A" else "B"
        answered = await alice.present(f"{assertion[:at]}{other}{assertion[at + 1 :]}")
        assert why(answered)
    assert alice.clouds.executed == 0


async def test_without_stamp_and_proof_it_is_worth_nothing(alice: Vouching) -> None:
    """To whoever has seen it, and sends it as a client does."""
    assertion = alice.assertion()
    for shown in (assertion, f"{assertion}~", f"{assertion}~{'A' * 22}"):
        assert "has not come by the gateway" in why(await alice.present(shown, by=None))
    assert alice.clouds.executed == 0


async def test_a_stamp_of_one_cloud_is_none_in_another(alice: Vouching) -> None:
    """A service of CloudTwo that is hostile brings what it has got to CloudOne."""
    await alice.present(alice.assertion())
    stamped = alice.received("CloudTwo").partition("!SCOPE!")[0]
    for by in (None, "CloudTwo"):
        answered = await alice.present(stamped, at="CloudOne", by=by, scope=BACK)
        assert why(answered)
    assert alice.clouds.backends["CloudOne"]["image"].requests == []


async def test_a_stamp_that_an_old_worker_has_left_there_does_no_harm(alice: Vouching) -> None:
    """Beside a new one, it passes on what that has stamped; it counts as if it were cut."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    brought = f"{assertion}~{'A' * 22}"
    answered = await alice.present(brought, at="CloudOne", by="CloudTwo", scope=BACK)
    assert answered.status == 200
    assert not alice.received("CloudOne").startswith(assertion)


async def test_a_stamped_one_goes_on_within_its_cloud(alice: Vouching) -> None:
    """A service there calls another one with it, by the gateway."""
    await alice.present(alice.assertion())
    stamped = alice.received("CloudTwo").partition("!SCOPE!")[0]
    assert (await alice.present(stamped, by=None)).status == 200


async def test_without_its_scope_it_is_refused(alice: Vouching) -> None:
    """Nobody would know where the services of its user are."""
    await alice.present(alice.assertion())
    stamped = alice.received("CloudTwo").partition("!SCOPE!")[0]
    answered = await alice.clouds.ask("CloudTwo", "image", "/", f"X-Auth-Token: {stamped}")
    assert "goes with its scope" in why(answered)


async def test_a_scope_with_another_issuer_is_refused(alice: Vouching) -> None:
    """Its presenter may not make a token of another cloud out of it."""
    scope = '{"*":"CloudTwo","identity":"CloudTwo","image":"CloudTwo"}'
    assert "identity in CloudTwo" in why(await alice.present(alice.assertion(), scope=scope))


async def test_a_token_of_another_cloud_does_not_come_in(alice: Vouching) -> None:
    """Its gateway sends assertions; that of an older release is named by the operator."""
    assert "does not cross a border" in why(await alice.present(TOKEN))
    assert alice.clouds.executed == 0
    alice.clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    await reload(alice.clouds)
    assert (await alice.present(TOKEN)).status == 200


async def test_what_an_older_gateway_here_has_let_in_goes_on(alice: Vouching) -> None:
    """Without a stamp, here and back home, as long as tokens of its issuer are taken."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    for service in ("network", "image"):
        answered = await alice.present(assertion, by=None, service=service, scope=BACK)
        assert "has not come by the gateway" in why(answered)
    alice.clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["tokens"] = True
    await reload(alice.clouds)
    for service in ("network", "image"):
        answered = await alice.present(assertion, by=None, service=service, scope=BACK)
        assert answered.status == 200
    assert alice.received("CloudTwo", "network").startswith(f"{assertion}!")
    assert alice.received("CloudOne", "image").startswith("oid1.")


async def test_a_cloud_that_is_not_trusted_is_refused(alice: Vouching) -> None:
    """Whatever it has signed."""
    del alice.clouds.document["clouds"]["CloudTwo"]["trust"]
    await reload(alice.clouds)
    assert "does not accept tokens of CloudOne" in why(await alice.present(alice.assertion()))


async def test_it_is_brought_back_for_what_a_service_calls(alice: Vouching) -> None:
    """CloudTwo's compute reads an image at home; the token that it stands for stays unseen."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    answered = await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    assert answered.status == 200
    token = alice.received("CloudOne")
    assert token.startswith("oid1.")
    assert not token.startswith(assertion)
    assert TOKEN not in token


@pytest.mark.parametrize("service", ["compute", "network", "object-store"])
@pytest.mark.parametrize("back", [(), ("image",)])
async def test_nothing_else_is_open_at_home(
    alice: Vouching, service: str, back: tuple[str, ...]
) -> None:
    """Under image=Evil, Evil gets nothing of home's; under compute=Evil no more than it calls."""
    assertion = alice.assertion(back=back)
    answered = await alice.present(
        assertion, at="CloudOne", by="CloudTwo", service=service, scope=BACK
    )
    assert answered.status in {400, 401, 508}
    assert alice.clouds.executed == 0


async def test_who_is_not_its_audience_does_not_bring_it_back(alice: Vouching) -> None:
    """Not even with a proof of his own."""
    assertion = alice.assertion(aud="CloudSix", back=("image",))
    answered = await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    assert "not for the gateway of CloudTwo to bring back" in why(answered)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v2/images/1/file", True),
        ("HEAD", "/v2/images/1", True),
        ("POST", "/v2/images", True),
        ("DELETE", "/v2/images/1", False),
        ("GET", "/v2/images/1?x=_method", None),
        ("GET", "/v2/images/1?_method=DELETE", None),
        ("PATCH", "/v2/images/1", False),
        ("PUT", "/v2/images/1/file", False),
        ("POST", "/v2/images/1/actions/deactivate", False),
        ("POST", "/v2/metadefs/namespaces", False),
        ("PUT", "/v2/images//1/file", False),
        ("DELETE", "/v2/images/", False),
        ("DELETE", "/v2/images/%31", False),
    ],
)
async def test_back_home_it_changes_nothing_that_was_there(
    alice: Vouching, method: str, path: str, *, allowed: bool | None
) -> None:
    """A hostile compute cloud can read, and leave behind, what its user could."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    answered = await alice.present(
        assertion, at="CloudOne", by="CloudTwo", scope=BACK, method=method, path=path
    )
    if allowed is None:
        assert "_method" in why(answered, 400)
        assert alice.clouds.executed == 0
        return
    assert (answered.status == 200) is allowed
    if not allowed:
        assert "change only what they have created" in why(answered)
        assert alice.clouds.executed == 0


async def test_what_it_has_created_it_may_change(alice: Vouching) -> None:
    """A snapshot is created, filled, and deleted; no other cloud's id counts."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    image = alice.clouds.backends["CloudOne"]["image"]
    image.answer = json_answer('{"id": "made-by-compute"}', "201 Created")
    where: Any = {"at": "CloudOne", "by": "CloudTwo", "scope": BACK}
    assert (await alice.present(assertion, method="POST", **where)).status == 201
    path = "/v2/images/made-by-compute"
    assert (await alice.present(assertion, method="DELETE", path=path, **where)).status == 201
    other = await alice.present(assertion, method="DELETE", path=f"{path}2", **where)
    assert "change only what they have created" in why(other)


async def test_the_gateway_without_a_key_takes_none(alice: Vouching) -> None:
    """It could not stamp it; it says what its operator has to do."""
    assertion = alice.assertion()
    entry = alice.clouds.document["clouds"]["CloudTwo"]
    del entry["keys"], entry["own"]["keys"]
    await reload(alice.clouds)
    assert "openstackoid federation keys" in why(await alice.present(assertion))


async def test_what_home_has_revoked_is_out_of_its_own_services(alice: Vouching) -> None:
    """One that was brought back, and goes on from service to service: home's Keystone is asked."""
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    brought = alice.received("CloudOne").partition("!SCOPE!")[0]
    goes_on: dict[str, Any] = {"at": "CloudOne", "by": None, "scope": BACK}
    assert (await alice.present(brought, **goes_on)).status == 200
    know_nobody(alice.clouds, "CloudOne")
    await reload(alice.clouds)  # what was remembered is forgotten
    assert "was revoked" in why(await alice.present(brought, **goes_on))


async def third_cloud(alice: Vouching) -> None:
    """Let both gateways know a third cloud, with keys."""
    keys = key_files.make()
    file = alice.clouds.file.with_name("CloudSix.json")
    key_files.write(keys, file)
    alice.clouds.document["clouds"]["CloudSix"] = {
        "frontends": {"image": "http://127.0.0.9:9"},
        "insecure": True,
        "keys": keys.public.model_dump(),
        "own": {"keys": file.name},
    }
    await reload(alice.clouds)


async def test_what_a_third_cloud_brings_is_asked_about(
    alice: Vouching, logged: io.StringIO
) -> None:
    """Its user's cloud has not confirmed it here; so a revoked one goes on for a moment at most."""
    await third_cloud(alice)
    know_nobody(alice.clouds, "CloudOne")
    assertion = alice.assertion(presenter="CloudSix")
    assert (await alice.present(assertion, by="CloudSix")).status == 200
    async with asyncio.timeout(10):
        while "assertions revoked" not in logged.getvalue():  # noqa: ASYNC110  (in this loop)
            await asyncio.sleep(0.01)
    assert "it was revoked" in why(await alice.present(assertion, by="CloudSix"))


def until(end: float) -> dict[str, Any]:
    """Return what Keystone says of a token of alice's that ends at some time."""
    return {"token": MEMBER["token"] | {"expires_at": written(int(end))}}


class Expired(Keystone):
    """A Keystone that knows a token which has expired, if it is asked about such ones."""

    def __init__(self, ago: float) -> None:
        super().__init__(until(time.time() - ago))

    async def __call__(self, received: Received, connection: Connection) -> None:
        plain = "allow_expired" not in received.line and received.values("x-subject-token")
        self.status = "404 Not Found" if plain == [TOKEN] else "200 OK"
        await super().__call__(received, connection)


GOES_ON = Told(by_service=True)


async def back(
    alice: Vouching, told: Told | None, ago: float = 2 * HOUR, **changes: Any
) -> Answered:
    """Bring an assertion back for home's images, whose token has expired."""
    know(alice.clouds, "CloudOne", Expired(ago))
    over = {"exp": int(time.time() - ago)} | changes
    assertion = alice.assertion(services=("compute",), back=("image",), **over)
    return await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK, told=told)


async def test_a_service_goes_on_at_home_after_the_token_has_expired(alice: Vouching) -> None:
    """Home's service takes what it gets for valid, for it is not told that a service asks."""
    assert (await back(alice, GOES_ON)).status == 200
    got = alice.received("CloudOne")
    claims = claimed(cut(got.partition("!SCOPE!")[0]))
    assert claims.late
    assert time.time() < claims.exp <= time.time() + 1000
    answered = await alice.whose(got, "CloudOne")
    assert answered.status == 200
    assert seconds_of(json.loads(answered.body)["token"], "expires_at") == claims.exp


@pytest.mark.parametrize("told", [None, Told()])
@pytest.mark.parametrize("ago", [30, 2 * HOUR])
async def test_nobody_else_goes_on_with_it(alice: Vouching, told: Told | None, ago: float) -> None:
    """A user's request ends with his token, also within what clocks may differ."""
    assert ("it is over" if ago > 60 else "has expired") in why(await back(alice, told, ago))
    assert alice.clouds.backends["CloudOne"]["image"].requests == []


@pytest.mark.parametrize("ago", [-60, 5])
async def test_a_service_does_not_go_on_for_ever(alice: Vouching, ago: float) -> None:
    """`own.late` counts from the token's end, whatever its Keystone knows yet."""
    alice.clouds.document["clouds"]["CloudOne"]["own"]["late"] = "1h"
    await reload(alice.clouds)
    answered = await back(alice, GOES_ON, HOUR + ago)
    if ago < 0:
        assert answered.status == 200
    else:
        assert "is over; log in again" in why(answered)


async def test_no_service_goes_on_for_a_user_who_is_revoked(alice: Vouching) -> None:
    """Home's Keystone does not know his token then, however it is asked."""
    know(alice.clouds, "CloudOne", Keystone({}, "404 Not Found"))
    over = int(time.time()) - HOUR
    assertion = alice.assertion(services=("compute",), back=("image",), exp=over)
    where: Any = {"at": "CloudOne", "by": "CloudTwo", "scope": BACK, "told": GOES_ON}
    assert "has expired or was revoked" in why(await alice.present(assertion, **where))


async def test_who_goes_on_gets_no_more_than_before(alice: Vouching) -> None:
    """The services that were to come back, and what they have created."""
    know(alice.clouds, "CloudOne", Expired(HOUR))
    over = int(time.time()) - HOUR
    where: Any = {"at": "CloudOne", "by": "CloudTwo", "scope": BACK, "told": GOES_ON}
    none = alice.assertion(services=("compute",), exp=over)
    assert "calls image here" in why(await alice.present(none, **where))
    some = alice.assertion(services=("compute",), back=("image",), exp=over)
    deleted = await alice.present(some, method="DELETE", path="/v2/images/1", **where)
    assert "change only what they have created" in why(deleted)


async def test_what_home_s_own_service_has_begun_late_comes_back(alice: Vouching) -> None:
    """Home has said itself that its service goes on: whoever it has called needs not say so."""
    soon = int(time.time()) + 300
    assert (await back(alice, None, late=True, exp=soon)).status == 200
    assert "has expired" in why(await back(alice, None, exp=soon))
    assert "it is over" in why(await back(alice, None, late=True))


@pytest.fixture
async def three(alice: Vouching) -> Vouching:
    """Add a third cloud, whose gateway has keys, and which CloudTwo need not trust."""
    entry = {"frontends": {"compute": "http://127.0.0.3:1"}, "insecure": True, "own": {}}
    alice.clouds.document["clouds"]["CloudThree"] = entry
    await give_keys(alice.clouds, "CloudThree")
    return alice


async def from_third(three: Vouching, told: Told | None, ago: float = 2 * HOUR) -> Answered:
    """Let CloudThree present an assertion that is over to CloudTwo's image."""
    over = int(time.time() - ago)
    assertion = three.assertion(presenter="CloudThree", exp=over, iat=over - HOUR)
    return await three.present(assertion, by="CloudThree", told=told)


async def test_a_service_goes_on_in_a_third_cloud(three: Vouching) -> None:
    """The service there takes what it gets for valid until the next quarter of an hour."""
    assert "it is over" in why(await from_third(three, None))
    assert "it is over" in why(await from_third(three, Told()))
    assert (await from_third(three, GOES_ON)).status == 200
    answered = await three.whose(three.received("CloudTwo"))
    assert answered.status == 200
    ends = seconds_of(json.loads(answered.body)["token"], "expires_at")
    assert time.time() < ends <= time.time() + 1000


async def test_a_third_cloud_s_stamp_for_what_is_over_ends(
    three: Vouching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not the stamp of an assertion that is valid: an hour later nobody knows it."""
    await from_third(three, GOES_ON)
    got, later = three.received("CloudTwo"), time.time() + HOUR
    monkeypatch.setattr("openstackoid.gateway.trust.accepting.time.time", lambda: later)
    assert "has not come by the gateway" in why(await three.whose(got), 404)


async def test_trust_says_for_how_long_a_third_cloud_goes_on(three: Vouching) -> None:
    """From the end of the assertion; the issuer's own gateway sends a new one instead."""
    three.clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"]["late"] = "1h"
    await reload(three.clouds)
    assert "it is over" in why(await from_third(three, GOES_ON))
    assert (await from_third(three, GOES_ON, HOUR / 2)).status == 200
    over = three.assertion(exp=int(time.time()) - HOUR // 2)
    assert "it is over" in why(await three.present(over, told=GOES_ON))


async def test_without_its_sender_s_proof_none_is_taken(alice: Vouching) -> None:
    """Whoever has seen it could bring it; the operator is told what to write."""
    assertion = alice.assertion()
    entry = alice.clouds.document["clouds"]["CloudOne"]
    del entry["keys"], entry["own"]["keys"]
    entry["insecure"] = True
    await reload(alice.clouds)
    via = ("Via: 1.1 CloudOne (openstackoid)", "X-Scope-Service: image", f"X-Scope: {SCOPE}")
    answered = await alice.present(assertion, *via, by=None)
    assert "nothing proves that the gateway of CloudOne presents it" in why(answered)
    assert alice.clouds.executed == 0


def made_here(alice: Vouching, id_: str) -> bool:
    """Return whether CloudTwo remembers that a service of CloudOne has created an image."""
    file = alice.clouds.file.with_name("made-CloudTwo.sqlite")
    return Made(file).has("CloudOne", "image", id_)


async def test_what_a_user_creates_himself_no_service_may_change(alice: Vouching) -> None:
    """Services of his cloud may change what they have created; he may change all."""
    image = alice.clouds.backends["CloudTwo"]["image"]
    image.answer = json_answer('{"id": "an-image"}', "201 Created")
    for path in ("/v2/images", "/v2/images/an-image/actions/deactivate", "/v2/images/an-image"):
        assert (await alice.present(alice.assertion(), method="POST", path=path)).status == 201
    assert not made_here(alice, "an-image")


async def test_a_token_whose_issuer_is_not_one_cloud_does_not_come_in(alice: Vouching) -> None:
    """No rule of trust would be for it."""
    scope = '{"*":"CloudOne","identity":"CloudOne|CloudTwo","image":"CloudTwo"}'
    assert "identity in several clouds; name one" in why(await alice.present(TOKEN, scope=scope))
    assert alice.clouds.executed == 0


async def test_back_home_a_revoked_token_is_refused(alice: Vouching) -> None:
    """Home's Keystone is asked about the token that it stands for."""
    know_nobody(alice.clouds, "CloudOne")
    assertion = alice.assertion(services=("compute",), back=("image",))
    answered = await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    assert "has expired or was revoked" in why(answered)
    assert alice.clouds.executed == 0


@pytest.fixture
async def of_six(alice: Vouching) -> str:
    """Return an assertion of CloudSix for CloudTwo that CloudOne presents, as its compute does."""
    keys = make()
    key = assertion_key(keys)
    clouds = alice.clouds.document["clouds"]
    clouds["CloudSix"] = {
        "frontends": {"image": "http://127.0.0.9:9"},
        "insecure": True,
        "keys": keys.public.model_dump(),
    }
    clouds["CloudTwo"]["trust"]["CloudSix"] = clouds["CloudTwo"]["trust"]["CloudOne"]
    await reload(alice.clouds)
    claims = alice.claims(iss="CloudSix", presenter="CloudOne")
    return sign(completed(claims, TOKEN, key), key)


SIX = (
    '{"*":"CloudSix","block-storage":"CloudOne","compute":"CloudOne","identity":"CloudSix",'
    '"image":"CloudTwo","network":"CloudOne","placement":"CloudOne"}'
)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v2/images/1", True),
        ("POST", "/v2/images", True),
        ("DELETE", "/v2/images/1", False),
        ("PATCH", "/v2/images/1", False),
        ("PUT", "/v2/images/1/file", False),
    ],
)
async def test_a_cloud_between_changes_nothing_that_was_there(
    alice: Vouching, of_six: str, method: str, path: str, *, allowed: bool
) -> None:
    """Its services read and create in a third cloud what their user needs, as back at home."""
    answered = await alice.present(of_six, scope=SIX, method=method, path=path)
    if allowed:
        assert answered.status == 200
    else:
        assert "services of CloudOne may read here what its user can" in why(answered)
        assert alice.clouds.executed == 0


async def test_a_cloud_between_changes_what_it_has_created(alice: Vouching, of_six: str) -> None:
    """Until two days later; nobody else's."""
    image = alice.clouds.backends["CloudTwo"]["image"]
    image.answer = json_answer('{"id": "a-snapshot"}', "201 Created")
    assert (await alice.present(of_six, scope=SIX, method="POST")).status == 201
    assert made_here(alice, "a-snapshot")
    for path, status in (("/v2/images/a-snapshot", 201), ("/v2/images/another", 401)):
        answered = await alice.present(of_six, scope=SIX, method="DELETE", path=path)
        assert answered.status == status


async def brought_back(alice: Vouching, *roles: str) -> Answered:
    """Bring back an assertion of a `member`, who has these roles at home by now."""
    document = token(roles=[{"id": name, "name": name} for name in roles])
    know(alice.clouds, "CloudOne", Keystone(document))
    assertion = alice.assertion(services=("compute",), back=("image",), roles=("member",))
    return await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)


async def test_a_role_that_was_got_since_does_not_come_back(alice: Vouching) -> None:
    """Home's service is told those that the assertion has, and that its user still has."""
    assert (await brought_back(alice, "member", "auditor")).status == 200
    answered = await alice.whose(alice.received("CloudOne"), "CloudOne")
    assert [role["name"] for role in json.loads(answered.body)["token"]["roles"]] == ["member"]


async def test_a_role_that_stays_at_home_ends_the_way_back(alice: Vouching) -> None:
    """No assertion of such a user has a way back, and none that was made before."""
    assert "a role that stays at home" in why(await brought_back(alice, "member", "Admin"))
    assert alice.clouds.backends["CloudOne"]["image"].requests == []
