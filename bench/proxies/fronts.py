"""What is compared: each in front of the same two services, or of two clouds that have them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import PROXY_CORES, beside_python, on, output, running
from bench.proxies.services import CONFIGURATIONS, Urls, free_urls, nginx, write
from bench.stage import TRUST, UNLIMITED, gateway_of, listening, write_federation
from bench.tools import program
from openstackoid.scope import join, parse

TOKEN = "t" * 183  # as long as a Fernet token
GATEWAYS = "127.0.0.4"
"""Where gateways listen that stand behind HAProxy."""

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
    stack: ExitStack

    def file(self, name: str) -> Path:
        """Return the file of this name."""
        return self.directory / name

    def run(self, name: str, command: list[str | Path]) -> int:
        """Run a process; return its id."""
        return self.stack.enter_context(running(command, self.file(f"{name}.log")))


def _direct(place: Place) -> Iterator[Front]:
    yield Front("no proxy", place.services, _headers(), ())


def _haproxy(place: Place) -> Iterator[Front]:
    at = free_urls()
    file = write("plain.haproxy.j2", place.file("plain.cfg"), services=place.services, at=at)
    yield Front("HAProxy", at, _headers(), (_run_haproxy(place, file),))


def _nginx(place: Place) -> Iterator[Front]:
    at = free_urls()
    file = write("proxy.nginx.j2", place.file("proxy.nginx"), services=place.services, at=at)
    yield Front("nginx", at, _headers(), (place.run("nginx", nginx(file)),))


def _lua(place: Place) -> Iterator[Front]:
    clouds = {"One": free_urls(), "Two": free_urls()}
    write("endpoints.lua.j2", place.file("endpoints.lua"), frontends=clouds)
    for module in ("json.lua", "interpret.lua"):
        place.file(module).write_text((CONFIGURATIONS / module).read_text())
    processes: Processes = {}
    for cloud in clouds:
        values = {"here": cloud, "frontends": clouds, "services": place.services}
        file = place.file(f"lua-{cloud}.cfg")
        write("lua.haproxy.j2", file, lua=place.directory, **values)
        processes[cloud] = (_run_haproxy(place, file),)
    yield from _scoped("HAProxy with Lua", clouds, processes)


def _rendered(place: Place) -> Iterator[Front]:
    clouds = {"One": free_urls(), "Two": free_urls()}
    federation = _federation(place, "rendered", clouds, bind=GATEWAYS)
    processes: Processes = {cloud: (_run_gateway(place, federation, cloud),) for cloud in clouds}
    for urls in clouds.values():  # HAProxy has to find them when it begins
        asyncio.run(listening(f"http://{GATEWAYS}:{urls['image'].port}"))
    render = (beside_python("openstackoid"), "haproxy", "render")
    for cloud in clouds:
        asked = ("--federation", federation, "--cloud", cloud, "--rate", UNLIMITED)
        file = place.file(f"rendered-{cloud}.cfg")
        file.write_text(output([*render, "--fragment", *asked]))
        processes[cloud] += (_run_haproxy(place, file),)
    yield from _scoped("HAProxy, rendered", clouds, processes)


def _gateway(place: Place) -> Iterator[Front]:
    clouds = {"One": free_urls(), "Two": free_urls()}
    federation = _federation(place, "gateways", clouds)
    processes: Processes = {cloud: (_run_gateway(place, federation, cloud),) for cloud in clouds}
    yield from _scoped("gateway", clouds, processes)


KINDS: dict[str, Callable[[Place], Iterator[Front]]] = {
    "direct": _direct,
    "haproxy": _haproxy,
    "nginx": _nginx,
    "rendered": _rendered,
    "lua": _lua,
    "gateway": _gateway,
}
BASE = frozenset({"direct", "haproxy"})
"""What all others are compared with."""


@contextmanager
def fronts(kinds: list[str], services: Urls, directory: Path) -> Iterator[list[Front]]:
    """Set up these kinds of fronts on the core of the proxies; give their rows of the table."""
    with ExitStack() as stack:
        place = Place(directory, services, stack)
        with on(PROXY_CORES):
            found = [front for kind in kinds for front in KINDS[kind](place)]
        yield found


def _scoped(name: str, clouds: dict[str, Urls], processes: Processes) -> Iterator[Front]:
    """Yield three rows; all that runs for a cloud counts where the cloud takes part."""
    at, here = clouds["One"], processes["One"]
    yield Front(f"{name}: no scope", at, _headers(), here)
    yield Front(f"{name}: same cloud", at, _headers("One"), here)
    yield Front(f"{name}: other cloud", at, _headers("Two"), here + processes["Two"])


def _headers(cloud: str | None = None) -> dict[str, str]:
    """Return headers as our client sends them: the scope by itself, and behind the token."""
    if cloud is None:
        return {"X-Auth-Token": TOKEN}
    scope = parse(f"image={cloud},object-store={cloud}")
    return {"X-Auth-Token": join(TOKEN, scope), "X-Scope": scope.canonical}


def _federation(place: Place, name: str, clouds: dict[str, Urls], **keys: str) -> Path:
    directory = place.file(name)
    directory.mkdir()
    described = {
        cloud: {
            "frontends": _texts(urls),
            "backends": _texts(place.services),
            "trust": {other: TRUST for other in clouds if other != cloud},
            **keys,
        }
        for cloud, urls in clouds.items()
    }
    return write_federation(directory, described)


def _texts(urls: Urls) -> dict[str, str]:
    return {service: url.geturl() for service, url in urls.items()}


def _run_haproxy(place: Place, file: Path) -> int:
    common = write("common.haproxy.j2", place.file("common.cfg"))
    return place.run(file.stem, [program("haproxy"), "-db", "-f", common, "-f", file])


def _run_gateway(place: Place, federation: Path, cloud: str) -> int:
    return place.stack.enter_context(gateway_of(federation, cloud))
