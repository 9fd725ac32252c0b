"""One cloud of a lab: its addresses and its files, without touching either."""

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
    """Return the name of a cloud; raises LabError if a cloud cannot be called so."""
    if not _NAME.fullmatch(name):
        raise LabError(f"{name!r} is no name for a cloud: write letters, digits, . _ and - only")
    if name in _TAKEN or name.endswith(("-admin", ".part")):
        raise LabError(
            f"a cloud cannot be called {name}: the lab has a file or a login of that name"
        )
    return name


@dataclass(frozen=True)
class LabCloud:
    """A cloud as the lab remembers it.

    `directory` is the cloud's own, `index` counts from 1, `extra` names its optional services,
    `front` the process that has the addresses of its frontends.
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
        """The IP address of its gateway; behind HAProxy, where a link to itself would begin."""
        if self.front == GATEWAY:
            return self.address
        return addresses.link(self.network, self.index, self.index)

    @property
    def region(self) -> str:
        """The region of its endpoints: independent clouds do not agree on names."""
        return f"Region{self.index}"

    @property
    def services(self) -> tuple[Service, ...]:
        """What it is made of, the gateway aside."""
        return tuple(chosen(self.extra))

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of its processes: the gateway's, the links', and the type of every service."""
        return (*self.fronts, LINKS, *(s.type for s in self.services))

    @property
    def fronts(self) -> tuple[str, ...]:
        """The processes that a request from outside passes."""
        return tuple(dict.fromkeys((GATEWAY, self.front)))

    @cached_property
    def frontends(self) -> dict[str, str]:
        """By service type, the URL everyone knows."""
        return self.serving(self.services)

    def serving(self, services: Iterable[Service]) -> dict[str, str]:
        """Return, by service type, the URL at which its gateway takes requests for these."""
        return addresses.frontends(self.address, self.index, services)

    @cached_property
    def backends(self) -> dict[str, str]:
        """By service type, the URL where the service listens."""
        return addresses.backends(self.address, self.index, self.services)

    @property
    def hypervisor(self) -> str:
        """The host name of its only compute host."""
        return f"{self.name.lower()}-compute"

    @property
    def federation(self) -> Path:
        """The file its gateway reads."""
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
        """By what its gateway looks up projects in its Keystone."""
        return self.directory / "account.yaml"

    @property
    def keys(self) -> Path:
        """The keys by which its gateway is known to the others."""
        return self.directory / "keys.json"

    @property
    def databases(self) -> Path:
        """Its SQLite files."""
        return self.directory / "db"

    @property
    def instances(self) -> Path:
        """A directory per server id, with `disk` as downloaded and `disk.sha512` of it."""
        return self.directory / "instances"

    @property
    def run(self) -> Path:
        """What is known of its processes while they run."""
        return self.directory / "run"

    @property
    def identity_ready(self) -> Path:
        """Exists as soon as the service users do, and the services may look for one another."""
        return self.run / "users.ready"

    @property
    def seeded(self) -> Path:
        """Lists the services whose users, endpoints and contents have been made."""
        return self.directory / "seeded.yaml"

    def log(self, process: str) -> Path:
        """Return the log of a process."""
        return self.directory / "log" / f"{process}.log"

    def ready(self, process: str) -> Path:
        """Return the file a process makes once it serves requests."""
        return self.run / f"{process}.ready"

    def config(self, service: str) -> Path:
        """Return the directory with the configuration of a service."""
        return self.directory / "etc" / service

    def database(self, name: str) -> str:
        """Return the URL of a database, as SQLAlchemy has it."""
        return f"sqlite:///{self.databases / name}.sqlite"
