"""`scripts/bench memory`: what a service and the gateways remember of requests and of tokens."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click
import psutil
from clouds.api import Api
from clouds.conftest import of_gateways
from clouds.test_assertions import questions

from bench import page
from bench.machine import machine
from bench.real.links import CLOUDS, HOME, NETWORK, THERE
from bench.real.load import allowed
from bench.real.workers import workers
from bench.table import table
from openstackoid.lab import Lab

WORKERS = 2
PATH = "/v2/images?limit=1"
REQUESTS = 2_000
TOKENS = 200
EACH = 10
FIRST = 400
"""Requests before anything is measured: what is loaded with the first ones."""
REMEMBERED = 300
"""Seconds that a service remembers whose a token is, unless it is told otherwise."""


@dataclass(frozen=True)
class Row:
    """What has been sent since the row before, and the memory of processes after it, in bytes."""

    what: str
    questions: int
    service: int
    home: int
    there: int


@click.command(short_help="Send thousands of requests to a service of another real cloud.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def memory(write: bool) -> None:
    """Send requests to a Glance in another real cloud, which a uWSGI runs in two workers.

    First with one token, then with 200 of them. Counts how often the service asks whose a token
    is. Takes three minutes.
    """
    text = machine()
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab(Path(directory))
        try:
            lab.up(CLOUDS, network=NETWORK)
            text += f"\n\n{report(measure(lab))}"
        finally:
            lab.down()
    click.echo(text)
    if write:
        page.write("memory", text)


def report(rows: list[Row]) -> str:
    """Return the table."""
    heading = ["", "questions", "Glance, MiB", "gateway here, MiB", "gateway there, MiB"]
    return table(
        heading,
        [
            [r.what, str(r.questions), *(f"{m / 2**20:.1f}" for m in (r.service, r.home, r.there))]
            for r in rows
        ],
    )


def measure(lab: Lab) -> list[Row]:
    """Return a row before, and one behind each part."""
    rows = []
    with (
        workers(lab.cloud(THERE), WORKERS, REMEMBERED) as glance,
        ThreadPoolExecutor(4) as pool,
    ):

        def ask(what: str, users: list[Api], times: int) -> None:
            """Send requests of each user in turn."""
            before = questions(lab, THERE)
            sending = [users[n % len(users)] for n in range(times)]
            for answer in pool.map(lambda u: u.get("image", PATH, f"image={THERE}"), sending):
                allowed(answer)
            memory = [_memory(p) for p in (glance, of_gateways(lab, HOME), of_gateways(lab, THERE))]
            rows.append(Row(what, questions(lab, THERE) - before, *memory))

        one = _users(lab, 1)
        ask(f"{FIRST} requests with one token", one, FIRST)
        ask(f"{REQUESTS} more with the same", one, REQUESTS)
        many = _users(lab, TOKENS)
        ask(f"{EACH * TOKENS} with {TOKENS} other tokens", many, EACH * TOKENS)
        ask(f"{EACH * TOKENS} more with the same", many, EACH * TOKENS)
    return rows


def _users(lab: Lab, number: int) -> list[Api]:
    """Return a user of home with so many tokens."""
    users = [Api(lab, HOME) for _ in range(number)]
    for user in users:
        allowed(user.login())
    return users


def _memory(processes: list[psutil.Process]) -> int:
    """Return the memory that processes have to themselves: what forks share counts once."""
    return sum(process.memory_full_info().uss for process in processes)
