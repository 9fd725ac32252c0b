"""Three real clouds: CloudOne with path prefixes, CloudTwo with ports, CloudThree with Cinder."""

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from clouds.api import Api
from clouds.commands import Commands, run, started

from openstackoid.lab import Lab, files, processes
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.services import GATEWAY

NETWORK = "127.66.0.0/16"
"""Beside the default network, so that a developer's lab may be up meanwhile."""


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Return the project's commands, in a clean home."""
    return Commands(tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def lab(commands: Commands, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Start the clouds by the command line: two, and then a third beside them."""
    front = ("--front", request.config.getoption("--front"))
    with started(
        commands.directory,
        commands.lab("up", "CloudOne", "CloudTwo", "--network", NETWORK, *front),
        commands.lab("up", "CloudThree", "--with", "block-storage"),
    ) as lab:
        yield lab


@pytest.fixture
def api(lab: Lab) -> Api:
    """Return alice of CloudOne, logged in."""
    api = Api(lab, "CloudOne")
    assert api.login().status_code == 201
    return api


@pytest.fixture
def admin(lab: Lab) -> Iterator[Api]:
    """Return the administrator of CloudOne, who is one in the others while the test runs."""
    admin = Api(lab, "CloudOne", admin=True)
    with ExitStack() as stack:
        for cloud in ("CloudTwo", "CloudThree"):
            described = stack.enter_context(federation_of(lab, cloud))
            trust = described["clouds"][cloud]["trust"]["CloudOne"]
            trust["roles"]["admin"] = "admin"
            trust["projects"] = by_ids(lab, "CloudOne", cloud)
            tell(lab, cloud, described)
        assert admin.login().status_code == 201
        yield admin


def by_ids(lab: Lab, theirs: str, ours: str) -> dict[str, dict[str, str]]:
    """Return the rule that maps a cloud's projects to those of the same name in another one.

    It has the project admin, too, which the rule same-name leaves out.
    """
    ids = []
    for cloud in (theirs, ours):
        admin = Api(lab, cloud, admin=True)
        assert admin.login().status_code == 201
        found = admin.get("identity", "/v3/projects").json()["projects"]
        ids.append({project["name"]: project["id"] for project in found})
    there, here = ids
    return {"table": {id_: here[name] for name, id_ in there.items() if name in here}}


@contextmanager
def federation_of(lab: Lab, cloud: str) -> Iterator[Any]:
    """Give what the gateway of a cloud is told, to be changed; it is told the old again after."""
    before = files.read_yaml(lab.cloud(cloud).federation)
    try:
        yield copy.deepcopy(before)
    finally:
        tell(lab, cloud, before)


def tell(lab: Lab, name: str, described: dict[str, Any]) -> None:
    """Let the gateway of a cloud read another federation file, and wait until it has."""
    cloud = lab.cloud(name)
    files.write_yaml(cloud.federation, described)
    gateway = processes.find(cloud, GATEWAY)
    if gateway is None:
        return  # a test has killed it
    done = _reloads(cloud)
    processes.reload(cloud, gateway)
    deadline = time.monotonic() + 20
    while _reloads(cloud) == done:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def of_gateways(lab: Lab, *clouds: str) -> list[psutil.Process]:
    """Return the processes of these clouds' gateways, workers and all."""
    found = [processes.find(lab.cloud(cloud), GATEWAY) for cloud in clouds]
    return [one for process in found if process for one in (process, *process.children())]


def _reloads(cloud: LabCloud) -> int:
    """Return how often a gateway has read its federation file again."""
    return cloud.log(GATEWAY).read_text().count('"event":"reloaded"')


@pytest.fixture(autouse=True)
def _settled(lab: Lab) -> Iterator[None]:
    """Wait behind a test until every worker knows that the clouds it found down are up again.

    Until then `&` leaves them out, and each worker looks only every two seconds.
    """
    logs = [cloud.log(GATEWAY) for cloud in lab.clouds]
    before = [log.stat().st_size for log in logs]
    yield
    deadline = time.monotonic() + 20
    while not all(map(_all_up, logs, before)):
        assert time.monotonic() < deadline, "a gateway still takes a cloud for down"
        time.sleep(0.1)


def _all_up(log: Path, begin: int) -> bool:
    """Return whether a gateway found up what it had found down, by its log from an offset on."""
    with log.open("rb") as file:
        file.seek(begin)
        said = file.read()
    return said.count(b'"event":"cloud down"') <= said.count(b'"event":"cloud up"')


@pytest.fixture
def kill(lab: Lab, commands: Commands, api: Api) -> Iterator[Callable[[str], None]]:
    """Return what kills a cloud's gateway; behind the test it is up again, and known to be."""
    killed: list[str] = []

    def kill(cloud: str) -> None:
        killed.append(cloud)
        for name in lab.cloud(cloud).fronts:
            front = processes.find(lab.cloud(cloud), name)
            assert front is not None
            for process in (front, *front.children()):
                with suppress(psutil.NoSuchProcess):  # HAProxy's worker ends with its master
                    process.kill()
                    process.wait(10)

    yield kill
    for cloud in killed:
        run(commands.lab("restart", cloud, *lab.cloud(cloud).fronts))
        headers = {"X-Scope-Policy": "all"}
        while not api.get("image", "/v2/images", f"image=CloudOne&{cloud}", headers=headers).ok:
            time.sleep(0.1)


@pytest.fixture
def two_is_dead(kill: Callable[[str], None]) -> None:
    """CloudTwo's gateway, killed."""
    kill("CloudTwo")


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return a name for what one test creates."""
    return Path(request.node.name).name.translate(str.maketrans("[]&|{}\"' ", "---------"))[:60]
