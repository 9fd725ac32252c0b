"""The attacker's table: what is sent to a gateway to be taken for something else.

Each row is sent as it stands to gateways that run. What is refused has reached no service; what is
let through has reached one as the row says, and no other.
"""

import io
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest
import pytest_asyncio
from gateway.played import TOKEN, Answered, Clouds, playing

from openstackoid.gateway.admission.heads import head_of
from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting import log as gateway_log
from openstackoid.message import Headers
from openstackoid.routing import Refusal

# The rows share their clouds, and so a loop.
shared = pytest.mark.asyncio(loop_scope="module")

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPED = f"X-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def border(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clouds]:
    """Both clouds, for all rows; the gateways' log may hold no token at the end."""
    stream = io.StringIO()
    gateway_log.configure(stream)
    async with playing(tmp_path_factory.mktemp("border"), 20) as clouds:
        yield clouds
    assert TOKEN not in stream.getvalue()


async def send(clouds: Clouds, request: bytes, cloud: str = "CloudOne") -> tuple[Answered, int]:
    """Send bytes to a frontend of image; return the answer, and how many services were reached."""
    before = clouds.executed
    client = await clouds.open(cloud, "image")
    client.writer.write(request)
    answered = await client.answer()
    client.writer.close()
    return answered, clouds.executed - before


GET = b"GET /image/v2/images HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /image/v2/images HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

SMUGGLED = {
    "CL.TE": POST + b"Content-Length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\nG",
    "TE.CL": POST
    + CHUNKED
    + b"Content-Length: 4\r\n\r\n5c\r\nGPOST /image/ HTTP/1.1\r\n\r\n0\r\n\r\n",
    "TE.TE, the second unknown": POST + CHUNKED + b"Transfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "TE.TE, chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "TE with a space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "TE behind a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "TE in a folded line": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "TE nearly": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "TE identity": POST + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "TE with an underscore": POST + b"Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "CL with an underscore": POST + b"Content_Length: 50\r\nContent-Length: 0\r\n\r\n",
    "CL ended by Connection": POST + b"Connection: content-length\r\nContent-Length: 2\r\n\r\nab",
    "CL twice": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "CL twice, the same": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    "CL as a list": POST + b"Content-Length: 2, 2\r\n\r\nab",
    "CL with a sign": POST + b"Content-Length: +2\r\n\r\nab",
    "CL below zero": POST + b"Content-Length: -1\r\n\r\nab",
    "CL in hex": POST + b"Content-Length: 0x2\r\n\r\nab",
    "CL as Python has numbers": POST + b"Content-Length: 1_0\r\n\r\nabcdefghij",
    "CL empty": POST + b"Content-Length:\r\n\r\nab",
    "CL with a space before the colon": POST + b"Content-Length : 2\r\n\r\nab",
    "CL beyond all numbers": POST + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nab",
    "folded line": GET + b"X-Scope: image=CloudOne\r\n image=CloudTwo\r\n\r\n",
    "folded first line": b"GET /image/ HTTP/1.1\r\n Host: x\r\n\r\n",
    "bare LF": GET.replace(b"\r\n", b"\n") + b"\n",
    "bare LF between headers": GET + b"X-A: b\nX-Scope: image=CloudTwo\r\n\r\n",
    "bare CR between headers": GET + b"X-A: b\rX-Scope: image=CloudTwo\r\n\r\n",
    "CR CR LF": GET + b"X-A: b\r\r\n\r\n",
    "NUL in a value": GET + b"X-A: \x00b\r\n\r\n",
    "NUL in a name": GET + b"X\x00-A: b\r\n\r\n",
    "NUL in the path": b"GET /image/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    "control character": GET + b"X-A: \x01\r\n\r\n",
    "header without a name": GET + b": b\r\n\r\n",
    "header without a colon": GET + b"X-Scope\r\n\r\n",
    "unicode in a name": GET + f"{SCOPED}\r\nX-Scopé: image=CloudTwo\r\n\r\n".encode(),
    "a name that folds to another": GET + f"{SCOPED}\r\nX-Auth-To\u212aen: a\r\n\r\n".encode(),
    "latin-1 in a value": GET + SCOPED.encode() + b"\r\nX-A: caf\xe9\r\n\r\n",
    "latin-1 in a name": GET + SCOPED.encode() + b"\r\nX-Scope\xa0: a\r\n\r\n",
    "two requests in one line": b"GET /image/ HTTP/1.1 GET /image/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "space in the path": b"GET /image/ x HTTP/1.1\r\nHost: x\r\n\r\n",
    "tabs in the request line": b"GET\t/image/\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/0.9": b"GET /image/\r\n\r\n",
    "HTTP/1.2": b"GET /image/ HTTP/1.2\r\nHost: x\r\n\r\n",
    "HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "method in lower case": b"get /image/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "header of 70 KB": GET + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
    "200 headers": GET + b"X-A: b\r\n" * 200 + b"\r\n",
    "path of 70 KB": b"GET /image/" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


@shared
@pytest.mark.parametrize("row", SMUGGLED)
async def test_what_two_servers_could_read_in_two_ways_reaches_none(
    border: Clouds, row: str
) -> None:
    """A refusal in OpenStack's shape, and nothing executed."""
    answered, executed = await send(border, SMUGGLED[row])
    assert answered.status in {400, 414, 431, 501, 505}
    assert json.loads(answered.body)["error"]["cloud"] == "CloudOne"
    assert executed == 0


BROKEN_BODIES = {
    "size below zero": b"-2\r\nab\r\n0\r\n\r\n",
    "size in the way of C": b"0x2\r\nab\r\n0\r\n\r\n",
    "size beyond all numbers": b"fffffffffffffffff2\r\nab\r\n0\r\n\r\n",
    "bare LF": b"2\nab\n0\n\n",
    "bare LF in an extension": b"2;a\nb\r\nab\r\n0\r\n\r\n",
    "more than its size": b"2\r\nabX\r\n0\r\n\r\n",
}


@shared
@pytest.mark.parametrize("row", BROKEN_BODIES)
async def test_a_body_in_broken_chunks_is_never_whole(border: Clouds, row: str) -> None:
    """No service gets an end of it, and nothing behind it is taken for a request."""
    hidden = b"GET /image/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    answered, _ = await send(border, POST + CHUNKED + b"\r\n" + BROKEN_BODIES[row] + hidden)
    assert answered.status == 400
    every = [r for c in border.backends.values() for b in c.values() for r in b.requests]
    assert not any("hidden" in received.line for received in every)


ELSEWHERE = {
    "absolute form": b"GET http://169.254.169.254/latest HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute form of a backend": b"GET http://127.0.0.1:1/image HTTP/1.1\r\nHost: x\r\n\r\n",
    "authority form": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "authority form with GET": b"GET 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk form": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "another scheme": b"GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "a user before the host": b"GET /image@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a host behind the path": b"GET //127.0.0.1/image HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": b"GET /image/#@127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "dot segments": (
        b"GET /image/../compute/ HTTP/1.1\r\nHost: x\r\nX-Scope: image=CloudTwo\r\n\r\n"
    ),
    "dot segments encoded": (
        b"GET /image/%2e%2e%2fcompute HTTP/1.1\r\nHost: x\r\nX-Scope: image=CloudTwo\r\n\r\n"
    ),
    "dot segments backwards": (
        b"GET /image/..\\compute HTTP/1.1\r\nHost: x\r\nX-Scope: image=CloudTwo\r\n\r\n"
    ),
    "dot segments without a scope": b"GET /image/../compute/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "encoded ones without a scope": b"GET /image/.%2E%5Ccompute HTTP/1.1\r\nHost: x\r\n\r\n",
    "dot segments out of an object store": (
        b"GET /object-store/a/%2e%2e/../compute/ HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "two hosts": b"GET /image/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "two hosts in one": b"GET /image/ HTTP/1.1\r\nHost: x, y\r\n\r\n",
    "no host": b"GET /image/ HTTP/1.1\r\n\r\n",
    "host with a user": b"GET /image/ HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "host with a path": b"GET /image/ HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "host with a scheme": b"GET /image/ HTTP/1.1\r\nHost: http://a\r\n\r\n",
    "host with a space": b"GET /image/ HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host in unicode": "GET /image/ HTTP/1.1\r\nHost: cl\u043eud\r\n\r\n".encode(),
    "path in unicode": f"GET /image/é HTTP/1.1\r\nHost: x\r\n{SCOPED}\r\n\r\n".encode(),
    "query in latin-1": f"GET /image?\xe9 HTTP/1.1\r\nHost: x\r\n{SCOPED}\r\n\r\n".encode(
        "latin-1"
    ),
}


@shared
@pytest.mark.parametrize("row", ELSEWHERE)
async def test_no_host_ever_comes_from_a_request(border: Clouds, row: str) -> None:
    """Nothing leads to an address that is not in the federation file, nor to another service."""
    answered, executed = await send(border, ELSEWHERE[row])
    assert answered.status in {400, 404}
    assert executed == 0


SCOPES = {
    "a URL for a cloud": (400, ['X-Scope: {"image": "http://127.0.0.1:22"}']),
    "an address for a cloud": (400, ['X-Scope: {"image": "127.0.0.1"}']),
    "a URL for a service": (400, ['X-Scope: {"http://127.0.0.1": "CloudTwo"}']),
    "a name in look-alike letters": (400, ['X-Scope: {"image": "Cloud\u0422wo"}']),
    "a name in wide letters": (400, ['X-Scope: {"image": "\uff23loudTwo"}']),
    "a name with a zero-width space": (400, ['X-Scope: {"image": "Cloud\u200bTwo"}']),
    "a name with an escaped line end": (400, ['X-Scope: {"image": "CloudTwo\\r\\nX-A: b"}']),
    "two suffixes": (400, [f"X-Auth-Token: {TOKEN}!SCOPE!image=CloudOne!SCOPE!image=CloudTwo"]),
    "a suffix without a scope": (400, [f"X-Auth-Token: {TOKEN}!SCOPE!"]),
    "a subject's suffix without a scope": (400, [SCOPED, "X-Subject-Token: a!SCOPE!"]),
    "two tokens": (400, [SCOPED, "X-Auth-Token: another"]),
    "two scopes": (400, ["X-Scope: image=CloudOne", "X-Scope: image=CloudTwo"]),
    "scope and suffix that differ": (400, [SCOPED, "X-Scope: image=CloudOne"]),
    "another spelling of X-Scope": (400, ["X_Scope: image=CloudTwo"]),
    "another spelling of X-Auth-Token": (400, [SCOPED, "X_Auth_Token: another"]),
    "another spelling of Via": (400, [SCOPED, "X_Scope_Proof: a"]),
    "names without end in Connection": (400, [f"Connection: {'a,' * 30_000}"]),
    "names in many Connections": (400, ["Connection: a, b, c"] * 7),
    "entries without end in Via": (400, [SCOPED, f"Via: {',' * 60_000}"]),
    "X-Scope ended by Connection": (400, ["X-Scope: image=CloudTwo", "Connection: x-scope"]),
    "Via ended by Connection": (400, [SCOPED, "Connection: keep-alive, Via"]),
    "a scope of 5 KB": (431, ["X-Scope: {" + " " * 5000 + "}"]),
    "a scope 1000 deep": (400, ["X-Scope: image=" + "(" * 1000]),
    "a hop to a third cloud": (508, [SCOPED, "Via: 1.1 CloudTwo (openstackoid)"]),
    "a hop back": (508, [SCOPED, "Via: 1.1 CloudOne (openstackoid), 1.1 proxy"]),
    "a hop with an incomplete scope": (
        400,
        ["X-Scope: image=CloudOne", "Via: 1.1 CloudTwo (openstackoid)"],
    ),
    "a hop from an unknown cloud": (
        401,
        ['X-Scope: {"*":"CloudOne","identity":"CloudOne"}', "Via: 1.1 CloudSix (openstackoid)"],
    ),
    "a hop from the cloud itself": (
        401,
        ['X-Scope: {"*":"CloudOne","identity":"CloudOne"}', "Via: 1.1 CloudOne (openstackoid)"],
    ),
}


@shared
@pytest.mark.parametrize("row", SCOPES)
async def test_a_scope_that_is_none_is_refused(border: Clouds, row: str) -> None:
    """Only names of the federation are known, and each scope is one scope."""
    status, headers = SCOPES[row]
    before = border.executed
    answered = await border.ask("CloudOne", "image", "/v2/images", *headers)
    assert answered.status == status
    assert TOKEN not in answered.body.decode()
    assert border.executed == before


IDENTITY = (
    "X-Roles",
    "X-User-Id",
    "X_Project_Id",
    "X-Service-Roles",
    "X-Identity-Status",
    "X-Role",
)
WAY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


@shared
@pytest.mark.parametrize("cloud", ["CloudOne", "CloudTwo"])
async def test_an_identity_without_proof_is_not_passed_on(border: Clouds, cloud: str) -> None:
    """With a scope, neither this cloud's service nor another's sees who somebody claims to be."""
    claims = [f"{name}: admin" for name in (*IDENTITY, *WAY)]
    await border.ask("CloudOne", "image", "/v2/images", f"X-Scope: image={cloud}", *claims)
    received = border.backends[cloud]["image"].requests[-1]
    assert [name for name in IDENTITY if received.values(name)] == []
    assert [name for name in WAY if "admin" in received.values(name)] == []


@shared
async def test_without_a_scope_a_request_is_what_it_is_without_a_gateway(border: Clouds) -> None:
    """Whatever kept identities out before has to go on doing so; the gateway removes none."""
    await border.ask("CloudOne", "image", "/v2/images", "X-Roles: admin", "X-Scope-Proof: a")
    received = border.backends["CloudOne"]["image"].requests[-1]
    assert received.values("x-roles") == ["admin"]
    assert received.values("x-scope-proof") == []


UPGRADES = {
    "a WebSocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
    "in capitals": b"Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n",
    "without Connection": b"Upgrade: websocket\r\n",
    "beside another": b"Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
    "in a second line": b"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n",
    "an unknown one": b"Connection: Upgrade\r\nUpgrade: spdy/3.1\r\n",
}


@shared
@pytest.mark.parametrize("row", UPGRADES)
@pytest.mark.parametrize("scope", [b"", b"X-Scope: image=CloudTwo\r\n", b"X-Scope: nonsense\r\n"])
async def test_nothing_is_upgraded(border: Clouds, row: str, scope: bytes) -> None:
    """With and without a scope: a console that waits for the upgrade is told, no service asked."""
    answered, executed = await send(border, GET + scope + UPGRADES[row] + b"\r\n")
    assert (answered.status, executed) == (501, 0)
    message = json.loads(answered.body)["error"]["message"]
    assert "no connection is upgraded here" in message
    assert "consoles need an address of their own" in message


HARMLESS = {
    "a request in a body": (
        GET + b"Content-Length: 37\r\n\r\nGET /image/inner HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
    "chunks in HTTP/1.0": POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n0\r\n\r\n",
    "an offer of HTTP/2": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n\r\n",
    "an encoded line end": b"GET /image/%0d%0aX-Roles:%20admin HTTP/1.1\r\nHost: x\r\n\r\n",
    "an encoded URL": b"GET /image/?u=http://127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "path in unicode": "GET /image/bücher\u00a0\u2029?é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "path in latin-1": b"GET /image/b\xfccher\xa0\x85 HTTP/1.1\r\nHost: x\r\n\r\n",
    "unicode in a name": GET + "X-Scop\u00e9: image=CloudTwo\r\n\r\n".encode(),
    "a name that folds to another": GET
    + "X-Auth-To\u212aen: a!SCOPE!image=CloudTwo\r\n\r\n".encode(),
    "a name with a blank that is none": GET + b"X-Scope\xa0: image=CloudTwo\r\n\r\n",
    "latin-1 in a value": GET
    + b'Content-Disposition: attachment; filename="r\xe9sum\xe9.pdf"\r\n\r\n',
    "backslashes": b"GET /image/\\\\127.0.0.1\\x HTTP/1.1\r\nHost: x\r\n\r\n",
}


@shared
@pytest.mark.parametrize("row", HARMLESS)
async def test_what_is_let_through_is_one_request_to_one_service(border: Clouds, row: str) -> None:
    """It arrives as it came, without what ends at a connection."""
    request = HARMLESS[row]
    answered, executed = await send(border, request)
    assert answered.status == 200
    assert executed == 1
    received = border.backends["CloudOne"]["image"].requests[-1]
    assert received.head.split(b" ")[1] == request.split(b" ")[1]
    assert not received.values("upgrade")
    ending = {b"connection", b"upgrade", b"http2-settings"}
    came = request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    kept = [line for line in came if line.partition(b":")[0].lower() not in ending]
    assert set(kept) <= set(received.head.split(b"\r\n"))


@shared
@pytest.mark.parametrize("name", ["X-Storage-Token", "x_storage_token"])
async def test_a_scope_does_not_come_in_by_another_header_s_door(border: Clouds, name: str) -> None:
    """A service takes X-Storage-Token for X-Auth-Token; beside a scope it is dropped."""
    before = border.executed
    token = f'{TOKEN}!SCOPE!{{"*":"CloudTwo","identity":"CloudOne"}}'
    answered = await border.ask("CloudTwo", "image", "/v2/images", f"{name}: {token}")
    assert answered.status == 400
    assert border.executed == before
    scope = "X-Scope: image=CloudOne"
    await border.ask("CloudTwo", "image", "/v2/images", f"{name}: {TOKEN}", scope)
    received = border.backends["CloudOne"]["image"].requests[-1]
    assert TOKEN.encode() not in received.head


def came(*pairs: tuple[str, str], target: str = "/image/", host: str = "x") -> Request:
    """Return a request as a front hands it in."""
    headers = Headers([("Host", host), *pairs])
    request = SimpleNamespace(
        method="GET", target=target, headers=headers, port=9292, scheme="https"
    )
    return cast("Request", request)


def test_a_head_is_the_request_s_but_for_what_ends_here() -> None:
    """Hop-by-hop headers, those that Connection names, and the proof of a client."""
    kept = (("Host", "x"), ("X-A", "1"), ("x-a", "2"), ("X-Scope", "image=CloudTwo"))
    ended = (
        ("Connection", "Keep-Alive, X-Odd"),
        ("Keep-Alive", "1"),
        ("x-odd", "1"),
        ("TE", "trailers"),
        ("X-Scope-Proof", "a"),
        ("Proxy-Authorization", "b"),
    )
    head = head_of(came(*ended, *kept[1:]), "CloudOne")
    assert head.headers == Headers(kept)
    assert (head.method, head.target, head.port, head.scheme) == ("GET", "/image/", 9292, "https")


GOOD_HOSTS = (
    "",
    "x",
    "x:",
    "x:65535",
    "192.0.2.1",
    "[2001:db8::1]:443",
    "[::ffff:192.0.2.1]",
    "a_b",
)
BAD_HOSTS = (
    "[::1",
    "::1",
    "x:123456",
    "x:a",
    "x:1:2",
    "a,b",
    "a b",
    "a/b",
    "a@b",
    "a?b",
    "[g]",
    "é",
)


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_one_host_is_let_in(host: str) -> None:
    """A name or an address, with a port or without; an empty one is HTTP's, too."""
    assert head_of(came(host=host), "CloudOne").headers.get("host") == host


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_what_is_no_host_is_not_let_in(host: str) -> None:
    """Two servers could find two hosts in it."""
    with pytest.raises(Refusal, match="Host is not one host") as caught:
        head_of(came(host=host), "CloudOne")
    assert (caught.value.status, caught.value.cloud) == (400, "CloudOne")


@pytest.mark.parametrize("offer", ["h2c", "H2C", "TLS/1.2, HTTP/2.0", ""])
def test_an_offer_to_upgrade_is_declined_in_silence(offer: str) -> None:
    """Clients that offer it do without; it ends here, whether Connection names it or not."""
    assert "upgrade" not in head_of(came(("Upgrade", offer)), "CloudOne").headers


@pytest.mark.parametrize("lines", [1, 4])
def test_how_many_names_connection_may_have(lines: int) -> None:
    """Twenty, in one line or in many; who needs more wants something else."""
    names = ",".join(["a"] * (20 // lines))
    most = [("Connection", names)] * lines
    assert "connection" not in head_of(came(*most), "CloudOne").headers
    with pytest.raises(Refusal, match="Connection has more than 20 names"):
        head_of(came(*most, ("Connection", "b")), "CloudOne")


@pytest.mark.parametrize("coding", ["chunked", "CHUNKED"])
def test_chunks_are_let_in(coding: str) -> None:
    """In any case of the word; how a body is framed on the next connection is its own affair."""
    head = head_of(came(("Transfer-Encoding", coding)), "CloudOne")
    assert "transfer-encoding" not in head.headers
