"""The ways in which a user of home asks: `openstack`, openstacksdk, curl, and a script of his own.

Each returns what the user saw. None knows more of the hostile cloud than its name in the scope.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import openstack
import requests
from client.fake import TOKEN
from hostile.stage import PASSWORD, Stage
from openstack.connection import Connection

from openstackoid.client import hook

WORKER = Path(__file__).parents[1] / "client" / "worker.py"
PATIENCE = 15
"""Seconds in which each client has to end."""


@dataclass(frozen=True)
class Seen:
    """What the user saw: whether his client ended, and well, and all that it printed."""

    well: bool
    text: str
    ended: bool = True


Script = Callable[[requests.Session, str], object]
"""Given a session with token and scope, and the address of home."""

Program = Callable[[Connection], object]


class Commands:
    """Runs `openstack` commands, each in a process of its own, one after another."""

    def __init__(self, worker: "subprocess.Popen[str]", directory: Path) -> None:
        self._worker = worker
        self._directory = directory

    def run(self, stage: Stage, argv: Sequence[str], scope: str) -> Seen:
        """Run one as a user of home, in a directory of its own that is empty."""
        account = _account(stage)
        env = {f"OS_{name.upper()}": value for name, value in account.items()}
        env |= {"HOME": str(self._directory), "PATH": os.environ["PATH"], "COLUMNS": "200"}
        env |= {"OS_IDENTITY_API_VERSION": "3", "OS_VOLUME_API_VERSION": "3"}
        job = {"argv": [*argv, "--os-scope", scope], "env": env, "plugin": True, "stdin": ""}
        assert self._worker.stdin
        assert self._worker.stdout
        self._worker.stdin.write(
            json.dumps(job | {"typed": [], "patience": None, "seconds": PATIENCE}) + "\n"
        )
        self._worker.stdin.flush()
        result = json.loads(self._worker.stdout.readline())
        ended = result["code"] != -signal.SIGALRM
        return Seen(result["code"] == 0, result["out"] + result["err"], ended=ended)


@contextmanager
def commands(directory: Path) -> Iterator[Commands]:
    """Start what runs `openstack` commands; they run in a directory."""
    command = [sys.executable, str(WORKER)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=directory) as worker:
        yield Commands(worker, directory)
        assert worker.stdin
        worker.stdin.close()


def sdk(stage: Stage, program: Program, scope: str) -> Seen:
    """Run a program with openstacksdk and our hook."""
    try:
        with openstack.connect(
            load_yaml_config=False,
            load_envvars=False,
            identity_api_version="3",
            auth=_account(stage),
            vendor_hook=hook.NAME,
            oid_scope=scope,
        ) as connection:
            result = program(connection)
    except Exception:  # noqa: BLE001  (whatever the program would have ended with)
        return Seen(False, traceback.format_exc(limit=0))
    return Seen(True, repr(result))


def curl(stage: Stage, request: str, scope: str) -> Seen:
    """Run curl for a method and a path, with a token, a scope and redirections followed."""
    method, path = request.split(" ")
    command = ["curl", "-sSiL", "--max-redirs", "3", "-m", str(PATIENCE), "-X", method]
    headers = [f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}"]
    command += [part for header in headers for part in ("-H", header)]
    done = subprocess.run([*command, stage.url + path], capture_output=True, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
    status = text.partition("\n")[0].split(" ")[1:2]
    return Seen(done.returncode == 0 and status[0] < "4" if status else False, text)


def script(stage: Stage, run: Script, scope: str) -> Seen:
    """Run a script with an HTTP library, and without our plugin."""
    with requests.Session() as session:
        session.headers.update({"X-Auth-Token": TOKEN, "X-Scope": scope})
        session.trust_env = False
        try:
            result = run(session, stage.url)
        except Exception:  # noqa: BLE001  (whatever the script would have ended with)
            return Seen(False, traceback.format_exc(limit=0))
    return Seen(True, repr(result))


def _account(stage: Stage) -> dict[str, str]:
    return {
        "auth_url": f"{stage.url}/identity",
        "username": "alice",
        "password": PASSWORD,
        "project_name": "demo",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
