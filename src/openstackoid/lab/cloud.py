"""The addresses and file names of one cloud of a lab; nothing is read or written here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network
from pathlib import Path

from openstackoid.lab import addresses
from openstackoid.lab.errors import LabError
from openstackoid.lab.services import GATEWAY, LINKS, Service, chosen

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TAKEN = {"lab.yaml", "clouds.yaml", "links.yaml"}


def check_name(name: str) -> str:
    """Return a name for a cloud; raises LabError if it is not valid."""
    if not _NAME.fullmatch(name):
        raise LabError(f"{name!r} is no name for a cloud: write letters, digits, . _ and - only")
    if name in _TAKEN or name.endswith(("-admin", ".part")):
        raise LabError(
            f"a cloud cannot be called {name}: the lab has a file or a login of that name"
        )
    return name


@dataclass(frozen=True)
class LabCloud:
    """A cloud as the lab stores it.

    `directory` has the cloud's files, `index` counts from 1, `extra` has the types of its optional
    services, `front` is the process that listens at its frontends.
    """

    name: str
    index: int
    network: IPv4Network
    directory: Path
    extra: tuple[str, ...] = ()
    front: str = GATEWAY

    @property
    def address(self) -> str:
        """The IP address of all its services."""
        return addresses.host(self.network, self.index)

    @property
    def gateway(self) -> str:
        """The IP address of its gateway; behind HAProxy that of the unused link to itself."""
        if self.front == GATEWAY:
            return self.address
        return addresses.link(self.network, self.index, self.index)

    @property
    def region(self) -> str:
        """The region of its endpoints; each cloud has its own, as independent clouds do."""
        return f"Region{self.index}"

    @property
    def services(self) -> tuple[Service, ...]:
        """Its OpenStack services."""
        return tuple(chosen(self.extra))

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of its processes: its fronts, the links, and the type of every service."""
        return (*self.fronts, LINKS, *(s.type for s in self.services))

    @property
    def fronts(self) -> tuple[str, ...]:
        """The processes that a request from outside passes through."""
        return tuple(dict.fromkeys((GATEWAY, self.front)))

    @cached_property
    def frontends(self) -> dict[str, str]:
        """The URL of the frontend, by service type."""
        return self.serving(self.services)

    def serving(self, services: Iterable[Service]) -> dict[str, str]:
        """Return, by service type, the URL of a frontend for each of these services."""
        return addresses.frontends(self.address, self.index, services)

    @cached_property
    def backends(self) -> dict[str, str]:
        """The URL of the backend, by service type."""
        return addresses.backends(self.address, self.index, self.services)

    @property
    def hypervisor(self) -> str:
        """The host name of its only compute host."""
        return f"{self.name.lower()}-compute"

    @property
    def federation(self) -> Path:
        """The federation file of its gateway."""
        return self.directory / "federation.yaml"

    @property
    def haproxy(self) -> Path:
        """The configuration of its HAProxy."""
        return self.directory / "haproxy.cfg"

    @property
    def passwords(self) -> Path:
        """The passwords of its users, by user name."""
        return self.directory / "passwords.yaml"

    @property
    def account(self) -> Path:
        """The service account of its gateway, which looks up projects in its Keystone."""
        return self.directory / "account.yaml"

    @property
    def keys(self) -> Path:
        """The private keys of its gateway."""
        return self.directory / "keys.json"

    @property
    def databases(self) -> Path:
        """The directory of its SQLite files."""
        return self.directory / "db"

    @property
    def instances(self) -> Path:
        """A directory per server id, with the downloaded `disk` and its `disk.sha512`."""
        return self.directory / "instances"

    @property
    def run(self) -> Path:
        """The directory with the records and ready files of its running processes."""
        return self.directory / "run"

    @property
    def identity_ready(self) -> Path:
        """Exists once the service users do, so that services may request tokens."""
        return self.run / "users.ready"

    @property
    def seeded(self) -> Path:
        """Lists the services whose users, endpoints and contents have been made."""
        return self.directory / "seeded.yaml"

    def log(self, process: str) -> Path:
        """Return the log file of a process."""
        return self.directory / "log" / f"{process}.log"

    def ready(self, process: str) -> Path:
        """Return the ready file of a process, which exists once it serves requests."""
        return self.run / f"{process}.ready"

    def config(self, service: str) -> Path:
        """Return the directory with the configuration of a service."""
        return self.directory / "etc" / service

    def database(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"sqlite:///{self.databases / name}.sqlite"
