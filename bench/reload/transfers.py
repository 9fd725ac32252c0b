"""Large bodies that take their time."""

import asyncio
import time
from urllib.parse import SplitResult

import click

from bench.store import OBJECT
from bench.wire import request

PACE = 2**20
"""Bytes per second."""

PIECE = 2**15


async def download(url: SplitResult, seconds: float) -> None:
    """Get a body at the pace; raises ClickException if it does not arrive whole."""
    size = int(PACE * seconds)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=PIECE)
    writer.write(request(f"GET {OBJECT.format(size)}", url, {}))
    await _head(reader)
    received, start = 0, time.monotonic()
    while data := await reader.read(PIECE):
        received += data.count(0)
        if received >= size:
            break
        await asyncio.sleep(start + received / PACE - time.monotonic())
    writer.close()
    _check(received, size, "down")


async def upload(url: SplitResult, seconds: float) -> None:
    """Send a body at the pace; raises ClickException if the service does not get it whole."""
    size = int(PACE * seconds)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    framing = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    writer.write(request(f"PUT {OBJECT.format(size)}", url, framing))
    start = time.monotonic()
    for sent in range(0, size, PIECE):
        writer.write(bytes(min(PIECE, size - sent)))
        await writer.drain()
        await asyncio.sleep(start + sent / PACE - time.monotonic())
    await _head(reader)
    received = await reader.read(len(str(size)))
    writer.close()
    _check(int(received or 0), size, "up")


async def _head(reader: asyncio.StreamReader) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise click.ClickException("a transfer was not answered") from error
    if not head.startswith(b"HTTP/1.1 200 "):
        raise click.ClickException(f"a transfer was answered: {head!r}")


def _check(received: int, size: int, way: str) -> None:
    if received != size:
        raise click.ClickException(f"{received} of {size} bytes arrived, {way}")
