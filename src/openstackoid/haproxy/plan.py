"""What HAProxy is to do for one cloud, as data: where to listen, what is asked for, where it goes.

Which service an address is for is asked of the routing itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openstackoid.federation import Cloud, Federation
from openstackoid.federation.model import PUBLIC, Interface, Url
from openstackoid.message import Head, Headers
from openstackoid.routing import route


class PlanError(Exception):
    """Why HAProxy cannot stand in front of a cloud's gateway; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Requests that have one of `hosts` as Host header, and `prefix` before their path.

    They are for one interface of one service, whose backend is `backend`; without one the gateway
    knows what to say.
    """

    service: str
    interface: Interface
    hosts: tuple[str, ...]
    prefix: str
    backend: Url | None

    @property
    def name(self) -> str:
        """The service and, but for the public one, the interface."""
        return self.service if self.interface == PUBLIC else f"{self.service}-{self.interface}"

    @property
    def server(self) -> str:
        """Host and port of the backend."""
        return "" if self.backend is None else _at(self.backend.host, self.backend.port)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of the cloud's frontends, and where HAProxy listens; the longest prefixes first.

    `name` is the host in the certificate. `tls` is what clients speak, `tls_behind` what the
    gateway does at this port.
    """

    port: int
    hosts: tuple[str, ...]
    name: str
    tls: bool
    tls_behind: bool
    entries: tuple[Entry, ...]

    @property
    def by_host(self) -> bool:
        """Whether the host alone tells which entry is meant, whatever the path."""
        return not any(entry.prefix for entry in self.entries)

    @property
    def addresses(self) -> list[str]:
        """Host and port of each."""
        return [_at(host, self.port) for host in self.hosts]


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the cloud's gateway listens, at the same ports; TLS with a certificate for `name`."""

    address: str
    port: int
    tls: bool
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. `services` are those of the federation, `clouds` the names in it."""

    cloud: str
    listeners: tuple[Listener, ...]
    gateways: tuple[Gateway, ...]
    services: frozenset[str]
    clouds: frozenset[str]
    ca: Path | None
    certificate: Path | None

    @property
    def entries(self) -> list[Entry]:
        """Those with a backend, in the order of their names."""
        every = {e.name: e for listener in self.listeners for e in listener.entries if e.backend}
        return [every[name] for name in sorted(every)]


def plan(
    federation: Federation,
    here: str,
    bind: str | None = None,
    certificate: Path | None = None,
) -> Plan:
    """Return the plan for the cloud `here`; raises PlanError.

    HAProxy listens at `bind`, or else at the hosts of the frontends. `certificate` is PEM with the
    certificate and its key, as HAProxy takes them.
    """
    cloud = federation.clouds[here]
    _check(federation, here, bind)
    if certificate is None and cloud.own.certificate == cloud.own.key:
        certificate = cloud.own.certificate
    listeners = tuple(_listeners(federation, here, bind))
    if certificate is None and any(listener.tls for listener in listeners):
        raise PlanError(
            f"{here} has https frontends, and HAProxy takes the certificate and its key in one "
            "file: write one (cat one.pem one.key > haproxy.pem, mode 0600), and give it with "
            "--certificate"
        )
    return Plan(
        here,
        listeners,
        tuple(_gateways(cloud, listeners)),
        federation.services,
        federation.names,
        cloud.own.ca,
        certificate,
    )


def _check(federation: Federation, here: str, bind: str | None) -> None:
    cloud = federation.clouds[here]
    if cloud.bind is None:
        raise PlanError(
            f"the gateway of {here} listens at the frontends itself; give it an address of its "
            f"own (clouds.{here}.bind, such as 127.0.0.2) and reload it, before HAProxy takes "
            "them over"
        )
    if str(cloud.bind) in ([bind] if bind else [f.url.host for f in cloud.addresses]):
        raise PlanError(
            f"clouds.{here}.bind is where HAProxy is to listen; give the gateway an address of its "
            "own, such as 127.0.0.2"
        )
    peers = sorted(n for n, c in federation.clouds.items() if n != here and c.peer is not None)
    if peers and any(f.url.scheme == "https" for f in cloud.addresses):
        raise PlanError(
            f"the gateway of {peers[0]} has to show a certificate (clouds.{peers[0]}.peer), and "
            "HAProxy, where TLS ends, cannot hand it on; let it sign instead: keys in place of peer"
        )


def _listeners(federation: Federation, here: str, bind: str | None) -> Iterator[Listener]:
    cloud = federation.clouds[here]
    for port in sorted({frontend.url.port for frontend in cloud.addresses}):
        urls = [f.url for f in cloud.addresses if f.url.port == port]
        if len({url.scheme for url in urls}) > 1:
            raise PlanError(f"port {port} of {here} cannot be http and https at once; use two")
        hosts = sorted({url.host for url in urls})
        entries = [e for host in hosts for e in _entries(federation, here, urls, host)]
        entries.sort(key=lambda e: len(e.prefix), reverse=True)
        tls = urls[0].scheme == "https"
        behind = tls and cloud.own.certificate is not None
        at = (bind,) if bind else tuple(hosts)
        yield Listener(port, at, hosts[0], tls, behind, tuple(entries))


def _entries(federation: Federation, here: str, urls: list[Url], host: str) -> Iterator[Entry]:
    """Yield what is at one host: at each prefix, the service that the gateway finds there."""
    bare = _bare(host)
    for url in (u for u in dict.fromkeys(urls) if u.host == host):
        decided = route(
            Head("GET", url.path or "/", Headers([("Host", bare)]), url.port), federation, here
        )
        backend = federation.clouds[here].backend(decided.service, decided.interface)
        hosts = (bare, f"{bare}:{url.port}")
        yield Entry(decided.service, decided.interface, hosts, url.path, backend)


def _gateways(cloud: Cloud, listeners: Sequence[Listener]) -> Iterator[Gateway]:
    """Yield the gateway once for its ports with TLS, and once for those without."""
    for tls in (False, True):
        for listener in [one for one in listeners if one.tls_behind == tls][:1]:
            yield Gateway(_bare(str(cloud.bind)), listener.port, tls, listener.name)


def _at(host: str, port: int) -> str:
    return f"{_bare(host)}:{port}"


def _bare(host: str) -> str:
    return f"[{host}]" if ":" in host else host
