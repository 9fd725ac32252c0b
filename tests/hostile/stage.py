"""A cloud with its real front, whose federation has a hostile cloud and an honest one.

The services of all three are played; the gateway of home is the real program, its workers and all,
alone or behind HAProxy with the rendered plan.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from client.fake import SERVICES, VERSIONS, Fake, Request
from gateway.ports import free_ports

from openstackoid.haproxy.checking import executable
from openstackoid.identity.keys import make, write

HOME, EVIL, FRIEND = "Home", "Evil", "Friend"
BASES = {service: "/" + path.split("/")[1] for service, path in SERVICES.items()}
"""Each service's prefix in every cloud: so a path with enough `..` leads to any other service."""

PASSWORD = "s3cret-pw"
SECONDS = 2
"""What the gateway waits for the next byte, a connection and the other clouds of a read."""

_NET = f"127.{100 + os.getpid() // 250 % 100}.{os.getpid() % 250}"  # no other process's
_COMMAND = [str(Path(sys.executable).with_name("openstackoid"))]
_WAITING = 90
"""Seconds for a process to listen or to end, on a machine that is busy."""


@dataclass
class Stage:
    """What runs: `url` is where clients of home go; each cloud writes down what its services get.

    `keys` is the file with the private keys of Evil's gateway.
    """

    front: str
    url: str
    home: Fake
    evil: Fake
    friend: Fake
    keys: Path
    log: Path

    def clear(self) -> None:
        """Forget what was recorded, and answered."""
        for cloud in (self.home, self.evil, self.friend):
            cloud.clear()

    def reached(self) -> list[Request]:
        """Return what home's services and the honest cloud got, but for logins and discovery."""
        return [
            request
            for cloud in (self.home, self.friend)
            for request in cloud.requests
            if not _is_harmless(request)
        ]


def _is_harmless(request: Request) -> bool:
    path = request.path.partition("?")[0].rstrip("/")
    if path == "/identity/v3/auth/tokens":
        return request.method in {"POST", "GET"}
    return request.method in {"GET", "HEAD"} and path in {*VERSIONS, *BASES.values()}


@contextmanager
def staged(front: str, directory: Path) -> Iterator[Stage]:
    """Run all of it until the context ends; `front` is "gateway" or "haproxy"."""
    with ExitStack() as stack:
        home, evil, friend = (stack.enter_context(_playing()) for _ in range(3))
        (port,) = free_ports(1)
        host, behind = f"{_NET}.2", f"{_NET}.3"
        home.url, backends = f"http://{host}:{port}", home.url
        keys = {name: make() for name in (HOME, EVIL)}
        write(keys[HOME], directory / "keys.json")
        write(keys[EVIL], directory / "evil.json")
        (directory / "account.json").write_text('{"username": "gateway", "password": "g"}')
        (directory / "account.json").chmod(0o600)
        entries: dict[str, dict[str, Any]] = {
            HOME: {
                "frontends": _at(home.url),
                "backends": _at(backends),
                "bind": behind if front == "haproxy" else host,
                "keys": keys[HOME].public.model_dump(),
                "own": {
                    "keys": "keys.json",
                    "account": "account.json",
                    "proxies": ["127.0.0.1"],
                    "allow": ["127.0.0.0/8"],
                },
                "trust": {
                    EVIL: {"projects": "same-name", "roles": {"member": "member"}, "tokens": True}
                },
            },
            EVIL: {
                "frontends": _at(evil.url),
                "keys": keys[EVIL].public.model_dump(),
                "insecure": True,
            },
            FRIEND: {"frontends": _at(friend.url), "insecure": True},
        }
        file = directory / "federation.yaml"
        file.write_text(json.dumps({"clouds": entries}))  # JSON is YAML
        log = directory / "gateway.log"
        waits = [f"--{what}={SECONDS}" for what in ("connect-timeout", "idle-timeout", "patience")]
        common = ["--federation", str(file), "--cloud", HOME]
        stack.enter_context(_running([*_COMMAND, "gateway", *common, *waits], log))
        _listening(str(entries[HOME]["bind"]), port)
        if front == "haproxy":
            configuration = directory / "haproxy.cfg"
            render = [*_COMMAND, "haproxy", "render", *common, "--bind", host]
            render += ["--socket", str(directory / "socket"), "--out", str(configuration)]
            subprocess.run(render, check=True, capture_output=True)
            run = [str(executable()), "-W", "-f", str(configuration)]
            stack.enter_context(_running(run, directory / "haproxy.log"))
        _listening(host, port)
        yield Stage(front, home.url, home, evil, friend, directory / "evil.json", log)


@contextmanager
def _playing() -> Iterator[Fake]:
    server = Fake()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_WAITING)
        except subprocess.TimeoutExpired:  # it has hung requests, and one signal more cuts them
            process.kill()
            process.wait()


def _listening(host: str, port: int) -> None:
    end = time.monotonic() + _WAITING
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _at(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {s: f"{parts.scheme}://{parts.netloc}{base}" for s, base in BASES.items()}
