"""Bodies: whole or not, and never more of them in memory than a bound."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openstackoid.gateway.http.bodies import PIECE, Body, decoder
from openstackoid.gateway.http.errors import ConnectionClosedError, IdleTimeoutError, ProtocolError
from openstackoid.gateway.http.framing import CHUNKED, TO_END
from openstackoid.gateway.http.stream import HIGH


class Source:
    """A sender that does as it is told."""

    def __init__(self) -> None:
        self.paused = False

    def pause(self) -> None:
        assert not self.paused
        self.paused = True

    def resume(self) -> None:
        assert self.paused
        self.paused = False


def whole(body: Body) -> bytes:
    assert body.whole
    return body.taken()


DATA = bytes(range(256))
CHUNKS = b"5\r\nhello\r\n3;a=b\r\n\r\n0\r\n100\r\n" + DATA + b"\r\n0\r\nTrailer: x\r\n\r\n"


@given(st.lists(st.integers(0, len(CHUNKS) - 1)), st.binary(max_size=3))
def test_chunks_are_the_same_however_they_are_cut(cuts: list[int], rest: bytes) -> None:
    """Extensions and trailers are dropped; what is behind the end is seen to be there."""
    body = Body(Source(), None)
    chunks = decoder(CHUNKED, body)
    edges = [0, *sorted(cuts), len(CHUNKS)]
    pieces = [CHUNKS[a:b] for a, b in itertools.pairwise(edges)]
    pieces[-1] += rest
    assert [chunks.feed(piece) for piece in pieces if piece][-1]
    assert bool(chunks.rest) == bool(rest.lstrip(b"\r\n"))
    assert whole(body) == b"hello\r\n0" + DATA


@given(st.binary(), st.binary(max_size=9), st.lists(st.integers(0, 50)))
def test_a_length_is_kept_to_the_byte(data: bytes, rest: bytes, cuts: list[int]) -> None:
    """What is behind it is none of it."""
    body = Body(Source(), None)
    sized = decoder(len(data), body)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges)]
    pieces[-1] += rest
    for piece in pieces[:-1]:
        assert not sized.feed(piece) or not piece
    assert sized.feed(pieces[-1])
    assert sized.rest == rest
    assert whole(body) == data


@pytest.mark.parametrize(
    "chunks",
    [
        b"-2\r\nab\r\n0\r\n\r\n",
        b"+2\r\nab\r\n0\r\n\r\n",
        b"0x2\r\nab\r\n0\r\n\r\n",
        b" 2\r\nab\r\n0\r\n\r\n",
        b"2 \r\nab\r\n0\r\n\r\n",
        b"2 ;a\r\nab\r\n0\r\n\r\n",
        b"\r\n2\r\nab\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\n",
        b"2\nab\n0\n\n",
        b"2\r\nab\n0\r\n\r\n",
        b"2\r\nabX\r\n0\r\n\r\n",
        b"2\r\nab0\r\n\r\n",
        b"2;a\nb\r\nab\r\n0\r\n\r\n",
        b"2;a\rb\r\nab\r\n0\r\n\r\n",
        b"2;\x00\r\nab\r\n0\r\n\r\n",
        b"0\n\n",
        b"0\r\n\rX",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\nA: b\r\n c\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\nabcde",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_broken_chunks_have_no_end(chunks: bytes, size: int) -> None:
    """Half of a body must not be taken for all of it."""
    body = Body(Source(), None)
    broken = decoder(CHUNKED, body)
    pieces = [chunks[n : n + size] for n in range(0, len(chunks), size)]
    with pytest.raises(ProtocolError):
        list(map(broken.feed, pieces))
    assert not body.whole


@pytest.mark.parametrize(("framing", "kept"), [(99, False), (CHUNKED, False), (TO_END, True)])
async def test_the_end_of_the_connection(framing: int, kept: bool) -> None:
    """It ends a body that nothing else does; of any other, it says that the rest is lost."""
    body = Body(Source(), None)
    framed = decoder(framing, body)
    framed.feed(b"4\r\nhalf\r\n")
    framed.eof()
    assert await body.read()
    if kept:
        assert await body.read() == b""
        return
    with pytest.raises(ConnectionClosedError):
        await body.read()


async def test_the_sender_waits_for_the_reader() -> None:
    """What nobody reads stays with who sends it."""
    source = Source()
    body = Body(source, None)
    body.feed(bytes(HIGH - PIECE))
    before = source.paused
    body.feed(b"x")
    assert (before, source.paused) == (False, True)
    body.feed(b"y")  # was under way
    assert len(await body.read()) == HIGH - PIECE + 2
    assert not source.paused


async def test_what_nobody_wants_is_not_kept() -> None:
    """The sender may send it all the same."""
    source = Source()
    body = Body(source, None)
    body.feed(bytes(HIGH + 1))
    body.discard()
    assert not source.paused
    body.feed(bytes(HIGH + 1))
    assert not source.paused
    assert not body.ready


async def test_a_reader_waits_only_so_long() -> None:
    """For each piece anew; what came before is not lost by it."""
    body = Body(Source(), 0.02)
    with pytest.raises(IdleTimeoutError):
        await body.read()
    asyncio.get_running_loop().call_soon(body.feed, b"late")
    assert await body.read() == b"late"


async def test_an_error_comes_behind_what_was_received() -> None:
    """And it stays."""
    body = Body(Source(), None)
    body.feed(b"half")
    body.fail(ConnectionClosedError())
    body.end()
    assert await body.read() == b"half"
    for _ in range(2):
        with pytest.raises(ConnectionClosedError):
            await body.read()
