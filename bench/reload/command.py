"""`scripts/bench reload`."""

import asyncio
import math
import signal
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop

from bench import page, tools
from bench.machine import machine
from bench.processes import OTHER_CORES, on
from bench.proxies.services import services
from bench.reload import fronts, load, transfers
from bench.reload.load import Outcome
from bench.stage import keystone
from bench.table import NONE, TIMES, table

RATE = 200
EVERY = 1.0
"""Seconds between the end of a reload and the next one."""

NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """What was reloaded how often, and what became of the requests meanwhile."""

    front: str
    what: str
    times: int
    outcome: Outcome

    @property
    def p99(self) -> float:
        """Seconds of requests that were answered."""
        if len(self.outcome.seconds) < 2:
            return math.nan
        return statistics.quantiles(self.outcome.seconds, n=100)[98]


@click.command(short_help="Reload what a gateway and HAProxy read, under requests.")
@click.option(
    "--seconds", type=click.IntRange(5), default=30, show_default=True, help="For each reload."
)
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def reload(seconds: int, write: bool) -> None:
    """Reload what a gateway and HAProxy read, again and again, under 200 requests/s.

    Half of the requests come on kept connections, half on new ones; half of each with TLS, half of
    them for another cloud. A slow download and a slow upload last as long. Takes four minutes;
    exits 1 if a request is lost.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # nothing is left running
    tools.require()
    text = f"{machine()}; {RATE} requests/s."
    with tempfile.TemporaryDirectory() as directory, on(OTHER_CORES):
        rows = uvloop.run(_measure(Path(directory), seconds))
    text += f"\n\n{report(rows)}"
    click.echo(text)
    failed = [why for row in rows for why in row.outcome.failed]
    for why in sorted(set(failed)):
        click.echo(f"{failed.count(why)} {TIMES} {why}", err=True)
    if lost := sum(row.outcome.lost for row in rows):
        raise click.ClickException(f"{lost} requests were lost")
    if write:
        page.write("reload", text)


async def _measure(directory: Path, seconds: int) -> list[Row]:
    rows = []
    with services(directory) as behind, keystone(directory) as known:
        for begin, name in ((fronts.gateway, "gateway"), (fronts.haproxy, "haproxy")):
            async with begin(behind, directory / name, known) as front:
                for what, change in {NOTHING: None, **front.reloads}.items():
                    click.echo(f"{front.name}: {what}, {seconds} s", err=True)
                    rows.append(await _reloaded(front, what, change, seconds))
    return rows


async def _reloaded(
    front: fronts.Front, what: str, change: fronts.Reload | None, seconds: int
) -> Row:
    """Return what came of it; raises ClickException if a transfer, or a reload, fails."""
    clouds = front.clouds
    store = clouds.at["object-store"]
    try:
        async with asyncio.TaskGroup() as tasks:
            requests = tasks.create_task(
                load.run(clouds.targets, clouds.certificates.client(), RATE, seconds)
            )
            tasks.create_task(transfers.download(store, seconds))
            tasks.create_task(transfers.upload(store, seconds))
            times = 0
            await asyncio.sleep(EVERY)
            while change is not None and not requests.done():
                await change()
                times += 1
                await asyncio.sleep(EVERY)
    except BaseExceptionGroup as errors:
        error = errors.exceptions[0]
        if isinstance(error, TimeoutError):
            error = click.ClickException(f"a reload took more than {fronts.PATIENCE:g} s")
        raise error from errors
    return Row(front.name, what, times, requests.result())


def report(rows: Sequence[Row]) -> str:
    """Return the table; ratios are to the same front while nothing is reloaded."""
    heading = [
        "reloaded",
        "times",
        "requests",
        "answered 200",
        "failed",
        "closed under a request",
        f"p99, {TIMES}",
        "p99, ms",
    ]
    base = {row.front: row.p99 for row in rows if row.what == NOTHING}
    return table(
        heading,
        [
            [
                f"{row.front}: {row.what}",
                str(row.times),
                str(row.outcome.sent),
                str(len(row.outcome.seconds)),
                str(len(row.outcome.failed)),
                str(row.outcome.closed),
                f"{row.p99 / base[row.front]:.2f}" if row.what != NOTHING else NONE,
                f"{row.p99 * 1000:.1f}",
            ]
            for row in rows
        ],
    )
