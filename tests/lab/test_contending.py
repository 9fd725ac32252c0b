"""What is found of two users on both sides of a cut, as far as no cloud is needed."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from openstackoid.lab import contending
from openstackoid.lab.contending import Contending

CLOUDS = ("One", "Two", "Three")


class World:
    """Three played clouds: the last write wins at once, and what it has overruled is told."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.now = 1_700_000_000_000
        self.values: dict[str, str] = {}
        self.writers: dict[str, tuple[str, str | None, int]] = {}
        self.lost: list[dict[str, Any]] = []
        self.flavors: dict[str, str] = {}
        self.key: str | None = None
        self.rules: list[dict[str, str]] = []
        self.forgets = False
        """A rule that one has taken out is gone, although another one has added it."""
        self.told = True
        self.logged = True
        self.same = True

    def cloud(self, name: str) -> Any:
        return SimpleNamespace(log=lambda _: self.directory / f"{name}.log")

    @contextmanager
    def apart(self, *_: object) -> Iterator[None]:
        self.writers.clear()
        yield

    def write(self, cloud: str, key: str, value: str | None) -> None:
        self.now += 1
        writer = self.writers.get(key)
        if writer is not None and writer[0] != cloud and self.told:
            by, said, at = writer
            text = None if said is None else json.dumps(said)
            time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
            self.lost.append({"key": key, "value": text, "cloud": by, "at": time})
            for name in CLOUDS:
                with (self.directory / f"{name}.log").open("a") as file:
                    file.write(f"operation lost at={at}\n" * self.logged)
        self.writers[key] = cloud, value, self.now
        if value is None:
            self.values.pop(key, None)
        else:
            self.values[key] = value

    def user(self, _: object, cloud: str, name: str = "admin") -> Any:
        return SimpleNamespace(ask=lambda *asked, **more: self.answer(cloud, *asked, **more))

    def answer(
        self, cloud: str, method: str, service: str, path: str, scope: str = "", **more: Any
    ) -> Any:
        body: Any = more.get("json")
        match method, service, path.split("?")[0].split("/")[2]:
            case _, "identity", _:
                states = ["fits", "fits", "conflicting" if self.flavors else "fits"]
                copies = [
                    {"cloud": one, "state": state, "id": "g"}
                    for one, state in zip(CLOUDS, states, strict=True)
                ]
                return answer({"replicas": [{"clouds": copies, "lost": self.lost}]})
            case "PATCH", _, _:
                self.write(cloud, body[0]["path"][1:], body[0].get("value"))
            case "GET", "image", _:
                odd = {"a": scope} if not self.same else {}
                return answer({**self.values, **odd})
            case "POST", _, "flavors":
                self.flavors["f"] = "there"
                return answer({"flavor": {"id": "f"}})
            case "DELETE", _, "flavors":
                self.flavors.clear()
            case "GET", _, "flavors":
                return answer({}, 404)
            case "POST", _, "os-keypairs":
                self.key = body["keypair"]["public_key"]
            case "GET", _, "os-keypairs":
                return answer({"keypair": {"public_key": self.key}})
            case _, "network", _:
                return self.of_groups(method, path, body)
        return answer({"id": "i"})

    def of_groups(self, method: str, path: str, body: Any) -> Any:
        match method, path.split("/")[2:]:
            case "POST", ["security-group-rules"]:
                protocol = body["security_group_rule"]["protocol"]
                if not self.forgets or protocol != "tcp" or not self.rules:
                    rule = {"id": protocol, "protocol": protocol, "direction": "ingress"}
                    self.rules = [*(one for one in self.rules if one["id"] != protocol), rule]
            case "DELETE", ["security-group-rules", rule]:
                self.rules = [one for one in self.rules if one["id"] != rule]
                self.rules += [{"id": "x", "protocol": "", "direction": "egress"}]
        return answer({"security_group": {"id": "g", "security_group_rules": self.rules}})


def answer(document: Any, status: int = 200) -> Any:
    return SimpleNamespace(status_code=status, json=lambda: document, text="no")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    for name in CLOUDS:
        (tmp_path / f"{name}.log").touch()
    monkeypatch.setattr(contending, "User", world.user)
    monkeypatch.setattr(contending, "PATIENCE", 0.2)
    return world


def tried(world: World) -> Contending:
    found = Contending(cast("Any", world), CLOUDS, chance=random.Random(1))
    found.try_all()
    return found


def test_it_is_well_if_each_loser_is_told(world: World) -> None:
    """And how many there were is said."""
    found = tried(world)
    assert found.faults == []
    assert "conflicting in Three" in found.found[1]
    assert len(found.found) == 4


def test_a_rule_that_does_not_stay_is_a_fault(world: World) -> None:
    """Added beats taken out."""
    world.forgets = True
    (fault,) = tried(world).faults
    assert "a rule that was added is not everywhere" in fault
    assert world.lost


def test_a_loser_who_is_not_told_is_a_fault(world: World) -> None:
    """Also if he is told in one place alone."""
    world.told = False
    assert any("is not shown in" in one for one in tried(world).faults)
    world.told, world.logged = True, False
    assert any("is in no log of" in one for one in tried(world).faults)


def test_clouds_that_differ_are_a_fault(world: World) -> None:
    """With what each has."""
    world.same = False
    assert any("['One'" in one for one in tried(world).faults)


def test_what_is_refused_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For then nothing can be said of it."""
    monkeypatch.setattr(world, "answer", lambda *_, **__: answer({}, 403))
    with pytest.raises(click.ClickException, match="403"):
        tried(world)
