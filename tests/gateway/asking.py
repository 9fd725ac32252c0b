"""Requests to a service that is played, and their answers."""

import asyncio
from collections.abc import AsyncIterator

from gateway.backend import Backend

from openstackoid.gateway.http import Client, Origin, Outgoing, Response

GET = Outgoing("GET", "/a%2Fb?c", (("Host", "x"), ("x-ODD", "1")), None)


def at(backend: Backend) -> Origin:
    return Origin("127.0.0.1", backend.port)


async def whole(response: Response) -> bytes:
    try:
        return b"".join([piece async for piece in response.body])
    finally:
        response.close()


async def ask(client: Client, backend: Backend, request: Outgoing = GET) -> bytes:
    return await whole(await client.request(at(backend), request))


async def many(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def put(*pieces: bytes, length: bool = True, wait: float | None = None) -> Outgoing:
    headers: tuple[tuple[str, str], ...] = (("Host", "x"),)
    if length:
        headers += (("Content-Length", str(len(b"".join(pieces)))),)
    if wait is not None:
        headers += (("Expect", "100-continue"),)
    return Outgoing("PUT", "/", headers, many(*pieces), wait)
