"""Starts, finds, reloads and ends the processes of a lab, and never anybody else's."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from openstackoid.gateway.settings import DRAIN_TIMEOUT
from openstackoid.lab import environment, files
from openstackoid.lab.cloud import LabCloud
from openstackoid.lab.errors import LabError
from openstackoid.lab.links.plan import plan
from openstackoid.lab.services import FRONTS, GATEWAY, HAPROXY, LINKS, SERVICES

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_SAME_TIME = 0.5  # seconds
_PATIENCE = 10  # seconds a process has to end by itself
_KILLED = 10  # seconds to wait for a process after SIGKILL
_DRAIN = DRAIN_TIMEOUT + 20  # seconds a gateway has to end by itself


def command(cloud: LabCloud, process: str) -> list[str]:
    """Return the command line of a process of a cloud."""
    if process == GATEWAY:
        script = str(environment.script("openstackoid"))
        its = ["--federation", str(cloud.federation), "--cloud", cloud.name]
        return [sys.executable, script, "gateway", *its]
    if process == HAPROXY:
        return [haproxy(), "-W", "-f", str(cloud.haproxy)]
    if process == LINKS:
        return [sys.executable, "-P", "-m", "openstackoid.lab.links", str(cloud.directory)]
    module = ["-P", "-m", "openstackoid.lab.serve"]
    return [sys.executable, *module, process, str(cloud.directory)]


def start(cloud: LabCloud, process: str) -> psutil.Process:
    """Start a process of a cloud; its output is appended to its log."""
    temporary = cloud.directory / "tmp"
    for directory in (cloud.run, cloud.log(process).parent, temporary):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for service in (s.type for s in cloud.services if s.type == process):
        (cloud.directory / "state" / service).mkdir(parents=True, exist_ok=True)
    cloud.ready(process).unlink(missing_ok=True)
    argv = command(cloud, process)
    log = (os.POSIX_SPAWN_OPEN, 1, cloud.log(process), _APPEND, 0o600)
    # Not subprocess, which expects its process to be waited for: this one outlives us.
    pid = os.posix_spawn(
        argv[0],
        argv,
        environment.child(TMPDIR=str(temporary)),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            log,
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    started = psutil.Process(pid)
    _remember(cloud, process, started)
    return started


def find(cloud: LabCloud, process: str) -> psutil.Process | None:
    """Return a process of a cloud if it runs, else None.

    The time of creation distinguishes it from a later process with the same id.
    """
    try:
        known = json.loads(_record(cloud, process).read_text())
        found = psutil.Process(known["pid"])
        alive = found.status() != psutil.STATUS_ZOMBIE
        same = abs(found.create_time() - known["created"]) < _SAME_TIME
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return found if alive and same else None


def find_lost(clouds: Iterable[LabCloud]) -> None:
    """Record running processes without a record: the command that started them was killed.

    They are found by their command lines.
    """
    # Neutron sets a process title: its command line as one string.
    wanted = {
        " ".join(command(c, p)): (c, p) for c in clouds for p in c.processes if not find(c, p)
    }
    for candidate in psutil.process_iter(["cmdline"]):
        if match := wanted.get(" ".join(candidate.info["cmdline"] or []).rstrip()):
            _remember(*match, candidate)


def end(named: Iterable[tuple[LabCloud, str]]) -> None:
    """End those of the named processes that run; gateways first complete requests under way."""
    found = [(process, name) for cloud, name in named if (process := find(cloud, name))]
    stop(
        [process for process, name in found if name != GATEWAY],
        [process for process, name in found if name == GATEWAY],
    )


def stop(processes: Collection[psutil.Process], gateways: Collection[psutil.Process] = ()) -> None:
    """Terminate these processes, and kill those that do not end in time."""
    for process in (*processes, *gateways):
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    late = time.monotonic() + _DRAIN
    _kill_after(_PATIENCE, processes)
    _kill_after(max(0, late - time.monotonic()), gateways)


def _kill_after(seconds: float, processes: Collection[psutil.Process]) -> None:
    _, left = psutil.wait_procs(processes, timeout=seconds)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=_KILLED)


def reload(cloud: LabCloud, gateway: psutil.Process) -> None:
    """Reload the federation file of a gateway; a gateway that does not listen yet is ended."""
    if any(map(accepts, _of_gateway(cloud, cloud.frontends))):
        gateway.send_signal(signal.SIGHUP)
    else:
        stop([gateway])


def reload_haproxy(cloud: LabCloud, master: psutil.Process) -> None:
    """Reload the configuration of HAProxy; an HAProxy that does not listen yet is ended."""
    if listening(cloud):
        master.send_signal(signal.SIGUSR2)
    else:
        stop([master])


def follow_links(cloud: LabCloud, links: psutil.Process, wanted: str) -> bool:
    """Return whether a links process has applied a plan; reload the process if it has not."""
    ready = cloud.ready(LINKS)
    if not ready.exists():
        return False  # it is being started, and would not survive a signal
    if ready.read_text() == wanted:
        return True
    with suppress(psutil.NoSuchProcess):
        links.send_signal(signal.SIGHUP)
    return False


def accepts(address: tuple[str, int]) -> bool:
    """Return whether a process listens at host and port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


def listening(cloud: LabCloud) -> bool:
    """Return whether all frontends of a cloud accept connections."""
    return all(accepts(address) for address in addresses(cloud.frontends.values()))


def is_ready(cloud: LabCloud, process: str) -> bool:
    """Return whether a running process serves requests."""
    if process == GATEWAY:
        return all(map(accepts, _of_gateway(cloud, cloud.frontends)))
    if process != HAPROXY:
        return cloud.ready(process).exists()
    return listening(cloud) and (find(cloud, GATEWAY) is None or _reaches_gateway(cloud))


def _reaches_gateway(cloud: LabCloud) -> bool:
    """Return whether HAProxy hands requests to the gateway, which its health check decides."""
    host, port = min(addresses(cloud.frontends.values()))
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/", headers={"X-Scope": "?"})  # the gateway's to refuse
        return connection.getresponse().status != HTTPStatus.SERVICE_UNAVAILABLE
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def addresses(urls: Iterable[str]) -> set[tuple[str, int]]:
    """Return host and port of each URL."""
    parts = [urlsplit(url) for url in urls]
    return {(str(url.hostname), url.port or 80) for url in parts}


def check_ports(clouds: Collection[LabCloud], known: Collection[LabCloud]) -> None:
    """Raise LabError if another program listens at an address that these clouds need.

    That includes the links: from these clouds to all `known` clouds of the lab, and from clouds
    that run to these.
    """
    linked = [cloud for cloud in known if cloud in clouds or find(cloud, LINKS)]
    names = [(c, name) for c in linked for name in {*c.processes, *FRONTS}]  # also a former front
    found = [p for c, name in names if (p := find(c, name))]
    ours = {p.pid for one in found for p in (one, *one.children(recursive=True))}
    wanted = {
        address
        for cloud in clouds
        for address in (
            addresses([*cloud.serving(SERVICES).values(), *cloud.backends.values()])
            | _of_gateway(cloud, cloud.serving(SERVICES))
        )
    } | {(link.listen, link.port) for cloud in linked for link in plan(cloud, known, {})}
    taken = [
        f"{host}:{port} is taken by {_described(holder)}"
        for host, port, holder in listeners()
        if holder not in ours and _clash((host, port), wanted)
    ]
    if taken:
        raise LabError(
            "\n".join(sorted(taken)) + "\nEnd it, or give the lab other addresses: "
            "openstackoid lab up --dir DIR --network 127.77.0.0/16"
            "\nThe demo goes on there by: OPENSTACKOID_LAB=DIR scripts/demo"
        )


def listeners() -> Iterator[tuple[str, int, int | None]]:
    """Yield host, port and process id (None if hidden) of every TCP listener on this machine."""
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.status == psutil.CONN_LISTEN:
            yield connection.laddr.ip, connection.laddr.port, connection.pid


def _of_gateway(cloud: LabCloud, frontends: Mapping[str, str]) -> set[tuple[str, int]]:
    """Return the addresses at which a cloud's gateway listens for these frontends."""
    return {(cloud.gateway, port) for _, port in addresses(frontends.values())}


def haproxy() -> str:
    """Return the path of HAProxy; raises LabError if it is not installed."""
    from openstackoid.haproxy.checking import MissingError, executable  # takes a while

    try:
        return executable()
    except MissingError as error:
        raise LabError(str(error)) from error


def _clash(listener: tuple[str, int], wanted: Collection[tuple[str, int]]) -> bool:
    host, port = listener
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return any(port == other for _, other in wanted)
    return listener in wanted


def _described(pid: int | None) -> str:
    if pid is None:
        return "a process of another user"
    try:
        process = psutil.Process(pid)
        return f"process {pid} ({process.name()}) of {process.username()}"
    except psutil.NoSuchProcess:
        return f"process {pid}"


def _record(cloud: LabCloud, process: str) -> Path:
    return cloud.run / f"{process}.json"


def _remember(cloud: LabCloud, process: str, started: psutil.Process) -> None:
    known = {"pid": started.pid, "created": started.create_time()}
    files.write(_record(cloud, process), json.dumps(known))
