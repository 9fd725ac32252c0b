"""`scripts/bench links`: what crosses a slow link between real clouds, and how long that takes."""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from clouds.api import Api
from clouds.servers import MICROVERSION, booted, gone, wanted

from bench import page
from bench.machine import machine
from bench.real.load import allowed
from bench.real.operator import Operator
from bench.real.program import BEFORE, source
from bench.table import table
from openstackoid.lab import Condition, Lab
from openstackoid.lab.services import GATEWAY

NETWORK = "127.67.0.0/16"
HOME, THERE = CLOUDS = ("CloudOne", "CloudTwo")
SHORT, LONG = 0.025, 0.075
"""Seconds each way."""

ROUNDS = 5
SERVERS = 3
REMEMBERED = 10.0
"""Seconds that services of the lab remember whose a token is (`token_cache_time`)."""
LOGGED = 0.5
"""Seconds until a gateway has logged a request that it has answered, at most."""


@dataclass
class Crossing:
    """The requests that have crossed the border meanwhile, as method, service and path."""

    requests: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Measured:
    """What crossed, and how long it took: requests by which a new token is used there, and a boot.

    `first`: those of a new token; `next`: later ones; `again`: one after the services have
    forgotten it.
    """

    first: list[Crossing]
    next: list[Crossing]
    again: list[Crossing]
    boots: list[Crossing]


@click.command(short_help="Count what crosses a slow link between real clouds.")
@click.option("--before", default=BEFORE, show_default=True, help="The commit to compare with.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def links(before: str, write: bool) -> None:
    """Count and time what crosses a slow link between two real clouds, now and before.

    Images of the other cloud are listed over a link of 50 ms, and servers booted there, from an
    image at home, over one of 150 ms, there and back. Takes four minutes.
    """
    text = f"{machine()}; before: {before[:7]}."
    with tempfile.TemporaryDirectory() as directory:
        program = source(before, Path(directory) / "before")
        lab = Lab(Path(directory) / "lab")
        try:
            lab.up(CLOUDS, network=NETWORK)
            now = _measure(lab)
            for operator in [Operator(lab, name) for name in CLOUDS]:
                operator.go_back(program)
            text += f"\n\n{report(_measure(lab), now)}"
        finally:
            lab.down()
    click.echo(text)
    if write:
        page.write("links", text)


def report(before: Measured, now: Measured) -> str:
    """Return the table: requests, and of them those that ask home, and milliseconds."""
    heading = ["", "cross, before", "cross", "ask home, before", "ask home", "ms, before", "ms"]
    rows = [
        _row("50 ms: a new token's first request", before.first, now.first),
        _row("50 ms: the next ones", before.next, now.next),
        _row("50 ms: when the service has forgotten it", before.again, now.again),
        _row("150 ms: a server there, image here", before.boots, now.boots),
    ]
    return table(heading, rows)


def _row(name: str, before: list[Crossing], now: list[Crossing]) -> list[str]:
    both = (before, now)
    return [
        name,
        *(_numbers(len(c.requests) for c in crossings) for crossings in both),
        *(_numbers(sum(map(_validates, c.requests)) for c in crossings) for crossings in both),
        *(f"{statistics.median(c.seconds for c in crossings) * 1000:.0f}" for crossings in both),
    ]


def _numbers(counts: Iterator[int]) -> str:
    """Return a number, or the least and the most of several."""
    known = sorted(set(counts))
    return str(known[0]) if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _validates(request: str) -> bool:
    return "/v3/auth/tokens" in request


def _measure(lab: Lab) -> Measured:
    measured = Measured([], [], [], [])
    _listed(lab, _user(lab))  # connects, and does what is done once, for whichever token
    lab.link(*CLOUDS, Condition(delay=SHORT))
    for _ in range(ROUNDS):
        api = _user(lab)
        measured.first.append(_listed(lab, api))
        measured.next.extend(_listed(lab, api) for _ in range(ROUNDS))
    time.sleep(REMEMBERED + 1)
    measured.again.append(_listed(lab, api))
    lab.link(*CLOUDS, Condition(delay=LONG))
    for number in range(SERVERS):
        measured.boots.append(_booted(lab, f"server-{number}"))
    lab.link(*CLOUDS)
    return measured


def _user(lab: Lab, cloud: str = HOME) -> Api:
    api = Api(lab, cloud)
    allowed(api.login())
    return api


def _listed(lab: Lab, api: Api) -> Crossing:
    """List the images of the other cloud."""
    with _crossing(lab) as crossing:
        allowed(api.get("image", "/v2/images", f"image={THERE}"))
    return crossing


def _booted(lab: Lab, name: str) -> Crossing:
    """Boot a server there from an image here, by a new token, until that cloud says it is active.

    What it is made of is looked up before, and whether it is active is asked in that cloud.
    """
    scope = f"compute={THERE}"
    api, finder, neighbour = _user(lab), _user(lab), _user(lab, THERE)
    body = wanted(finder, name, scope)
    with _crossing(lab) as crossing:
        answer = allowed(api.post("compute", "/v2.1/servers", body, scope, MICROVERSION))
        id_ = answer.json()["server"]["id"]
        booted(neighbour, id_)
    allowed(neighbour.request("DELETE", "compute", f"/v2.1/servers/{id_}"))
    gone(neighbour, id_)
    return crossing


@contextmanager
def _crossing(lab: Lab) -> Iterator[Crossing]:
    """Collect what each gateway has got from the other one meanwhile, and the time it takes."""
    logs = [cloud.log(GATEWAY) for cloud in lab.clouds]
    before = [log.stat().st_size for log in logs]
    crossing, begun = Crossing(), time.monotonic()
    yield crossing
    crossing.seconds = time.monotonic() - begun
    time.sleep(LOGGED)
    for log, offset in zip(logs, before, strict=True):
        with log.open() as file:
            file.seek(offset)
            events = [json.loads(line) for line in file]
        crossing.requests += [
            f"{event['method']} {event['service']} {event['path']}"
            for event in events
            if event["event"] == "request" and "sender" in event
        ]
