"""What the journal costs a write to several clouds."""

import asyncio
import itertools
import json
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import click
import uvloop
from aiohttp import web

from bench import page
from bench.machine import machine
from bench.processes import cpu_seconds
from bench.real.program import source
from bench.stage import Stage, stage
from bench.table import table

BEFORE = "dc93ed498a43"
"""The last commit whose gateways write nothing down."""

ROUNDS = 12
REQUESTS = 400
AT_ONCE = 16

CASES: Mapping[str, tuple[str, str, str]] = {
    "a write under `&`": ("POST", "One&Two", "all"),
    "the same, with `any`": ("POST", "One&Two", "any"),
    "a write under `|`": ("POST", "One|Two", "all"),
    "a write to one cloud": ("POST", "Two", "all"),
    "a list under `&`": ("GET", "One&Two", "all"),
}


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    """Create an image, or list none."""
    if request.method == "GET":
        return web.json_response({"images": []})
    made = await request.json()
    made.setdefault("id", str(uuid.uuid4()))
    return web.json_response(made, status=201)


async def _micro(session: aiohttp.ClientSession, clouds: Stage, case: str) -> float:
    """Return the CPU, in microseconds per request, of the gateways of both clouds."""
    method, expression, policy = CASES[case]
    headers = {
        "X-Auth-Token": "t" * 183,
        "X-Scope": json.dumps({"*": "One", "image": expression}),
        "X-Scope-Policy": policy,
    }
    left = iter(range(REQUESTS))
    names = itertools.count()

    async def worker() -> None:
        for _ in left:
            body = None if method == "GET" else {"name": f"image-{next(names)}"}
            url = f"{clouds.frontend}/v2/images"
            async with session.request(method, url, headers=headers, json=body) as answer:
                if not answer.ok:
                    raise click.ClickException(await answer.text())

    gateways = [one.pid for one in clouds.gateways]
    before = cpu_seconds(gateways)
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return (cpu_seconds(gateways) - before) / REQUESTS * 1e6


async def _measured(program: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return the microseconds of each case, before and now, in turn round after round."""
    found: dict[str, tuple[list[float], list[float]]] = {case: ([], []) for case in CASES}
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(stage(_answer, p)) for p in (program, None)]
        session = await stack.enter_async_context(aiohttp.ClientSession())
        for number in range(ROUNDS + 1):
            for case, times in found.items():
                for clouds, kept in zip(both, times, strict=True):
                    spent = await _micro(session, clouds, case)
                    if number:  # the first round warms up
                        kept.append(spent)
    return found


@click.command(short_help="Compare writes to several clouds with those of before the journal.")
@click.option("--before", default=BEFORE, show_default=True, help="The commit to compare with.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def journal(before: str, *, write: bool) -> None:
    """Compare what writes to several clouds cost with a journal, and before there was one."""
    with tempfile.TemporaryDirectory() as directory:
        found = uvloop.run(_measured(source(before, Path(directory))))
    rows = []
    for case, times in found.items():
        old, new = map(min, times)  # what else the machine does only adds
        rows.append([case, f"{new / old:.2f}", f"{old:.0f}", f"{new:.0f}"])
    heading = ["", "CPU, ×", "before, µs", "now, µs"]  # noqa: RUF001
    text = f"{machine()}; before: {before[:7]}.\n\n{table(heading, rows)}"
    click.echo(text)
    if write:
        page.write("journal", text)
