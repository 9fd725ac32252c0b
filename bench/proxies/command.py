"""`scripts/bench proxies`."""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import click
import uvloop

from bench import fanout, page, tools
from bench.machine import machine
from bench.processes import OTHER_CORES, on
from bench.proxies import client, plot, report, rounds
from bench.proxies.fronts import BASE, DIRECT, KINDS, PLAIN, fronts
from bench.proxies.services import services
from bench.table import TIMES

PARTS = (*KINDS, "client", "fanout")
TITLE = f"CPU per request, {TIMES} plain HAProxy"
QUIET = 0.5

Found = dict[str, rounds.Figures]
"""By row."""


@click.command(
    short_help="Compare all that could stand in front of a cloud.",
    epilog="""\b
Examples:
  scripts/bench proxies --quick            a minute, to see it run; the figures are noise
  scripts/bench proxies --only gateway --rounds 3
  scripts/bench proxies --write            ten minutes, on a quiet machine: docs/performance.md
""",
)
@click.option("--rounds", "number", type=click.IntRange(1), help="How often.  [default: 5]")
@click.option(
    "--only",
    type=click.Choice(PARTS),
    multiple=True,
    help="This part; may be repeated. A proxy is compared with no proxy and HAProxy in any case.",
)
@click.option("--quick", is_flag=True, help="One round, short; 64 MiB in place of 1 GiB.")
@click.option("--write", is_flag=True, help="Put tables and chart into docs/performance.md.")
def proxies(number: int | None, only: tuple[str, ...], quick: bool, write: bool) -> None:
    """Compare all that could stand in front of a cloud, in one interleaved run.

    Requests that pass unscoped, or are scoped to the same or another cloud: CPU per request,
    requests/s, added latency, large bodies, memory. Besides, what the plugin costs
    `openstack server list`, and what lists of several clouds take.
    """
    if write and (only or quick):
        raise click.UsageError("--write is for a whole run: leave out --only and --quick")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # nothing is left running
    tools.require()
    if os.getloadavg()[0] > QUIET:
        click.echo("This machine is busy (see uptime); figures will be noise.", err=True)
    amounts = rounds.Amounts(number or 5, 2, 2.0, 2**30)
    if quick:
        amounts = rounds.Amounts(number or 1, 1, 0.3, 2**26)
    parts = set(only or PARTS)
    tables = [f"{machine()}; rounds: {amounts.rounds}."]
    figures: Found = {}
    try:
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            if parts & KINDS.keys():
                kinds = [kind for kind in KINDS if kind in parts | BASE]
                figures, tls = _measure(kinds, amounts, directory)
                tables.append(report.proxies(figures, figures[DIRECT], figures[PLAIN]))
                if tls:
                    base = next(iter(tls.values()))
                    tables.append(report.proxies(tls, figures[DIRECT], base))
            if "client" in parts:
                with on(OTHER_CORES):
                    runs = asyncio.run(client.measure(amounts.rounds, not quick, directory))
                tables.append(report.client(runs))
            if "fanout" in parts:
                tables.append(report.fanout(uvloop.run(_fanout(quick))))
    except OSError as error:
        raise click.ClickException(str(error)) from error
    text = "\n\n".join(tables)
    click.echo(text)
    if write:
        picture = page.picture(TITLE, plot.ratios(TITLE, _cpu_ratios(figures)))
        page.write("proxies", f"{text}\n\n{picture}")


def _measure(kinds: list[str], amounts: rounds.Amounts, directory: Path) -> tuple[Found, Found]:
    """Return the figures without and with TLS, by row."""
    with (
        on(OTHER_CORES),
        services(directory) as behind,
        fronts(kinds, behind, directory) as found,
    ):
        figures = rounds.measure(found, amounts)
    tls = {front.name for front in found if front.at["image"].scheme == "https"}
    return (
        {name: of for name, of in figures.items() if name not in tls},
        {name: of for name, of in figures.items() if name in tls},
    )


def _cpu_ratios(figures: Found) -> dict[str, float]:
    return {
        name: report.cpu_ratio(found, figures[PLAIN])
        for name, found in figures.items()
        if name != DIRECT
    }


async def _fanout(quick: bool) -> list[fanout.Row]:
    counts = fanout.COUNTS[:-1] if quick else fanout.COUNTS
    click.echo(f"lists of {counts[-1]} clouds", err=True)
    return [row async for row in fanout.measure(counts, 1 if quick else fanout.ROUNDS)]
