"""What `&` over many clouds costs: the slowest, not the sum."""

import asyncio
import itertools
import json
import statistics
import string
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import click
import uvloop

from bench.processes import resident
from bench.stage import HOST, free_url, gateway_of, listening, write_federation

DELAY = 0.05
ITEMS = 100
COUNTS = (1, 2, 10, 100, 1000)
ROUNDS = 15


@dataclass(frozen=True)
class Row:
    """How long a list of so many clouds takes, and the gateway's memory behind it, in bytes."""

    clouds: int
    seconds: float
    rss: int


def _names() -> list[str]:
    """Return names so short that a thousand fit in one scope."""
    characters = string.ascii_lowercase + string.digits
    pairs = itertools.product(string.ascii_lowercase, characters + "._-")
    return ["".join(pair) for pair in pairs] + [f"{a}00" for a in characters]


def _answer(cloud: str) -> bytes:
    """Return an answer with a list of images, of about 39 KB."""
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
    body = json.dumps({"images": images}).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Clouds(asyncio.Protocol):
    """All clouds but home. In truth each has a machine of its own: they cost this one little."""

    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen to the gateway."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request, which has no body, after the delay."""
        *heads, self._received = (self._received + data).split(b"\r\n\r\n")
        for head in heads:
            answer = self._answers[head.split(b"/", 2)[1]]
            asyncio.get_running_loop().call_later(DELAY, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)  # type: ignore[attr-defined]


async def measure(counts: Sequence[int] = COUNTS, rounds: int = ROUNDS) -> AsyncIterator[Row]:
    """Yield medians, a row for each number of clouds."""
    names = _names()[: max(counts)]
    answers = {f"of-{name}".encode(): _answer(name) for name in names}
    service, home = free_url(), free_url()
    loop = asyncio.get_running_loop()
    port = urlsplit(service).port
    server = await loop.create_server(lambda: _Clouds(answers), HOST, port, backlog=4096)
    clouds = {name: {"frontends": {"image": f"{service}/of-{name}"}} for name in names}
    clouds["HOME"] = {"frontends": {"image": home}, "backends": {"image": free_url()}}
    async with server:
        with (
            tempfile.TemporaryDirectory() as directory,
            gateway_of(write_federation(Path(directory), clouds), "HOME") as gateway,
        ):
            await listening(home, gateway)
            async with aiohttp.ClientSession() as session:
                for count in counts:
                    seconds = [await _list(session, home, names[:count]) for _ in range(rounds)]
                    yield Row(count, statistics.median(seconds), resident([gateway]))


async def _list(session: aiohttp.ClientSession, home: str, names: Sequence[str]) -> float:
    """Return the seconds it takes; raises ClickException unless all of them are in the list."""
    scope = "image=" + "&".join(names)
    start = time.perf_counter()
    async with session.get(f"{home}/v2/images", headers={"X-Scope": scope}) as response:
        body = await response.read()
    seconds = time.perf_counter() - start
    if response.status != HTTPStatus.OK:
        raise click.ClickException(f"{len(names)} clouds: {body[:300]!r}")
    found = len(json.loads(body)["images"])
    if found != len(names) * ITEMS:
        raise click.ClickException(f"{found} of {len(names) * ITEMS} items came")
    return seconds


async def _report() -> None:
    click.echo(f"{'clouds':>7} {'seconds':>9} {'ratio':>7} {'gateway RSS, MiB':>18}")
    base = 0.0
    async for row in measure():
        base = base or row.seconds
        ratio, rss = row.seconds / base, row.rss / 2**20
        click.echo(f"{row.clouds:>7} {row.seconds:>9.3f} {ratio:>7.2f} {rss:>18.0f}")


@click.command(short_help="List images of 1 to 1000 clouds, merged by one gateway.")
def fanout() -> None:
    """List 100 images of each of 1 to 1000 clouds that are 50 ms away, merged by one gateway."""
    click.echo(f"services on {HOST}, {DELAY * 1000:g} ms away, {ITEMS} items each")
    uvloop.run(_report())
