"""The pydantic models of a federation file: Federation, Cloud, Url (docs/reference/federation.md).

The models check that their parts fit together.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv6Address
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    IPvAnyAddress,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from openstackoid.federation.base import CloudName, Misfit, MisfitError, Model, Text
from openstackoid.federation.own import Own, Pairs
from openstackoid.federation.trust import Trust
from openstackoid.scope.errors import nearest, printable
from openstackoid.services import service_type

Interface: TypeAlias = Literal["public", "internal", "admin"]
PUBLIC: Interface = "public"

DEFAULT_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "http://192.0.2.1:8774/compute"
_HOST = re.compile(r"(?=.{1,253}$)(?!.*\.\.)[a-z0-9_]([a-z0-9._-]*[a-z0-9])?")
_LONG_LABEL = re.compile(r"[^.]{64}")
"""A label of 64 characters or more (RFC 1035, 2.3.4): for these a lookup raises UnicodeError."""
_PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)*")
_VERSION = re.compile(r"/v\d+(\.\d+)?(?=/|$)")


def host_of(netloc: str) -> str:
    """Return the host of `host` or `host:port`, normalised for comparison; raises ValueError.

    It is in lower case and without the final dot of a DNS name (RFC 1034, section 3.1).
    """
    parts = urlsplit(f"//{netloc}")
    name = (parts.hostname or "").removesuffix(".")
    if ":" in name and "%" not in name:
        return str(IPv6Address(name))
    if (
        not _HOST.fullmatch(name)
        or _LONG_LABEL.search(name)
        or parts.netloc != netloc
        or "@" in netloc
    ):
        raise ValueError(f'"{name}" is no host')
    return name


@dataclass(frozen=True)
class Url:
    """The address of an API without its version: scheme, host, port and path prefix."""

    scheme: str
    host: str
    port: int
    path: str
    """The prefix: empty, or with a slash at the beginning and none at the end."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"

    @cached_property
    def netloc(self) -> str:
        """Host and port as in a Host header: without the port if it is the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: object) -> "Url":
        """Parse an address; raises ValueError, which says what to write instead."""
        if isinstance(text, cls):
            return text
        text = str(text)
        shown = printable(text)  # pydantic fails on messages that can't be encoded
        if "@" in text:
            raise ValueError("a URL must not hold a user or a password")
        if "?" in text or "#" in text:
            raise ValueError(f'"{shown}" must end with its path; remove "?" or "#" and the rest')
        try:
            parts = urlsplit(text)
            host, port = host_of(parts.netloc), parts.port
        except ValueError as error:
            reason = printable(str(error))
            raise ValueError(f'"{shown}" must be a URL like {_EXAMPLE} ({reason})') from error
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError(f'"{shown}" is neither http nor https; write a URL like {_EXAMPLE}')
        if port == 0 or not text.isprintable():
            raise ValueError(f'"{shown}" must be a URL like {_EXAMPLE}')
        if version := _VERSION.search(parts.path):
            raise ValueError(
                f'"{text}" has an API version; write the address without it, '
                f"{parts.scheme}://{parts.netloc}{parts.path[: version.start()]}"
            )
        path = parts.path.rstrip("/")
        if not _PATH.fullmatch(path):
            raise ValueError(f'"{text}" must have a plain path: letters, digits and "._~-"')
        return cls(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], path)

    def rest(self, path: str) -> str | None:
        """Return what follows the prefix of this address in a path, None if the path lacks it."""
        length = len(self.path)
        if path.startswith(self.path) and path[length : length + 1] in {"", "/", "?"}:
            return path[length:]
        return None


def official(name: object) -> object:
    """Return the official service type of a name; an unknown name (a custom service) stays."""
    return (service_type(name) or name) if isinstance(name, str) else name


def _named_once(mapping: object) -> object:
    """Refuse two names of one service; keys stay as they are written, for messages."""
    names: dict[object, object] = {}
    for name in mapping if isinstance(mapping, Mapping) else ():
        service = official(name)
        if service in names:
            message = f'"{names[service]}" and "{name}" are the same service, {service}'
            raise MisfitError([((str(name),), f"{message}; keep one of them")])
        names[service] = name
    return mapping


def _text(value: object) -> object:
    """Refuse numbers, which pydantic would read as IP addresses."""
    if isinstance(value, int):
        # pydantic expects ValueError, not TypeError.
        raise ValueError("must be an IP address in quotes")  # noqa: TRY004
    return value


def _by_interface(value: object) -> object:
    """Read a plain URL as the address of the public interface."""
    return {PUBLIC: value} if isinstance(value, str) else value


SERVICE_NAME = r"^[a-z][a-z0-9-]{0,63}$"

ServiceType = Annotated[str, StringConstraints(pattern=SERVICE_NAME), BeforeValidator(official)]
Address = Annotated[Url, BeforeValidator(Url.parse)]


def _has_public(endpoints: dict[Interface, Url]) -> dict[Interface, Url]:
    if PUBLIC not in endpoints:
        raise ValueError("the public interface is missing; other clouds come in by it")
    return endpoints


Endpoints = Annotated[
    dict[Interface, Address], BeforeValidator(_by_interface), AfterValidator(_has_public)
]


@dataclass(frozen=True, slots=True)
class Frontend:
    """One frontend: the address that everyone knows of an interface of a cloud's service."""

    service: str
    interface: Interface
    url: Url


class Cloud(Model):
    """One cloud: its frontends, which everyone knows, and its backends, which only it knows."""

    frontends: Annotated[
        dict[ServiceType, Endpoints], BeforeValidator(_named_once), Field(min_length=1)
    ]
    backends: Annotated[
        dict[ServiceType, Endpoints], BeforeValidator(_named_once), Field(default_factory=dict)
    ]
    region: Text | None = None
    """The region of its endpoints in its own catalog."""
    bind: Annotated[IPvAnyAddress, BeforeValidator(_text)] | None = None
    """The IP address at which the gateway listens; None for the hosts of the frontends."""
    connect: Annotated[IPvAnyAddress, BeforeValidator(_text)] | None = None
    """The IP address to which gateways of other clouds connect (through a VPN, say).

    None for the hosts of the frontends. Port, Host and the name in the certificate stay those of
    the frontend.
    """
    gateway: bool = True
    """Whether a gateway is in front of it; a cloud without one (a public cloud) gets no scope."""
    keys: Pairs = ()
    """The public keys of its gateway; a gateway with keys signs its crossings with one pair."""
    peer: Text | None = None
    """The DNS name in the client certificate that its gateway must show to other gateways."""
    insecure: bool = False
    """Whether others send to it by http, and accept its tokens without a proof by its gateway."""
    trust: dict[CloudName, Trust] = Field(default_factory=dict)
    """Which foreign tokens the cloud accepts, by the name of their issuer."""
    own: Own = Own()
    """Settings that only its own gateway uses."""

    @model_validator(mode="after")
    def _backends_are_behind_frontends(self) -> Self:
        gateway = {(f.url.host, f.url.port) for f in self.addresses}
        if self.bind is not None:
            gateway |= {(str(self.bind), port) for _, port in gateway}
        misfits: list[Misfit] = [
            (
                ("backends", service),
                f"frontends has no {service}, so nobody could reach it; add it there, too",
            )
            for service in self.backends.keys() - self.frontends.keys()
        ]
        misfits += [
            (
                ("backends", service, interface),
                f"{url} is where the gateway itself listens; let the service listen elsewhere",
            )
            for service, endpoints in self.backends.items()
            for interface, url in endpoints.items()
            if (url.host, url.port) in gateway
        ]
        if misfits:
            raise MisfitError(misfits)
        return self

    @cached_property
    def addresses(self) -> tuple[Frontend, ...]:
        """All frontends of the cloud, the longest path first, so that the first match counts."""
        every = (
            Frontend(service, interface, url)
            for service, endpoints in self.frontends.items()
            for interface, url in endpoints.items()
        )
        return tuple(sorted(every, key=lambda f: len(f.url.path), reverse=True))

    @cached_property
    def prefixes(self) -> tuple[int, ...]:
        """The numbers of segments in the path prefixes of the frontends, the largest first."""
        return tuple(sorted({f.url.path.count("/") for f in self.addresses}, reverse=True))

    def at_prefix(self, host: str, port: int, path: str) -> Frontend | None:
        """Return the frontend with exactly this host, port and path prefix, None if none has."""
        return self._by_prefix.get((host, port, path))

    @cached_property
    def _by_prefix(self) -> dict[tuple[str, int, str], Frontend]:
        return {(f.url.host, f.url.port, f.url.path): f for f in reversed(self.addresses)}

    def at(self, port: int) -> tuple[Frontend, ...]:
        """Return the frontends at a port, the longest path first."""
        return self._by_port.get(port, ())

    @cached_property
    def _by_port(self) -> dict[int, tuple[Frontend, ...]]:
        ports = dict.fromkeys(f.url.port for f in self.addresses)
        return {p: tuple(f for f in self.addresses if f.url.port == p) for p in ports}

    def frontend(self, service: str, interface: Interface) -> Url | None:
        """Return a service's frontend at an interface, or its public one; None if it has none."""
        return _at(self.frontends.get(service), interface)

    def backend(self, service: str, interface: Interface) -> Url | None:
        """Return a service's backend for an interface, or its public one; None if it has none."""
        return _at(self.backends.get(service), interface)


def _at(endpoints: Mapping[Interface, Url] | None, interface: Interface) -> Url | None:
    return endpoints.get(interface, endpoints.get(PUBLIC)) if endpoints else None


class Infrastructure(Model):
    """Clouds that share the infrastructure of some services, e.g. one network."""

    clouds: Annotated[frozenset[CloudName], Field(min_length=2)]
    services: Annotated[frozenset[ServiceType], Field(min_length=1)]


class Federation(Model):
    """All clouds of a federation, and which of them share infrastructure."""

    clouds: Annotated[dict[CloudName, Cloud], Field(min_length=1)]
    shared: tuple[Infrastructure, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        here = (info.context or {}).get("here")
        if misfits := [
            *self._shared_addresses(),
            *self._shared_keys(),
            *self._unknown_clouds(),
            *self._unknown_issuers(),
            *self._insecure(self.served or self.names if here is None else {here}),
        ]:
            raise MisfitError(misfits)
        return self

    def _shared_addresses(self) -> Iterator[Misfit]:
        users: dict[Url, tuple[str, str]] = {}
        for name, cloud in self.clouds.items():
            for frontend in cloud.addresses:
                user = users.setdefault(frontend.url, (name, frontend.service))
                if user != (name, frontend.service):
                    yield (
                        ("clouds", name, "frontends", frontend.service, frontend.interface),
                        f"{frontend.url} is the address of {user[0]}'s {user[1]} already",
                    )

    def _shared_keys(self) -> Iterator[Misfit]:
        """Yield which clouds have keys of another one: that one could sign in their names."""
        owners: dict[str, str] = {}
        for name, cloud in self.clouds.items():
            for key in (k for pair in cloud.keys for k in (pair.sign, pair.assertion) if k):
                if (owner := owners.setdefault(key, name)) != name:
                    yield (
                        ("clouds", name, "keys"),
                        f"{key} is a key of {owner}, who could sign as {name}; each gateway "
                        f"has keys of its own: ask the operator of {name} for them",
                    )

    def _unknown_clouds(self) -> Iterator[Misfit]:
        for index, infrastructure in enumerate(self.shared):
            for name in sorted(infrastructure.clouds - self.names):
                hint = nearest(name, self.names)
                yield ("shared", index, "clouds"), f'there is no cloud "{name}" here{hint}'

    def _unknown_issuers(self) -> Iterator[Misfit]:
        for name, cloud in self.clouds.items():
            for issuer in sorted(cloud.trust.keys() - (self.names - {name})):
                hint = nearest(issuer, self.names - {name})
                message = f'there is no other cloud "{issuer}" here{hint}'
                yield ("clouds", name, "trust", issuer), message

    def _insecure(self, own: Set[str]) -> Iterator[Misfit]:
        """Yield which clouds besides a gateway's own would be reached, or believed, insecurely."""
        for name, cloud in self.clouds.items():
            if name in own or cloud.insecure:
                continue
            plain = [s for s, at in cloud.frontends.items() if at[PUBLIC].scheme == "http"]
            if plain:
                yield (
                    ("clouds", name, "frontends"),
                    f"{', '.join(plain)} would be reached by http, and whoever is on the way could "
                    "read and use the tokens; write https, or, if you accept that, "
                    f"clouds.{name}.insecure: true (or import it with --insecure)",
                )
            if cloud.keys or cloud.peer or not cloud.gateway:
                continue
            for here in sorted(h for h in own & self.names if name in self.clouds[h].trust):
                yield (
                    ("clouds", here, "trust", name),
                    f"{name} has no keys, so anybody could say that he is its gateway; write "
                    f"clouds.{name}.keys (its operator makes them: openstackoid federation "
                    f"keys) or peer, or, if you accept that, clouds.{name}.insecure: true",
                )

    @cached_property
    def served(self) -> frozenset[str]:
        """The clouds with backends: the file is for their gateways, usually for that of one."""
        return frozenset(name for name, cloud in self.clouds.items() if cloud.backends)

    @cached_property
    def services(self) -> frozenset[str]:
        """The service types of all clouds together."""
        return frozenset(s for cloud in self.clouds.values() for s in cloud.frontends)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all clouds."""
        return frozenset(self.clouds)

    def having(self, service: str) -> Iterator[str]:
        """Yield the names of the clouds that have a service."""
        return (name for name, cloud in self.clouds.items() if service in cloud.frontends)

    def apart(
        self, service: str, ones: Iterable[str], others: Iterable[str]
    ) -> tuple[str, str] | None:
        """Return a cloud of `ones` and one of `others` that share no infrastructure of a service.

        None if every one shares it with every other. A scope may name hundreds of clouds on either
        side, so clouds of the same infrastructures are compared once, not pair by pair.
        """
        infrastructures = [i.clouds for i in self.shared if service in i.services]
        every = tuple(dict.fromkeys(others))
        lacking: dict[tuple[int, ...], list[str]] = {}
        for one in dict.fromkeys(ones):
            mine = tuple(n for n, clouds in enumerate(infrastructures) if one in clouds)
            if mine not in lacking:
                within = frozenset[str]().union(*(infrastructures[n] for n in mine))
                lacking[mine] = [other for other in every if other not in within]
            for other in lacking[mine]:
                if other != one:
                    return one, other
        return None
