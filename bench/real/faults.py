"""`scripts/bench faults`: kills, cuts and stops real clouds under writes."""

import asyncio
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import psutil
import requests
from clouds.api import Api
from clouds.conftest import by_ids, federation_of, of_gateways, tell

from bench import page
from bench.machine import machine
from bench.real.kinds import KINDS, Kind, Things
from bench.real.load import allowed
from bench.table import table
from openstackoid.journal.intent import Intent, State
from openstackoid.journal.reading import NoKeeperError, shown
from openstackoid.lab import Lab, processes
from openstackoid.lab.links.condition import BLACKHOLE
from openstackoid.lab.services import GATEWAY

NETWORK = "127.67.0.0/16"
HOME, THERE = CLOUDS = ("CloudOne", "CloudTwo")
SCOPES = {
    "all": f"{HOME}&{THERE}",
    "any": f"{HOME}&{THERE}",
    "|": f"{THERE}|{HOME}",
}
SETTLE = 2
"""The settle time in seconds; what is unknown is looked at for the last time 60 of them later."""

WRITERS = 4
STOPPED = 60.0
"""Seconds that a process stands still."""

CLOCKS = 40.0
"""Seconds after which gateways that speak to each other say until when a write may begin."""

LATE = 5.0
"""Seconds in which what has stood still may do what it was asked before."""

START = 60.0
"""Seconds that a gateway has to start again."""


@dataclass
class Told:
    """What was told of one write: the status, None if the connection was cut, and what it says.

    `first` are the clouds in which it was found right afterwards; None while nobody has looked.
    """

    kind: Kind
    name: str
    operator: str
    status: int | None = None
    reported: frozenset[str] = frozenset()
    seconds: float = 0.0
    first: frozenset[str] | None = None

    @property
    def ok(self) -> bool:
        """Whether it was told as done."""
        return self.status is not None and self.status < 300

    def __str__(self) -> str:
        return f"{self.kind.service} {self.name} under {self.operator}, told {self.status}"


@dataclass
class Trial:
    """Writes to two real clouds, while something is done to them; names begin with `name`."""

    lab: Lab
    things: Things
    chance: random.Random
    name: str
    told: list[Told] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, number: int) -> None:
        """Make one thing after another, of each kind in turn, until it is over."""
        count = number
        while not self.over.is_set():
            kind = KINDS[count % len(KINDS)]
            operator = self.chance.choice(list(SCOPES))
            told = Told(kind, f"{self.name}-{number}-{count}", operator)
            self.make(told)
            self.look(told, CLOUDS)
            count += 1

    def make(self, told: Told) -> None:
        """Make one thing, and note what is told of it."""
        self.told.append(told)
        policy = {"X-Scope-Policy": "any" if told.operator == "any" else "all"}
        scope = f"{told.kind.service}={SCOPES[told.operator]}"
        begun = time.monotonic()
        try:
            answer = self.things.make(told.kind, told.name, scope, policy)
        except requests.RequestException:
            self.over.wait(0.3)
            return
        finally:
            told.seconds = time.monotonic() - begun
        told.status = answer.status_code
        report = json.loads(answer.headers.get("X-Scope-Report", "[]"))
        told.reported = frozenset(
            one["cloud"] for one in report if one.get("created") and not one.get("undone")
        )

    def look(self, told: Told, clouds: Sequence[str]) -> None:
        """Look where a thing is that was told as failed; it is in no other one of the clouds."""
        if told.status is not None and not told.ok:
            told.first = self.things.clouds_with(told.kind, told.name, clouds)


@contextmanager
def writing(trial: Trial) -> Iterator[None]:
    """Let several users write as long as the context is open."""
    threads = [threading.Thread(target=trial.write, args=(n * 1000,)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        trial.over.set()
        for thread in threads:
            thread.join()


@click.command(short_help="Kill, cut and stop real clouds under writes.")
@click.option("--kills", default=50, show_default=True, help="SIGKILLs of a worker or a gateway.")
@click.option("--cuts", default=30, show_default=True, help="How often a link swallows packets.")
@click.option("--stops/--no-stops", default=True, help="Let processes stand still for 60 s each.")
@click.option("--seed", default=1, show_default=True, help="Of what is left to chance.")
@click.option("--write", is_flag=True, help="Put the table into docs/performance.md.")
def faults(kills: int, cuts: int, seed: int, *, stops: bool, write: bool) -> None:
    """Kill, cut and stop two real clouds under writes to both, and count what is left unnamed.

    Key pairs, flavors, networks, security groups, images, users and servers are made under "&" and
    "|". Exits 1 if something is in a cloud that nobody named, is there twice, or was done after it
    was told as failed. Takes a quarter of an hour.
    """
    text = f"{machine()}; seed {seed}."
    found: list[str] = []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        lab = Lab(Path(directory) / "lab")
        stack.callback(lab.down)
        lab.up(CLOUDS, network=NETWORK)
        admin = stack.enter_context(administrator(lab))
        things = Things(lab, admin)
        things.prepare()
        chance = random.Random(seed)  # noqa: S311
        meet(admin)
        rows = []
        if kills:
            rows.append(
                _tried(f"{kills} SIGKILLs", Trial(lab, things, chance, "killed"), kills, _kill)
            )
        if cuts:
            rows.append(_tried(f"{cuts} blackholes", Trial(lab, things, chance, "cut"), cuts, _cut))
        for row in rows:
            found += row.faults
        text += "\n\n" + table(_HEADING, [row.cells for row in rows])
        if stops:
            stopped = [_stopped(lab, things, *one) for one in _STOPS]
            for one in stopped:
                found += one.faults
            text += "\n\n" + table(_STOP_HEADING, [one.cells for one in stopped])
    click.echo(text)
    for fault in found:
        click.echo(fault)
    if write and not found:
        page.write("faults", text)
    if found:
        raise SystemExit(1)


_HEADING = ["", "writes", "told as done", "as failed", "cut", "unsettled, and named", "faults"]


@dataclass
class Row:
    """A row of a table, and what is wrong."""

    cells: list[str]
    faults: list[str]


@contextmanager
def administrator(lab: Lab) -> Iterator[Api]:
    """Let the administrator of one cloud be one in the other; what is left is looked at soon."""
    with ExitStack() as stack:
        for cloud, other in (CLOUDS, CLOUDS[::-1]):
            described = stack.enter_context(federation_of(lab, cloud))
            own = described["clouds"][cloud]
            own["own"]["settle"] = f"{SETTLE}s"
            own["own"]["keep"] = []
            own["trust"][other]["roles"]["admin"] = "admin"
            own["trust"][other]["projects"] = by_ids(lab, other, cloud)
            tell(lab, cloud, described)
        admin = Api(lab, HOME, admin=True)
        allowed(admin.login())
        yield admin


def meet(admin: Api) -> None:
    """Let the gateways learn each other's clock, which a write's end needs."""
    end = time.monotonic() + CLOCKS
    while time.monotonic() < end:
        admin.get("image", "/v2/images?limit=1", f"image={THERE}")
        time.sleep(1)


def _tried(name: str, trial: Trial, often: int, do: Callable[[Trial], None]) -> Row:
    """Do something so often under writes; return what came of it."""
    click.echo(name, err=True)
    with writing(trial):
        for number in range(often):
            time.sleep(trial.chance.uniform(0.3, 1.5))
            do(trial)
            if number % 10 == 9:
                click.echo(f"{name}: {number + 1}, {len(trial.told)} writes", err=True)
    unsettled = quiet(trial.lab)
    wrong = wrong_in(trial, unsettled)
    told = Counter("cut" if t.status is None else "done" if t.ok else "failed" for t in trial.told)
    numbers = (len(trial.told), told["done"], told["failed"], told["cut"], len(unsettled))
    return Row([name, *map(str, numbers), str(len(wrong))], [f"{name}: {one}" for one in wrong])


def _kill(trial: Trial) -> None:
    """Kill a worker, or the whole gateway, which is then started again."""
    cloud = trial.lab.cloud(HOME)
    every = of_gateways(trial.lab, HOME)
    if trial.chance.random() < 0.6:
        workers = [one for one in every[1:] if "processes.worker" in " ".join(_words(one))]
        if workers:
            trial.chance.choice(workers).kill()
        return
    for one in every:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(every)
    processes.start(cloud, GATEWAY)
    processes.find_lost([cloud])
    _until(lambda: processes.is_ready(cloud, GATEWAY))


def _words(process: psutil.Process) -> Sequence[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return ()


def _cut(trial: Trial) -> None:
    """Let the link swallow all packets for a while, and heal it."""
    trial.lab.link(*CLOUDS, BLACKHOLE)
    time.sleep(trial.chance.choice((0.2, 1, 5, 14, 25)))
    trial.lab.link(*CLOUDS)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + START
    while not condition():
        if time.monotonic() > end:
            raise click.ClickException("the gateway does not start: see its log")
        time.sleep(0.05)


def quiet(lab: Lab) -> tuple[Intent, ...]:
    """Wait until nothing is open, and nothing will be looked at again; return what is unsettled."""
    directory = lab.cloud(HOME).federation.with_name(f"journal-{HOME}")
    end = time.monotonic() + 60 * SETTLE + START
    while True:
        with suppress(NoKeeperError):
            found = asyncio.run(shown(directory, State.OPEN, State.UNSETTLED))
            if all(one.state is not State.OPEN and one.look_at is None for one in found):
                return found
        if time.monotonic() > end:
            raise click.ClickException("the journal does not come to rest")
        time.sleep(0.5)


def wrong_in(trial: Trial, unsettled: Sequence[Intent]) -> list[str]:
    """Return what is in a cloud and unnamed, is there twice, or came after a told failure."""
    there = {kind.name: trial.things.all(kind) for kind in KINDS}
    named = {
        (one.service, one.name): {
            part.cloud for part in one.parts if part.unknown or part.undone is False
        }
        for one in unsettled
    }
    wrong = []
    for told in trial.told:
        has = {cloud: names.count(told.name) for cloud, names in there[told.kind.name].items()}
        clouds = {cloud for cloud, number in has.items() if number}
        if any(number > 1 for number in has.values()):
            wrong.append(f"{told}: twice in a cloud ({has})")
        fault = _left(told, clouds, named.get((told.kind.service, told.name), set()))
        if fault:
            wrong.append(f"{told}: {fault}")
        if told.first is not None and clouds - told.first:
            wrong.append(f"{told}: done in {clouds - told.first} after that")
    return wrong


def _left(told: Told, clouds: set[str], named: set[str]) -> str | None:
    unnamed = clouds - named
    if told.ok and told.operator == "all" and clouds != set(CLOUDS):
        return f"is in {clouds}"
    if told.ok and not clouds:
        return "is nowhere"
    if told.ok and not unnamed <= told.reported:
        return f"is unnamed in {unnamed - told.reported}"
    if not told.ok and told.status is not None and unnamed:
        return f"is unnamed in {unnamed}"
    if told.status is None and told.operator == "all" and len(clouds) == 1 and unnamed:
        return f"is unnamed in {unnamed}"
    if told.status is None and told.operator == "|" and len(unnamed) > 1:
        return f"is unnamed in {unnamed}"
    return None


_STOPS = (
    ("gateway of the other cloud", THERE, GATEWAY),
    ("Keystone of the other cloud", THERE, "identity"),
    ("Glance of the other cloud", THERE, "image"),
    ("Keystone of home", HOME, "identity"),
)

_STOP_HEADING = ["stopped for 60 s", "first read, s", "second, s", "first write, s", "faults"]


def _stopped(lab: Lab, things: Things, name: str, cloud: str, process: str) -> Row:
    """Let a process stand still; read and write meanwhile, and look later what is there."""
    click.echo(f"stopped: {name}", err=True)
    found = processes.find(lab.cloud(cloud), process)
    assert found is not None  # noqa: S101
    every = [found, *found.children(recursive=True)]
    wrong, seconds = [], []
    trial = Trial(lab, things, random.Random(), "stopped")  # noqa: S311
    begun = time.monotonic()
    for one in every:
        one.suspend()
    try:
        for operator in ("&", "|"):
            times = [_read(things.admin, f"image={THERE}{operator}{HOME}") for _ in range(2)]
            seconds.append(times)
            if times[0] > 30 or times[1] > 1:
                wrong.append(f"{name}: reads under {operator} took {times}")
        image = next(kind for kind in KINDS if kind.service == "image")
        for number in range(3):
            told = Told(image, f"stopped-{process}-{cloud}-{number}", "all")
            trial.make(told)
            if cloud == THERE:  # which has done nothing since it was stopped
                trial.look(told, [HOME])
        slowest = max(told.seconds for told in trial.told)
        if slowest > 15:
            wrong.append(f"{name}: a write took {slowest:.1f} s")
        time.sleep(max(0.0, STOPPED - (time.monotonic() - begun)))
    finally:
        for one in every:
            one.resume()
    time.sleep(LATE)
    wrong += [f"{name}: {one}" for one in wrong_in(trial, quiet(lab))]
    cells = [
        name,
        " ".join(f"{first:.1f}" for first, _ in seconds),
        " ".join(f"{second:.1f}" for _, second in seconds),
        f"{trial.told[0].seconds:.1f}",
        str(len(wrong)),
    ]
    return Row(cells, wrong)


def _read(api: Api, scope: str) -> float:
    begun = time.monotonic()
    api.get("image", "/v2/images", scope)
    return time.monotonic() - begun
