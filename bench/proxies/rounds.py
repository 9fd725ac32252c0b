"""All fronts, round after round: interleaved, so that a noisy neighbour disturbs all alike."""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from bench.processes import cpu_seconds, forget_peak, peak, resident
from bench.proxies import bulk, closed, steady
from bench.proxies.fronts import Front
from bench.stage import listening

RATE = 500
LAST = {"Connection": "close"}


@dataclass(frozen=True)
class Amounts:
    """How much is measured: rounds, seconds of each load, bytes of each body."""

    rounds: int
    closed_seconds: int
    steady_seconds: float
    size: int


@dataclass
class Figures:
    """What came of it for one front, a value per round; seconds and bytes."""

    cpu: list[float] = field(default_factory=list)
    fresh: list[float] = field(default_factory=list)
    """CPU of a request on a connection of its own; with TLS only, where it is a handshake."""
    rate: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    up: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    growth: list[int] = field(default_factory=list)


def measure(fronts: Sequence[Front], amounts: Amounts) -> dict[str, Figures]:
    """Return the figures by front; raises ClickException if a single request fails."""
    for front in fronts:
        _check(front)
    figures = {front.name: Figures() for front in fronts}
    for number in range(amounts.rounds):
        for front in fronts:
            click.echo(f"round {number + 1} of {amounts.rounds}: {front.name}", err=True)
            _small(front, amounts, figures[front.name])
            _large(front, amounts.size, figures[front.name])
    return figures


def _check(front: Front) -> None:
    """Wait for a front, and send it one request of each kind: nothing is compiled or cold later."""
    for url in front.at.values():
        asyncio.run(listening(url.geturl(), *front.processes))
    steady.measure(front.at["image"], front.headers, RATE, 0.1)
    bulk.download(front.at["object-store"], front.headers, 1000)
    bulk.upload(front.at["object-store"], front.headers, 1000)


def _small(front: Front, amounts: Amounts, figures: Figures) -> None:
    url = front.at["image"]
    cpu, rate = _as_many(front, front.headers, amounts)
    figures.cpu.append(cpu)
    figures.rate.append(rate)
    if url.scheme == "https":
        figures.fresh.append(_as_many(front, front.headers | LAST, amounts)[0])
    seconds = steady.measure(url, front.headers, RATE, amounts.steady_seconds)
    percentiles = statistics.quantiles(seconds, n=100)
    figures.p50.append(percentiles[49])
    figures.p99.append(percentiles[98])


def _as_many(front: Front, headers: dict[str, str], amounts: Amounts) -> tuple[float, float]:
    """Send as many as there can be; return CPU seconds of each, and how many per second."""
    before = cpu_seconds(front.processes)
    done = closed.measure(front.at["image"], headers, amounts.closed_seconds)
    return (cpu_seconds(front.processes) - before) / done.requests, done.requests / done.seconds


def _large(front: Front, size: int, figures: Figures) -> None:
    url = front.at["object-store"]
    before = resident(front.processes)
    forget_peak(front.processes)
    figures.down.append(size / bulk.download(url, front.headers, size))
    figures.up.append(size / bulk.upload(url, front.headers, size))
    figures.memory.append(peak(front.processes))
    figures.growth.append(figures.memory[-1] - before)
