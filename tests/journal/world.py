"""Two clouds with services that keep what is made in them; the gateways are processes of their own.

So a gateway can be killed, or stand still, at any moment.
"""

import asyncio
import json
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psutil
from gateway.backend import Connection, Received, json_answer
from gateway.equipped import equip
from gateway.played import TOKEN, Answered, Clouds, playing

HOME, AWAY = "CloudOne", "CloudTwo"
SCOPE = json.dumps({"*": HOME, "network": f"{HOME} & {AWAY}", "image": f"{HOME} & {AWAY}"})

PATHS = {"network": "/v2.0/networks", "image": "/v2/images"}

COMMAND = "from openstackoid.commands.main import main; main()"


@dataclass
class Registry:
    """A service that is played: it makes, lists and deletes resources of one kind.

    `before` and `after` are awaited before and after a write is carried out; `fails` is the status
    with which it refuses. `executed` has the names of what it has carried out, in their order.
    """

    kind: str
    things: dict[str, str] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    before: Callable[[str], Any] | None = None
    after: Callable[[str], Any] | None = None
    fails: Callable[[str], bool] = lambda _: False

    async def __call__(self, received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method, target, _ = received.line.split(" ")
        path, _, query = target.partition("?")
        body, status = "{}", "200 OK"
        match method:
            case "POST":
                made = json.loads(received.body)
                made = made.get(self.kind, made)
                name = made["name"]
                if self.before is not None:
                    await self.before(name)
                if self.fails(name):
                    body, status = '{"error": {"message": "no"}}', "409 Conflict"
                else:
                    identifier = made.get("id") or str(uuid.uuid4())
                    self.things[identifier] = name
                    self.executed.append(f"POST {name}")
                    made = {"id": identifier, "name": name}
                    body, status = json.dumps({self.kind: made}), "201 Created"
                if self.after is not None:
                    await self.after(name)
            case "DELETE":
                identifier = path.rpartition("/")[2]
                gone = self.things.pop(identifier, None)
                self.executed.append(f"DELETE {gone}")
                status = "204 No Content" if gone else "404 Not Found"
            case _:
                wanted = parse_qs(query).get("name")
                found = [
                    {"id": i, "name": n}
                    for i, n in self.things.items()
                    if wanted is None or n in wanted
                ]
                body = json.dumps({f"{self.kind}s": found})
        if status.startswith("204"):
            await connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            return
        await json_answer(body, status)(Received(b""), connection)


class Gateway:
    """The gateway of a cloud as its operator runs it: supervisor, workers, and the journal."""

    def __init__(self, clouds: Clouds, workers: int = 1, cloud: str = HOME) -> None:
        self._file = clouds.file
        self._cloud = cloud
        self._workers = workers
        self.drain_timeout = 10
        self.log = clouds.file.with_name(f"{cloud}.log")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        seen, opened = self.count("listening"), self.count("journal open")
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COMMAND, "gateway",
                "--federation", str(self._file), "--cloud", self._cloud,
                "--workers", str(self._workers), "--connect-timeout", "2", "--idle-timeout", "60",
                "--drain-timeout", str(self.drain_timeout), "--rate", "100000",
                stderr=log,
            )  # fmt: skip
        await self.until(lambda: self.count("listening") >= seen + self._workers)
        await self.until(lambda: self.count("journal open") > opened)

    def lines(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of its log."""
        if self.log.exists():
            for line in self.log.read_text().splitlines():
                with suppress(ValueError):
                    yield json.loads(line)

    def count(self, event: str) -> int:
        """Return how many lines of the log are about an event."""
        return sum(line.get("event") == event for line in self.lines())

    async def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Wait for something that other processes do."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    @property
    def workers(self) -> list[psutil.Process]:
        """The workers that run."""
        return self._children("processes.worker")

    @property
    def keeper(self) -> psutil.Process:
        """The process that keeps the journal."""
        return self._children("processes.journal")[0]

    def _children(self, module: str) -> list[psutil.Process]:
        assert self.process is not None
        found = []
        for one in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if any(module in word for word in one.cmdline()):
                    found.append(one)
        return found

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let all its processes stand still for as long as the context is open."""
        assert self.process is not None
        every = [psutil.Process(self.process.pid), *self.workers, self.keeper]
        for one in every:
            one.suspend()
        try:
            yield
        finally:
            for one in every:
                one.resume()

    async def end(self, number: signal.Signals) -> None:
        """End it by a signal, and wait until all its processes have ended."""
        assert self.process is not None
        all_ = psutil.Process(self.process.pid).children()
        self.process.send_signal(number)
        await self.process.wait()
        await self.until(lambda: not any(map(_runs, all_)))


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass
class World:
    """Both clouds; `home` and `away` are their services by type."""

    clouds: Clouds
    gateway: Gateway
    other: Gateway
    home: dict[str, Registry]
    away: dict[str, Registry]
    go_on: Callable[[], None] = lambda: None

    @property
    def journal(self) -> Path:
        """The directory of the journal."""
        return self.clouds.file.with_name(f"journal-{HOME}")

    async def create(
        self, name: str, service: str = "network", *headers: str, scope: str = SCOPE
    ) -> tuple[int, Any]:
        """Create something in both clouds; return status and document of the answer."""
        answered = await self.ask_to_create(name, service, *headers, scope=scope)
        return answered.status, json.loads(answered.body or b"{}")

    async def ask_to_create(self, name: str, service: str, *headers: str, scope: str) -> Answered:
        """Create something in the clouds of a scope."""
        kind = self.home[service].kind
        document = {kind: {"name": name}} if service == "network" else {"name": name}
        return await self.clouds.ask(
            HOME, service, PATHS[service], f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}",
            "Content-Type: application/json", *headers,
            method="POST", body=json.dumps(document).encode(),
        )  # fmt: skip

    async def ask_to_delete(
        self, identifier: str, service: str, *headers: str, scope: str
    ) -> Answered:
        """Delete something in the clouds of a scope."""
        return await self.clouds.ask(
            HOME, service, f"{PATHS[service]}/{identifier}", f"X-Auth-Token: {TOKEN}",
            f"X-Scope: {scope}", *headers, method="DELETE",
        )  # fmt: skip

    def left(self, service: str = "network") -> dict[str, list[str]]:
        """Return for each name in which clouds it is."""
        found: dict[str, list[str]] = {}
        for cloud, services in ((HOME, self.home), (AWAY, self.away)):
            for name in services[service].things.values():
                found.setdefault(name, []).append(cloud)
        return found


@asynccontextmanager
async def world(
    directory: Path, workers: int = 1, settle: str = "2s", journal: Path | None = None
) -> AsyncIterator[World]:
    """Run both clouds, the first gateway as processes of its own."""
    async with playing(directory, 5, rate=100_000) as clouds:
        own = clouds.document["clouds"][HOME]["own"]
        own["settle"] = settle
        if journal is not None:
            own["journal"] = str(journal)
        await equip(clouds)
        for name in (HOME, AWAY):
            await clouds.gateways.pop(name).close()
        kinds = {"network": "network", "image": "image"}
        services = {
            cloud: {service: Registry(kind) for service, kind in kinds.items()}
            for cloud in (HOME, AWAY)
        }
        for cloud, those in services.items():
            for service, registry in those.items():
                clouds.backends[cloud][service].answer = registry
        both = Gateway(clouds, workers), Gateway(clouds, cloud=AWAY)
        await asyncio.gather(*(gateway.start() for gateway in both))
        here = World(clouds, *both, services[HOME], services[AWAY])
        try:
            yield here
        finally:
            here.go_on()
            for gateway in both:
                if gateway.process is not None and gateway.process.returncode is None:
                    await gateway.end(signal.SIGTERM)
