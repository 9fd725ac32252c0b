"""A lab whose clouds do not run, or whose processes only sleep."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from openstackoid.federation import load
from openstackoid.identity import keys
from openstackoid.lab import Lab, LabCloud, LabError, addresses, databases, processes, state


@pytest.mark.parametrize(("front", "proxies"), [("gateway", []), ("haproxy", ["127.0.0.1/32"])])
def test_a_gateway_behind_haproxy_knows_it(tmp_path: Path, front: str, proxies: list[str]) -> None:
    """And believes nobody else who the client is."""
    known = state.State(addresses.network("127.7.0.0/16")).behind(front)
    for name in ("A", "B"):
        known = known.having(name, tmp_path, ())
    state.save(tmp_path, known)
    for cloud in known.clouds:
        cloud.directory.mkdir()
        databases.make_passwords(cloud)
        keys.write(keys.make(), cloud.keys)
    Lab(tmp_path)._write_federations()
    for cloud in known.clouds:
        told = load(cloud.federation).clouds
        assert {name: [str(p) for p in c.own.proxies] for name, c in told.items()} == {
            "A": [],
            "B": [],
            cloud.name: proxies,
        }
        assert cloud.haproxy.exists() == (front == "haproxy")


@pytest.fixture
def up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Lab, LabCloud]]:
    """Return a lab and a cloud of it that is up, of which every process sleeps."""
    known = state.State(addresses.network("127.58.0.0/16")).having("A", tmp_path, ())
    state.save(tmp_path, known)
    (cloud,) = known.clouds
    cloud.directory.mkdir()
    cloud.seeded.touch()
    sleep = [sys.executable, "-c", "import time; time.sleep(600)", str(cloud.directory)]
    monkeypatch.setattr(processes, "command", lambda _, process: [*sleep, process])
    for process in cloud.processes:
        processes.start(cloud, process)
    yield Lab(tmp_path), cloud
    processes.stop([p for name in cloud.processes if (p := processes.find(cloud, name))])


def pids(cloud: LabCloud) -> dict[str, int]:
    """Return the processes of a cloud that run."""
    found = {name: processes.find(cloud, name) for name in cloud.processes}
    return {name: process.pid for name, process in found.items() if process}


@pytest.mark.parametrize("services", [[], ["compute"]])
def test_nothing_is_ended_where_it_could_not_be_started_again(
    up: tuple[Lab, LabCloud], services: list[str]
) -> None:
    """Because somebody else has its port by now: it is told, and all goes on."""
    lab, cloud = up
    before = pids(cloud)
    with socket.create_server(("127.58.1.1", 18774)):
        with pytest.raises(LabError, match=r"127\.58\.1\.1:18774 is taken by process"):
            lab.restart("A", services)
        assert pids(cloud) == before
        with pytest.raises(LabError, match=r"127\.58\.1\.1:18774 is taken by process"):
            lab.up(front="haproxy")
        assert pids(cloud) == before
    assert set(before) == set(cloud.processes)
    assert state.load(lab.directory).front == "gateway"


def test_a_restart_ends_what_is_meant_and_starts_it_again(
    up: tuple[Lab, LabCloud], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else."""
    lab, cloud = up
    before = pids(cloud)
    monkeypatch.setattr(processes, "is_ready", lambda *_: True)
    monkeypatch.setattr(processes, "follow_links", lambda *_: True)
    lab.restart("A", ["compute", "gateway"])
    after = pids(cloud)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"compute", "gateway"}
    assert not psutil.pid_exists(before["gateway"])
