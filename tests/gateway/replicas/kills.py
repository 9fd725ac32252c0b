"""Kills processes of gateways at random moments of eventual writes, and looks for what is lost.

    cd tests && ../.venv/bin/python -m gateway.replicas.kills --kills 100

Prints what was told and what is there. Exits 1 if anything is lost, doubled, or differs unnamed.
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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from gateway.backend import Connection, Received
from gateway.credentials import reload
from gateway.equipped import equip, know
from gateway.played import Clouds, playing
from gateway.replicas.playing import ALICE, BOB, ONE, TWO, Nova, Replicas, Standing, lived
from journal.world import Gateway

WRITERS = 4
SETTLED = {"fits", "refused", "drifted", "conflicting", "in doubt", "deleted by hand"}


@dataclass
class Moody(Nova):
    """A Nova that is late, fails, or hangs up after it has done what it was told."""

    chance: random.Random = field(default_factory=random.Random)
    well: bool = False
    made: Counter[str] = field(default_factory=Counter)
    """How often each keypair was made."""

    async def __call__(self, received: Received, connection: Connection) -> None:
        luck = 1.0 if self.well else self.chance.random()
        await asyncio.sleep(self.chance.random() * 0.05)
        self.silent, self.fails = luck < 0.1, {"POST": 503} if luck > 0.95 and luck < 1 else {}
        await super().__call__(received, connection)

    def answered(self, method: str, path: list[str], document: Any) -> tuple[int, Any]:
        status, answer = super().answered(method, path, document)
        if (method, status) == ("POST", 201):
            self.made[document["keypair"]["name"]] += 1
        return status, answer


@dataclass
class Trial:
    """Both clouds, with gateways that are processes of their own, and what users were told."""

    replicas: Replicas
    gateways: dict[str, Gateway]
    novas: dict[str, Moody]
    chance: random.Random
    created: dict[str, int | None] = field(default_factory=dict)
    """The status that each create was answered with, None if the connection was cut."""
    deleted: dict[str, int | None] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    stop: bool = False

    async def write(self, number: int) -> None:
        """Create and delete keypairs until it is enough."""
        count = 0
        while not self.stop:
            count += 1
            name = f"k{number}-{count}"
            self.created[name] = await self._status(self.replicas.keypair(name))
            if self.chance.random() < 0.3:
                order = self.replicas.order("DELETE", f"/v2.1/os-keypairs/{name}")
                self.deleted[name] = await self._status(order)
            await asyncio.sleep(self.chance.random() * 0.1)

    async def _status(self, asking: Any) -> int | None:
        try:
            async with asyncio.timeout(30):
                answered = await asking
        except (OSError, EOFError, TimeoutError):
            await asyncio.sleep(0.2)
            return None
        return int(answered.status)

    async def kill(self) -> None:
        """Kill a process, or a whole gateway, and have it start again."""
        cloud = self.chance.choice((ONE, TWO))
        gateway = self.gateways[cloud]
        what = self.chance.choice(("replicas", "replicas", "worker", "gateway"))
        self.kills[what] += 1
        if what == "gateway":
            await gateway.end(signal.SIGKILL)
            await gateway.start()
            return
        for one in gateway._children(f"processes.{what}"):
            with suppress(psutil.NoSuchProcess):
                one.kill()

    async def judge(self) -> list[str]:
        """Wait until all has come to rest, and return what is wrong."""
        until = time.monotonic() + 180
        while time.monotonic() < until:
            with suppress(OSError, EOFError, AssertionError, ValueError):
                states = await self._states()
                if all(set(clouds.values()) <= SETTLED for clouds in states.values()):
                    break
            await asyncio.sleep(0.5)
        else:
            return [f"never at rest: {states}"]
        there = {cloud: set(nova.keypairs) for cloud, nova in self.novas.items()}
        faults = [
            f"unequal: {name}" for name in there[ONE] ^ there[TWO] if self._fits(states, name)
        ]
        for name, status in self.created.items():
            everywhere = name in there[ONE] and name in there[TWO]
            gone = self.deleted.get(name, 404) == 404
            if status == 200 and gone and name not in self.deleted and not everywhere:
                faults.append(f"lost: {name}, which was told as done")
            refused = status is not None and status >= 400 and status != 503
            if refused and everywhere and self._fits(states, name):
                faults.append(f"there: {name}, which was told as {status}")
            left = name in there[ONE] or name in there[TWO]
            if self.deleted.get(name) == 202 and left and self._fits(states, name):
                faults.append(f"there: {name}, whose deletion was told as done")
        faults += [
            f"doubled: {name} in {cloud}, {times} times"
            for cloud, nova in self.novas.items()
            for name, times in nova.made.items()
            if times > 1
        ]
        named = Counter(one for clouds in states.values() for one in clouds.values())
        print(f"states: {dict(named)}")  # noqa: T201
        return faults

    async def _states(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for name in self.created:
            answered = await self.replicas.clouds.ask(
                ONE, "identity", f"/openstackoid/replicas?id={name}", "X-Auth-Token: t"
            )
            if answered.status == 404:
                continue
            assert answered.status == 200, answered.body  # asked again, some time
            for one in json.loads(answered.body)["replicas"]:
                found[name] = {copy["cloud"]: copy["state"] for copy in one["clouds"]}
        return found

    def _fits(self, states: dict[str, dict[str, str]], name: str) -> bool:
        return set(states.get(name, {}).values()) <= {"fits"}


@asynccontextmanager
async def trial(directory: Path, seed: int) -> AsyncIterator[Trial]:
    """Run both clouds, with gateways as processes of their own."""
    async with playing(directory, 5, rate=100_000) as clouds:
        await equip(clouds)
        chance = random.Random(seed)
        novas = {cloud: Moody(chance=chance) for cloud in (ONE, TWO)}
        keystones = {ONE: Standing(ALICE), TWO: Standing(BOB)}
        for cloud in (ONE, TWO):
            clouds.document["clouds"][cloud]["own"]["settle"] = "1s"
            clouds.backends[cloud]["compute"].answer = novas[cloud]
            know(clouds, cloud, keystones[cloud])
        await reload(clouds)
        replicas = Replicas(clouds, dict(novas), keystones)
        for cloud in (ONE, TWO):
            await clouds.gateways.pop(cloud).close()
            lived(replicas, cloud)
        gateways = {cloud: _gateway(clouds, cloud) for cloud in (ONE, TWO)}
        for gateway in gateways.values():
            await gateway.start()
        try:
            yield Trial(replicas, gateways, novas, chance)
        finally:
            for gateway in gateways.values():
                await gateway.end(signal.SIGTERM)


def _gateway(clouds: Clouds, cloud: str) -> Gateway:
    return Gateway(clouds, cloud=cloud)


async def tried(kills: int, seed: int) -> list[str]:
    """Try it; print what was told, and return what is wrong."""
    with tempfile.TemporaryDirectory() as directory:
        async with trial(Path(directory), seed) as here:
            writing = [asyncio.create_task(here.write(number)) for number in range(WRITERS)]
            for _ in range(kills):
                await asyncio.sleep(here.chance.random() * 1.5)
                await here.kill()
            here.stop = True
            await asyncio.gather(*writing)
            for nova in here.novas.values():
                nova.well = True
            faults = await here.judge()
            print(f"{sum(here.kills.values())} kills: {dict(here.kills)}")  # noqa: T201
            print(f"creates: {dict(Counter(here.created.values()))}")  # noqa: T201
            print(f"deletions: {dict(Counter(here.deleted.values()))}")  # noqa: T201
            return faults


def main() -> None:
    """Run the trial; exits 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many processes are killed")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    faults = asyncio.run(tried(given.kills, given.seed))
    print("\n".join(faults) or "nothing lost, nothing doubled, nothing unnamed")  # noqa: T201
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
