"""The commands as users type them, run as processes of their own."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openstackoid.lab import Lab

BIN = Path(sys.executable).parent


@dataclass
class Command:
    """A command line and its environment."""

    line: list[str]
    env: dict[str, str]


@dataclass
class Commands:
    """`openstackoid lab` and `openstack` on one lab's directory."""

    directory: Path
    home: Path

    def lab(self, subcommand: str, *arguments: str) -> Command:
        """Return a command on the lab."""
        line = ["openstackoid", "lab", subcommand, *arguments, "--dir", str(self.directory)]
        return Command(line, self._env())

    def openstack(self, arguments: str, cloud: str = "CloudOne", scope: str = "") -> Command:
        """Return an `openstack` command in a cloud, with a scope if one is given."""
        line = ["openstack", *shlex.split(arguments)]
        if scope:
            line += ["--os-scope", scope]
        logins = self.directory / "clouds.yaml"
        return Command(line, self._env(OS_CLIENT_CONFIG_FILE=str(logins), OS_CLOUD=cloud))

    def _env(self, **more: str) -> dict[str, str]:
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self.home), **more}


@contextmanager
def started(directory: Path, *ups: Command) -> Iterator[Lab]:
    """Run commands that start clouds, and end whatever they started, even if they fail."""
    lab = Lab(directory)
    try:
        for up in ups:
            run(up)
        yield lab
    finally:
        lab.down()


def run(command: Command) -> str:
    """Run a command that must succeed; return what it printed."""
    status, out, err = attempt(command)
    assert status == 0, f"{shlex.join(command.line)}: exit {status}\n{out}{err}"
    return out


def attempt(command: Command) -> tuple[int, str, str]:
    """Run a command; return its exit code, its output and its messages."""
    done = subprocess.run(
        command.line, env=command.env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def table(command: Command) -> Any:
    """Run an `openstack` command that must succeed; return its output as JSON has it."""
    return json.loads(run(Command([*command.line, "-f", "json"], command.env)))
