"""What `&` over many clouds costs: the slowest, not the sum."""

import asyncio
import itertools
import json
import statistics
import string
import tempfile
import time
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


async def _measure() -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(DELAY)
        cloud = request.path.split("/", 2)[1].removeprefix("of-")
        return web.Response(body=answers[cloud], content_type="application/json")

    with tempfile.TemporaryDirectory() as directory:
        async with play(answer) as (service, home):
            names = _names()[: max(COUNTS)]
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
                await _report(home, names, psutil.Process(gateway.pid))
            finally:
                gateway.terminate()
                gateway.wait()


async def _report(home: str, names: list[str], gateway: psutil.Process) -> None:
    click.echo(f"{'clouds':>7} {'seconds':>9} {'ratio':>7} {'gateway RSS, MiB':>18}")
    base = 0.0
    async with aiohttp.ClientSession() as session:
        for count in COUNTS:
            scope = "image=" + "&".join(names[:count])
            seconds = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                url = f"{home}/v2/images"
                async with session.get(url, headers={"X-Scope": scope}) as response:
                    body = await response.read()
                seconds.append(time.perf_counter() - start)
                if response.status != web.HTTPOk.status_code:
                    raise click.ClickException(f"{count} clouds: {body[:300]!r}")
                found = len(json.loads(body)["images"])
                if found != count * ITEMS:
                    raise click.ClickException(f"{found} of {count * ITEMS} items came")
            median = statistics.median(seconds)
            base = base or median
            rss = gateway.memory_info().rss / 2**20
            click.echo(f"{count:>7} {median:>9.3f} {median / base:>7.2f} {rss:>18.0f}")


@click.command()
def fanout() -> None:
    """List 100 images of each of 1 to 1000 clouds that are 50 ms away, merged by one gateway."""
    click.echo(f"services on {HOST}, {DELAY * 1000:g} ms away, {ITEMS} items each")
    uvloop.run(_measure())
