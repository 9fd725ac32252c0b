"""What `&` over many clouds costs: the slowest, not the sum."""

import asyncio
import itertools
import json
import statistics
import string
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click
import psutil
import uvloop
from aiohttp import web

from bench.stage import HOST, gateway_of, listening, play, write_federation

DELAY = 0.05
ITEMS = 100
COUNTS = (1, 2, 10, 100, 1000)
ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """How long a list of so many clouds takes, and the gateway's memory behind it, in bytes."""

    clouds: int
    seconds: float
    rss: int


def _names() -> list[str]:
    """Return names so short that a thousand fit in one scope."""
    characters = string.ascii_lowercase + string.digits
    pairs = itertools.product(string.ascii_lowercase, characters + "._-")
    return ["".join(pair) for pair in pairs] + [f"{a}00" for a in characters]


def _answer(cloud: str) -> bytes:
    """Return a list of images, of about 39 KB."""
    images = [
        {
            "id": f"{cloud}-{number:032}",
            "name": f"image-{number}",
            "self": f"/v2/images/{number}",
            "file": f"/v2/images/{number}/file",
            "description": "x" * 220,
        }
        for number in range(ITEMS)
    ]
    return json.dumps({"images": images}).encode()


async def measure(counts: Sequence[int] = COUNTS, rounds: int = ROUNDS) -> AsyncIterator[Row]:
    """Yield medians, a row for each number of clouds."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(DELAY)
        cloud = request.path.split("/", 2)[1].removeprefix("of-")
        return web.Response(body=answers[cloud], content_type="application/json")

    with tempfile.TemporaryDirectory() as directory:
        async with play(answer) as (service, home):
            names = _names()[: max(counts)]
            frontends = {name: f"{service}/of-{name}" for name in names}
            answers = {name: _answer(name) for name in names}
            clouds = {name: {"frontends": {"image": url}} for name, url in frontends.items()}
            clouds["HOME"] = {
                "frontends": {"image": home},
                "backends": {"image": f"{service}/home"},
            }
            file = write_federation(Path(directory), clouds)
            gateway = gateway_of(file, "HOME")
            try:
                await listening(home)
                process = psutil.Process(gateway.pid)
                async with aiohttp.ClientSession() as session:
                    for count in counts:
                        seconds = [await _list(session, home, names[:count]) for _ in range(rounds)]
                        rss = process.memory_info().rss
                        yield Row(count, statistics.median(seconds), rss)
            finally:
                gateway.terminate()
                gateway.wait()


async def _list(session: aiohttp.ClientSession, home: str, names: Sequence[str]) -> float:
    """Return the seconds it takes; raises ClickException unless all of them are in the list."""
    scope = "image=" + "&".join(names)
    start = time.perf_counter()
    async with session.get(f"{home}/v2/images", headers={"X-Scope": scope}) as response:
        body = await response.read()
    seconds = time.perf_counter() - start
    if response.status != web.HTTPOk.status_code:
        raise click.ClickException(f"{len(names)} clouds: {body[:300]!r}")
    found = len(json.loads(body)["images"])
    if found != len(names) * ITEMS:
        raise click.ClickException(f"{found} of {len(names) * ITEMS} items came")
    return seconds


async def _report() -> None:
    click.echo(f"{'clouds':>7} {'seconds':>9} {'ratio':>7} {'gateway RSS, MiB':>18}")
    base = 0.0
    async for row in measure():
        base = base or row.seconds
        ratio, rss = row.seconds / base, row.rss / 2**20
        click.echo(f"{row.clouds:>7} {row.seconds:>9.3f} {ratio:>7.2f} {rss:>18.0f}")


@click.command()
def fanout() -> None:
    """List 100 images of each of 1 to 1000 clouds that are 50 ms away, merged by one gateway."""
    click.echo(f"services on {HOST}, {DELAY * 1000:g} ms away, {ITEMS} items each")
    uvloop.run(_report())
