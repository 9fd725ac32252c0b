"""Wallets at running gateways: who gets which token."""

import json
import time
from pathlib import Path

import pytest
from gateway.backend import json_answer
from gateway.played import TOKEN, Answered, Clouds

from openstackoid.client.sealing import sealed as seal_as_client
from openstackoid.identity import keys
from openstackoid.identity.sealing import Presenter, Terms, beside, digest, seal
from openstackoid.identity.signature import Crossing, sign
from openstackoid.message import Headers
from openstackoid.scope import parse

ONE, TWO = f"{TOKEN}1", f"{TOKEN}2"
WALLET = f'"tokens":{{"*":["{ONE}","p1"],"CloudTwo":["{TWO}","p2"]}}'
NAMED = WALLET.replace("*", "CloudOne")
SHOWN = {"CloudOne": ONE, "CloudTwo": TWO}


def may(*services: str) -> dict[str, Presenter]:
    """Return both clouds as presenters to services."""
    return {cloud: Presenter(services, digest(token)) for cloud, token in SHOWN.items()}


def carrying(scope: str, wallet: str = WALLET) -> str:
    """Return the header of a client with a wallet."""
    return f"X-Auth-Token: {ONE}!SCOPE!{scope[:-1]},{wallet}}}"


async def test_each_cloud_gets_the_token_it_has_issued(clouds: Clouds) -> None:
    """Its service passes all of it on: scope, issuer, and the wallet, which has a name for home."""
    await clouds.ask("CloudOne", "image", "/v2/images", carrying('{"image":"CloudTwo"}'))
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    scope = '{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"'
    assert received.values("x-auth-token") == [f"{TWO}!SCOPE!{scope},{NAMED}}}"]
    assert received.values("x-scope") == []
    await clouds.ask("CloudOne", "compute", "/", carrying('{"image":"CloudTwo"}'))
    (received,) = clouds.backends["CloudOne"]["compute"].requests
    scope = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"'
    assert received.values("x-auth-token") == [f"{ONE}!SCOPE!{scope},{NAMED}}}"]


async def test_a_service_elsewhere_calls_back_with_the_token_of_home(clouds: Clouds) -> None:
    """Nova of CloudTwo fetches an image of CloudOne with what it was given."""
    scope = (
        '{"*":"CloudOne","block-storage":"CloudTwo","compute":"CloudTwo","identity":"CloudTwo",'
        '"network":"CloudTwo","placement":"CloudTwo"'
    )
    header = f"X-Auth-Token: {TWO}!SCOPE!{scope},{NAMED}}}"
    await clouds.ask("CloudTwo", "image", "/v2/images", header)
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert received.values("x-auth-token")[0].startswith(f"{ONE}!SCOPE!")


async def test_each_branch_of_an_operator_has_its_own_token(clouds: Clouds) -> None:
    """Evaluated by the gateway, for one Keystone as for any other service."""
    for cloud in ("CloudOne", "CloudTwo"):
        clouds.backends[cloud]["image"].answer = json_answer('{"images": []}')
        clouds.backends[cloud]["identity"].answer = json_answer('{"users": []}')
    both = "CloudOne & CloudTwo"
    await clouds.ask("CloudOne", "image", "/v2/images", carrying(f'{{"image":"{both}"}}'))
    await clouds.ask("CloudOne", "identity", "/v3/users", carrying(f'{{"identity":"{both}"}}'))
    for cloud, token in (("CloudOne", ONE), ("CloudTwo", TWO)):
        (received,) = clouds.backends[cloud]["image"].requests
        assert received.values("x-auth-token")[0].startswith(f"{token}!SCOPE!")
        (received,) = clouds.backends[cloud]["identity"].requests
        assert received.values("x-auth-token") == [token]


@pytest.mark.parametrize("clouds_named", ["CloudTwo", "CloudOne & CloudTwo", "CloudTwo | CloudOne"])
async def test_ending_a_token_of_home_tells_it_to_no_other_cloud(
    clouds: Clouds, clouds_named: str
) -> None:
    """Wherever identity is taken; nor is it half done."""
    header = carrying(f'{{"identity":"{clouds_named}"}}')
    subject = f"X-Subject-Token: {ONE}"
    path = "/v3/auth/tokens"
    answered = await clouds.ask("CloudOne", "identity", path, header, subject, method="DELETE")
    assert answered.status in {400, 401}
    assert clouds.executed == 0


@pytest.mark.parametrize(
    "header",
    [
        f'X-Scope: {{"image":"CloudTwo",{WALLET}}}',
        carrying('{"image":"CloudTwo"}', WALLET + "," + WALLET),
        carrying('{"image":"CloudTwo"}', WALLET.replace("CloudTwo", "CloudFour")),
        carrying('{"image":"CloudTwo"}', WALLET.replace('"p2"', "2")),
        carrying('{"image":"CloudTwo"}', WALLET.replace('"tokens"', '"tokens" ')),
        carrying('{"image":"CloudTwo"}', WALLET.replace("tokens", "t\\u006fkens")),
        carrying('{"image":"CloudTwo"}', WALLET.replace("p1", "p" * 9000)),
    ],
)
async def test_a_faulty_wallet_is_refused_and_not_shown(clouds: Clouds, header: str) -> None:
    """Nothing is executed, and neither answer nor log (`logged`) has a token."""
    answered = await clouds.ask("CloudOne", "image", "/v2/images", header)
    assert answered.status in {400, 431}
    assert TOKEN.encode() not in answered.body
    assert clouds.backends["CloudTwo"]["image"].requests == []


@pytest.fixture
async def made(clouds: Clouds, tmp_path: Path) -> dict[str, keys.Keys]:
    """Give both gateways keys."""
    made = {cloud: keys.make() for cloud in clouds.gateways}
    for cloud, pair in made.items():
        keys.write(pair, tmp_path / cloud)
        clouds.document["clouds"][cloud]["keys"] = pair.public.model_dump()
    for cloud, gateway in clouds.gateways.items():
        for other in made:
            clouds.document["clouds"][other]["own"].pop("keys", None)
        clouds.document["clouds"][cloud]["own"]["keys"] = str(tmp_path / cloud)
        clouds.save()
        await gateway.reload()
    return made


LOGIN = json.dumps({"auth": {"identity": {"methods": ["password"]}}}).encode()


async def test_a_login_is_told_the_key_for_sealing(
    clouds: Clouds, made: dict[str, keys.Keys]
) -> None:
    """By the cloud's own gateway, to whoever says a scope."""
    path = "/v3/auth/tokens"
    told = await clouds.ask("CloudTwo", "identity", path, "X-Scope: {}", method="POST", body=LOGIN)
    assert told.values("x-scope-key") == [f"CloudTwo {made['CloudTwo'].public.seal}"]
    plain = await clouds.ask("CloudTwo", "identity", path, method="POST", body=LOGIN)
    elsewhere = 'X-Scope: {"identity":"CloudTwo"}'
    far = await clouds.ask("CloudOne", "identity", path, elsewhere, method="POST", body=LOGIN)
    assert plain.values("x-scope-key") == far.values("x-scope-key") == []


async def test_a_sealed_token_is_opened_by_the_cloud_it_is_for(
    clouds: Clouds, made: dict[str, keys.Keys]
) -> None:
    """On its signed way from home, and in no other one."""
    terms = Terms("CloudTwo", may("image"), 2**40)
    sealed = seal(TWO, terms, keys.sealer(made["CloudTwo"].public.seal))
    wallet = WALLET.replace(TWO, sealed)
    scope = '{"image":"CloudTwo"}'
    answered = await clouds.ask("CloudOne", "image", "/v2/images", carrying(scope, wallet))
    assert answered.status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.values("x-auth-token")[0].startswith(f"{TWO}!SCOPE!")

    whole = '{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}'
    mine = '{"*":"CloudTwo","compute":"CloudTwo"}'
    for cloud, service, scope, *more in (
        ("CloudTwo", "image", whole, "Via: 1.1 CloudOne (openstackoid)"),
        ("CloudTwo", "image", mine),
        ("CloudTwo", "compute", mine),
    ):
        header = f"X-Auth-Token: {sealed}!SCOPE!{scope}"
        answered = await clouds.ask(cloud, service, "/", header, *more)
        assert answered.status == 401
    answered = await clouds.ask(
        "CloudOne", "compute", "/", carrying('{"compute":"CloudTwo"}', wallet)
    )
    assert answered.status == 401
    assert "not for compute" in answered.body.decode()
    assert len(clouds.backends["CloudTwo"]["image"].requests) == 1
    assert clouds.backends["CloudTwo"]["compute"].requests == []


@pytest.mark.parametrize("scope", ["image=CloudTwo", "*=CloudTwo", "*=CloudTwo,identity=CloudTwo"])
async def test_what_the_client_seals_is_taken(
    clouds: Clouds, made: dict[str, keys.Keys], scope: str
) -> None:
    """From home's gateway, also where the scope names no service of home."""
    key = made["CloudTwo"].public.seal
    sealed = seal_as_client(TWO, "CloudTwo", key, parse(scope), "CloudOne", 2**40, SHOWN)
    wallet = WALLET.replace(TWO, sealed)
    header = carrying(parse(scope).canonical, wallet)
    answered = await clouds.ask("CloudOne", "image", "/v2/images", header)
    assert answered.status == 200
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.values("x-auth-token")[0].startswith(f"{TWO}!SCOPE!")


@pytest.mark.parametrize("services", [["*"], ["*", "image"], ["image"]])
@pytest.mark.parametrize("path", ["/v3/users/alice/application_credentials", "/v3/auth/tokens"])
async def test_a_sealed_token_makes_no_credentials_at_home(
    clouds: Clouds, made: dict[str, keys.Keys], services: list[str], path: str
) -> None:
    """The operator of a cloud that was shown it signs a crossing of his own to home's Keystone."""
    terms = Terms("CloudOne", may(*services), 2**40)
    sealed = seal(ONE, terms, keys.sealer(made["CloudOne"].public.seal))
    scope = '{"*":"CloudOne","identity":"CloudOne"}'
    headers = (("X-Scope", scope), ("X-Auth-Token", f"{sealed}!SCOPE!{scope}"))
    whole = clouds.address("CloudOne", "identity")[2] + path
    crossing = Crossing("CloudTwo", "CloudOne", "identity", "POST", whole, Headers(headers))
    proof = sign(crossing, made["CloudTwo"].sign, time.time())
    answered = await clouds.ask(
        "CloudOne",
        "identity",
        path,
        *(f"{name}: {value}" for name, value in headers),
        "Via: 1.1 CloudTwo (openstackoid)",
        f"X-Scope-Proof: {proof}",
        method="POST",
        body=b'{"application_credential": {"name": "kept"}}',
    )
    assert answered.status == 401
    assert "not for identity" in answered.body.decode()
    assert clouds.backends["CloudOne"]["identity"].requests == []


async def present(
    clouds: Clouds,
    made: dict[str, keys.Keys],
    token: str,
    scope: str,
    *,
    service: str,
    sender: str = "CloudTwo",
    to: str = "CloudOne",
) -> Answered:
    """Send a token from a cloud's gateway to another, as the operator of the first can."""
    headers = (("X-Scope", scope), ("X-Auth-Token", f"{token}!SCOPE!{scope}"))
    whole = clouds.address(to, service)[2] + "/x"
    crossing = Crossing(sender, to, service, "GET", whole, Headers(headers))
    return await clouds.ask(
        to,
        service,
        "/x",
        *(f"{name}: {value}" for name, value in headers),
        f"Via: 1.1 {sender} (openstackoid)",
        f"X-Scope-Proof: {sign(crossing, made[sender].sign, time.time())}",
    )


@pytest.mark.parametrize(
    ("scope", "good"),
    [
        ("compute=CloudOne,image=CloudTwo", []),
        ("*=CloudOne,image=CloudTwo", []),
        ("image=CloudOne & CloudTwo", []),
        ("*=CloudOne,compute=CloudTwo", ["image"]),
        ("*=CloudOne,identity=CloudOne,compute=CloudTwo", ["image"]),
    ],
)
async def test_a_cloud_uses_another_one_s_token_for_what_its_services_call(
    clouds: Clouds, made: dict[str, keys.Keys], scope: str, good: list[str]
) -> None:
    """The operator of an image cloud does not get at the servers; nor anybody at a Keystone."""
    key = made["CloudOne"].public.seal
    sealed = seal_as_client(ONE, "CloudOne", key, parse(scope), "CloudThree", 2**40, SHOWN)
    for service in ("compute", "image", "identity"):
        whole = '{"*":"CloudOne","identity":"CloudOne"}'
        answered = await present(clouds, made, beside(sealed, TWO), whole, service=service)
        received = clouds.backends["CloudOne"][service].requests
        if service in good:
            assert (answered.status, len(received)) == (200, 1)
        else:
            assert (answered.status, received) == (401, [])
            assert b"the sealed token is not taken" in answered.body


@pytest.mark.parametrize(
    "front", ["its-own", "{sealed}", "{presented}", "{presented}~", "{sealed}~", "a.b.c.d.e"]
)
@pytest.mark.parametrize("wallet", ["", ',"tokens":{{"CloudTwo":["{sealed}",null]}}'])
@pytest.mark.parametrize("identity", ["", '"identity":"CloudOne",', '"identity":"CloudTwo",'])
async def test_whoever_has_seen_a_sealed_token_cannot_send_it_by_home(
    clouds: Clouds, made: dict[str, keys.Keys], front: str, wallet: str, identity: str
) -> None:
    """Home's gateway signs what its clients send, and says what was shown: not home's token.

    A cloud of the workflow knows its own token, the sealed ones, and what home's gateway wrote.
    """
    key = made["CloudTwo"].public.seal
    sealed = seal_as_client(TWO, "CloudTwo", key, parse("*=CloudTwo"), "CloudOne", 2**40, SHOWN)
    known = {"sealed": sealed, "presented": beside(sealed, ONE)}
    scope = f'{{{identity}"compute":"CloudTwo"' + wallet.format(**known) + "}"
    header = f"X-Auth-Token: {front.format(**known)}!SCOPE!{scope}"
    answered = await clouds.ask("CloudOne", "compute", "/servers", header)
    received = clouds.backends["CloudTwo"]["compute"].requests
    assert not any(TWO in str(request.values("x-auth-token")) for request in received)
    assert sealed not in answered.body.decode()
    header = carrying('{"compute":"CloudTwo"}', WALLET.replace(TWO, sealed))
    assert (await clouds.ask("CloudOne", "compute", "/servers", header)).status == 200
    assert received[-1].values("x-auth-token")[0].startswith(f"{TWO}!SCOPE!")


async def test_what_home_wrote_takes_no_opened_token_elsewhere(
    clouds: Clouds, made: dict[str, keys.Keys]
) -> None:
    """Home's gateway drops the wallet, and takes images at home: Two's Nova is refused there."""
    terms = Terms("CloudTwo", may("compute"), 2**40)
    sealed = seal(TWO, terms, keys.sealer(made["CloudTwo"].public.seal))
    scope = (
        '{"*":"CloudOne","block-storage":"CloudTwo","compute":"CloudTwo","identity":"CloudOne",'
        '"image":"CloudOne","network":"CloudTwo","placement":"CloudTwo"}'
    )
    shown = beside(sealed, ONE)
    await present(clouds, made, shown, scope, service="compute", sender="CloudOne", to="CloudTwo")
    (received,) = clouds.backends["CloudTwo"]["compute"].requests
    (handed,) = received.values("x-auth-token")
    assert handed.startswith(f"{TWO}!SCOPE!")
    assert '"identity":"CloudTwo"' in handed
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {handed}")
    assert answered.status == 401
    assert clouds.backends["CloudOne"]["image"].requests == []


async def test_a_sealed_token_is_not_taken_from_a_cloud_without_keys(
    clouds: Clouds, made: dict[str, keys.Keys]
) -> None:
    """Anybody could say that it is he."""
    terms = Terms("CloudTwo", may("image"), 2**40)
    sealed = seal(TWO, terms, keys.sealer(made["CloudTwo"].public.seal))
    del clouds.document["clouds"]["CloudOne"]["keys"]
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    scope = '{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}'
    via = "Via: 1.1 CloudOne (openstackoid)"
    answered = await clouds.ask(
        "CloudTwo", "image", "/", f"X-Auth-Token: {sealed}!SCOPE!{scope}", via
    )
    assert answered.status == 401
    assert b"nothing proves" in answered.body
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_a_cloud_without_a_gateway_takes_part(clouds: Clouds) -> None:
    """It gets its own token and no word of scopes; without an account, nothing."""
    two = clouds.document["clouds"]["CloudTwo"]
    two |= {"gateway": False, "frontends": two["backends"]}
    del two["backends"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    scope = '{"image":"CloudTwo"}'
    await clouds.ask("CloudOne", "image", "/v2/images", carrying(scope), f"X-Scope: {scope}")
    (received,) = clouds.backends["CloudTwo"]["image"].requests
    assert received.values("x-auth-token") == [TWO]
    assert received.values("x-scope") == received.values("via") == []
    assert b"SCOPE" not in received.head
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", f"X-Auth-Token: {ONE}!SCOPE!{scope}"
    )
    assert answered.status == 401
    assert "CloudTwo has no gateway" in json.loads(answered.body)["error"]["message"]
    assert len(clouds.backends["CloudTwo"]["image"].requests) == 1
