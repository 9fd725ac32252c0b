"""Kills gateways of real clouds at random moments of eventual writes, and looks for what is lost.

A part of scripts/converge. What a user was told, what the clouds have, and what `replica list` says
have to agree.
"""

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event, Lock
from typing import Any

import click
import psutil
import requests

from openstackoid.lab import processes
from openstackoid.lab.lab import Lab
from openstackoid.lab.services import GATEWAY
from openstackoid.lab.user import User
from openstackoid.message import REPLICAS

KILLS = 50
WRITERS = 2

PAUSE = 0.3
"""Seconds after a create that did not succeed."""

DELETED = 0.8
"""How many keypairs are deleted again: Nova's quota is 100."""

BETWEEN = 2.0
"""Seconds between two kills at most."""

PATIENCE = 240.0
"""Seconds in which all has to come to rest."""

UNSETTLED = {"pending", "unreachable"}

_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

_PUBLIC = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{43 * 'K'} killing"


@dataclass
class Killing:
    """Kills processes of the gateways of some clouds; `found` and `faults` are lines.

    Each keypair has the status with which its creation was answered, and its deletion if it was
    deleted: None where the connection was cut.
    """

    lab: Lab
    clouds: Sequence[str]
    found: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    created: dict[str, int | None] = field(default_factory=dict)
    deleted: dict[str, int | None] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(
        default_factory=lambda: random.Random(time.time_ns())  # noqa: S311  (no secret)
    )
    _lock: Lock = field(default_factory=Lock)
    _run: str = field(default_factory=lambda: f"killing-{time.time_ns()}")

    def try_all(self) -> None:
        """Kill, and judge."""
        stop = Event()
        users = [User(self.lab, self.clouds[0]) for _ in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            writing: list[Future[None]] = [
                pool.submit(self._write, number, user, stop) for number, user in enumerate(users)
            ]
            try:
                for _ in range(KILLS):
                    time.sleep(self.chance.random() * BETWEEN)
                    self._kill(self.chance.choice(self.clouds))
            finally:
                stop.set()
        for one in writing:
            one.result()
        self._judge(users[0])

    def _write(self, number: int, user: User, stop: Event) -> None:
        """Create and delete keypairs until it is enough."""
        count = 0
        while not stop.is_set():
            count += 1
            name = f"{self._run}-{number}-{count}"
            body = {"keypair": {"name": name, "public_key": _PUBLIC}}
            told = self._told(user, "POST", "/v2.1/os-keypairs", json=body)
            with self._lock:
                self.created[name] = told
            if told != HTTPStatus.OK:
                time.sleep(PAUSE)
            if self.chance.random() < DELETED:
                told = self._told(user, "DELETE", f"/v2.1/os-keypairs/{name}")
                with self._lock:
                    self.deleted[name] = told

    def _told(self, user: User, method: str, path: str, **more: Any) -> int | None:
        try:
            return user.ask(method, "compute", path, " & ".join(self.clouds), **more).status_code
        except requests.RequestException:
            return None

    def _kill(self, name: str) -> None:
        """Kill one process of a gateway, or all of them, and see that they run again."""
        cloud = self.lab.cloud(name)
        gateway = processes.find(cloud, GATEWAY)
        if gateway is None:
            return
        what = self.chance.choice(("replicas", "replicas", "worker", "gateway"))
        self.kills[what] += 1
        children = list(_children(gateway))
        if what != "gateway":
            children = [one for one in children if f"processes.{what}" in " ".join(_line(one))]
        for one in (*([gateway] if what == "gateway" else []), *children):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        if what == "gateway":
            psutil.wait_procs([gateway, *children], timeout=10)
            processes.start(cloud, GATEWAY)
        while not processes.is_ready(cloud, GATEWAY):
            time.sleep(0.1)

    def _judge(self, user: User) -> None:
        """Wait until all has come to rest, and note what is wrong."""
        states = self._states(user, self.created)
        end = time.monotonic() + PATIENCE
        while left := [name for name, one in states.items() if UNSETTLED & set(one.values())]:
            if time.monotonic() > end:
                self.faults.append(f"killed: {len(left)} keypairs never come to rest: {left[:3]}")
                return
            time.sleep(0.5)
            states |= self._states(user, left)
        there = {cloud: self._there(user, cloud) for cloud in self.clouds}
        for name, told in self.created.items():
            where = [cloud for cloud in self.clouds if name in there[cloud]]
            if set(states.get(name, {}).values()) - {"fits"}:
                continue  # it differs, and says why
            deleted = self.deleted.get(name, HTTPStatus.NOT_FOUND)
            ended = deleted == HTTPStatus.ACCEPTED
            if told == HTTPStatus.OK and name not in self.deleted and len(where) < len(self.clouds):
                self.faults.append(f"killed: {name} was told as done, and is in {where}")
            elif where and (ended or 0 < len(where) < len(self.clouds)):
                self.faults.append(f"killed: {name} is in {where}, deleted: {deleted}")
            elif where and told is not None and HTTPStatus.BAD_REQUEST <= told != 503:
                self.faults.append(f"killed: {name} was told as {told}, and is in {where}")
        for name in set().union(*there.values()) & self.created.keys():
            self._told(user, "DELETE", f"/v2.1/os-keypairs/{name}")
        named = Counter(state for one in states.values() for state in one.values())
        self.found.append(
            f"{sum(self.kills.values())} kills ({_text(self.kills)}) during {len(self.created)} "
            f"creates and {len(self.deleted)} deletions: copies at rest are {_text(named)}"
        )

    def _states(self, user: User, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the states of keypairs, as far as they are known."""
        states = {}
        for name in names:
            answer = self._read(user, "identity", f"{REPLICAS}?id={name}")
            if answer.status_code not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
                raise click.ClickException(f"replica {name}: {answer.status_code} {answer.text}")
            if answer.status_code == HTTPStatus.OK:
                copies = answer.json()["replicas"][-1]["clouds"]
                states[name] = {one["cloud"]: one["state"] for one in copies}
        return states

    def _there(self, user: User, cloud: str) -> set[str]:
        answer = self._read(user, "compute", "/v2.1/os-keypairs?limit=1000", cloud)
        if answer.status_code != HTTPStatus.OK:
            raise click.ClickException(f"keypairs of {cloud}: {answer.status_code} {answer.text}")
        return {one["keypair"]["name"] for one in answer.json()["keypairs"]}

    def _read(self, user: User, service: str, path: str, scope: str = "") -> requests.Response:
        """Return an answer, asked for again while the gateway is busy, or starts."""
        end = time.monotonic() + PATIENCE
        while True:
            answer = user.ask("GET", service, path, scope)
            if answer.status_code not in _LATER or time.monotonic() > end:
                return answer
            time.sleep(0.5)


def _children(gateway: psutil.Process) -> Iterator[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        yield from gateway.children(recursive=True)


def _line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def _text(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
