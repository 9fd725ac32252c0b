"""A recording cloud, and the real `openstack` command against it."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the packages that they import
    import openstack.connection as _  # noqa: F401
    import osc_lib.shell  # noqa: F401

from openstackoid.client import told

from .fake import Fake
from .wallets import PASSWORD, THERE, entry


@dataclass(frozen=True)
class Result:
    """What a command left: exit code, stdout, stderr, and what it asked at the terminal."""

    code: int
    out: str
    err: str
    asked: str


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin as a process of its own: no gateway has told a key yet."""
    monkeypatch.setattr(told, "_TOLD", {})


@pytest.fixture(scope="session")
def fake() -> Iterator[Fake]:
    server = Fake()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def cloud(fake: Fake) -> Fake:
    """Return the recording cloud, with nothing recorded yet."""
    fake.clear()
    return fake


@pytest.fixture(scope="session")
def worker() -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("worker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        yield worker
        assert worker.stdin
        worker.stdin.close()


@pytest.fixture
def credentials(cloud: Fake) -> dict[str, str]:
    """Return the OS_* variables of a user of the recording cloud."""
    return {
        "OS_AUTH_URL": f"{cloud.url}/identity",
        "OS_USERNAME": "alice",
        "OS_PASSWORD": "s3cret-pw",
        "OS_PROJECT_NAME": "demo",
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_VOLUME_API_VERSION": "3",
    }


@pytest.fixture
def clouds_yaml(cloud: Fake, tmp_path: Path) -> "CloudsYaml":
    """Write a clouds.yaml with one cloud, `here`, and return the variables that lead to it.

    `clouds_yaml(oid_scope=…)` adds keys to the cloud, `clouds_yaml(auth={…})` to its credentials.
    """

    def write(auth: dict[str, Any] | None = None, **keys: Any) -> dict[str, str]:
        account = {
            "auth_url": f"{cloud.url}/identity",
            "username": "alice",
            "password": "s3cret-pw",
            "project_name": "demo",
            "user_domain_id": "default",
            "project_domain_id": "default",
        }
        entry = {"auth": account | (auth or {}), "identity_api_version": "3", **keys}
        path = tmp_path / "clouds.yaml"
        path.write_text(json.dumps({"clouds": {"here": entry}}))
        return {"OS_CLIENT_CONFIG_FILE": str(path)}

    return write


@pytest.fixture
def two() -> Iterator[Fake]:
    """Return another cloud, with a Keystone of its own."""
    server = Fake()
    server.token = THERE
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def write(cloud: Fake, two: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Write":
    """Write a clouds.yaml with entries for both clouds, and more keys for `here`."""

    def write(more: dict[str, Any] | None = None, **keys: Any) -> None:
        entries = {"here": entry(cloud, **keys), "Cloud-Two": entry(two, PASSWORD), **(more or {})}
        path = tmp_path / "clouds.yaml"
        path.write_text(json.dumps({"clouds": entries}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))

    return write


Openstack = Callable[..., Result]
CloudsYaml = Callable[..., dict[str, str]]
Write = Callable[..., None]


@pytest.fixture
def openstack(
    worker: subprocess.Popen[str], credentials: dict[str, str], tmp_path: Path
) -> Openstack:
    """Run the real command: `openstack("image", "list", env={"OS_SCOPE": "…"})`."""

    def run(
        *argv: str,
        env: dict[str, str] | None = None,
        plugin: bool = True,
        stdin: str = "",
        typed: tuple[str, ...] = (),
        patience: float | None = None,
    ) -> Result:
        nothing = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "COLUMNS": "120"}
        own = env or {}
        known = {} if own.keys() & {"OS_CLOUD", "OS_CLIENT_CONFIG_FILE"} else credentials
        environment = nothing | known | own
        job = {"argv": argv, "env": environment, "plugin": plugin, "stdin": stdin, "typed": typed}
        job |= {"patience": patience, "seconds": 0}
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write(json.dumps(job) + "\n")
        worker.stdin.flush()
        return Result(**json.loads(worker.stdout.readline()))

    return run
