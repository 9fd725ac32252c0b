"""Heads mutated at random: whatever comes is answered, and never with a fault of the gateway."""

import asyncio
import io
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from gateway.credentials import give_keys
from gateway.played import TOKEN, Clouds, playing
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from openstackoid.gateway.reporting import log as gateway_log

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = 1000 if "CI" in os.environ else 100
REQUESTS = 10
"""In each example: 10,000 in all before a change is taken, 1,000 while one works."""

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
HEADS = [
    f"{line} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: keep-alive\r\n{headers}\r\n".encode()
    for line, headers in (
        ("GET /image/v2/images?limit=1", f"X-Auth-Token: {TOKEN}\r\n"),
        (
            "GET /image/v2/images",
            f"X-Scope: {COMPLETED}\r\nX-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}\r\n",
        ),
        (
            "POST /compute/v2.1/servers",
            f"X-Auth-Token: {TOKEN}!SCOPE!compute=CloudOne|CloudTwo\r\nContent-Length: 0\r\n",
        ),
        (
            "GET /identity/v3/auth/tokens",
            f"X-Auth-Token: {TOKEN}\r\nX-Subject-Token: {TOKEN}!SCOPE!{COMPLETED}\r\n",
        ),
        (
            "DELETE /image/v2/images/x",
            'X-Scope: {"*":"CloudTwo","identity":"CloudTwo"}\r\nX-Scope-Proof: a.b.c\r\n'
            f"Via: 1.1 CloudTwo (openstackoid)\r\nX-Service-Token: {TOKEN}\r\n",
        ),
    )
]
PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"!SCOPE!", b"{", b"}", b'"'),
    *("é".encode(), b"\xff", "\u202e".encode(), b"%00", b"%0d%0a", b"//", b"..", b"#", b"\\"),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 0\r\n", b"Expect: 100-continue\r\n"),
    *(b"Connection: x-scope, close\r\n", b"Upgrade: websocket\r\n", b"Host: y\r\n", b"\r\n "),
    *(b"X-Scope: image=CloudOne\r\n", b"X_Scope: a\r\n", b"Via: 1.1 CloudTwo (openstackoid)\r\n"),
    *(b"X-Scope-Proof: e30.e30.e30\r\n", b"X-Roles: admin\r\n", b"X-Scope-Policy: \xc3\r\n"),
    *(b"CloudOne", b"CloudTwo&", b"|", b"((((", b"tokens", b"[" * 500, b"a" * 500),
]


WORDS = [
    *("", " ", "CloudOne", "image=CloudTwo", "image=CloudOne&CloudTwo", "image=CloudTwo|CloudOne"),
    *(COMPLETED, f"{TOKEN}!SCOPE!{COMPLETED}", "a!SCOPE!", "!SCOPE!{}", '{"tokens":{}}', "{" * 300),
    *("1.1 CloudOne (openstackoid)", "1.1 a, 1.1 CloudTwo (openstackoid)", "e30.e30.e30", "0", "é"),
    *("\u202e\u200b", "../..", "http://127.0.0.1/", "close", "x-scope", "100-continue", "a" * 500),
]
NAMES = [
    *("X-Scope", "X-Auth-Token", "X-Subject-Token", "X-Service-Token", "Via", "X-Scope-Proof"),
    *("X-Scope-Policy", "X-Openstack-Request-Id", "Host", "Connection", "Expect", "Content-Type"),
    *("X_Scope", "X-Roles", "Forwarded", "Accept-Encoding", "Range", "X-Scope-Report"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Draw a head with one to three mutations of its bytes, lines or headers."""
    head = draw(st.sampled_from(HEADS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(head)))
        lines = head.split(b"\r\n")
        line = max(1, at % len(lines))
        match draw(st.integers(0, 7)):
            case 0:
                head = head[:at] + draw(st.sampled_from(PIECES)) + head[at:]
            case 1:
                until = at + draw(st.integers(0, 40))
                head = head[:at] + draw(st.binary(max_size=4)) + head[until:]
            case 2:
                head = b"\r\n".join([*lines[:line], *lines[line - 1 :]])
            case 3 | 4:
                name = lines[line].partition(b":")[0]
                lines[line] = name + b": " + draw(st.sampled_from(WORDS)).encode()
                head = b"\r\n".join(lines)
            case _:
                header = f"{draw(st.sampled_from(NAMES))}: {draw(st.sampled_from(WORDS))}"
                head = b"\r\n".join([*lines[:line], header.encode(), *lines[line:]])
    return head


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def attacked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clouds]:
    """Both clouds, which sign their hops; their log may hold no token at the end."""
    stream = io.StringIO()
    gateway_log.configure(stream)
    # All requests are from one address.
    async with playing(tmp_path_factory.mktemp("mutations"), 20, rate=1_000_000) as clouds:
        await give_keys(clouds, *clouds.gateways)
        yield clouds
    assert not [line for line in stream.getvalue().splitlines() if TOKEN in line]


@settings(max_examples=EXAMPLES, phases=[Phase.generate])
@given(st.lists(mutated(), min_size=REQUESTS, max_size=REQUESTS))
async def test_a_mutated_head_is_never_a_fault_of_the_gateway(
    attacked: Clouds, heads: list[bytes]
) -> None:
    """Each gets an answer that is HTTP, not 500, and does not repeat the token."""
    for head in heads:
        client = await attacked.open("CloudOne", "image")
        client.writer.write(head + b"\r\n" * 8)  # an end, wherever it was
        async with asyncio.timeout(5):
            answer = await client.reader.readuntil(b"\r\n")
        assert answer.startswith(b"HTTP/"), head
        assert not answer.startswith(b"500", 9), head
        assert TOKEN.encode() not in answer
        client.writer.transport.abort()
    attacked.clients.clear()
