"""Lets the gateways of a lab run the program of another release."""

import io
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from bench.real import ROOT
from openstackoid.lab import environment, processes
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.services import GATEWAY

BEFORE = "4560830dcd6b"
"""The last commit whose gateways send tokens, and know nothing of assertions."""

PATIENCE = 180.0
"""Seconds until a gateway listens, or has exchanged its program."""


def source(commit: str, directory: Path) -> Path:
    """Write the files of a commit into a directory, and return it; raises ClickException."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "archive",
        commit,
        "src",
        "pyproject.toml",
        "requirements.lock",
    ]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise click.ClickException(
            f"{commit} is not in this clone: git fetch --unshallow ({done.stderr.decode().strip()})"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(directory, filter="data")
    return directory


class Program:
    """Which program the gateway of a cloud runs, by its sources; it is the lab's own at first.

    The gateway is a process of the lab as any other: it can be reloaded, restarted and ended.
    """

    def __init__(self, cloud: LabCloud) -> None:
        self._cloud = cloud
        self._link = cloud.directory / "program"

    def start(self, source: Path) -> None:
        """End the gateway, and start it with a program."""
        self._lead(source)
        cloud, command = self._cloud, processes.command(self._cloud, GATEWAY)
        processes.end([(cloud, GATEWAY)])
        with cloud.log(GATEWAY).open("ab") as log:
            subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment.child(PYTHONPATH=str(self._link / "src")),
            )
        processes.find_lost([cloud])
        self._wait(lambda: processes.is_ready(cloud, GATEWAY))

    def exchange(self, source: Path) -> None:
        """Let workers with another program take over, and wait until the old ones have ended."""
        self._lead(source)
        supervisor = processes.find(self._cloud, GATEWAY)
        assert supervisor is not None  # noqa: S101
        old = supervisor.children()
        supervisor.send_signal(signal.SIGUSR2)
        self._wait(lambda: not any(worker.is_running() for worker in old))

    def _lead(self, source: Path) -> None:
        part = self._link.with_name("program.part")
        part.symlink_to(source)
        part.replace(self._link)

    def _wait(self, done: Callable[[], bool]) -> None:
        late = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > late:
                raise click.ClickException(f"see {self._cloud.log(GATEWAY)}")
            time.sleep(0.05)
