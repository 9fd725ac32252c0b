"""What the gateway costs a small request."""

import asyncio
import statistics
import time

import aiohttp
import click
import uvloop
from aiohttp import web

from bench.stage import stage

ROUNDS = 5
REQUESTS = 2000
AT_ONCE = 32
ANSWER = b'{"images": []}' + b" " * 378  # 392 bytes


async def _answer(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=ANSWER, content_type="application/json")


async def _seconds(session: aiohttp.ClientSession, url: str, scope: str) -> float:
    headers = {"X-Auth-Token": "t" * 183} | ({"X-Scope": scope} if scope else {})
    left = iter(range(REQUESTS))

    async def worker() -> None:
        for _ in left:
            async with session.get(f"{url}/v2/images", headers=headers) as answer:
                if await answer.read() != ANSWER:
                    raise click.ClickException("an answer is not the service's")

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return time.perf_counter() - start


async def _measure() -> None:
    async with stage(_answer) as clouds, aiohttp.ClientSession() as session:
        cases = {
            "without gateway": (clouds.direct, ""),
            "no scope": (clouds.frontend, ""),
            "scope, same cloud": (clouds.frontend, "image=One"),
            "scope, other cloud": (clouds.frontend, "image=Two"),
        }
        seconds: dict[str, list[float]] = {case: [] for case in cases}
        cpu = dict.fromkeys(cases, 0.0)
        for _ in range(ROUNDS):  # interleaved, so that a noisy neighbour disturbs all alike
            for case, (url, scope) in cases.items():
                before = sum(sum(g.cpu_times()[:2]) for g in clouds.gateways)
                seconds[case].append(await _seconds(session, url, scope))
                cpu[case] += sum(sum(g.cpu_times()[:2]) for g in clouds.gateways) - before
    base = statistics.median(seconds["without gateway"])
    click.echo(f"{'case':<20} {'time, ratio':>12} {'gateway CPU, µs/request':>25}")
    for case, values in seconds.items():
        ratio = statistics.median(values) / base
        micro = cpu[case] / (ROUNDS * REQUESTS) * 1e6
        click.echo(f"{case:<20} {ratio:>12.2f} {micro:>25.0f}")


@click.command(short_help="Compare small requests with and without gateway.")
def overhead() -> None:
    """Compare small requests with and without gateway, and within and between clouds."""
    uvloop.run(_measure())
