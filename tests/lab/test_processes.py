"""The processes of a lab, and everybody else's. The processes here are `sleep` and this one."""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from clouds.commands import Command, started

from openstackoid.gateway.settings import DRAIN_TIMEOUT
from openstackoid.lab import LabCloud, LabError, environment, processes, state

Slow = Callable[[str, str], None]


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch, cloud: LabCloud) -> Iterator[LabCloud]:
    """Let every process of the cloud be one that sleeps, and end those that are left."""

    def command(_cloud: LabCloud, process: str) -> list[str]:
        return [sys.executable, "-c", "import time; time.sleep(600)", str(cloud.directory), process]

    monkeypatch.setattr(processes, "command", command)
    yield cloud
    processes.stop([p for name in cloud.processes if (p := processes.find(cloud, name))])


def record(cloud: LabCloud, process: str) -> Path:
    """Return the file that remembers a process."""
    return cloud.run / f"{process}.json"


def test_a_started_process_is_found_until_it_has_ended(sleeping: LabCloud) -> None:
    """Also while it is a zombie nobody waits for."""
    started = processes.start(sleeping, "image")
    assert processes.find(sleeping, "image") == started
    psutil.Process(started.pid).kill()
    while psutil.Process(started.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert processes.find(sleeping, "image") is None
    psutil.wait_procs([started])
    assert processes.find(sleeping, "image") is None


def test_a_process_that_merely_has_the_id_is_not_found(sleeping: LabCloud) -> None:
    """It was created at another time; so it is never ended in place of ours."""
    started = processes.start(sleeping, "image")
    known = json.loads(record(sleeping, "image").read_text())
    record(sleeping, "image").write_text(json.dumps({**known, "created": known["created"] - 60}))
    assert processes.find(sleeping, "image") is None
    record(sleeping, "image").write_text(json.dumps(known))
    assert processes.find(sleeping, "image") == started


def test_a_process_whose_starter_was_killed_is_found_again(sleeping: LabCloud) -> None:
    """By its command line, which names the cloud's directory and the service."""
    started = processes.start(sleeping, "image")
    record(sleeping, "image").unlink()
    assert processes.find(sleeping, "image") is None
    while psutil.Process(started.pid).cmdline() != processes.command(sleeping, "image"):
        time.sleep(0.01)  # until the new process runs its program
    processes.find_lost([sleeping])
    assert processes.find(sleeping, "image") == started
    assert processes.find(sleeping, "compute") is None


def test_a_process_that_ignores_the_request_to_end_is_ended(
    sleeping: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process stays."""
    monkeypatch.setattr(processes, "_PATIENCE", 0.1)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print(flush=True); time.sleep(600)"
    )
    monkeypatch.setattr(processes, "command", lambda *_: [sys.executable, "-c", code])
    stubborn = processes.start(sleeping, "image")
    while not sleeping.log("image").read_bytes():
        pass
    processes.stop([stubborn])
    assert not psutil.pid_exists(stubborn.pid)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, cloud: LabCloud) -> Slow:
    """Start a process that takes so many seconds to end, and writes a file when it does."""
    code = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(float(sys.argv[2]))
    pathlib.Path(sys.argv[1]).touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
print(flush=True)
time.sleep(600)
"""

    def start(process: str, seconds: str) -> None:
        command = [sys.executable, "-c", code, str(cloud.directory / f"{process} ended"), seconds]
        monkeypatch.setattr(processes, "command", lambda *_: command)
        processes.start(cloud, process)
        while not cloud.log(process).read_bytes():
            pass

    monkeypatch.setattr(processes, "_PATIENCE", 0.1)
    return start


def test_a_gateway_has_the_time_of_its_drain_to_end(slow: Slow, cloud: LabCloud) -> None:
    """It has requests to bring to their end; a service has less."""
    slow("gateway", "0.5")
    slow("image", "60")
    processes.end([(cloud, "gateway"), (cloud, "image")])
    assert (cloud.directory / "gateway ended").exists()
    assert not (cloud.directory / "image ended").exists()
    assert processes.find(cloud, "gateway") is processes.find(cloud, "image") is None
    assert DRAIN_TIMEOUT < processes._DRAIN


def test_a_gateway_that_does_not_end_is_ended(
    slow: Slow, cloud: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever."""
    monkeypatch.setattr(processes, "_DRAIN", 0.1)
    slow("gateway", "60")
    processes.end([(cloud, "gateway")])
    assert not (cloud.directory / "gateway ended").exists()
    assert processes.find(cloud, "gateway") is None


def test_a_child_gets_neither_credentials_nor_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user's shell has."""
    for name in ("OS_PASSWORD", "OS_SCOPE", "http_proxy", "HTTPS_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, "x")
    assert not {"OS_PASSWORD", "OS_SCOPE", "http_proxy", "HTTPS_PROXY", "PYTHONPATH"} & set(
        environment.child()
    )


def test_a_taken_port_is_told_with_its_holder(cloud: LabCloud) -> None:
    """Host and port, and which process has it; and how to evade it."""
    with socket.create_server(("127.7.1.1", 18774)), pytest.raises(LabError) as error:
        processes.check_ports([cloud], [cloud])
    pid = psutil.Process().pid
    assert f"127.7.1.1:18774 is taken by process {pid} (" in str(error.value)
    assert "lab up --dir DIR --network " in str(error.value)
    assert "OPENSTACKOID_LAB=DIR scripts/demo" in str(error.value)
    processes.check_ports([cloud], [cloud])


def test_a_port_taken_on_all_addresses_is_taken_here_too(
    cloud: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel would refuse to listen at ours."""
    monkeypatch.setattr(processes, "listeners", lambda: iter([("0.0.0.0", 8888, None)]))
    with pytest.raises(LabError, match=r"0\.0\.0\.0:8888 is taken by a process of another user"):
        processes.check_ports([cloud], [cloud])


@pytest.mark.parametrize("address", ["127.7.1.3:5000", "127.7.2.2:8888"])
def test_a_port_of_a_link_is_told_too(
    cloud: LabCloud, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Where the cloud's own links begin, and those of a running cloud that lead to it."""
    host, port = address.split(":")
    other = replace(cloud, name="CloudTwo", index=2)
    own = psutil.Process()
    monkeypatch.setattr(processes, "find", lambda cloud, _: own if cloud is other else None)
    monkeypatch.setattr(processes, "listeners", lambda: iter([(host, int(port), None)]))
    with pytest.raises(LabError, match=f"{address} is taken by a process of another user"):
        processes.check_ports([cloud], [cloud, other])
    processes.check_ports([cloud], [cloud])


def test_the_same_port_on_another_address_is_free(
    cloud: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two labs live side by side."""
    monkeypatch.setattr(processes, "listeners", lambda: iter([("127.0.1.1", 8888, 1)]))
    processes.check_ports([cloud], [cloud])


def test_our_own_processes_may_hold_our_ports(
    sleeping: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-finished start can be run again."""
    pid = processes.start(sleeping, "image").pid
    monkeypatch.setattr(processes, "listeners", lambda: iter([("127.7.1.1", 19292, pid)]))
    processes.check_ports([sleeping], [sleeping])


def test_what_a_failing_start_has_started_is_ended(sleeping: LabCloud) -> None:
    """So the tests on real clouds leave no process behind where the clouds do not come up."""
    directory = sleeping.directory.parent
    state.save(directory, state.State(sleeping.network, (sleeping,)))
    process = processes.start(sleeping, "image")
    failing = Command([sys.executable, "-c", "exit('not up')"], {})
    with pytest.raises(AssertionError, match="not up"), started(directory, failing):
        pass
    assert not process.is_running()


def test_a_process_with_a_title_of_its_own_is_found_again(
    cloud: LabCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neutron replaces its arguments by one title that reads like them."""
    monkeypatch.setattr(processes, "command", lambda _cloud, process: ["python", "-m", process])
    titled = psutil.Process()
    titled.info = {"cmdline": ["python -m network", ""]}
    monkeypatch.setattr(psutil, "process_iter", lambda _attributes: [titled])
    cloud.run.mkdir()
    processes.find_lost([cloud])
    assert processes.find(cloud, "network") == titled
    assert processes.find(cloud, "image") is None
