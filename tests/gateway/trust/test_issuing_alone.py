"""What is made of a token where it leaves: by the issuing part alone, with a Keystone's answers."""

import asyncio
from http import HTTPStatus
from typing import Any

import pytest
from gateway.trust.strange import documents
from gateway.trust.vouching import unasked
from hypothesis import given, settings
from identity.alice import assertion_key
from identity.sizes import HOME, LENGTHS, SCOPES, SHORT, TOKENS, USERS, document, fernet
from msgspec.structs import replace

from openstackoid.federation import Federation
from openstackoid.gateway.trust.home_tokens import HomeTokens
from openstackoid.gateway.trust.issuing import MAX_TOKEN, Issuing
from openstackoid.identity.assertion import Claims, claimed, sign, verified
from openstackoid.identity.issuer_secrets import completed, own_token, stamp_secret
from openstackoid.identity.keys import assertion_signer, make
from openstackoid.identity.stamp import LENGTH, cut, stamped
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal, Route, decide, destination_of, narrowed
from openstackoid.scope import join, parse, split

KEYS = make()
KEY = assertion_key(KEYS)
STAMP = stamp_secret(KEY)

CLOUDS = ("CloudOne", "CloudTwo", "CloudThree", "CloudFour")
SERVICES = ("identity", "compute", "image", "network", "block-storage", "placement")
FEDERATION = Federation.model_validate(
    {
        "clouds": {
            cloud: {"frontends": {s: f"http://{cloud}/{s}".lower() for s in SERVICES}}
            for cloud in CLOUDS
        },
        "shared": [{"clouds": list(CLOUDS), "services": ["network", "block-storage"]}],
    }
)


class Played(HomeTokens):
    """What the Keystone of CloudOne would say: documents of tokens, and of those that are over."""

    def __init__(self, known: dict[str, Any], late: dict[str, Any] | None = None) -> None:
        self._said = {False: known, True: known | (late or {})}
        self.asked: list[str] = []

    async def document(self, token: str, *, late: bool = False) -> dict[str, Any] | None:
        """Return what is known of a token."""
        self.asked.append(token)
        found: dict[str, Any] | None = self._said[late].get(token)
        return found


def let_in(token: str) -> Claims:
    """Return what an assertion says that a gateway has let in."""
    return claimed(cut(token))


async def sent(
    known: dict[str, Any],
    scope: str,
    token: str,
    *more: tuple[str, str],
    service: str = "compute",
    cloud: str = "CloudTwo",
    method: str = "GET",
    late: dict[str, Any] | None = None,
) -> tuple[str, Route]:
    """Return the token that leaves CloudOne in place of another, and the route."""
    value = join(token, parse(scope).completed(HOME))
    headers = Headers([("Host", HOME.lower()), ("X-Auth-Token", value), *more])
    head = Head(method, f"/{service}/v2/x", headers, 80)
    route = narrowed(decide(head, FEDERATION, HOME), cloud)
    issuing = Issuing(FEDERATION, HOME, (KEY,), Played(known, late), let_in, unasked(HOME))
    head, route = await issuing.asserted(
        head, route, destination_of(route, cloud, FEDERATION, HOME)
    )
    return split(head.headers.get("x-auth-token"))[0], route


async def refused(
    known: dict[str, Any], scope: str, token: str, *more: tuple[str, str], **how: Any
) -> str:
    """Return why a token stays, without any of it; nobody has got anything."""
    with pytest.raises(Refusal) as caught:
        await sent(known, scope, token, *more, **how)
    message = str(caught.value)
    assert token not in message
    assert caught.value.status == how.get("status", HTTPStatus.UNAUTHORIZED)
    return message


def claims_of(token: str) -> Claims:
    """Return what an assertion says, which CloudOne's key has signed."""
    signer = assertion_signer(KEYS.public)
    assert signer is not None
    return verified(token, (signer,))[0]


async def test_an_assertion_goes_in_place_of_the_token() -> None:
    """It has the token for home alone; asked again, it is the same."""
    token = fernet()
    one, route = await sent({token: SHORT}, SCOPES["compute"], token)
    assert (await sent({token: SHORT}, SCOPES["compute"], token))[0] == one
    claims = claims_of(one)
    assert (claims.iss, claims.aud, claims.presenter) == ("CloudOne", "CloudTwo", "CloudOne")
    assert claims.services == ("block-storage", "compute", "network", "placement")
    assert claims.back == ("image",)
    assert own_token(claims, (KEY,)) == token
    assert token not in one
    assert route.wallet is None


async def test_what_the_scope_takes_in_a_third_cloud_rides_along() -> None:
    """For that cloud alone, presented by the second one, for the called service."""
    token = fernet()
    _, route = await sent({token: SHORT}, SCOPES["volumes elsewhere"], token)
    assert route.wallet is not None
    beyond = {cloud: claims_of(entry.token) for cloud, entry in route.wallet.accounts}
    assert {c: (a.aud, a.presenter, a.services, a.back) for c, a in beyond.items()} == {
        "CloudThree": ("CloudThree", "CloudTwo", ("image",), ()),
        "CloudFour": ("CloudFour", "CloudTwo", ("block-storage",), ()),
    }


async def test_an_administrator_s_goes_no_further() -> None:
    """Nor does anything come back."""
    token = fernet()
    admin = document("root", "demo", "Default", ["Admin", "member"])
    one, route = await sent({token: admin}, SCOPES["volumes elsewhere"], token)
    assert claims_of(one).back == ()
    assert route.wallet is None


@pytest.mark.parametrize(("scope", "names", "kind"), LENGTHS)
async def test_what_services_could_not_read_is_refused(scope: str, names: str, kind: str) -> None:
    """With 431, before anything is sent; what fits is as long as is said."""
    token = TOKENS[kind]()
    known, service = {token: USERS[names]}, "image" if scope == "image" else "compute"
    if LENGTHS[scope, names, kind] > MAX_TOKEN:
        with pytest.raises(Refusal) as caught:
            await sent(known, SCOPES[scope], token, service=service)
        assert caught.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        assert f"bytes long, and {MAX_TOKEN} fit; the longest part is" in str(caught.value)
        assert token not in str(caught.value)
        return
    one, route = await sent(known, SCOPES[scope], token, service=service)
    assert route.scope is not None
    value = join(stamped(one, STAMP), route.scope, route.wallet)
    assert len(value) <= MAX_TOKEN
    assert len(value) <= LENGTHS[scope, names, kind] * 1.02


@pytest.mark.parametrize(
    ("user", "roles", "token", "part"),
    [
        ("\u5b57" * 255, [], "t" * 300, "the names of user, project and domains"),
        ("alice", [f"{n:02}" + "r" * 200 for n in range(12)], "t" * 300, "the names of its roles"),
        ("alice", [], "t." * 1100, "the token"),
        ("alice", [], "t." * 4000, "the token"),
        (
            "\u5b57" * 255,
            ["\u5b57" * 250 + str(n) for n in range(16)],
            "t",
            "the names of its roles",
        ),
    ],
)
async def test_the_longest_part_is_named(
    user: str, roles: list[str], token: str, part: str
) -> None:
    """So that one knows what to shorten; also where it would not even be an assertion."""
    with pytest.raises(Refusal) as caught:
        await sent({token: document(user, user, user, roles)}, SCOPES["compute"], token)
    assert caught.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    assert str(caught.value).endswith(f"the longest part is {part}")


async def test_the_stamp_is_counted() -> None:
    """It is put on where there is no way back."""
    known = {}
    fitting = []
    for length in range(900, 1300):
        token = "t." * (length // 2) + "t" * (length % 2)
        known[token] = SHORT
        try:
            one, route = await sent(known, SCOPES["compute"], token)
        except Refusal:
            continue
        assert route.scope is not None
        fitting.append(len(join(one, route.scope)) + LENGTH)
    assert MAX_TOKEN - 3 < max(fitting) <= MAX_TOKEN


async def test_access_rules_are_kept_where_the_request_leaves() -> None:
    """They don't travel: service, method and path are those of the user's request."""
    rule = {"service": "compute", "method": "GET", "path": "/compute/v2/*"}
    credential = {"access_rules": [rule]}
    known = {"gAAAAAB-t": {"token": SHORT["token"] | {"application_credential": credential}}}
    one, _ = await sent(known, SCOPES["compute"], "gAAAAAB-t")
    assert claims_of(one).sub
    for how in ({"method": "POST"}, {"service": "network"}):
        message = await refused(known, SCOPES["compute"], "gAAAAAB-t", **how)
        assert "the access rules of its application credential do not allow" in message
    service = {"token": {"roles": [{"name": "service"}]}}
    by_service = ("X-Service-Token", "svc")
    one, _ = await sent(
        known | {"svc": service}, SCOPES["compute"], "gAAAAAB-t", by_service, method="POST"
    )
    assert claims_of(one).sub
    stranger = {"token": {"roles": [{"name": "member"}]}}
    await refused(
        known | {"svc": stranger}, SCOPES["compute"], "gAAAAAB-t", by_service, method="POST"
    )


async def test_a_token_that_is_over_goes_on_with_a_service_alone() -> None:
    """By a service token that home knows, of a user with the role; not with any other."""
    over = document("alice", "demo", "Default", ["member"])
    over["token"] |= {
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2026-01-01T01:00:00.000000Z",
    }
    service = {"svc": {"token": {"roles": [{"name": "service"}]}}}
    by_service = ("X-Service-Token", "svc")
    late = {"gAAAAAB-t": over}
    one, _ = await sent(service, SCOPES["compute"], "gAAAAAB-t", by_service, late=late)
    assert claimed(one).late
    for known, more in (
        (service, ()),
        ({}, (by_service,)),
        ({"svc": {"token": {"roles": [{"name": "member"}]}}}, (by_service,)),
        ({"svc": {"token": {}}}, (by_service,)),
    ):
        message = await refused(known, SCOPES["compute"], "gAAAAAB-t", *more, late=late)
        assert "does not know this token, or it has expired" in message


@settings(max_examples=200)
@given(user=documents(SHORT), service=documents({"token": {"roles": [{"name": "service"}]}}))
def test_a_document_of_any_shape_is_an_assertion_or_a_reason(
    user: dict[str, Any], service: dict[str, Any]
) -> None:
    """A Keystone with a driver of its own, or a proxy before it, makes no gateway fail."""
    known = {"gAAAAAB-t": user, "svc": service}

    async def leaving() -> str | HTTPStatus:
        try:
            return (await sent(known, SCOPES["compute"], "gAAAAAB-t", ("X-Service-Token", "svc")))[
                0
            ]
        except Refusal as refusal:
            return refusal.status

    left = asyncio.run(leaving())
    if isinstance(left, str):
        assert claims_of(left).iss == "CloudOne"
    else:
        assert left in {HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE}


async def test_access_rules_that_cannot_be_read_keep_the_token_at_home() -> None:
    """Nobody knows what they would have forbidden."""
    for credential in ({"access_rules": "none"}, "credential"):
        known = {"t.": {"token": SHORT["token"] | {"application_credential": credential}}}
        message = await refused(known, SCOPES["compute"], "t.")
        assert "stays in CloudOne: the access rules" in message


async def test_a_cloud_that_was_called_passes_on_what_rides_along() -> None:
    """For a third cloud, the assertion that home has made for it; nothing else goes there."""
    token = fernet()
    one, route = await sent({token: SHORT}, SCOPES["images elsewhere"], token)
    assert route.wallet is not None
    assert route.scope is not None
    (beyond,) = (entry.token for _, entry in route.wallet.accounts)
    key = assertion_key()
    value = join(stamped(one, stamp_secret(key)), route.scope, route.wallet)
    head = Head("GET", "/image/v2/x", Headers([("Host", "cloudtwo"), ("X-Auth-Token", value)]), 80)
    issuing = Issuing(FEDERATION, "CloudTwo", (key,), Played({}), let_in, unasked("CloudTwo"))
    route = narrowed(decide(head, FEDERATION, "CloudTwo"), "CloudThree")
    destination = destination_of(route, "CloudThree", FEDERATION, "CloudTwo")
    head, route = await issuing.asserted(head, route, destination)
    assert split(head.headers.get("x-auth-token"))[0] == beyond
    assert route.wallet is None


async def test_a_service_of_home_that_was_called_goes_on_while_the_token_is_valid() -> None:
    """Home's Keystone is asked whether it still is, before another cloud is."""
    claims = replace(
        claims_of((await sent({"t.": SHORT}, SCOPES["compute"], "t."))[0]),
        aud=HOME,
        presenter="CloudTwo",
        services=("block-storage",),
        back=(),
    )
    brought = stamped(sign(completed(replace(claims, jti="", own=""), "t.", KEY), KEY), STAMP)
    scope = f"block-storage={HOME},image=CloudTwo,compute=CloudTwo"
    one, _ = await sent({"t.": SHORT}, scope, brought, service="image")
    assert (claims_of(one).aud, claims_of(one).services) == ("CloudTwo", ("image",))
    assert "no longer knows the token" in await refused({}, scope, brought, service="image")
