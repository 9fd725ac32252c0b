"""Runs `openstack` commands, each in a process of its own, without importing it each time.

Reads one JSON object per line: {"argv": […], "env": {…}, "plugin": true, "stdin": "", "typed": [],
"patience": null, "seconds": 0}; writes one per line: {"code": 0, "out": "…", "err": "…",
"asked": "…"}. With something `typed`, stdin is a terminal, and each is typed after one more
question, which ends in a colon or a bracket. `seconds` end a command that has not ended, if not 0.
Forked, because osc-lib caches clients on a class and sets up logging for the whole process: two
commands in one process would see each other.
"""

import contextlib
import fcntl
import gc
import io
import json
import logging
import os
import signal
import sys
import tempfile
import termios
import warnings
from typing import Any

warnings.simplefilter("ignore")

from openstackclient import shell  # noqa: E402
from openstackclient.common import clientmanager  # noqa: E402

import openstackoid.client.composite.run  # noqa: E402, F401
from openstackoid.operators import rules  # noqa: E402


def run(
    argv: list[str], env: dict[str, str], *, plugin: bool, patience: float | None = None
) -> int:
    """Run `openstack`, with or without our plugin, and return its exit code."""
    if patience is not None:
        rules.PATIENCE = patience
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["openstack", *argv]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (the buffer is the parent's)
    if not plugin:
        modules = [m for m in clientmanager.PLUGIN_MODULES if m.API_NAME != "oid"]
        clientmanager.PLUGIN_MODULES[:] = modules
    try:
        return shell.main(argv)
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1


def forked(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job in a child and return what it left."""
    with (
        tempfile.TemporaryFile() as in_,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        in_.write(job["stdin"].encode())
        in_.seek(0)
        sys.stdout.flush()
        master, terminal = os.openpty()
        pid = os.fork()
        if pid == 0:
            if job["typed"]:
                os.setsid()
                fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
            os.dup2(terminal if job["typed"] else in_.fileno(), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            signal.alarm(job["seconds"])  # which ends the child; 0 is no alarm
            code = 1
            try:
                code = run(job["argv"], job["env"], plugin=job["plugin"], patience=job["patience"])
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        asked = type_at(master, job["typed"])
        _, status = os.waitpid(pid, 0)
        os.close(master)
        os.close(terminal)
        out.seek(0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return {
            "code": code,
            "out": out.read().decode(),
            "err": err.read().decode(),
            "asked": asked,
        }


def type_at(master: int, answers: list[str]) -> str:
    """Answer one question after another at a terminal; return what was asked."""
    asked = ""
    for answer in answers:
        before = len(asked)
        while not asked[before:].rstrip().endswith((":", "]")):
            asked += os.read(master, 1000).decode()
        os.write(master, f"{answer}\n".encode())
    return asked


with contextlib.redirect_stdout(io.StringIO()):
    every = clientmanager.PLUGIN_MODULES[:]
    # Imports every plugin, and asks no cloud. Ours would change cliff's classes for all children.
    run(["command", "list"], dict(os.environ), plugin=False)
    clientmanager.PLUGIN_MODULES[:] = every
logging.getLogger().handlers.clear()
gc.freeze()  # the children need not look through what they share

# Whoever runs the tests in the background may have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

for line in sys.stdin:
    print(json.dumps(forked(json.loads(line))), flush=True)  # noqa: T201
