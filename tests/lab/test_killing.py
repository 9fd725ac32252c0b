"""What is found when gateways are killed, as far as no cloud is needed."""

from types import SimpleNamespace
from typing import Any, cast

import click
import psutil
import pytest
import requests

from openstackoid.lab import killing, processes
from openstackoid.lab.killing import Killing
from openstackoid.lab.services import GATEWAY
from openstackoid.message import REPLICAS

CLOUDS = ("One", "Two")


class Process:
    """A process that can be killed."""

    def __init__(self, line: str, *children: "Process") -> None:
        self.line = line
        self.of = children
        self.killed = 0

    def kill(self) -> None:
        self.killed += 1

    def children(self, *, recursive: bool) -> list["Process"]:
        assert recursive
        return list(self.of)

    def cmdline(self) -> list[str]:
        return [self.line]


class World:
    """Clouds that do what they are told, or forget something."""

    def __init__(self) -> None:
        self.there: dict[str, set[str]] = {cloud: set() for cloud in CLOUDS}
        self.state = "fits"
        self.forgets = False
        self.keeps = False
        self.busy = 1
        worker, replicas = Process("x.processes.worker 8"), Process("x.processes.replicas {}")
        self.gateway = Process("openstackoid gateway", worker, replicas)
        self.children = {"worker": worker, "replicas": replicas}
        self.started = 0

    def user(self, _: object, cloud: str) -> Any:
        assert cloud == "One"
        return SimpleNamespace(ask=self.answer)

    def answer(self, method: str, service: str, path: str, scope: str = "", **more: Any) -> Any:
        name = path.rpartition("/")[2]
        match method, service:
            case "GET", "identity":
                assert path.startswith(REPLICAS)
                self.busy, status = 0, 429 if self.busy else 200
                states = [{"cloud": one, "state": self.state} for one in CLOUDS]
                return answer({"replicas": [{"clouds": states}]}, status)
            case "GET", _:
                names = self.there[scope]
                return answer({"keypairs": [{"keypair": {"name": one}} for one in names]})
            case "DELETE", _:
                for cloud in CLOUDS:
                    if not self.keeps:
                        self.there[cloud].discard(name)
                return answer({}, 202)
        name = more["json"]["keypair"]["name"]
        if name.endswith("-3"):
            raise requests.ConnectionError
        for cloud in CLOUDS:
            if not (self.forgets and cloud == "Two"):
                self.there[cloud].add(name)
        return answer({})

    def start(self, _: object, process: str) -> None:
        assert process == GATEWAY
        self.started += 1


def answer(document: Any, status: int = 200) -> Any:
    return SimpleNamespace(status_code=status, json=lambda: document, text="no")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(killing, "User", world.user)
    monkeypatch.setattr(killing, "KILLS", 12)
    monkeypatch.setattr(killing, "BETWEEN", 0.01)
    monkeypatch.setattr(killing, "PAUSE", 0.0)
    monkeypatch.setattr(killing, "PATIENCE", 0.5)
    monkeypatch.setattr(processes, "find", lambda *_: world.gateway)
    monkeypatch.setattr(processes, "start", world.start)
    monkeypatch.setattr(processes, "is_ready", lambda *_: True)
    monkeypatch.setattr(psutil, "wait_procs", lambda *_, **__: ([], []))
    return world


def tried(world: World) -> Killing:
    lab = SimpleNamespace(cloud=lambda name: name)
    found = Killing(cast("Any", lab), CLOUDS)
    found.try_all()
    assert found.kills.total() == 12
    return found


def test_processes_are_killed_and_whole_gateways_begin_again(world: World) -> None:
    """And what was written meanwhile is counted."""
    found = tried(world)
    assert found.faults == []
    assert found.found[0].startswith("12 kills (")
    assert world.started == world.gateway.killed == found.kills["gateway"]
    for name, child in world.children.items():
        assert child.killed == found.kills[name] + found.kills["gateway"]


def test_what_is_lost_is_a_fault(world: World) -> None:
    """Unless its state says so."""
    world.forgets = True
    assert any("was told as done, and is in ['One']" in one for one in tried(world).faults)
    world.state = "in doubt"
    assert tried(world).faults == []


def test_what_does_not_go_is_a_fault(world: World) -> None:
    """Though its deletion was told as done."""
    world.keeps = True
    assert any("deleted: 202" in one for one in tried(world).faults)


def test_what_never_comes_to_rest_is_a_fault(world: World) -> None:
    """Nobody can say then what it will be."""
    world.state = "pending"
    assert any("never come to rest" in one for one in tried(world).faults)


def test_a_cloud_that_says_nothing_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For then nothing can be said of it."""
    monkeypatch.setattr(Killing, "_states", lambda *_: {})
    monkeypatch.setattr(world, "answer", lambda *_, **__: answer({}, 500))
    with pytest.raises(click.ClickException, match="keypairs of One: 500"):
        tried(world)
