"""Kills gateways at random moments of writes to several clouds, and looks for what nobody named.

    cd tests && ../.venv/bin/python -m journal.kills --kills 100

Prints what was told and what is there. Exits 1 if anything is unnamed, doubled, or done after it
was told as failed.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from gateway.played import Answered
from journal.world import AWAY, HOME, World, world

from openstackoid.journal.intent import Intent, State
from openstackoid.journal.reading import NoKeeperError, shown

SCOPES = {
    "all": (f"{HOME} & {AWAY}", "all"),
    "any": (f"{HOME} & {AWAY}", "any"),
    "|": (f"{AWAY} | {HOME}", "all"),
    "nested": (f"({HOME} & {AWAY}) | {HOME}", "all"),
}
WRITERS = 6
SETTLE = 1
"""The settle time in seconds; what is unknown is looked at for the last time 60 of them later."""


@dataclass
class Told:
    """What the client of one write was told: a status, or None if the connection was cut.

    `reported` has the clouds of which it was told that they carried it out, `doubted` those of
    which it was told that they may have. `removed`: it is to be deleted. `said_done`:
    it was told as done, and as not written down.
    """

    name: str
    operator: str
    service: str
    removed: str | None = None
    status: int | None = None
    reported: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    when: float = 0.0
    said_done: bool = False

    @property
    def ok(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def cut(self) -> bool:
        return self.status is None

    def take(self, answered: Answered) -> None:
        """Note what an answer says."""
        self.when = time.time()
        self.status = answered.status
        report = json.loads(next(iter(answered.values("X-Scope-Report")), "[]"))
        self.reported = frozenset(
            one["cloud"] for one in report if one.get("created") and not one.get("undone")
        )
        message = answered.body.decode()
        self.doubted = frozenset(
            part.partition(":")[0]
            for part in message.replace('"message": "', ". ").split(". ")
            if "look there" in part or "may have" in part or "delete it there" in part
        )
        self.said_done = "was carried out, and the gateway could not write that down" in message


@dataclass
class Trial:
    """A run: its writes, and the moments at which services carried them out."""

    here: World
    chance: random.Random
    told: list[Told] = field(default_factory=list)
    done: dict[tuple[str, str], float] = field(default_factory=dict)
    over: bool = False

    def play(self) -> None:
        """Let services be slow, refuse, or act after their caller has given up."""
        for cloud, services in ((HOME, self.here.home), (AWAY, self.here.away)):
            for registry in services.values():
                registry.before = self._before
                registry.after = lambda name, cloud=cloud: self._after(name, cloud)
                registry.fails = lambda _: self.chance.random() < 0.1

    async def _before(self, _: str) -> None:
        await asyncio.sleep(self.chance.choice((0, 0, 0.005, 0.05, 0.3)))

    async def _after(self, name: str, cloud: str) -> None:
        self.done[name, cloud] = time.time()
        await asyncio.sleep(self.chance.choice((0, 0, 0.005, 0.05)))

    async def write(self, number: int) -> None:
        """Make one thing after another until the run is over, and delete some of them again."""
        count = 0
        while not self.over:
            count += 1
            one = Told(
                f"{number}-{count}",
                self.chance.choice(list(SCOPES)),
                self.chance.choice(["network", "image"]),
            )
            identifier = await self._ask(one)
            # Only an image has the same id in both clouds.
            if one.ok and identifier and (one.operator, one.service) == ("all", "image"):
                await self._ask(Told(one.name, "all", one.service, removed=identifier))

    async def _ask(self, one: Told) -> str | None:
        """Create or delete one thing; return the id of what was created."""
        self.told.append(one)
        expression, policy = SCOPES[one.operator]
        scope = json.dumps({"*": HOME, one.service: expression})
        header = f"X-Scope-Policy: {policy}"
        try:
            async with asyncio.timeout(30):
                if one.removed is not None:
                    one.take(
                        await self.here.ask_to_delete(one.removed, one.service, header, scope=scope)
                    )
                    return None
                answered = await self.here.ask_to_create(one.name, one.service, header, scope=scope)
                one.take(answered)
                made = json.loads(answered.body)
                created: str | None = made.get(self.here.home[one.service].kind, made).get("id")
                return created
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            one.when = time.time()
            await asyncio.sleep(0.2)
            return None


async def quiet(here: World) -> tuple[Intent, ...]:
    """Wait until nothing is open and nothing will be looked at again; return what is unsettled."""
    async with asyncio.timeout(SETTLE * 60 + 60):
        while True:
            try:
                found = await shown(here.journal, State.OPEN, State.UNSETTLED)
            except NoKeeperError:
                found = ()
            else:
                if all(i.state is not State.OPEN and i.look_at is None for i in found):
                    return found
            await asyncio.sleep(0.2)


def faults(trial: Trial, unsettled: tuple[Intent, ...]) -> list[str]:
    """Return what is there that nobody named, what is there twice, and what came late.

    Named is only what the journal says of that very write and cloud: an operator sees it by one
    command.
    """
    found = []
    deleted = {one.name for one in trial.told if one.removed is not None}
    for one in trial.told:
        if one.name in deleted and one.removed is None:
            continue  # what became of it was asked for
        clouds = trial.here.left(one.service).get(one.name, [])
        if len(clouds) != len(set(clouds)):
            found.append(f"{one}: twice in one of {clouds}")
        named = _named(one, unsettled)
        fault = _deletion(one, clouds, named) if one.removed else _creation(one, clouds, named)
        if fault:
            found.append(f"{one}: {fault}")
        if not one.ok and not one.cut and one.removed is None:
            late = [c for c in clouds if trial.done[one.name, c] > one.when + 0.05]
            if not named.union(one.doubted).issuperset(late):
                found.append(f"{one}: done in {late} after it was told as failed")
    return found


def _named(one: Told, unsettled: tuple[Intent, ...]) -> set[str]:
    """Return the clouds that the journal names for one write."""
    return {
        part.cloud
        for intent in unsettled
        if (intent.method == "DELETE") == (one.removed is not None)
        and (intent.name == one.name or (one.removed and one.removed in intent.target))
        for part in intent.parts
        if part.unknown or part.undone is False or (one.removed and part.status)
    }


def _creation(one: Told, clouds: list[str], named: Collection[str]) -> str | None:
    unnamed = set(clouds) - set(named) - (one.reported if one.said_done else frozenset())
    if one.ok and one.operator == "all" and set(clouds) != {HOME, AWAY}:
        return f"told as done, and is in {clouds}"
    if one.ok and not clouds:
        return "told as done, and is nowhere"
    if one.ok and not unnamed.issubset(one.reported):
        return f"told as done in {set(one.reported)}, and is unnamed in {unnamed}"
    if not one.ok and not one.cut and unnamed:
        return f"told as failed, and is unnamed in {unnamed}"
    wanted = {
        "all": len(clouds) == 2,
        "any": True,
        "|": len(unnamed) < 2,
        "nested": HOME in clouds,
    }
    if one.cut and unnamed and not wanted[one.operator]:
        return f"nobody was told, and is unnamed in {unnamed}"
    return None


def _deletion(one: Told, clouds: list[str], named: Collection[str]) -> str | None:
    if one.ok and clouds:
        return f"told as deleted, and is in {clouds}"
    if not one.ok and len(clouds) == 1 and not named:
        return f"told {one.status}, is in {clouds} alone, and is unnamed"
    return None


@dataclass
class Result:
    """What came of a run; `slowest` is the seconds until a dead gateway's writes were seen to.

    `cut` are writes that a cloud carried out and whose client was told nothing.
    """

    faults: list[str]
    told: Counter[str]
    unsettled: int
    cut: int
    slowest: float


async def run(kills: int, terms: int, seed: int) -> Result:
    """Write, and kill workers and whole gateways meanwhile; return what came of it."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        async with world(Path(directory), workers=2, settle=f"{SETTLE}s") as here:
            trial = Trial(here, chance)
            trial.play()
            writers = [asyncio.create_task(trial.write(n)) for n in range(WRITERS)]
            slowest = 0.0
            signals = [signal.SIGKILL] * kills + [signal.SIGTERM] * terms
            chance.shuffle(signals)
            for one in signals:
                await asyncio.sleep(chance.uniform(0.2, 1.0))
                if one is signal.SIGKILL and chance.random() < 0.7 and here.gateway.workers:
                    chance.choice(here.gateway.workers).kill()
                    continue
                killed = time.time()
                await here.gateway.end(one)
                await here.gateway.start()
                begun = time.monotonic()
                await until_none_is_open(here, killed)
                slowest = max(slowest, time.monotonic() - begun)
            trial.over = True
            await asyncio.gather(*writers)
            unsettled = await quiet(here)
            told = Counter(str(one.status) for one in trial.told)
            done = {name for name, _ in trial.done}
            cut = sum(one.cut and one.name in done for one in trial.told)
            return Result(faults(trial, unsettled), told, len(unsettled), cut, slowest)


async def until_none_is_open(here: World, killed: float) -> None:
    """Wait until nothing is open that was begun before the gateway was killed."""
    while True:
        try:
            found = await shown(here.journal, State.OPEN)
            if all(intent.began > killed for intent in found):
                return
        except NoKeeperError:
            pass
        await asyncio.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20, help="how many SIGKILLs")
    parser.add_argument("--terms", type=int, default=0, help="how many SIGTERMs")
    parser.add_argument("--seed", type=int, default=1, help="of what is left to chance")
    given = parser.parse_args()
    result = asyncio.run(run(given.kills, given.terms, given.seed))
    lines = [
        f"{sum(result.told.values())} writes; told: {dict(result.told)}",
        f"carried out, and nobody was told: {result.cut}",
        f"unsettled, and named: {result.unsettled}",
        f"seen to after the start of a dead gateway within {result.slowest:.1f} s",
        *result.faults[:20],
        f"{len(result.faults)} faults",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(1 if result.faults else 0)


if __name__ == "__main__":
    main()
