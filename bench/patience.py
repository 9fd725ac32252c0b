"""A download that takes its time."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import click
import uvloop
from aiohttp import web

from bench.stage import stage

SIZE = 65_536


@click.command(short_help="Pass slow transfers through two gateways.")
@click.option("--seconds", type=int, default=300, show_default=True, help="How long it takes.")
def patience(seconds: int) -> None:
    """Pass a slow upload and a slow download through two gateways, 64 KB each second."""
    uvloop.run(_measure(seconds))


async def _measure(seconds: int) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "PUT":
            received = 0
            async for piece in request.content.iter_any():
                received += len(piece)
            return web.Response(text=str(received))
        response = web.StreamResponse()
        response.content_length = SIZE * seconds
        await response.prepare(request)
        async for piece in slowly():
            await response.write(piece)
        return response

    async def slowly() -> AsyncIterator[bytes]:
        for number in range(seconds):
            yield bytes(SIZE)
            await asyncio.sleep(1)
            if number % 30 == 29:
                click.echo(f"{number + 1} s", err=True)

    timeout = aiohttp.ClientTimeout(total=None)
    scoped = {"X-Scope": "image=Two"}
    async with stage(answer) as clouds, aiohttp.ClientSession(timeout=timeout) as session:

        async def download() -> int:
            async with session.get(clouds.frontend, headers=scoped) as response:
                return len(await response.read())

        async def upload() -> int:
            async with session.put(clouds.frontend, headers=scoped, data=slowly()) as response:
                return int(await response.text())

        start = time.monotonic()
        received, sent = await asyncio.gather(download(), upload())
        took = time.monotonic() - start
    if {received, sent} != {SIZE * seconds}:
        raise click.ClickException(f"{received} and {sent} of {SIZE * seconds} bytes arrived")
    click.echo(f"both ways: {received} bytes, whole, after {took:.0f} s")
