"""Checks a configuration with HAProxy itself, and for faults that HAProxy does not report."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from openstackoid.federation.own import Own
from openstackoid.gateway.admission.tls import TlsError
from openstackoid.haproxy import certificates
from openstackoid.haproxy.configuration import GLOBAL
from openstackoid.haproxy.plan import Plan


class MissingError(Exception):
    """HAProxy is not installed; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "there is no haproxy on the PATH; install it: apt-get install haproxy (2.6 or later)"
        )


def executable() -> str:
    """Return the path of HAProxy; raises MissingError."""
    found = shutil.which("haproxy", path=_path())
    if found is None:
        raise MissingError
    return found


def faults(configuration: str, *, fragment: bool) -> str:
    """Return the errors that HAProxy reports for a configuration, empty if it accepts it.

    A fragment is checked with a minimal `global` section. Raises MissingError.
    """
    with TemporaryDirectory(prefix="openstackoid-") as directory:
        base, file = Path(directory, "base.cfg"), Path(directory, "haproxy.cfg")
        base.write_text("\n    ".join(["global", *GLOBAL]) + "\n", encoding="utf-8")
        file.write_text(configuration, encoding="utf-8")
        files = ["-f", str(base)] if fragment else []
        done = subprocess.run(  # noqa: S603
            [executable(), "-c", *files, "-f", str(file)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return ""
        said = [line for line in done.stderr.splitlines() if not line.startswith("[NOTICE]")]
        return "\n".join(said).replace(f"{directory}/", "") or f"exit {done.returncode}"


def unseen_faults(plan: Plan, own: Own) -> Iterator[str]:
    """Yield faults that HAProxy does not report, but that break requests."""
    yield from _two_schemes(plan)
    if any(gateway.name for gateway in plan.gateways):
        try:
            fault = certificates.fault(own)
        except TlsError as error:
            yield f"the certificate of the gateway is not checked: {error}"
        else:
            if fault is not None:
                yield (
                    f"HAProxy would not accept the certificate of the gateway, {own.certificate}: "
                    f"{fault}; it has to be by an authority in own.ca, or, without own.ca, by one "
                    "of the system's"
                )


def _two_schemes(plan: Plan) -> Iterator[str]:
    """Yield each host name with an address and port that http and https frontends would share."""
    schemes: dict[tuple[str, int], str] = {}
    for listener in plan.listeners:
        scheme = "https" if listener.tls else "http"
        for host in listener.hosts:
            for address in _addresses(host):
                if schemes.setdefault((address, listener.port), scheme) != scheme:
                    yield (
                        f"{host} is {address}, where port {listener.port} cannot be http and https "
                        "at once; use two addresses, or two ports"
                    )


def _addresses(host: str) -> set[str]:
    """Return the IP addresses of a host, none if it is unknown (HAProxy reports that itself)."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return set()
    return {str(address[0]) for *_, address in found}


def _path() -> str:
    """Return the PATH with the directories of system daemons, which a user's PATH may lack."""
    return os.pathsep.join([os.environ.get("PATH") or os.defpath, "/usr/local/sbin", "/usr/sbin"])
