"""One request of a client and the reply to it, byte by byte."""

import asyncio
from collections.abc import Callable

import pytest
from gateway.http.transport import Played

from openstackoid.gateway.http.bodies import Body
from openstackoid.gateway.http.errors import ConnectionClosedError, IdleTimeoutError
from openstackoid.gateway.http.exchange import Peer, Request, refusal
from openstackoid.gateway.http.heads import RequestHead
from openstackoid.gateway.http.stream import JOINED
from openstackoid.message import Headers

Ask = Callable[..., Request]


@pytest.fixture
async def played() -> Played:
    return Played()


@pytest.fixture
async def peer(played: Played) -> Peer:
    peer = Peer(20)
    peer.connection_made(played)
    peer.remote, peer.port = "192.0.2.1", 8774
    return peer


@pytest.fixture
def ask(peer: Peer) -> Ask:
    """Return how to make a request, of which the body is whole."""

    def asked(
        method: str = "GET", minor: int = 1, body: bytes = b"", *, expects: str = ""
    ) -> Request:
        pairs = [("Expect", expects)] if expects else []
        whole = Body(peer, 20)
        if body:
            whole.feed(body)
        whole.end()
        head = RequestHead(method, "/a%2Fb?c", minor, Headers(pairs))
        return Request(peer, head, whole, exists=bool(body))

    return asked


async def body_of(request: Request) -> bytes:
    return b"".join([piece async for piece in request.pieces()])


async def test_a_request_tells_whence_it_came(ask: Ask, peer: Peer) -> None:
    """As the connection does, which may be TLS."""
    request = ask()
    assert (request.remote, request.port, request.scheme) == ("192.0.2.1", 8774, "http")
    assert (request.method, request.target, request.certificate) == ("GET", "/a%2Fb?c", None)
    peer.tls, peer.certificate = True, {"subject": ()}
    assert ask().scheme == "https"
    assert ask().certificate == {"subject": ()}
    assert request.idle_timeout == 20


@pytest.mark.parametrize(
    ("minor", "expects", "said"),
    [
        (1, "100-continue", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (1, "100-Continue", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (1, "200-ok", b""),
        (1, "", b""),
        (0, "100-continue", b""),
    ],
)
async def test_who_waits_for_100_gets_it_when_the_body_is_asked_for(
    ask: Ask, played: Played, minor: int, expects: str, said: bytes
) -> None:
    """Not before, and once; HTTP/1.0 does not know it."""
    request = ask("PUT", minor, b"data", expects=expects)
    assert played.sent == b""
    assert await body_of(request) == b"data"
    assert played.sent == said


async def test_nobody_is_told_to_go_on_for_a_body_that_is_none(ask: Ask, played: Played) -> None:
    """A head that expects it without announcing a body has nothing to wait for."""
    assert await body_of(ask("PUT", expects="100-continue")) == b""
    assert played.sent == b""


async def test_after_an_answer_nobody_is_told_to_go_on(ask: Ask, played: Played) -> None:
    """Its body is not asked for any more, and the connection ends behind the answer."""
    request = ask("PUT", body=b"data", expects="100-continue")
    await request.respond(403, [], b"no")
    task = asyncio.create_task(body_of(request))
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert b"100 Continue" not in played.sent
    assert b"\r\nConnection: close\r\n" in played.sent


@pytest.mark.parametrize(
    ("minor", "method", "status", "headers", "sent", "stays"),
    [
        (1, "GET", 200, [("Content-Length", "2")], b"Content-Length: 2\r\n\r\nok", True),
        (1, "GET", 200, [("content-length", "2")], b"content-length: 2\r\n\r\nok", True),
        (1, "GET", 200, [], b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True),
        (0, "GET", 200, [], b"Connection: close\r\n\r\nok", False),
        (
            0,
            "GET",
            200,
            [("Content-Length", "2")],
            b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
            True,
        ),
        (1, "HEAD", 200, [("Content-Length", "2")], b"Content-Length: 2\r\n\r\n", True),
        (1, "HEAD", 200, [], b"\r\n", True),
        (0, "HEAD", 200, [], b"Connection: keep-alive\r\n\r\n", True),
        (1, "GET", 304, [("Content-Length", "9")], b"Content-Length: 9\r\n\r\n", True),
        (1, "GET", 204, [("Content-Length", "0")], b"\r\n", True),
        (1, "GET", 204, [("CONTENT-LENGTH", "7"), ("X-A", "b")], b"X-A: b\r\n\r\n", True),
    ],
)
async def test_how_a_reply_is_framed(
    ask: Ask,
    played: Played,
    minor: int,
    method: str,
    status: int,
    headers: list[tuple[str, str]],
    sent: bytes,
    stays: bool,
) -> None:
    """Each framing that HTTP knows, and none where there is no body."""
    reply = ask(method, minor).answer(status, "Odd", headers)
    await reply.write(b"ok")
    await reply.write(b"")
    reply.end()
    assert played.sent == f"HTTP/1.1 {status} Odd\r\n".encode() + sent
    assert (reply.persists, reply.ended) == (stays, True)


@pytest.mark.parametrize("size", [JOINED - 1, JOINED])
@pytest.mark.parametrize("first", [True, False])
async def test_long_pieces_arrive_as_short_ones_do(
    ask: Ask, played: Played, size: int, first: bool
) -> None:
    """With the head, or behind one that was sent before."""
    reply = ask().answer(200, "OK", [("Content-Length", str(size))])
    if not first:
        reply.flush()
        reply.flush()
    await reply.write(bytes(size))
    reply.end()
    assert played.sent == f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(
        size
    )


async def test_a_reply_of_another_length_than_it_says_is_an_error(ask: Ask, played: Played) -> None:
    """A client would take the rest for the next answer, or wait for it."""
    reply = ask().answer(200, "OK", [("Content-Length", "2")])
    await reply.write(b"o")
    with pytest.raises(ValueError, match="shorter"):
        reply.end()
    assert not reply.ended
    with pytest.raises(ValueError, match="longer"):
        await reply.write(b"kk")
    assert not played.sent.endswith(b"kk")


@pytest.mark.parametrize("last", [True, False])
async def test_the_last_request_of_a_connection_is_told(ask: Ask, peer: Peer, last: bool) -> None:
    """Its answer says that the connection ends, so that nobody sends another request by it."""
    peer.last = last
    reply = ask().answer(200, "OK", [("Content-Length", "0")])
    assert reply.persists is not last


async def test_a_request_that_must_be_the_last_ends_its_connection(
    ask: Ask, played: Played
) -> None:
    """Whatever the reason, the answer says so."""
    request = ask()
    request.persists = False
    await request.respond(200, [], b"ok")
    assert played.sent == (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


async def test_a_status_that_has_no_name_is_sent_without(ask: Ask, played: Played) -> None:
    """The reason is for people."""
    await ask().respond(299, [], b"")
    assert played.sent == b"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n"


async def test_a_client_that_takes_nothing_is_given_up(ask: Ask, peer: Peer) -> None:
    """After the idle timeout of its connection."""
    peer.idle_timeout = 0.01
    reply = ask().answer(200, "OK", [])
    peer.pause_writing()
    with pytest.raises(IdleTimeoutError):
        await reply.write(b"ok")


async def test_a_client_that_has_left_is_told_of(ask: Ask, peer: Peer, played: Played) -> None:
    """By the next piece, or at the end."""
    reply = ask().answer(200, "OK", [])
    peer.connection_lost(None)
    with pytest.raises(ConnectionClosedError):
        await reply.write(b"ok")
    request = ask()
    request.abort()
    assert played.calls == ["abort"]
    with pytest.raises(ConnectionClosedError):
        await request.respond(200, [], b"")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\0"])
async def test_no_header_of_a_reply_becomes_two(ask: Ask, played: Played, value: str) -> None:
    """Nothing of such an answer is sent."""
    with pytest.raises(ValueError, match="line end"):
        ask().answer(200, "OK", [("X-A", value)])
    with pytest.raises(ValueError, match="line end"):
        ask().answer(200, value, [])
    with pytest.raises(ValueError, match="line end"):
        refusal(400, [("X-A", value)], b"")
    assert played.sent == b""


def test_a_refusal_is_the_last_on_its_connection() -> None:
    """It says how long it is, and that the connection ends."""
    assert refusal(431, [("X-A", "b")], b"no") == (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\nX-A: b\r\n"
        b"Content-Length: 2\r\nConnection: close\r\n\r\nno"
    )
