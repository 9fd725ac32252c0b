"""`scripts/bench connections`."""

import asyncio
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult

import click

from bench import page, tools
from bench.connections import downloads, store
from bench.connections.idle import Idle
from bench.connections.quiet import is_short_now, shortages_so_far, wait_until_idle
from bench.machine import machine
from bench.processes import OTHER_CORES, PROXY_CORES, forget_peak, on, peak, resident
from bench.proxies.services import Urls, free_urls, services, texts
from bench.stage import gateway_of, listening, log_of, write_federation
from bench.table import NONE, TIMES, table
from bench.wire import connect, exchange, request

IDLE, DOWNLOADS, SLOW, SIZE = 10_000, 500, 50, 2**24
SILENCE = 30
"""Seconds in which nothing is sent on idle connections, which are closed after 75."""

FILES = IDLE + 2 * (DOWNLOADS + SLOW) + 500
"""That a gateway has open: of clients, of services, and some of its own."""


@dataclass(frozen=True)
class Row:
    """What was held; bytes of memory that the gateway had at most, errors, and seconds.

    The seconds of downloads are those until the last one that is not slow by itself is done;
    `ratio` is to the downloads without slow readers.
    """

    name: str
    connections: int
    memory: int
    errors: int = 0
    seconds: float | None = None
    ratio: float | None = None


@click.command(short_help="Hold 10,000 idle connections, and 500 downloads beside them.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def connections(rounds: int, write: bool) -> None:
    """Hold 10,000 idle connections, and 500 downloads of 16 MiB beside them, by one gateway.

    Each round has the downloads twice, with and without 50 slow readers beside them, in changing
    order. They begin when the gateway has given the slow readers all that they take at once, and
    does nothing for them any more. Their time is that until the last of them is done, the median
    of the rounds; the ratio says whether slow readers keep others waiting.

    Takes two and a half minutes; where others are at work, as root behind `chrt -r 10`. Exits 1 if
    a single connection fails. Says so if the kernel was short of memory for TCP: then times are
    those of packets that it dropped.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # nothing is left running
    tools.require()
    _allow_files()
    text = f"{machine()}; rounds: {rounds}."
    short, shortages = is_short_now(), shortages_so_far()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with _gateway(directory) as (at, gateway):
            rows = list(_measure(at, gateway, rounds))
        failed = any(row.errors for row in rows)
        if failed:
            log = log_of(directory, "One").read_text().splitlines()
            said = [line for line in log if '"event":"request"' not in line]
            click.echo("\n".join(said), err=True)
    if short or shortages_so_far() > shortages:
        text += " **The kernel was short of memory for TCP (net.ipv4.tcp_mem): times are noise.**"
    text += f"\n\n{report(rows)}"
    click.echo(text)
    if failed:
        raise click.ClickException("not all connections were held; what the gateway says is above")
    if write:
        page.write("connections", text)


def _allow_files() -> None:
    """Let this process, and those that it starts, open as many files as they need."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        raise click.ClickException(
            f"{FILES} open files are needed, and {hard} are allowed; raise the limit as root, "
            f"with: ulimit -Hn {FILES}, and run this in the same shell"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _gateway(directory: Path) -> Iterator[tuple[Urls, int]]:
    with ExitStack() as stack:
        stack.enter_context(on(OTHER_CORES))
        at, behind = free_urls(), stack.enter_context(services(directory, store.__name__))
        cloud = {"frontends": texts(at), "backends": texts(behind)}
        file = write_federation(directory, {"One": cloud})
        with on(PROXY_CORES):
            gateway = stack.enter_context(gateway_of(file, "One"))
        for url in at.values():
            asyncio.run(listening(url.geturl(), gateway))
        yield at, gateway


def _measure(at: Urls, gateway: int, rounds: int) -> Iterator[Row]:
    yield Row("none yet", 0, resident([gateway]))
    with ExitStack() as stack:
        start = time.perf_counter()
        idle = Idle(at["image"], IDLE, stack)
        yield _row("idle, each after one request", idle, gateway, time.perf_counter() - start)
        _say(f"nothing is sent for {SILENCE} s")
        time.sleep(SILENCE)
        start = time.perf_counter()
        idle.ask()
        yield _row(
            f"each asked again after {SILENCE} s", idle, gateway, time.perf_counter() - start
        )
        yield from _downloads(at["object-store"], gateway, rounds, idle)
        idle.ask()
        yield _row("idle, each asked at the end", idle, gateway)
    with connect(at["image"]) as connection:  # answered when all are known to be closed
        exchange(connection, request("GET /v2/images", at["image"], {}))
    yield Row("all closed", 0, resident([gateway]))


def _downloads(url: SplitResult, gateway: int, rounds: int, idle: Idle) -> Iterator[Row]:
    seconds: dict[int, list[float]] = {0: [], SLOW: []}
    errors, memory = dict.fromkeys(seconds, 0), dict.fromkeys(seconds, 0)
    for number in range(rounds):
        idle.ask()  # none is to be closed meanwhile
        # Interleaved, so that a noisy neighbour disturbs both alike, and neither always first.
        for slow in sorted(seconds, reverse=bool(number % 2)):
            forget_peak([gateway])
            done = downloads.measure(url, DOWNLOADS, slow, SIZE, lambda: wait_until_idle([gateway]))
            memory[slow] = max(memory[slow], peak([gateway]))
            errors[slow] += done.errors
            seconds[slow].append(max(done.seconds, default=0))
            took = seconds[slow][-1]
            _say(f"round {number + 1} of {rounds}, beside {slow} slow readers: {took:.1f} s")
    base = statistics.median(seconds[0])
    for slow, found in seconds.items():
        name = f"and {DOWNLOADS} downloads" + (f" beside {slow} slow readers" if slow else "")
        took = statistics.median(found)
        yield Row(
            name,
            len(idle) + DOWNLOADS + slow,
            memory[slow],
            errors[slow],
            took,
            took / base if base else None,
        )


def _row(name: str, idle: Idle, gateway: int, seconds: float | None = None) -> Row:
    row = Row(name, len(idle), resident([gateway]), idle.errors, seconds)
    _say(f"{row.connections} {name}: {row.errors} errors")
    return row


def _say(text: str) -> None:
    click.echo(text, err=True)


def report(rows: Sequence[Row]) -> str:
    """Return the table."""
    heading = ["held", "connections", "gateway, MiB", "errors", "time, s", f"time, {TIMES}"]
    return table(
        heading,
        [
            [
                row.name,
                str(row.connections),
                f"{row.memory / 2**20:.0f}",
                str(row.errors),
                NONE if row.seconds is None else f"{row.seconds:.1f}",
                NONE if row.ratio is None else f"{row.ratio:.2f}",
            ]
            for row in rows
        ],
    )
