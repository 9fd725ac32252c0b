"""What is compared: each in front of the same two services, or of two clouds that have them."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.certificates import Certificates
from bench.processes import OTHER_CORES, PROXY_CORES, beside_python, on, output, running
from bench.proxies.services import CONFIGURATIONS, Urls, free_urls, nginx, texts, write
from bench.stage import (
    TRUST,
    gateway_of,
    give_keys,
    keystone,
    know_users,
    listening,
    write_federation,
)
from bench.tools import program
from openstackoid.scope import join, parse

TOKEN = "t" * 183  # as long as a Fernet token
GATEWAYS = "127.0.0.4"
"""Where gateways listen that stand behind HAProxy."""

CATALOG = (
    ("identity", "admin"),
    ("identity", "public"),
    ("compute", "public"),
    ("compute_legacy", "public"),
    ("placement", "public"),
    ("image", "public"),
    ("network", "public"),
    ("object-store", "public"),
)
"""What a program in Lua walks to find a service: as long as that of the first prototype."""

SCOPES = (None, "One", "Two")
"""Of requests to One."""

Command = list[str | Path]

Clouds = dict[str, Urls]
"""Frontends, by cloud."""

Processes = dict[str, tuple[int, ...]]
"""By cloud."""


@dataclass(frozen=True)
class Front:
    """One row of the table: where requests go, with which headers, and whose cost counts."""

    name: str
    at: Urls
    headers: dict[str, str]
    processes: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where fronts are set up, and before which services; `stack` ends what they start."""

    directory: Path
    services: Urls
    certificates: Certificates
    keystone: str
    stack: ExitStack

    def file(self, name: str) -> Path:
        """Return the file of this name."""
        return self.directory / name

    def run(self, name: str, command: Command) -> int:
        """Run a process; return its id."""
        return self.stack.enter_context(running(command, self.file(f"{name}.log")))


def _direct(place: Place) -> Iterator[Front]:
    yield Front(DIRECT, place.services, _headers(), ())


def _haproxy(place: Place, scheme: str = "http") -> Iterator[Front]:
    at = free_urls(scheme)
    crt = f" ssl crt {place.certificates.both} alpn http/1.1" if scheme == "https" else ""
    file = place.file(f"plain-{scheme}.cfg")
    write("plain.haproxy.j2", file, services=place.services, at=at, tls=crt)
    processes = (_run_haproxy(place, file),)
    yield Front(_named(PLAIN, scheme), at, _headers(), processes)
    if scheme == "http":
        yield Front(f"{PLAIN}: scope, unread", at, _headers("One"), processes)


def _nginx(place: Place) -> Iterator[Front]:
    at = free_urls()
    file = write("proxy.nginx.j2", place.file("proxy.nginx"), services=place.services, at=at)
    yield Front("nginx", at, _headers(), (place.run("nginx", nginx(file)),))


def _lua(place: Place) -> Iterator[Front]:
    clouds, processes = _run_lua(place, "interpret.lua")
    yield from _scoped("HAProxy with Lua", clouds, processes)


def _prototype(place: Place) -> Iterator[Front]:
    log = place.file("log")
    with on(OTHER_CORES):
        place.run("drain", [sys.executable, "-m", "bench.proxies.drain", log])
    clouds, processes = _run_lua(place, "prototype.lua", log)
    yield from _scoped("HAProxy with Lua, as the first prototype", clouds, processes, SCOPES[1:])


def _run_lua(place: Place, program: str, log: Path | None = None) -> tuple[Clouds, Processes]:
    clouds = _two_clouds()
    directory = place.file(Path(program).stem)
    directory.mkdir()
    write("endpoints.lua.j2", directory / "endpoints.lua", frontends=clouds, catalog=CATALOG)
    for module in ("json.lua", program):
        (directory / module).write_text((CONFIGURATIONS / module).read_text())
    values = {
        "lua": directory,
        "program": program,
        "log": log,
        "frontends": clouds,
        "services": place.services,
    }
    processes: Processes = {}
    for cloud in clouds:
        file = write("lua.haproxy.j2", directory / f"{cloud}.cfg", here=cloud, **values)
        processes[cloud] = (_run_haproxy(place, file),)
    return clouds, processes


def _rendered(place: Place, scheme: str = "http") -> Iterator[Front]:
    clouds = _two_clouds(scheme)
    federation = _federation(place, f"rendered-{scheme}", clouds, bind=GATEWAYS)
    processes: Processes = {cloud: (_run_gateway(place, federation, cloud),) for cloud in clouds}
    for cloud, urls in clouds.items():  # HAProxy has to find them when it begins
        url = urls["image"]._replace(netloc=f"{GATEWAYS}:{urls['image'].port}")
        asyncio.run(listening(url.geturl(), *processes[cloud]))
    render: Command = [beside_python("openstackoid"), "haproxy", "render", "--fragment"]
    for cloud in clouds:
        asked: Command = ["--federation", federation, "--cloud", cloud]
        tls: Command = ["--certificate", place.certificates.both] if scheme == "https" else []
        file = federation.with_name(f"haproxy-{cloud}.cfg")
        file.write_text(output([*render, *asked, *tls]))
        processes[cloud] += (_run_haproxy(place, file),)
    yield from _scoped(_named("HAProxy, rendered", scheme), clouds, processes)


def _gateway(place: Place, scheme: str = "http") -> Iterator[Front]:
    clouds = _two_clouds(scheme)
    federation = _federation(place, f"gateway-{scheme}", clouds)
    processes: Processes = {cloud: (_run_gateway(place, federation, cloud),) for cloud in clouds}
    yield from _scoped(_named("gateway", scheme), clouds, processes)


def _tls(place: Place) -> Iterator[Front]:
    for front in (_haproxy, _rendered, _gateway):
        yield from front(place, "https")


KINDS: dict[str, Callable[[Place], Iterator[Front]]] = {
    "direct": _direct,
    "haproxy": _haproxy,
    "nginx": _nginx,
    "rendered": _rendered,
    "lua": _lua,
    "prototype": _prototype,
    "gateway": _gateway,
    "tls": _tls,
}
DIRECT, PLAIN = "no proxy", "HAProxy"
BASE = frozenset({"direct", "haproxy"})
"""What all others are compared with: the kinds of these two rows."""


@contextmanager
def fronts(kinds: list[str], services: Urls, directory: Path) -> Iterator[list[Front]]:
    """Set up these kinds of fronts on the core of the proxies; give their rows of the table."""
    with ExitStack() as stack:
        with on(OTHER_CORES):
            asked = stack.enter_context(keystone(directory))
        place = Place(directory, services, Certificates(directory), asked, stack)
        with on(PROXY_CORES):
            found = [front for kind in kinds for front in KINDS[kind](place)]
        yield found


def _named(name: str, scheme: str) -> str:
    return f"{name}, TLS" if scheme == "https" else name


def _two_clouds(scheme: str = "http") -> Clouds:
    return {"One": free_urls(scheme), "Two": free_urls(scheme)}


def _scoped(
    name: str, clouds: Clouds, processes: Processes, scopes: Sequence[str | None] = SCOPES
) -> Iterator[Front]:
    """Yield a row for each scope; all that runs for a cloud counts where the cloud takes part.

    With TLS the cloud's own alone: towards other clouds it is the same as towards clients.
    """
    at, here = clouds["One"], processes["One"]
    rows = {
        None: ("no scope", here),
        "One": ("same cloud", here),
        "Two": ("other cloud", here + processes["Two"]),
    }
    for cloud in scopes if at["image"].scheme == "http" else ("One",):
        what, counted = rows[cloud]
        yield Front(f"{name}: {what}", at, _headers(cloud), counted)


def _headers(cloud: str | None = None) -> dict[str, str]:
    """Return headers as our client sends them: the scope by itself, and behind the token."""
    if cloud is None:
        return {"X-Auth-Token": TOKEN}
    scope = parse(f"image={cloud},object-store={cloud}")
    return {"X-Auth-Token": join(TOKEN, scope), "X-Scope": scope.canonical}


def _federation(place: Place, name: str, clouds: Clouds, **more: str) -> Path:
    """Write the file of two clouds, whose gateways have keys and vouch for their users."""
    directory = place.file(name)
    directory.mkdir()
    described: dict[str, dict[str, Any]] = {
        cloud: {
            "frontends": texts(urls),
            "backends": texts(place.services),
            "trust": {other: TRUST for other in clouds if other != cloud},
            "own": place.certificates.own if urls["image"].scheme == "https" else {},
            **more,
        }
        for cloud, urls in clouds.items()
    }
    give_keys(directory, described)
    know_users(place.directory, described, place.keystone)
    return write_federation(directory, described)


def _run_haproxy(place: Place, file: Path) -> int:
    common = write("common.haproxy.j2", place.file("common.cfg"))
    log = file.with_suffix(".log")
    command: Command = [program("haproxy"), "-db", "-f", common, "-f", file]
    return place.stack.enter_context(running(command, log))


def _run_gateway(place: Place, federation: Path, cloud: str) -> int:
    return place.stack.enter_context(gateway_of(federation, cloud))
