"""The lab's commands, on real clouds: repeated, interrupted, in one another's way."""

import socket
import subprocess
from urllib.parse import urlsplit

import psutil
import pytest
from clouds.commands import Commands, attempt, run, table
from clouds.conftest import NETWORK

from openstackoid.lab import Lab, processes

ALONE = "127.67.0.0/16"


def of_lab(commands: Commands) -> list[psutil.Process]:
    """Return every process of this machine that has a lab's directory in its command line."""
    directory = f"{commands.directory}/"
    return [
        p
        for p in psutil.process_iter(["cmdline"])
        if any(directory in word for word in p.info["cmdline"] or ())
    ]


def test_up_again_changes_nothing(lab: Lab, commands: Commands) -> None:
    """Clouds that are up stay as they are, process for process."""
    before = {p.pid for p in of_lab(commands)}
    status, _, err = attempt(commands.lab("up"))
    assert status == 0
    assert "CloudThree is already up" in err
    assert {p.pid for p in of_lab(commands)} == before


def test_an_address_that_is_taken_stops_up_before_it_starts(
    lab: Lab, commands: Commands, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A second lab at the same addresses is told who has them, and nothing runs afterwards."""
    other = Commands(tmp_path_factory.mktemp("other"), commands.home)
    status, _, err = attempt(other.lab("up", "CloudOne", "--network", NETWORK))
    assert status == 1
    assert f"{lab.cloud('CloudOne').address}:8888 is taken by process" in err
    assert "--network" in err
    assert of_lab(other) == []


@pytest.mark.parametrize("arguments", [("restart", "Nowhere"), ("env", "Nowhere"), ("logs", "X")])
def test_an_unknown_cloud_is_told_from_those_there_are(
    lab: Lab, commands: Commands, arguments: tuple[str, ...]
) -> None:
    """A typing error is answered with the names."""
    status, _, err = attempt(commands.lab(*arguments))
    assert status == 1
    assert "CloudOne, CloudTwo, CloudThree" in err


def test_a_killed_up_is_made_whole_and_down_leaves_nothing(
    commands: Commands, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SIGKILL in the middle, `up` again, a server boots; `down`, twice, ends all of it."""
    alone = Commands(tmp_path_factory.mktemp("a lab, alone".replace(",", "")), commands.home)
    command = alone.lab("up", "Solo", "--network", ALONE)
    first = subprocess.Popen(command.line, env=command.env, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    for line in first.stderr:
        if "services …" in line:  # the processes are being started
            break
    first.kill()
    first.communicate()
    run(command)
    create = "server create --flavor m1.tiny --network private --image debian --wait whole"
    assert table(alone.openstack(create, "Solo"))["status"] == "ACTIVE"
    cloud = Lab(alone.directory).cloud("Solo")
    addresses = processes.addresses([*cloud.frontends.values(), *cloud.backends.values()])
    run(alone.lab("down"))
    assert of_lab(alone) == []
    for address in addresses:
        socket.create_server(address).close()
    status, _, _ = attempt(alone.lab("down"))
    assert status == 0
    run(alone.lab("up"))
    assert [s["Name"] for s in table(alone.openstack("server list", "Solo"))] == ["whole"]
    run(alone.lab("down", "--wipe"))
    assert urlsplit(cloud.frontends["image"]).hostname == "127.67.1.1"
    assert not cloud.directory.exists()
