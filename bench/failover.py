"""What `A|B` costs while A is known to be down."""

import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
import click
import uvloop
from aiohttp import web

from bench.stage import free_url, gateway_of, listening, play, write_federation

REQUESTS = 300


async def _answer(_: web.BaseRequest) -> web.StreamResponse:
    return web.json_response({"images": []})


async def _measure() -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with play(_answer) as (service, home):
            clouds = {
                "A": {"frontends": {"image": free_url()}},
                "B": {"frontends": {"image": service}},
                "HOME": {"frontends": {"image": home}, "backends": {"image": free_url()}},
            }
            with gateway_of(write_federation(Path(directory), clouds), "HOME") as gateway:
                await listening(home, gateway)
                await _report(home)


async def _report(home: str) -> None:
    async with aiohttp.ClientSession() as session:

        async def milliseconds(scope: str) -> float:
            start = time.perf_counter()
            async with session.get(f"{home}/v2/images", headers={"X-Scope": scope}) as answer:
                answer.raise_for_status()
                await answer.read()
            return (time.perf_counter() - start) * 1000

        await milliseconds("image=A|B")  # finds out that A is down
        alone, either = [], []
        for _ in range(REQUESTS):  # interleaved, so that a noisy neighbour disturbs both alike
            alone.append(await milliseconds("image=B"))
            either.append(await milliseconds("image=A|B"))
    one, two = statistics.median(alone), statistics.median(either)
    click.echo(f"B alone {one:.2f} ms, A|B with A down {two:.2f} ms: {two - one:+.2f} ms")


@click.command(short_help="Compare B with `A|B` while A is known to be down.")
def failover() -> None:
    """Compare a request to B with one to `A|B` while A is known to be down."""
    uvloop.run(_measure())
