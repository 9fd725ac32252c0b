"""A connection to the process that keeps the journal."""

import asyncio
import socket

from openstackoid.journal import wire
from openstackoid.journal.peer import Peer


async def test_it_is_answered_together() -> None:
    """What was answered since the last time, in its order."""
    near, far = socket.socketpair(socket.AF_UNIX)
    _, writer = await asyncio.open_unix_connection(sock=near)
    reader, other = await asyncio.open_unix_connection(sock=far)
    peer = Peer(writer)
    peer.send(wire.Done("one"))
    peer.send(wire.Done("two"))
    peer.flush()
    peer.close()
    assert [one async for one in wire.answered(reader)] == [wire.Done("one"), wire.Done("two")]
    other.close()
    await other.wait_closed()


async def test_who_has_gone_is_not_answered() -> None:
    """Nobody else loses the journal by that."""
    near, far = socket.socketpair(socket.AF_UNIX)
    _, writer = await asyncio.open_unix_connection(sock=near)
    peer = Peer(writer)
    peer.send(wire.Done("one"))
    far.close()
    writer.transport.abort()
    await asyncio.sleep(0)
    peer.flush()
    peer.send(wire.Done("two"))
    assert peer._answers == []
