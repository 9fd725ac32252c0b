"""Makes the plan of an HAProxy in front of one cloud: listeners, entries, backends, the gateway.

`routing.decide` says which service an address belongs to, so that both agree.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from openstackoid.federation import Cloud, Federation
from openstackoid.federation.model import PUBLIC, Interface, Url
from openstackoid.gateway.listeners import ListenError, listeners_of
from openstackoid.haproxy.certificates import chosen_name, is_verifiable
from openstackoid.message import Head, Headers
from openstackoid.routing import decide


class PlanError(Exception):
    """HAProxy cannot be in front of a cloud's gateway; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The requests for one interface of a service, by Host header and path prefix.

    Without a `backend` they go to the gateway.
    """

    service: str
    interface: Interface
    hosts: tuple[str, ...]
    prefix: str
    backend: Url | None

    @property
    def name(self) -> str:
        """The service, and the interface unless it is public."""
        return self.service if self.interface == PUBLIC else f"{self.service}-{self.interface}"

    @property
    def server(self) -> str:
        """Host and port of the backend, empty without one."""
        return "" if self.backend is None else _at(self.backend.host, self.backend.port)


@dataclass(frozen=True, slots=True)
class Listener:
    """The frontends of one scheme at a port; `entries` have the longest prefixes first.

    HAProxy listens at `hosts`. `tls` is whether clients speak TLS, `tls_behind` whether the gateway
    does at this port. `shared` is whether the other scheme has this port at other addresses.
    """

    port: int
    hosts: tuple[str, ...]
    tls: bool
    tls_behind: bool
    shared: bool
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """A unique name: the port, and for TLS the scheme if both schemes have the port."""
        return f"{self.port}-tls" if self.tls and self.shared else str(self.port)

    @property
    def by_host(self) -> bool:
        """Whether the host alone determines the entry, whatever the path."""
        return not any(entry.prefix for entry in self.entries)

    @property
    def addresses(self) -> list[str]:
        """Host and port of each address where HAProxy listens."""
        return [_at(host, self.port) for host in self.hosts]


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the cloud's gateway listens, with or without TLS.

    `name` is the DNS name by which HAProxy verifies its certificate, None without TLS.
    """

    address: str
    port: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a configuration says. `services` and `clouds` are those of the federation.

    `unverified` are backends that HAProxy leaves to the gateway, because it cannot verify their
    certificates.
    """

    cloud: str
    listeners: tuple[Listener, ...]
    gateways: tuple[Gateway, ...]
    services: frozenset[str]
    clouds: frozenset[str]
    ca: Path | None
    crl: Path | None
    certificate: Path | None
    unverified: tuple[Url, ...]

    @property
    def entries(self) -> list[Entry]:
        """The entries with a backend, sorted by name, each once."""
        every = {e.name: e for listener in self.listeners for e in listener.entries if e.backend}
        return [every[name] for name in sorted(every)]


def plan(
    federation: Federation,
    here: str,
    bind: str | None = None,
    certificate: Path | None = None,
    names: Set[str] = frozenset(),
) -> Plan:
    """Return the plan for the cloud `here`; raises PlanError.

    HAProxy listens at `bind`, or else at the hosts of the frontends. `certificate` is a PEM file
    with the certificate and its key, as HAProxy needs it. `names` are the DNS names in the
    gateway's certificate, empty if they are not known.
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
    # Absolute, because HAProxy may be started in another directory.
    return Plan(
        here,
        listeners,
        tuple(_gateways(cloud, here, listeners, names)),
        federation.services,
        federation.names,
        cloud.own.ca and cloud.own.ca.absolute(),
        cloud.own.crl and cloud.own.crl.absolute(),
        certificate and certificate.absolute(),
        tuple(_unverified(cloud)),
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
    try:
        behind = {listener.port for listener in listeners_of(cloud, {}) if listener.tls}
    except ListenError as error:
        raise PlanError(f"the gateway of {here} cannot listen behind HAProxy: {error}") from error
    distinct = dict.fromkeys(f.url for f in cloud.addresses)
    every = sorted(distinct, key=lambda u: (u.port, u.scheme))
    schemes = {u.port: {other.scheme for other in every if other.port == u.port} for u in every}
    taken: dict[str, str] = {}
    for (port, scheme), group in groupby(every, key=lambda u: (u.port, u.scheme)):
        urls = list(group)
        hosts = sorted({url.host for url in urls})
        entries = [e for host in hosts for e in _entries(federation, here, urls, host)]
        entries.sort(key=lambda e: len(e.prefix), reverse=True)
        listener = Listener(
            port,
            (bind,) if bind else tuple(hosts),
            scheme == "https",
            port in behind,
            len(schemes[port]) > 1,
            tuple(entries),
        )
        for address in listener.addresses:
            if taken.setdefault(address, scheme) != scheme:
                advice = "leave --bind out" if bind else "use two addresses"
                raise PlanError(
                    f"{address} of {here} cannot be http and https at once; {advice}, or two ports"
                )
        yield listener


def _entries(federation: Federation, here: str, urls: list[Url], host: str) -> Iterator[Entry]:
    """Yield an entry for each prefix at a host, with the service that `routing.decide` finds."""
    bare = _bare(host)
    for url in (u for u in dict.fromkeys(urls) if u.host == host):
        host_header = Headers([("Host", bare)])
        head = Head("GET", url.path or "/", host_header, url.port, scheme=url.scheme)
        route = decide(head, federation, here)
        backend = federation.clouds[here].backend(route.service, route.interface)
        if backend is not None and not is_verifiable(backend):
            backend = None
        hosts = (bare, f"{bare}:{url.port}")
        yield Entry(route.service, route.interface, hosts, url.path, backend)


def _gateways(
    cloud: Cloud, here: str, listeners: Sequence[Listener], names: Set[str]
) -> Iterator[Gateway]:
    """Yield the gateway once for its ports without TLS, and once for those with TLS."""
    for tls in (False, True):
        for listener in [one for one in listeners if one.tls_behind == tls][:1]:
            name = _name(cloud, here, names) if tls else None
            yield Gateway(_bare(str(cloud.bind)), listener.port, name)


def _name(cloud: Cloud, here: str, names: Set[str]) -> str:
    """Return the DNS name by which HAProxy verifies the gateway; raises PlanError without one."""
    hosts = {f.url.host for f in cloud.addresses if f.url.scheme == "https"}
    if (name := chosen_name(hosts, names)) is not None:
        return name
    raise PlanError(
        "HAProxy verifies no IP address in a certificate, and the https frontends of "
        f"{here} have no other host: let {cloud.own.certificate} have a DNS name, too, such as "
        f"gateway.{here.lower()}.example (nobody has to look it up), and run this where it can be "
        "read"
    )


def _unverified(cloud: Cloud) -> Iterator[Url]:
    every = {url for endpoints in cloud.backends.values() for url in endpoints.values()}
    yield from sorted((url for url in every if not is_verifiable(url)), key=str)


def _at(host: str, port: int) -> str:
    return f"{_bare(host)}:{port}"


def _bare(host: str) -> str:
    return f"[{host}]" if ":" in host else host
