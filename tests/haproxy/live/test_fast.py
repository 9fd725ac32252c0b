"""What HAProxy carries out by itself, and what it leaves to the gateway."""

import pytest
from gateway.backend import Received
from haproxy.live.fronts import CLIENT, HAPROXY, Fronts

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPLETE = '{"*":"Here","identity":"Here"}'
BOUND = '"identity":"Here","network":"Here","placement":"Here"'
SERVED = f'{{"*":"Here","block-storage":"Here","compute":"Here",{BOUND}}}'
ID = "x-openstack-request-id"

NATIVE = {
    "no scope": ("GET /image/v2/images?limit=1", []),
    "no scope, a token": ("GET /image/v2/images", ["X-Auth-Token: T"]),
    "no scope, a write": ("POST /compute/v2.1/servers", ["X-Auth-Token: T", "Content-Length: 0"]),
    "no scope, a validation": ("GET /identity/v3/auth/tokens", ["X-Subject-Token: T"]),
    "no scope, a Via": ("GET /image/v2", ["Via: 1.1 There (openstackoid)"]),
    "no scope, the root": ("GET /image", []),
    "no scope, the root with a query": ("GET /image?x=/image/image", []),
    "no scope, the prefix twice": ("GET /image/image", []),
    "no scope, another prefix behind": ("GET /compute", []),
    "no scope, a client of its own": ("GET /image/v2", ["X-Forwarded-For: 203.0.113.5"]),
    "no scope, another spelling": ("GET /image/v2", ["X_Forwarded-Proto: https", "X_Real_IP: a"]),
    "no scope, another header": ("GET /image/v2", ["Forwarded: for=192.0.2.1;proto=https"]),
    "a client of its own": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "True-Client-IP: 192.0.2.1"]),
    "a suffix": ("GET /image/v2", [f"X-Auth-Token: T!SCOPE!{COMPLETE}"]),
    "a header": ("GET /image/v2", [f"X-Scope: {COMPLETE}"]),
    "a header beside a token": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "X-Auth-Token: T"]),
    "both": ("GET /image/v2", [f"X-Scope: {COMPLETE}", f"X-Auth-Token: T!SCOPE!{COMPLETE}"]),
    "a service that is meant": (
        "DELETE /image/v2/images/7",
        [f"X-Scope: {COMPLETE}", "X-Scope-Service: image"],
    ),
    "no scope, a service that is meant": ("GET /image/v2", ["X-Scope-Service: network"]),
    "a service's token": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "X-Service-Token: S"]),
    "a scope for another service": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"*":"Here","identity":"Here","network":"There"}'],
    ),
    "a scope of another home": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"*":"There","identity":"Here","image":"Here"}'],
    ),
    "an incomplete scope": ("GET /image/v2", ['X-Auth-Token: T!SCOPE!{"network":"There"}']),
    "an incomplete header": ("GET /image/v2", ['X-Scope: {"image":"Here"}', "X-Auth-Token: T"]),
    "a scope without what is bound": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"*":"There","compute":"There","identity":"Here","image":"Here"}'],
    ),
    "a scope with a part of what is bound": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"compute":"There","network":"Here"}'],
    ),
    "a server": (
        "POST /compute/v2.1/servers",
        [f"X-Auth-Token: T!SCOPE!{SERVED}", "Content-Length: 0"],
    ),
    "a server at home": (
        "POST /compute/v2.1/servers",
        ['X-Auth-Token: T!SCOPE!{"image":"There"}', "Content-Length: 0"],
    ),
    "servers read": (
        "GET /compute/v2.1/servers",
        ['X-Auth-Token: T!SCOPE!{"network":"There"}'],
    ),
    "Keystone": ("GET /identity/v3/projects", [f"X-Auth-Token: T!SCOPE!{COMPLETE}"]),
    "Keystone by X-Scope": ("GET /identity/v3", [f"X-Scope: {COMPLETE}"]),
    "a JWS": ("GET /image/v2", [f"X-Auth-Token: a.b-c.d_e!SCOPE!{COMPLETE}"]),
    "keep-alive": ("GET /image/v2", ["Connection: keep-alive"]),
    "close": ("GET /image/v2", ["Connection: close"]),
    "a login": ("POST /identity/v3/auth/tokens", ["Content-Length: 0"]),
    "a login with slashes": ("POST /identity/v3/auth/tokens//?nocatalog", ["Content-Length: 0"]),
    "a scheme": ("GET /image/v2", ["X-Forwarded-Proto: https"]),
    "a scheme twice": ("GET /image/v2", ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"]),
    "a scheme, with a scope": (
        "GET /image/v2",
        ["X-Forwarded-Proto: https", f"X-Scope: {COMPLETE}"],
    ),
    "a long scope": ("GET /image/v2", ["X-Auth-Token: " + "T" * 8000 + f"!SCOPE!{COMPLETE}"]),
}

LEFT = {
    "no scope, two tokens": ("GET /image/v2", ["X-Auth-Token: A", "X-Auth-Token: B"]),
    "a scheme for another cloud": (
        "GET /image/v2",
        ["X-Forwarded-Proto: https", 'X-Scope: {"image":"There"}'],
    ),
    "another service that is meant": (
        "DELETE /compute/v2.1/servers/7",
        [f"X-Scope: {COMPLETE}", "X-Scope-Service: image"],
    ),
    "another service that is meant, behind a token": (
        "DELETE /compute/v2.1/servers/7",
        [f"X-Auth-Token: T!SCOPE!{COMPLETE}", "X-Scope-Service: image"],
    ),
    "two services that are meant": (
        "GET /image/v2",
        [f"X-Scope: {COMPLETE}", "X-Scope-Service: image", "X-Scope-Service: image"],
    ),
    "no scope, claims": ("GET /image/v2", ["X-Roles: admin", "X-Forwarded-Host: other"]),
    "claims": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "X-Roles: admin", "X-Service-User-Id: 1"]),
    "a Via": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "Via: 1.1 cache"]),
    "many Vias": ("GET /image/v2", [f"X-Scope: {COMPLETE}", *["Via: 1.1 a, 1.1 b"] * 11]),
    "an operator": ("GET /image/v2", ['X-Scope: {"image":"Here|There"}']),
    "an operator for another service": ("GET /image/v2", ['X-Scope: {"network":"Here|There"}']),
    "another cloud": ("GET /image/v2", ['X-Scope: {"image":"There"}']),
    "a foreign token": ("GET /image/v2", ['X-Auth-Token: T!SCOPE!{"*":"Here","identity":"There"}']),
    "a foreign token by star": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"*":"There","image":"Here"}'],
    ),
    "from a gateway": (
        "GET /image/v2",
        [f"X-Auth-Token: T!SCOPE!{COMPLETE}", "Via: 1.1 There (openstackoid)"],
    ),
    "a wallet": (
        "GET /image/v2",
        ['X-Auth-Token: T!SCOPE!{"*":"Here","identity":"Here","tokens":{"*":["T",null]}}'],
    ),
    "a sealed token": ("GET /image/v2", [f"X-Auth-Token: a.b.c.d.e!SCOPE!{COMPLETE}"]),
    "a scope of people": ("GET /image/v2", ["X-Scope: image=Here"]),
    "no key at all": ("GET /image/v2", ["X-Scope: {}"]),
    "an alias": ("GET /image/v2", ['X-Scope: {"glance":"Here"}']),
    "another order": ("GET /image/v2", ['X-Scope: {"image":"Here","*":"Here"}']),
    "two that differ": (
        "GET /image/v2",
        ['X-Scope: {"image":"Here"}', 'X-Auth-Token: T!SCOPE!{"image":"There"}'],
    ),
    "two written in two ways": (
        "GET /image/v2",
        ['X-Scope: {"image":"Here"}', "X-Auth-Token: T!SCOPE!image=Here"],
    ),
    "two X-Scope": ("GET /image/v2", [f"X-Scope: {COMPLETE}", f"X-Scope: {COMPLETE}"]),
    "two tokens": ("GET /image/v2", [f"X-Scope: {COMPLETE}", "X-Auth-Token: T", "X-Auth-Token: S"]),
    "two suffixes": ("GET /image/v2", [f"X-Auth-Token: T!SCOPE!{COMPLETE}!SCOPE!{COMPLETE}"]),
    "an empty suffix": ("GET /image/v2", ["X-Auth-Token: T!SCOPE!"]),
    "an empty X-Scope": ("GET /image/v2", ["X-Scope: ", f"X-Auth-Token: T!SCOPE!{COMPLETE}"]),
    "a login without a length": ("POST /identity/v3/auth/tokens", []),
    "a login with a scope": (
        "POST /identity/v3/auth/tokens",
        [f"X-Scope: {COMPLETE}", "Content-Length: 0"],
    ),
    "a validation with a scope": (
        "GET /identity/v3/auth/tokens",
        ["X-Auth-Token: S", f"X-Subject-Token: T!SCOPE!{COMPLETE}"],
    ),
    "a validation of a foreign token": (
        "GET /identity/v3/auth/tokens",
        ["X-Auth-Token: S", 'X-Subject-Token: T!SCOPE!{"*":"There","identity":"There"}'],
    ),
    "a catalog": ("GET /identity/v3/auth/catalog", [f"X-Auth-Token: T!SCOPE!{COMPLETE}"]),
    "a server on a network of another cloud": (
        "POST /compute/v2.1/servers",
        ['X-Auth-Token: T!SCOPE!{"network":"There"}', "Content-Length: 0"],
    ),
    "dots": ("GET /image/v2/../x", [f"X-Scope: {COMPLETE}"]),
    "what the gateway answers itself": ("GET /identity/openstackoid/unsettled", []),
    "encoded dots": ("GET /image/%2E%2e/x", [f"X-Scope: {COMPLETE}"]),
    "an underscore": ("GET /image/v2", ["X_Scope: image=There"]),
    "an underscore elsewhere": ("GET /image/v2", ["X_Other: 1"]),
    "X-Storage-Token": ("GET /image/v2", [f"X-Storage-Token: T!SCOPE!{COMPLETE}"]),
    "no ASCII": ("GET /image/v2", ["X-Other: \u00e4"]),
    "no UTF-8": ("GET /image/v2", ["X-Other: \udce4"]),
    "a header of the connection": ("GET /image/v2", ["Connection: X-Other", "X-Other: 1"]),
    "the connection's X-Scope": ("GET /image/v2", ["Connection: X-Scope", f"X-Scope: {COMPLETE}"]),
    "Keep-Alive": ("GET /image/v2", ["Keep-Alive: timeout=5"]),
    "a proof": ("GET /image/v2", ["X-Scope-Proof: a.b.c"]),
    "TE": ("GET /image/v2", ["TE: trailers"]),
    "Upgrade": ("GET /image/v2", ["Connection: upgrade", "Upgrade: h2c"]),
    "an unknown path": ("GET /unknown", []),
    "a path that begins alike": ("GET /images", []),
    "too long": ("GET /image/v2", ["X-Scope: " + '{"*":"Here"}'.ljust(4097, "x")]),
}


def written(line: str, headers: list[str]) -> bytes:
    head = [f"{line} HTTP/1.1", "Host: here", *headers]
    return "\r\n".join([*head, "", ""]).encode("utf-8", "surrogateescape")


def lines(received: Received) -> list[str]:
    """Return the headers that a service got."""
    return received.head.decode().split("\r\n")[1:]


@pytest.mark.parametrize("name", NATIVE)
async def test_haproxy_needs_no_gateway(name: str, here: Fronts) -> None:
    """For what stays in the cloud; and does what the gateway would have done."""
    line, headers = NATIVE[name]
    alone, both = await here.both(written(line, headers), 8888, line.split()[0])
    assert both.seen == alone.seen
    assert both.status == 200
    assert not both.handed_over


@pytest.mark.parametrize("name", LEFT)
async def test_the_gateway_does_the_rest(name: str, here: Fronts) -> None:
    """And its answer passes unchanged."""
    line, headers = LEFT[name]
    alone, both = await here.both(written(line, headers), 8888, line.split()[0])
    assert both.seen == alone.seen
    assert both.handed_over


@pytest.mark.parametrize("value", ["req-11111111-2222-3333-4444-555555555555", "1"])
async def test_an_id_passes_as_it_came(value: str, here: Fronts) -> None:
    """For oslo.middleware to take it or to make its own; where there is none, none is made."""
    scope = f"X-Scope: {COMPLETE}"
    for ids in ([], [f"{ID}: {value}"]):
        both = await here.send(HAPROXY, written("GET /image/v2", [scope, *ids]), 8888)
        assert not both.handed_over
        (received,) = here.services["image"].requests
        assert [line for line in lines(received) if line.startswith(ID)] == ids


async def test_a_scope_passes_as_it_came(here: Fronts) -> None:
    """Behind the token, where the client has put it beside: it is completed where it goes on."""
    scope = '{"image":"Here"}'
    for headers in (["X-Auth-Token: T", f"X-Scope: {scope}"], [f"X-Auth-Token: T!SCOPE!{scope}"]):
        both = await here.send(HAPROXY, written("GET /image/v2", headers), 8888)
        assert not both.handed_over
        (received,) = here.services["image"].requests
        assert f"x-auth-token: T!SCOPE!{scope}" in lines(received)


@pytest.mark.parametrize("more", [[], [f"X-Scope: {COMPLETE}"], ["X-Roles: none"]])
async def test_a_client_s_own_word_of_its_way_counts_for_nothing(
    here: Fronts, more: list[str]
) -> None:
    """Services are told the client's address by either front, and by HAProxy before the gateway."""
    words = [f"{name}: 203.0.113.5" for name in ("X-Forwarded-For", "X-Real-IP", "Client-Ip")]
    words += ["X-Forwarded-Host: evil", "X-Forwarded-Prefix: /evil", "Forwarded: for=203.0.113.5"]
    alone, both = await here.both(written("GET /image/v2", [*words, *more]), 8888)
    assert both.seen == alone.seen
    ((_, headers, _),) = both.received
    told = {name: value for name, value in headers if b"forwarded" in name or b"-ip" in name}
    assert told == {b"x-forwarded-for": CLIENT.encode()}
