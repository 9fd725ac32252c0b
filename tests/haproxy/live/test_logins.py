"""Logins: HAProxy sends those straight to Keystone whose body has no scope, as far as it sees."""

import asyncio
import json

import pytest
from gateway.played import Client
from haproxy.live.fronts import HAPROXY, Fronts

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUFFIX = '!SCOPE!{"*":"Here","identity":"Here"}'


def by_password(password: str) -> str:
    user = {"name": "demo", "domain": {"id": "default"}, "password": password}
    return json.dumps({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}})


def by_token(token: str) -> str:
    return json.dumps({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}})


STRAIGHT = {
    "a password": by_password("secret").encode(),
    "a token": by_token("gAAA-_=").encode(),
    "lines": json.dumps(json.loads(by_token("T")), indent=2).encode(),
    "a password with signs": by_password('a!b\\c"d!SCOPE').encode(),
    "a password in UTF-8": '{"auth": {"password": "p\u00e4ssw\u00f6rd"}}'.encode(),
    "no JSON": b"name=demo",
    "no UTF-8": b"\xff\xfe",
    "twenty kilobytes": by_password("x" * 20_000).encode(),
}
LEFT = {
    "a token with a scope": by_token(f"T{SUFFIX}").encode(),
    "a token with a scope at the end of twenty kilobytes": (
        b" " * 20_000 + by_token(f"T{SUFFIX}").encode()
    ),
    "a password that looks like one": by_password(f"T{SUFFIX}").encode(),
    "a scope that is escaped": by_token(f"T{SUFFIX}").replace("!", "\\u0021").encode(),
    "any escape": by_password("p\u00e4ssw\u00f6rd").encode(),
    "a scope behind a NUL": b"{}\0" + by_token(f"T{SUFFIX}").encode(),
    "a NUL at the beginning": b"\0" + by_token(f"T{SUFFIX}").encode(),
    "UTF-16": by_token(f"T{SUFFIX}").encode("utf-16"),
    "more than HAProxy looks at": by_password("x" * 40_000).encode(),
}
"""By name: the body of a login."""


def request(body: bytes, *headers: str, path: str = "/identity/v3/auth/tokens") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: here", *headers]
    if "Transfer-Encoding: chunked" in headers:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    else:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("name", STRAIGHT)
async def test_a_login_without_a_scope_needs_no_gateway(name: str, here: Fronts) -> None:
    """Keystone gets it byte for byte, by either front."""
    alone, both = await here.both(request(STRAIGHT[name]), 8888, "POST")
    assert both.seen == alone.seen
    assert both.status == 200
    assert [body for *_, body in both.received] == [STRAIGHT[name]]
    assert not both.handed_over


@pytest.mark.parametrize("name", LEFT)
async def test_what_may_hold_a_scope_is_the_gateways(name: str, here: Fronts) -> None:
    """As is what cannot be seen as a whole."""
    alone, both = await here.both(request(LEFT[name]), 8888, "POST")
    assert both.seen == alone.seen
    assert both.handed_over


@pytest.mark.parametrize("body", [b"", STRAIGHT["a password"], LEFT["a token with a scope"]])
@pytest.mark.parametrize(
    "headers",
    [
        ("Transfer-Encoding: chunked",),
        ("Expect: 100-continue",),
        ('X-Scope: {"*":"Here","identity":"Here"}',),
        ("X-Auth-Token: A", "X-Auth-Token: B"),
    ],
)
async def test_an_unusual_login_is_the_gateways(
    body: bytes, headers: tuple[str, ...], here: Fronts
) -> None:
    """As every request is; of chunks nobody knows before the end how many there are."""
    alone, both = await here.both(request(body, *headers), 8888, "POST")
    assert both.seen == alone.seen
    assert both.handed_over


async def test_other_posts_are_not_waited_for(here: Fronts) -> None:
    """Nor looked at: a server's name may be anything."""
    body = LEFT["a token with a scope"]
    for path in ("/identity/v3/users", "/compute/v2.1/servers"):
        alone, both = await here.both(request(body, path=path), 8888, "POST")
        assert both.seen == alone.seen
        assert not both.handed_over


async def test_a_body_may_come_later_than_its_head(here: Fronts) -> None:
    """HAProxy waits for all of it."""
    sent = request(LEFT["a token with a scope"])
    head, body = sent[: sent.index(b"{")], sent[sent.index(b"{") :]
    before = await here.handed_over()
    reader, writer = await asyncio.open_connection(HAPROXY, here.ports[8888])
    for piece in (head, body[:20], body[20:]):
        assert await here.handed_over() == before
        writer.write(piece)
        await writer.drain()
    answer = await asyncio.wait_for(Client(reader, writer, "", "").answer(), 20)
    writer.close()
    assert answer.status == 200
    assert await here.handed_over() == before + 1
