"""What stands in front of One, and how each is reloaded.

A reload is over when its log says so, or another process answers; and, of certificates, when a
client is shown the new one.
"""

import asyncio
import itertools
import os
import re
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from bench.certificates import NAME
from bench.processes import PROXY_CORES, on, running
from bench.proxies.fronts import GATEWAYS
from bench.proxies.services import Urls
from bench.reload.clouds import Clouds
from bench.stage import HOST, gateway_of, listening, log_of
from bench.tools import program
from openstackoid.federation import load
from openstackoid.haproxy import Settings, plan, render
from openstackoid.identity.keys import make

PATIENCE = 60.0

Reload = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Front:
    """One front: how each of what it reads is reloaded."""

    name: str
    clouds: Clouds
    reloads: Mapping[str, Reload]


@asynccontextmanager
async def gateway(behind: Urls, directory: Path, keystone: str) -> AsyncIterator[Front]:
    """Run the gateway alone."""
    clouds = Clouds.described(directory, behind, HOST, keystone)
    async with _gateways(clouds) as (one, two):
        reloads = {
            "federation file": _federation(clouds, one.read),
            "certificates": _certificates(clouds, one.read),
            "keys": _keys(clouds, one, two),
            "program": one.exchange,
        }
        yield Front("gateway", clouds, reloads)


@asynccontextmanager
async def haproxy(behind: Urls, directory: Path, keystone: str) -> AsyncIterator[Front]:
    """Run HAProxy as it is rendered, with the gateway behind it."""
    clouds = Clouds.described(directory, behind, GATEWAYS, keystone)
    async with _gateways(clouds) as (one, _):
        with _haproxy(clouds) as front:
            for url in clouds.at.values():
                await listening(url.geturl(), front.process)

            async def both() -> None:
                await one.read()
                await front.read()

            reloads = {
                "federation file": _federation(clouds, both),
                "certificates": _certificates(clouds, both),
                "program of the gateway behind it": one.exchange,
            }
            yield Front("HAProxy, rendered", clouds, reloads)


@dataclass(frozen=True)
class _Gateway:
    process: int
    log: TextIO

    async def read(self) -> None:
        """Let it read its files again."""
        await self._told(signal.SIGHUP, "reloaded")

    async def exchange(self) -> None:
        """Let new processes take its place."""
        await self._told(signal.SIGUSR2, "exchanged")

    async def _told(self, number: signal.Signals, event: str) -> None:
        """Send a signal, and wait until the log says what came of it."""
        self.log.read()
        os.kill(self.process, number)
        async with asyncio.timeout(PATIENCE):
            while True:
                said = self.log.read()
                if f'"not {event}"' in said:
                    raise click.ClickException(said)
                if f'"{event}"' in said:
                    return
                await asyncio.sleep(0.01)


@dataclass(frozen=True)
class _HAProxy:
    process: int
    clouds: Clouds

    async def read(self) -> None:
        """Render its configuration anew, and let new processes take over."""
        _render(self.clouds)
        before = await self._worker()
        os.kill(self.process, signal.SIGUSR2)
        async with asyncio.timeout(PATIENCE):
            while await self._worker() in {before, None}:  # noqa: ASYNC110  (it tells nobody)
                await asyncio.sleep(0.01)

    async def _worker(self) -> str | None:
        """Return the process that answers, if there is one."""
        try:
            reader, writer = await asyncio.open_unix_connection(_socket(self.clouds))
            writer.write(b"show info\n")
            said = (await reader.read()).decode()
        except OSError:
            return None
        writer.close()
        found = re.search(r"^Pid: (\d+)$", said, re.MULTILINE)
        return found and found[1]


@asynccontextmanager
async def _gateways(clouds: Clouds) -> AsyncIterator[tuple[_Gateway, _Gateway]]:
    """Run the gateways of both clouds, One and Two."""
    async with AsyncExitStack() as stack:
        two = stack.enter_context(gateway_of(clouds.file, "Two"))
        with on(PROXY_CORES):
            one = stack.enter_context(gateway_of(clouds.file, "One"))
        for url in clouds.of_two.values():
            await listening(url.geturl(), two)
        for url in clouds.at.values():
            await listening(url._replace(netloc=f"{clouds.bind}:{url.port}").geturl(), one)
        logs = [stack.enter_context(log_of(clouds.file, name).open()) for name in ("One", "Two")]
        yield _Gateway(one, logs[0]), _Gateway(two, logs[1])


@contextmanager
def _haproxy(clouds: Clouds) -> Iterator[_HAProxy]:
    command: list[str | Path] = [program("haproxy"), "-W", "-f", _render(clouds)]
    with ExitStack() as stack:
        with on(PROXY_CORES):
            process = stack.enter_context(running(command, clouds.directory / "haproxy.log"))
        yield _HAProxy(process, clouds)


def _render(clouds: Clouds) -> Path:
    """Write the configuration of HAProxy, and return it."""
    settings = Settings(socket=_socket(clouds), drop=False)
    both = clouds.certificates.both
    planned = plan(load(clouds.file), "One", HOST, both, frozenset({NAME}))
    file = clouds.directory / "haproxy.cfg"
    file.write_text(render(planned, settings))
    return file


def _socket(clouds: Clouds) -> Path:
    return clouds.directory / "socket"


def _federation(clouds: Clouds, read: Reload) -> Reload:
    """Return what changes the federation, by one cloud more or less, and has it read."""
    others = itertools.cycle((1, 0))

    async def change() -> None:
        clouds.write(next(others))
        await read()

    return change


def _certificates(clouds: Clouds, read: Reload) -> Reload:
    """Return what issues a new certificate, has it read, and sees that it is shown."""

    async def change() -> None:
        issued = clouds.certificates.issue()
        await read()
        if await _shown(clouds) != issued:
            raise click.ClickException("after the reload the certificate of before is shown")

    return change


def _keys(clouds: Clouds, one: _Gateway, two: _Gateway) -> Reload:
    """Return what takes the next step in the rotation of One's keys, and has both read it.

    The new keys are published, then One signs with them, then the old ones are taken out.
    """
    steps: Iterator[Callable[[], object]] = itertools.cycle(
        (lambda: clouds.keys.append(make()), clouds.keys.reverse, clouds.keys.pop)
    )

    async def change() -> None:
        next(steps)()
        clouds.write()
        await one.read()
        await two.read()

    return change


async def _shown(clouds: Clouds) -> bytes | None:
    at = clouds.at["key-manager"]
    trusted = clouds.certificates.client()
    _, writer = await asyncio.open_connection(at.hostname, at.port, ssl=trusted)
    connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
    shown = connection.getpeercert(binary_form=True)
    writer.close()
    return shown
