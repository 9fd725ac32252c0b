"""What users of two clouds order on both sides of a cut, and what becomes of it.

A part of scripts/converge. Each change that lost has to be shown to both, and be in the logs.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import click
import requests

from openstackoid.lab.lab import Lab
from openstackoid.lab.links.condition import CUT
from openstackoid.lab.services import GATEWAY
from openstackoid.lab.user import User
from openstackoid.message import REPLICAS

CHANGES = 200
"""Changes of the properties of one image by two users."""

AT_ONCE = 20
"""Changes during one cut."""

KEYS = ("a", "b", "c", "d", "e")

PATIENCE = 60.0
"""Seconds in which all clouds have to have the same."""

_PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
_GROUPS, _RULES = "/v2.0/security-groups", "/v2.0/security-group-rules"
_PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"


class Said(NamedTuple):
    """The last value that somebody has given to a property; None if he has taken it out."""

    by: str
    value: str | None


@dataclass
class Contending:
    """Tries it on three clouds, of which the last is cut off; `found` and `faults` are lines."""

    lab: Lab
    clouds: Sequence[str]
    found: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    chance: random.Random = field(
        default_factory=lambda: random.Random(time.time_ns())  # noqa: S311  (no secret)
    )
    _run: str = field(default_factory=lambda: f"contend-{time.time_ns()}")

    def try_all(self) -> None:
        """Try all that two can order on both sides of a cut."""
        self._images()
        self._flavors()
        self._keypairs()
        self._rules()

    @property
    def _sides(self) -> tuple[str, str]:
        return self.clouds[0], self.clouds[-1]

    @property
    def _all(self) -> str:
        return " & ".join(self.clouds)

    def _apart(self) -> AbstractContextManager[None]:
        *others, last = self.clouds
        return self.lab.apart(last, others, CUT)

    def _images(self) -> None:
        """Let two users change the properties of the same image, and count who lost."""
        users = {cloud: User(self.lab, cloud, "alice") for cloud in self._sides}
        first = users[self._sides[0]]
        body = {"name": self._run, "container_format": "bare", "disk_format": "raw"}
        made = self._ordered(first, "POST", "image", "/v2/images", json=body).json()["id"]
        path = f"/v2/images/{made}"
        if not self._wait(lambda: self._same(first, path)):
            self.faults.append(f"image {made}: it is not the same before anybody has changed it")
        there: dict[str, str | None] = dict.fromkeys(KEYS)
        lost = 0
        for _ in range(CHANGES // AT_ONCE):
            last: dict[str, dict[str, Said]] = {key: {} for key in KEYS}
            with self._apart():
                for _ in range(AT_ONCE):
                    side, key = self.chance.choice(self._sides), self.chance.choice(KEYS)
                    last[key][side] = self._change(users[side], path, side, key, last, there)
            if not self._wait(lambda: self._same(first, path)):
                self.faults.append(f"image {made}: {self._shown(first, path)}")
                break
            there, losers = self._judge(users, made, last, there)
            lost += losers
        self._ordered(first, "DELETE", "image", path)
        self.found.append(
            f"{CHANGES} changes of one image by two users, {AT_ONCE} of them during each cut: "
            f"equal after each, {lost} lost to the other side, each shown to both and logged"
        )

    def _change(
        self,
        user: User,
        path: str,
        side: str,
        key: str,
        last: dict[str, dict[str, Said]],
        there: dict[str, str | None],
    ) -> Said:
        """Change a property at random: give it a value, or take it out."""
        mine = last[key][side].value if side in last[key] else there[key]
        value = None if mine is not None and self.chance.random() < 0.2 else self._value()
        patch: dict[str, Any] = {"op": "add", "path": f"/{key}", "value": value}
        if value is None:
            patch = {"op": "remove", "path": f"/{key}"}
        self._ordered(user, "PATCH", "image", path, json=[patch], headers=_PATCH)
        return Said(side, value)

    def _value(self) -> str:
        return f"{self.chance.getrandbits(32):08x}"

    def _judge(
        self,
        users: dict[str, User],
        image: str,
        last: dict[str, dict[str, Said]],
        there: dict[str, str | None],
    ) -> tuple[dict[str, str | None], int]:
        """Return what is there now, and how many have lost; note who was not told."""
        document = self._read(users[self._sides[0]], f"/v2/images/{image}", self._sides[0])
        now = {key: document.get(key) for key in KEYS}
        shown = {cloud: self._lost(user, image) for cloud, user in users.items()}
        logs = {cloud: self._logged(cloud) for cloud in users}
        losers = 0
        for key, said in last.items():
            values = {one.value for one in said.values()} or {there[key]}
            if now[key] not in values:
                self.faults.append(f"image {image}: {key} is {now[key]}, and nobody said so last")
            for one in (one for one in said.values() if one.value != now[key]):
                losers += 1
                for cloud in users:
                    at = shown[cloud].get((key, one.value, one.by))
                    if at is None:
                        self.faults.append(f"image {image}: {one} of {key} is not shown in {cloud}")
                    elif not any(str(at) in line for line in logs[cloud]):
                        self.faults.append(f"image {image}: {one} of {key} is in no log of {cloud}")
        return now, losers

    def _lost(self, user: User, name: str) -> dict[tuple[str, str | None, str], int]:
        """Return when what was lost was ordered: by key, value and cloud, in milliseconds."""
        return {
            (
                one["key"],
                None if one["value"] is None else json.loads(one["value"]),
                one["cloud"],
            ): (round(datetime.fromisoformat(one["at"]).timestamp() * 1000))
            for one in self._replica(user, name)["lost"]
        }

    def _logged(self, cloud: str) -> list[str]:
        """Return the lines about losers in the log of a gateway."""
        text = self.lab.cloud(cloud).log(GATEWAY).read_text()
        return [line for line in text.splitlines() if "operation lost" in line]

    def _flavors(self) -> None:
        """Let two administrators make a flavor of one name, and different sizes."""
        users = {cloud: User(self.lab, cloud) for cloud in self._sides}
        first, last = users.values()
        with self._apart():
            for ram, user in zip((64, 128), users.values(), strict=True):
                flavor = {"name": self._run, "ram": ram, "vcpus": 1, "disk": 1}
                made = self._ordered(
                    user, "POST", "compute", "/v2.1/flavors", json={"flavor": flavor}
                )
        states: dict[str, str] = {}

        def explained() -> bool:
            states.update(self._states(first, self._run))
            return sorted(states.values()) == sorted(["fits", "fits", "conflicting"])

        if not self._wait(explained):
            self.faults.append(f"flavor {self._run}, made differently on both sides: {states}")
        path = f"/v2.1/flavors/{made.json()['flavor']['id']}"
        self._ordered(last, "DELETE", "compute", path)
        if not self._wait(lambda: self._is_gone(first, "compute", path)):
            self.faults.append(f"flavor {self._run}: its deletion does not end the conflict")
        self.found.append(
            "one flavor made differently on both sides: "
            + ", ".join(f"{state} in {cloud}" for cloud, state in states.items())
            + "; deleted by one of them: gone everywhere"
        )

    def _keypairs(self) -> None:
        """Delete a keypair and make it again while a cloud is away."""
        user = User(self.lab, self._sides[0])
        path = f"/v2.1/os-keypairs/{self._run}"

        def make(letter: str) -> None:
            keypair = {"name": self._run, "public_key": f"{_PUBLIC}{43 * letter} contend"}
            self._ordered(user, "POST", "compute", "/v2.1/os-keypairs", json={"keypair": keypair})

        def have(letter: str) -> bool:
            every = [self._read(user, path, cloud).get("keypair", {}) for cloud in self.clouds]
            return all(43 * letter in one.get("public_key", "") for one in every)

        make("A")
        if not self._wait(lambda: have("A")):
            self.faults.append(f"keypair {self._run} is not everywhere")
        with self._apart():
            self._ordered(user, "DELETE", "compute", path)
            make("B")
        if not self._wait(lambda: have("B")):
            self.faults.append(f"keypair {self._run}: not everywhere is what was made last")
        self._ordered(user, "DELETE", "compute", path)
        self.found.append("one keypair deleted and made again while a cloud was away: equal")

    def _rules(self) -> None:
        """Add a rule to a security group on one side, and take it out on the other."""
        users = {cloud: User(self.lab, cloud, "alice") for cloud in self._sides}
        first, last = users.values()
        body = {"security_group": {"name": self._run}}
        made = self._ordered(first, "POST", "network", _GROUPS, json=body).json()
        group = str(made["security_group"]["id"])

        def add(user: User, of: str, protocol: str) -> None:
            rule = {"security_group_id": of, "direction": "ingress", "protocol": protocol}
            body = {"security_group_rule": rule}
            self._ordered(user, "POST", "network", _RULES, json=body)

        def have(*protocols: str) -> bool:
            every = [self._read(first, f"{_GROUPS}/{group}", cloud) for cloud in self.clouds]
            return all(_let_in(one) == sorted(protocols) for one in every)

        add(first, group, "tcp")
        if not self._wait(lambda: have("tcp")):
            self.faults.append(f"security group {group} is not everywhere")
        theirs = self._replica(first, self._run)["clouds"][-1]["id"]
        shown = self._read(last, f"{_GROUPS}/{theirs}", self.clouds[-1])
        (rule,) = (one["id"] for one in _rules(shown) if one["protocol"] == "tcp")
        with self._apart():
            self._ordered(last, "DELETE", "network", f"{_RULES}/{rule}")
            add(last, theirs, "udp")
            add(first, group, "tcp")
            add(first, group, "icmp")
        if not self._wait(lambda: have("icmp", "tcp", "udp")):
            self.faults.append(f"security group {group}: a rule that was added is not everywhere")
        self._ordered(first, "DELETE", "network", f"{_GROUPS}/{group}")
        self.found.append("one rule added on one side, and taken out on the other: it stays")

    def _ordered(
        self, user: User, method: str, service: str, path: str, **more: Any
    ) -> requests.Response:
        answer = user.ask(method, service, path, self._all, **more)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise click.ClickException(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def _read(self, user: User, path: str, cloud: str) -> dict[str, Any]:
        """Return what a cloud shows at a path, nothing if it does not."""
        service = {"v2.1": "compute", "v2.0": "network"}.get(path.split("/")[1], "image")
        answer = user.ask("GET", service, path, cloud)
        found: dict[str, Any] = answer.json() if answer.status_code == HTTPStatus.OK else {}
        return found

    def _shown(self, user: User, path: str) -> list[list[object]]:
        return [[self._read(user, path, cloud).get(key) for key in KEYS] for cloud in self.clouds]

    def _same(self, user: User, path: str) -> bool:
        shown = self._shown(user, path)
        states = self._states(user, path.rpartition("/")[2])
        return all(one == shown[0] for one in shown) and set(states.values()) == {"fits"}

    def _is_gone(self, user: User, service: str, path: str) -> bool:
        every = [user.ask("GET", service, path, cloud).status_code for cloud in self.clouds]
        return set(every) == {HTTPStatus.NOT_FOUND}

    def _replica(self, user: User, name: str) -> dict[str, Any]:
        """Return what is replicated under a name: what was made last."""
        answer = user.ask("GET", "identity", f"{REPLICAS}?id={name}")
        if answer.status_code != HTTPStatus.OK:
            raise click.ClickException(f"replica {name}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()["replicas"][-1]
        return found

    def _states(self, user: User, name: str) -> dict[str, str]:
        return {copy["cloud"]: copy["state"] for copy in self._replica(user, name)["clouds"]}

    def _wait(self, until: Callable[[], bool]) -> bool:
        """Wait until something is so, and return whether it is."""
        end = time.monotonic() + PATIENCE
        while not (so := until()) and time.monotonic() < end:
            time.sleep(0.1)
        return so


def _rules(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules of a security group that a cloud shows."""
    rules: list[dict[str, Any]] = shown.get("security_group", {}).get("security_group_rules", [])
    return rules


def _let_in(shown: dict[str, Any]) -> list[str]:
    """Return the protocols that a security group lets in."""
    return sorted(one["protocol"] for one in _rules(shown) if one["direction"] == "ingress")
