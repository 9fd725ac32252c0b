"""What the worst requests of a stranger cost, beside what they are charged."""

import asyncio

import aiohttp
import click
import psutil
import uvloop
from aiohttp import web
from multidict import CIMultiDict

from bench.stage import stage
from openstackoid.gateway.admission import cost
from openstackoid.message import Headers

REQUESTS = 2000
FEW = 100
ROUNDS = 2

_NAMES = ",".join(f"s{n}=One" for n in range(400))
_TOKENS = ",".join(f'"C{n}":["t",null]' for n in range(450))
CASES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "ordinary": ("/v2/images", []),
    "35 X-Scope": ("/v2/images", [("X-Scope", f"image=One{' ' * n}") for n in range(35)]),
    "a scope of unknown services": ("/v2/images", [("X-Scope", _NAMES[:4000])]),
    "a scope of one cloud": ("/v2/images", [("X-Scope", "image=" + "&".join(["One"] * 900))]),
    "a scope in parentheses": ("/v2/images", [("X-Scope", "image=" + "|".join(["(One)"] * 600))]),
    "a wallet": (
        "/v2/images",
        [("X-Auth-Token", f't!SCOPE!{{"image":"One","tokens":{{{_TOKENS}}}}}')],
    ),
    "a path with dots": ("/v2" + "/a%2f.a" * 7000 + "/..%2f", []),
    "headers": ("/v2/images", [(f"X-H{n}", "\u00e9" * 400) for n in range(100)]),
    "headers and a scope": (
        "/v2/images",
        [("X-Scope", "image=One"), *((f"X-H{n}", "\u00e9" * 400) for n in range(100))],
    ),
    "Connection": ("/v2/images", [("Connection", ",".join(f"a{n}" for n in range(9000)))]),
}


async def _answer(_: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="{}", content_type="application/json")


def _charged(path: str, headers: list[tuple[str, str]]) -> int:
    return 1 + cost.of_head(path, Headers(headers))


async def _micro(
    session: aiohttp.ClientSession, url: str, case: str, gateways: tuple[psutil.Process, ...]
) -> float:
    """Return the CPU time of one request in microseconds."""
    path, pairs = CASES[case]
    headers = CIMultiDict([("X-Auth-Token", "t" * 183)] if case == "ordinary" else [])
    headers.extend(pairs)
    requests = REQUESTS if case == "ordinary" else FEW
    before = _cpu(gateways)
    for _ in range(requests // 10):

        async def one() -> None:
            async with session.get(f"{url}{path}", headers=headers) as answer:
                await answer.read()

        await asyncio.gather(*(one() for _ in range(10)))
    return (_cpu(gateways) - before) / requests * 1e6


def _cpu(gateways: tuple[psutil.Process, ...]) -> float:
    """Return the seconds that gateways and their workers have worked."""
    every = [process for g in gateways for process in (g, *g.children())]
    return sum(sum(process.cpu_times()[:2]) for process in every)


async def _measure() -> None:
    async with stage(_answer) as clouds, aiohttp.ClientSession() as session:
        micro: dict[str, list[float]] = {case: [] for case in CASES}
        for _ in range(ROUNDS):  # interleaved, so that a noisy neighbour disturbs all alike
            for case, values in micro.items():
                values.append(await _micro(session, clouds.frontend, case, clouds.gateways))
    ordinary = min(micro["ordinary"])
    click.echo(f"{'request':<30} {'CPU, ratio':>10} {'charged':>8} {'ratio by charge':>16}")
    for case, values in micro.items():
        charged = _charged(*CASES[case])
        ratio = min(values) / ordinary
        click.echo(f"{case:<30} {ratio:>10.2f} {charged:>8} {ratio / charged:>16.2f}")


@click.command(short_help="Compare what strangers' worst requests cost with what they are charged.")
def cost_of_strangers() -> None:
    """Compare the CPU time of requests that take long to read with that of an ordinary one."""
    uvloop.run(_measure())
