"""What leaves a cloud in place of its users' tokens."""

import json
import time
from typing import Any

import pytest
from gateway.backend import json_answer
from gateway.credentials import reload
from gateway.equipped import know, know_nobody
from gateway.keystone import Keystone, token
from gateway.played import Answered, Clouds
from gateway.trust.clock import Clock
from gateway.trust.vouching import BACK, TOKEN, Vouching, why
from identity.alice import assertion_key

from openstackoid.gateway.trust import remembered
from openstackoid.gateway.trust.home_tokens import KNOWN
from openstackoid.identity.assertion import Claims, claimed, sign
from openstackoid.identity.issuer_secrets import completed, stamp_secret
from openstackoid.identity.keys import SigningKey, make
from openstackoid.identity.stamp import cut, stamped

TWO = "X-Scope: image=CloudTwo"


async def listing(clouds: Clouds, *headers: str, scope: str = TWO, **more: Any) -> Answered:
    """Ask for images by way of CloudOne."""
    token = f"X-Auth-Token: {TOKEN}"
    return await clouds.ask("CloudOne", "image", "/v2/images", scope, token, *headers, **more)


def told(clouds: Clouds) -> Claims:
    """Return what CloudTwo's image service is told of the user."""
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    (value,) = received.values("x-auth-token")
    return claimed(cut(value.partition("!SCOPE!")[0]))


async def test_it_says_who_the_user_is_to_one_cloud(clouds: Clouds) -> None:
    """For the services that the scope takes there, as home's Keystone knows him."""
    assert (await listing(clouds)).status == 200
    claims = told(clouds)
    assert (claims.iss, claims.aud, claims.presenter) == ("CloudOne", "CloudTwo", "CloudOne")
    assert claims.user == ("alice", "Default")
    assert claims.roles == ("member",)
    assert (claims.services, claims.back) == (("image",), ())


async def test_it_is_the_same_each_time(clouds: Clouds) -> None:
    """Whoever remembers it by its text knows it again."""
    for _ in range(2):
        await listing(clouds)
    first, second = clouds.backends["CloudTwo"]["image"].requests
    assert first.values("x-auth-token") == second.values("x-auth-token")


async def test_a_role_that_stays_gives_nothing_beyond(clouds: Clouds) -> None:
    """An administrator's compute elsewhere gets nothing of home's; the operator may change that."""
    scope = "X-Scope: compute=CloudTwo"
    auth = f"X-Auth-Token: {TOKEN}"
    know(clouds, "CloudOne", Keystone(token()))
    for keep, back in ((["admin"], ()), ([], ("image",))):
        clouds.document["clouds"]["CloudOne"]["own"]["keep"] = keep
        await reload(clouds)
        clouds.backends["CloudTwo"]["compute"].requests.clear()
        assert (await clouds.ask("CloudOne", "compute", "/v2.1/servers", scope, auth)).status == 200
        (received,) = clouds.backends["CloudTwo"]["compute"].requests
        (value,) = received.values("x-auth-token")
        assert claimed(cut(value.partition("!SCOPE!")[0])).back == back


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"project": None, "system": {"all": True}}, "for the system"),
        ({"project": None, "domain": {"id": "default"}}, "for a domain"),
        ({"project": None}, "for no project"),
        ({"oauth2_credential": {"x5t#S256": "a"}}, "bound to a certificate"),
        ({"roles": [{"name": f"r{n}"} for n in range(17)]}, "17 roles"),
    ],
)
async def test_some_tokens_stay_at_home(
    clouds: Clouds, changes: dict[str, Any], reason: str
) -> None:
    """With the reason; the other cloud is not asked."""
    clouds.backends["CloudOne"]["identity"].answer = Keystone(token(**changes))
    message = why(await listing(clouds))
    assert "stays in CloudOne" in message
    assert reason in message
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_a_token_that_home_does_not_know_goes_nowhere(clouds: Clouds) -> None:
    """The client logs in again, as it does with Keystone's own 401."""
    clouds.backends["CloudOne"]["identity"].answer = Keystone({}, "404 Not Found")
    assert "log in again" in why(await listing(clouds))
    assert clouds.backends["CloudTwo"]["image"].requests == []


@pytest.mark.parametrize(
    ("rule", "method", "allowed"),
    [
        ({"path": "/image/v2/images", "method": "GET", "service": "image"}, "GET", True),
        ({"path": "/image/v2/*", "method": "GET", "service": "glance"}, "GET", True),
        ({"path": "/**", "method": "GET", "service": "image"}, "GET", True),
        ({"path": "/image/v2/images", "method": "GET", "service": "image"}, "POST", False),
        ({"path": "/image/v2/images", "method": "GET", "service": "compute"}, "GET", False),
        ({"path": "/image/v2/image.", "method": "GET", "service": "image"}, "GET", False),
        ({"path": "/image/*", "method": "GET", "service": "image"}, "GET", False),
    ],
)
async def test_access_rules_hold_across_the_border(
    clouds: Clouds, rule: dict[str, str], method: str, *, allowed: bool
) -> None:
    """Home checks them as the request leaves, since they do not travel."""
    credential = {"id": "c", "access_rules": [rule]}
    document = token(application_credential=credential)
    clouds.backends["CloudOne"]["identity"].answer = Keystone(document)
    answered = await listing(clouds, method=method)
    if allowed:
        assert answered.status == 200
    else:
        assert "access rules" in why(answered)
        assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_what_does_not_fit_is_named(clouds: Clouds) -> None:
    """A head that is too long would be closed by the service without a word."""
    roles = [{"name": f"{n}{'r' * 200}"} for n in range(16)]
    clouds.backends["CloudOne"]["identity"].answer = Keystone(token(roles=roles))
    message = why(await listing(clouds), 431)
    assert "the longest part is the names of its roles" in message


async def test_a_token_of_another_cloud_goes_to_that_one_alone(clouds: Clouds) -> None:
    """A scope that takes identity elsewhere means that its token is that cloud's."""
    clouds.backends["CloudOne"]["identity"].answer = Keystone({}, "404 Not Found")
    scope = 'X-Scope: {"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}'
    assert (await listing(clouds, scope=scope)).status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.values("x-auth-token")[0].startswith(f"{TOKEN}!")


async def test_without_a_key_nobody_is_vouched_for(clouds: Clouds) -> None:
    """The token is not sent instead."""
    entry = clouds.document["clouds"]["CloudOne"]
    del entry["keys"], entry["own"]["keys"]
    await reload(clouds)
    assert "no key for assertions" in why(await listing(clouds), 503)
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_an_assertion_is_no_entry_of_a_client_s_wallet(clouds: Clouds) -> None:
    """It goes beside another one, which only gateways make."""
    wallet = json.dumps({"CloudTwo": ["oid1.a.b.c", None]}, separators=(",", ":"))
    value = f'{TOKEN}!SCOPE!{{"image":"CloudTwo","tokens":{wallet}}}'
    answered = await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: {value}")
    assert "goes beside another one" in why(answered)


async def test_requests_without_a_token_pass(clouds: Clouds) -> None:
    """A list of versions needs none."""
    clouds.backends["CloudTwo"]["image"].answer = json_answer('{"versions": []}')
    assert (await clouds.ask("CloudOne", "image", "/", TWO)).status == 200


@pytest.mark.parametrize(
    "scope",
    [
        "X-Scope: image=CloudTwo,identity=CloudTwo",
        'X-Scope: {"*":"CloudTwo"}',
        'X-Scope: {"*":"CloudTwo","identity":"CloudTwo","image":"CloudOne|CloudTwo"}',
        'X-Scope: {"*":"CloudTwo","identity":"CloudTwo","image":"CloudOne"}',
    ],
)
async def test_home_s_token_is_not_shown_by_a_scope_that_moves_identity(
    clouds: Clouds, scope: str
) -> None:
    """The user is told what to write; the other cloud sees nothing."""
    answered = await listing(clouds, scope=scope)
    assert b"this token is of CloudOne" in answered.body
    assert clouds.backends["CloudTwo"]["image"].requests == []


@pytest.mark.parametrize("operator", ["&", "|"])
@pytest.mark.parametrize("path", ["/v3/users", "/v3/auth/projects"])
async def test_no_other_keystone_sees_home_s_token(
    clouds: Clouds, operator: str, path: str
) -> None:
    """Whose token it is nobody can tell; a wallet has one for each."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer("{}", "404 Not Found")
    token = f"X-Auth-Token: {TOKEN}"
    scope = f"X-Scope: identity=CloudOne{operator}CloudTwo"
    await clouds.ask("CloudOne", "identity", path, scope, token)
    assert clouds.backends["CloudTwo"]["identity"].requests == []


def passed(clouds: Clouds, cloud: str, service: str = "image") -> tuple[Claims, str]:
    """Return what a service of a cloud is told, and the text of the scope beside it."""
    (received,) = clouds.backends[cloud][service].requests
    (value,) = received.values("x-auth-token")
    token, _, scope = value.partition("!SCOPE!")
    return claimed(cut(token)), scope


@pytest.fixture
async def at_two(clouds: Clouds) -> str:
    """Return the token that CloudTwo's compute service has got under compute=CloudTwo."""
    clouds.document["clouds"]["CloudOne"]["own"]["keep"] = []
    await reload(clouds)
    auth = f"X-Auth-Token: {TOKEN}"
    await clouds.ask("CloudOne", "compute", "/v2.1/servers", "X-Scope: compute=CloudTwo", auth)
    (received,) = clouds.backends["CloudTwo"]["compute"].requests
    (value,) = received.values("x-auth-token")
    return value


async def test_a_service_elsewhere_reads_an_image_at_home(clouds: Clouds, at_two: str) -> None:
    """By its own gateway, which cuts its stamp; home's sees that it is back."""
    answered = await clouds.ask("CloudTwo", "image", "/v2/images/1", f"X-Auth-Token: {at_two}")
    assert answered.status == 200
    claims, _ = passed(clouds, "CloudOne")
    assert (claims.aud, claims.presenter, claims.services) == ("CloudOne", "CloudTwo", ("image",))


async def test_a_service_at_home_that_was_called_calls_the_caller_s_cloud_alone(
    clouds: Clouds,
) -> None:
    """And only what it calls for any user: an image calls nobody."""
    alice = Vouching(clouds)
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, at="CloudOne", by="CloudTwo", scope=BACK)
    brought = alice.received("CloudOne").partition("!SCOPE!")[0]
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
    answered = await alice.present(brought, at="CloudOne", by=None, scope=scope)
    assert "may call CloudTwo for nothing" in why(answered)
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_volumes_at_home_fetch_the_image_from_the_caller_s_cloud(clouds: Clouds) -> None:
    """Compute elsewhere makes a volume at home from an image of its own cloud."""
    alice = Vouching(clouds)
    made = alice.claims(aud="CloudOne", presenter="CloudTwo", services=("block-storage",), back=())
    key = assertion_key(alice.keys("CloudOne"))
    own = sign(completed(made, TOKEN, key), key)
    brought = stamped(own, stamp_secret(key))
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
    assert (await alice.present(brought, at="CloudOne", by=None, scope=scope)).status == 200
    claims, _ = passed(clouds, "CloudTwo")
    assert (claims.aud, claims.services, claims.back) == ("CloudTwo", ("image",), ())


async def test_nothing_goes_to_a_cloud_that_the_user_has_not_named(
    clouds: Clouds, at_two: str
) -> None:
    """A hostile compute service writes another scope behind what it has got."""
    token = at_two.partition("!SCOPE!")[0]
    clouds.document["clouds"]["CloudSix"] = {
        "frontends": {"image": "http://127.0.0.9:9"},
        "insecure": True,
        "keys": make().public.model_dump(),
    }
    await reload(clouds)
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudSix"}'
    value = f"X-Auth-Token: {token}!SCOPE!{scope}"
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", value)
    assert "has given CloudTwo nothing for image of CloudSix" in why(answered)


async def test_an_assertion_without_a_stamp_does_not_go_on(clouds: Clouds) -> None:
    """Nor one with another gateway's."""
    alice = Vouching(clouds)
    for one in (alice.assertion(back=("image",)), f"{alice.assertion()}~{'A' * 22}"):
        answered = await alice.present(one, by=None, scope=BACK)
        assert "has not come by the gateway" in why(answered)
    assert clouds.executed == 0


async def test_what_was_made_is_remembered_while_keystone_s_answer_is(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the token, the scope and the cloud; so a change of roles counts as soon as it is told."""
    clock = Clock(monkeypatch, remembered)
    made: list[str] = []

    def counted(claims: Claims, key: SigningKey) -> str:
        made.append(claims.aud)
        return sign(claims, key)

    monkeypatch.setattr("openstackoid.gateway.trust.issuing.sign", counted)
    for scope in (TWO, TWO, 'X-Scope: {"*":"CloudOne","image":"CloudTwo","compute":"CloudTwo"}'):
        assert (await listing(clouds, scope=scope)).status == 200
    assert len(made) == 2
    clouds.backends["CloudOne"]["identity"].answer = Keystone(token(roles=[{"name": "reader"}]))
    clouds.backends["CloudTwo"]["image"].requests.clear()
    clock.now += KNOWN
    assert (await listing(clouds)).status == 200
    assert told(clouds).roles == ("reader",)
    assert len(made) == 3


async def without_a_gateway(clouds: Clouds) -> None:
    """Let CloudTwo have none, as a public cloud."""
    entry = clouds.document["clouds"]["CloudTwo"]
    entry["gateway"] = False
    for key in ("keys", "trust", "own", "backends"):
        entry.pop(key, None)
    del clouds.document["clouds"]["CloudOne"]["trust"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()


async def test_a_cloud_without_a_gateway_gets_no_assertion(clouds: Clouds) -> None:
    """With its stamp it would be its user's, in the cloud that has stamped it."""
    alice = Vouching(clouds)
    made = alice.claims(aud="CloudOne", presenter="CloudTwo", services=("block-storage",))
    key = assertion_key(alice.keys("CloudOne"))
    brought = stamped(sign(completed(made, TOKEN, key), key), stamp_secret(key))
    await without_a_gateway(clouds)
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
    answered = await alice.present(brought, at="CloudOne", by=None, scope=scope)
    assert answered.status == 401
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_nor_does_it_get_home_s_token(clouds: Clouds) -> None:
    """By a scope that moves identity there."""
    await without_a_gateway(clouds)
    assert "this token is of CloudOne" in why(
        await listing(clouds, scope='X-Scope: {"*":"CloudTwo"}')
    )
    assert clouds.executed == 0


@pytest.mark.parametrize("path", ["/v3/auth/tokens", "/v3/auth/projects", "/v3/users"])
@pytest.mark.parametrize("suffix", ["", '!SCOPE!{"*":"CloudTwo","identity":"CloudTwo"}'])
async def test_no_other_keystone_is_asked_about_home_s_token(
    clouds: Clouds, path: str, suffix: str
) -> None:
    """As a subject it would be seen as well."""
    subject = f"X-Subject-Token: {TOKEN}{suffix}"
    scope = 'X-Scope: {"*":"CloudTwo","identity":"CloudTwo"}'
    await clouds.ask("CloudOne", "identity", path, subject, scope)
    assert clouds.backends["CloudTwo"]["identity"].requests == []


async def test_no_keystone_gets_an_assertion(clouds: Clouds) -> None:
    """Not even the issuer's: it would come with the stamp."""
    alice = Vouching(clouds)
    await alice.present(alice.assertion())
    token = alice.received("CloudTwo")
    value = f"X-Auth-Token: {token}"
    answered = await clouds.ask("CloudTwo", "identity", "/v3/projects/1", value)
    assert "goes to no Keystone" in why(answered)
    assert clouds.backends["CloudOne"]["identity"].requests == []


async def test_a_wallet_of_others_hides_no_token_of_home_s(clouds: Clouds) -> None:
    """Only the token that the wallet has for that cloud is that cloud's."""
    wallet = json.dumps({"CloudOne": [TOKEN, None]}, separators=(",", ":"))
    value = f'{TOKEN}!SCOPE!{{"*":"CloudTwo","identity":"CloudTwo","tokens":{wallet}}}'
    await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: {value}")
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_the_token_that_a_wallet_has_for_a_cloud_goes_there(clouds: Clouds) -> None:
    """It is that cloud's own: home's Keystone need not be asked about it."""
    wallet = json.dumps({"CloudTwo": [TOKEN, None]}, separators=(",", ":"))
    value = f'{TOKEN}!SCOPE!{{"*":"CloudTwo","identity":"CloudTwo","tokens":{wallet}}}'
    answered = await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: {value}")
    assert answered.status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.values("x-auth-token")[0].startswith(f"{TOKEN}!")


@pytest.mark.parametrize("suffix", ["", '!SCOPE!{"*":"CloudTwo","identity":"CloudTwo"}'])
async def test_home_s_token_does_not_log_in_elsewhere(clouds: Clouds, suffix: str) -> None:
    """A client that changes its project by a token would show it to the other Keystone."""
    identity = {"methods": ["token"], "token": {"id": f"{TOKEN}{suffix}"}}
    body = json.dumps({"auth": {"identity": identity}}).encode()
    scope = 'X-Scope: {"*":"CloudTwo","identity":"CloudTwo"}'
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", scope, method="POST", body=body
    )
    assert "this token is of CloudOne" in why(answered)
    assert clouds.backends["CloudTwo"]["identity"].requests == []


async def test_what_its_issuer_has_revoked_goes_nowhere(clouds: Clouds, at_two: str) -> None:
    """Neither back home, nor on: it is refused before it leaves."""
    know_nobody(clouds, "CloudOne")
    await reload(clouds)
    confirming = clouds.gateways["CloudTwo"].confirming
    before = confirming.clock
    confirming.clock = lambda: before() + 600
    answered = await clouds.ask("CloudTwo", "image", "/v2/images/1", f"X-Auth-Token: {at_two}")
    message = why(answered)
    assert "CloudTwo does not pass on what says who the user is" in message
    assert "CloudOne says that it was revoked" in message
    assert clouds.backends["CloudOne"]["image"].requests == []


@pytest.fixture
async def over(clouds: Clouds) -> tuple[Vouching, str]:
    """Return the clouds, and what compute of CloudTwo has had in front since before it ended."""
    alice = Vouching(clouds)
    assertion = alice.assertion(services=("compute",), back=("image",), exp=int(time.time()) - 3600)
    key = alice.keys("CloudTwo").assertion
    assert key is not None
    return alice, stamped(assertion, stamp_secret(key))


async def go_on(alice: Vouching, token: str, *more: str) -> Answered:
    """Let compute of CloudTwo create an image at home."""
    auth = f"X-Auth-Token: {token}!SCOPE!{BACK}"
    return await alice.clouds.ask(
        "CloudTwo", "image", "/v2/images", auth, *more, method="POST", body=b"{}"
    )


SERVICE = "X-Service-Token: compute-s-own"


async def test_a_service_that_goes_on_is_let_in_at_home(over: tuple[Vouching, str]) -> None:
    """Its gateway says so in the proof; it finds out first whether home's gateway reads that."""
    alice, token_ = over
    know(alice.clouds, "CloudTwo", Keystone(token(roles=[{"name": "service"}])))
    for count in (1, 2):
        answered = await go_on(alice, token_, SERVICE)
        assert answered.status == 200
        received = alice.clouds.backends["CloudOne"]["image"].requests
        assert [one.line.partition(" ")[0] for one in received] == ["POST"] * count
        assert received[-1].values("x-service-token") == []


@pytest.mark.parametrize(
    ("roles", "more"), [(["service"], ()), (["member"], (SERVICE,)), ([], (SERVICE,))]
)
async def test_a_client_does_not_go_on(
    over: tuple[Vouching, str], roles: list[str], more: tuple[str, ...]
) -> None:
    """Nor whoever has a token of its Keystone that is no service's."""
    alice, token_ = over
    know(alice.clouds, "CloudTwo", Keystone(token(roles=[{"name": role} for role in roles])))
    assert "it is over" in why(await go_on(alice, token_, *more))
    assert alice.clouds.backends["CloudOne"]["image"].requests == []
