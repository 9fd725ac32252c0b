"""Bodies, framing and answers: what HAProxy and the gateway make of the same bytes."""

from collections.abc import Iterator
from itertools import product

import pytest
from gateway.backend import OK, Connection, Received, json_answer, saying
from haproxy.live.fronts import HAPROXY, Fronts

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCOPES = ("", 'X-Scope: {"*":"Here","identity":"Here"}\r\n', 'X-Scope: {"image":"There"}\r\n')
"""For here without the gateway, the same with a scope, for there."""

REQUESTS = {
    "a body": "PUT /image/v2 HTTP/1.1\r\nHost: here\r\n%sContent-Length: 3\r\n\r\nabc",
    "chunks": "PUT /image/v2 HTTP/1.1\r\nHost: here\r\n%s"
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "another case": "put /image/v2 HTTP/1.1\r\nhOST: HERE\r\n%scOnTent-lEngth: 0\r\n\r\n",
    "HTTP/1.0": "GET /image/v2 HTTP/1.0\r\nHost: here\r\n%s\r\n",
    "HTTP/1.0 without Host": "GET /image/v2 HTTP/1.0\r\n%s\r\n",
    "no Host": "GET /image/v2 HTTP/1.1\r\n%s\r\n",
    "another Host": "GET /image/v2 HTTP/1.1\r\nHost: other:80\r\n%s\r\n",
    "a Host with a user": "GET /image/v2 HTTP/1.1\r\nHost: me@here\r\n%s\r\n",
    "a Host that is two": "GET /image/v2 HTTP/1.1\r\nHost: here,there\r\n%s\r\n",
    "an empty port": "GET /image/v2 HTTP/1.1\r\nHost: here:\r\n%s\r\n",
    "a port that is none": "GET /image/v2 HTTP/1.1\r\nHost: here:x\r\n%s\r\n",
    "another port": "GET /image/v2 HTTP/1.1\r\nHost: here:1\r\n%s\r\n",
    "two Hosts": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nHost: there\r\n%s\r\n",
    "Expect": "PUT /image/v2 HTTP/1.1\r\n"
    "Host: here\r\n%sExpect: other\r\nContent-Length: 0\r\n\r\n",
    "a coding": "PUT /image/v2 HTTP/1.1\r\nHost: here\r\n%s"
    "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "PUT /image/v2 HTTP/1.1\r\nHost: here\r\n%s"
    "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length that is none": "PUT /image/v2 HTTP/1.1\r\n"
    "Host: here\r\n%sContent-Length: +1\r\n\r\na",
    "a fragment": "GET /image/v2#x HTTP/1.1\r\nHost: here\r\n%s\r\n",
    "a path with bytes": "GET /image/\x7f HTTP/1.1\r\nHost: here\r\n%s\r\n",
    "a path with signs": 'GET /image/a|b"<>^`{}?[]=%%zz HTTP/1.1\r\nHost: here\r\n%s\r\n',
    "an absolute target": "GET http://here/image/v2 HTTP/1.1\r\nHost: here\r\n%s\r\n",
    "a name that is none": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nX A: 1\r\n%s\r\n",
    "a space before the colon": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-A : 1\r\n%s\r\n",
    "a control character": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-A: \x01\r\n%s\r\n",
    "NUL": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-A: \x00\r\n%s\r\n",
    "spaces around": "GET /image/v2 HTTP/1.1\r\nHost:   here  \r\nX-A:\t1  2\t \r\n%s\r\n",
    "an empty header": "GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-A:\r\n%s\r\n",
    "the same header thrice": "GET /image/v2 HTTP/1.1\r\n"
    "Host: here\r\nX-A: 1\r\nX-B: 2\r\nX-A: 3\r\n%s\r\n",
    "OPTIONS of all": "OPTIONS * HTTP/1.1\r\nHost: here\r\n%s\r\n",
    "CONNECT": "CONNECT here:80 HTTP/1.1\r\nHost: here:80\r\n%s\r\n",
    "an unknown method": "BREW /image/v2 HTTP/1.1\r\nHost: here\r\n%s\r\n",
}

ANSWERS = {
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "headers of the connection": OK.replace(
        b"\r\n\r\n", b"\r\nKeep-Alive: timeout=5\r\nX-A: 1\r\n\r\n"
    ),
    "nothing": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a reason of its own": b"HTTP/1.1 409 Not So Fast\r\nContent-Length: 0\r\n\r\n",
    "a redirection": b"HTTP/1.1 302 Found\r\n"
    b"Location: http://there:9292/v2\r\nContent-Length: 0\r\n\r\n",
    "401": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    "cookies": b"HTTP/1.1 200 OK\r\n"
    b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture(autouse=True)
def _as_usual(here: Fronts) -> Iterator[None]:
    yield
    for backend in here.backends:
        backend.answer = saying(OK)


@pytest.mark.parametrize(("name", "scope"), [*product(REQUESTS, SCOPES)])
async def test_both_get_the_same_through(name: str, scope: str, here: Fronts) -> None:
    """Where HAProxy takes a request for no HTTP, the gateway refuses it as well."""
    request = (REQUESTS[name] % scope).encode("latin-1")
    alone, both = await here.both(request, 8888)
    if both.unreadable:
        assert alone.status in {400, 501}
        assert alone.received == both.received == []
    else:
        assert both.seen == alone.seen


@pytest.mark.parametrize(("name", "scope"), [*product(ANSWERS, SCOPES[:2])])
async def test_answers_pass(name: str, scope: str, here: Fronts) -> None:
    """As the gateway would pass them."""
    here.services["image"].answer = saying(ANSWERS[name])
    request = f"GET /image/v2 HTTP/1.1\r\nHost: here\r\n{scope}\r\n".encode()
    alone, both = await here.both(request, 8888)
    assert both.seen == alone.seen
    assert not both.handed_over


async def test_links_of_a_service_here_stay(here: Fronts) -> None:
    """Only those of other clouds lead elsewhere."""
    here.services["image"].answer = json_answer('{"href": "http://there:9292/v2"}')
    request = f"GET /image/v2 HTTP/1.1\r\nHost: here\r\n{SCOPES[1]}\r\n".encode()
    alone, both = await here.both(request, 8888)
    assert both.seen == alone.seen
    assert not both.handed_over


async def test_a_head_has_no_body(here: Fronts) -> None:
    """But the length of the one it would have."""
    here.services["image"].answer = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
    request = f"HEAD /image/v2 HTTP/1.1\r\nHost: here\r\n{SCOPES[1]}\r\n".encode()
    alone, both = await here.both(request, 8888, "HEAD")
    assert both.seen == alone.seen


@pytest.mark.parametrize("scope", SCOPES[:2])
async def test_an_answer_may_end_with_its_connection(scope: str, here: Fronts) -> None:
    """Where nothing says how long it is."""

    async def closing(received: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok")
        connection.writer.close()

    here.services["image"].answer = closing
    request = f"GET /image/v2 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{scope}\r\n".encode()
    alone, both = await here.both(request, 8888)
    assert (both.status, both.body) == (alone.status, alone.body) == (200, b"ok")
    assert both.received == alone.received


async def test_haproxy_mends_what_can_be_mended_in_one_way(here: Fronts) -> None:
    """A folded line becomes one, and of two framings the chunks count, for whoever comes after."""
    folded = b"GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-A: 1\r\n 2\r\n\r\n"
    alone, both = await here.both(folded, 8888)
    assert alone.status == 400
    assert (b"x-a", b"1   2") in both.received[0][1]
    framed = (
        b"PUT /image/v2 HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    alone, both = await here.both(framed, 8888)
    assert alone.status == 400
    assert (b"transfer-encoding", b"chunked") in both.received[0][1]
    assert not [value for name, value in both.received[0][1] if name == b"content-length"]


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_long_head_passes(scope: str, here: Fronts) -> None:
    """A scope in both places, and a wallet, need less than 20 KB."""
    long = "T" * 20_000
    request = f"GET /image/v2 HTTP/1.1\r\nHost: here\r\n{scope}X-Long: {long}\r\n\r\n".encode()
    alone, both = await here.both(request, 8888)
    assert both.seen == alone.seen
    assert both.status == 200


async def test_a_longer_head_is_refused(here: Fronts) -> None:
    """By HAProxy itself, whose buffers are finite."""
    request = (
        f"GET /image/v2 HTTP/1.1\r\nHost: here\r\nX-Auth-Token: {'T' * 30_000}\r\n\r\n".encode()
    )
    refused = await here.send(HAPROXY, request, 8888)
    assert (refused.status, refused.received) == (400, [])
