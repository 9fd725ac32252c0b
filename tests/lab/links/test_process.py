"""The processes of two clouds' links, told by the lab; the clouds' frontends are played."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from openstackoid.lab import BLACKHOLE, CUT, Lab, LabCloud, LabError, addresses, processes, state
from openstackoid.lab.services import LINKS


@pytest.fixture
def lab(tmp_path: Path, worker_id: str) -> Iterator[Lab]:
    """Return a lab of which nothing runs but the links and somebody at every frontend."""
    worker = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0
    known = state.State(addresses.network(f"127.{100 + worker}.0.0/16"))
    for name in ("CloudOne", "CloudTwo"):
        known = known.having(name, tmp_path, ())
    state.save(tmp_path, known)
    lab = Lab(tmp_path)
    with contextlib.ExitStack() as stack:
        for cloud in known.clouds:
            for address in processes.addresses(cloud.frontends.values()):
                stack.enter_context(socket.create_server(address))
            stack.callback(processes.stop, [processes.start(cloud, LINKS)])
        yield lab


def links_of(cloud: LabCloud) -> psutil.Process:
    """Return the process of a cloud's links."""
    found = processes.find(cloud, LINKS)
    assert found is not None
    return found


def connect(one: LabCloud, other: LabCloud) -> int:
    """Connect from one cloud's side of its link to another cloud; 0 if that worked."""
    port = max(processes.addresses(other.frontends.values()))[1]
    with socket.socket() as client:
        client.settimeout(0.2)
        return client.connect_ex((addresses.link(one.network, one.index, other.index), port))


def test_a_change_holds_in_both_directions_when_the_command_returns(lab: Lab) -> None:
    """Refused, silent, healed, one after another."""
    one, two = lab.clouds
    for how, expected in [({}, 0), ({"how": CUT}, 111), ({"how": BLACKHOLE}, 11), ({}, 0)]:
        lab.link("CloudTwo", "CloudOne", **how)
        assert (connect(one, two), connect(two, one)) == (expected, expected)


def test_a_condition_outlives_the_process(lab: Lab) -> None:
    """It is what the next one begins with."""
    one, two = lab.clouds
    lab.link("CloudOne", "CloudTwo", CUT)
    processes.stop([links_of(one)])
    with pytest.raises(LabError, match="CloudOne is not up"):
        lab.link("CloudOne", "CloudTwo")
    started = processes.start(one, LINKS)
    try:
        lab.link("CloudOne", "CloudTwo", CUT)
        assert connect(one, two) == 111
    finally:
        processes.stop([started])


def test_a_process_that_does_not_follow_is_told_with_its_log(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lab does not wait for ever."""
    one, _ = lab.clouds
    lab.link("CloudOne", "CloudTwo")
    monkeypatch.setattr("openstackoid.lab.lab._LINK_PATIENCE", 0.1)
    deaf = links_of(one)
    deaf.suspend()
    with pytest.raises(LabError, match=r"links of CloudOne are not as they should be.*links\.log"):
        lab.link("CloudOne", "CloudTwo", CUT)
    deaf.resume()
