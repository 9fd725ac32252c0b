"""The shape of a federation (docs/reference/federation.md), checked by pydantic."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    IPvAnyAddress,
    StringConstraints,
    model_validator,
)

from openstackoid.scope.services import service_type

Interface: TypeAlias = Literal["public", "internal", "admin"]
PUBLIC: Interface = "public"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_VERSION = re.compile(r"v\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Url:
    """The address of an API, without the version: scheme, host, port and the path's prefix."""

    scheme: str
    host: str
    port: int
    path: str
    """Empty, or begins with a slash and does not end in one."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def netloc(self) -> str:
        """The host, with the port unless it is the scheme's own; as a Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: object) -> "Url":
        """Return the address; raises ValueError that says what to write instead."""
        if isinstance(text, cls):
            return text
        text = str(text)
        parts = urlsplit(text)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f'"{text}" must be a URL like http://192.0.2.1:8774/compute')
        if parts.username or parts.password:
            raise ValueError("a URL must not hold a user or a password")
        if parts.query or parts.fragment:
            raise ValueError(f'"{text}" must end with its path; remove "?" or "#" and the rest')
        try:
            port = parts.port
        except ValueError as error:
            raise ValueError(f'"{text}": {error}') from error
        path = parts.path.rstrip("/")
        if not path.isascii() or re.search(r"[^!-~]|//|%|/\.\.?(/|$)", path):
            raise ValueError(f'"{text}" must have a plain path')
        if _VERSION.fullmatch(path.rpartition("/")[2]):
            raise ValueError(
                f'"{text}" ends in an API version; write the address without it, '
                f"{text.rstrip('/').rpartition('/')[0]}"
            )
        port = _DEFAULT_PORTS[parts.scheme] if port is None else port
        return cls(parts.scheme, parts.hostname, port, path)

    def rest(self, path: str) -> str | None:
        """Return what follows this address's prefix in a path, None if it lies elsewhere."""
        if path == self.path or path.startswith((f"{self.path}/", f"{self.path}?")):
            return path[len(self.path) :]
        return None


def _official(name: object) -> object:
    """Fold an alias; a name the authority does not know stays as it is (a service of one's own)."""
    return (service_type(name) or name) if isinstance(name, str) else name


def _named_once(mapping: object) -> object:
    """Refuse two names of one service; the keys stay as written, for the messages' sake."""
    names: dict[object, object] = {}
    for name in mapping if isinstance(mapping, Mapping) else ():
        official = _official(name)
        if official in names:
            raise ValueError(
                f'"{names[official]}" and "{name}" are the same service, {official}; '
                "keep one of them"
            )
        names[official] = name
    return mapping


def _by_interface(value: object) -> object:
    """Let a plain URL stand for the public interface."""
    return {PUBLIC: value} if isinstance(value, str) else value


CloudName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ServiceType = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$"), BeforeValidator(_official)
]
Address = Annotated[Url, BeforeValidator(Url.parse)]
Endpoints = Annotated[dict[Interface, Address], BeforeValidator(_by_interface)]


def _has_public(endpoints: dict[Interface, Url]) -> dict[Interface, Url]:
    if PUBLIC not in endpoints:
        raise ValueError("the public interface is missing; other clouds come in by it")
    return endpoints


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True, slots=True)
class Frontend:
    """One address of one cloud's service, as everyone knows it."""

    service: str
    interface: Interface
    url: Url


class Cloud(_Model):
    """One cloud: its services' addresses as everyone knows them, and as only itself does."""

    frontends: Annotated[
        dict[ServiceType, Annotated[Endpoints, AfterValidator(_has_public)]],
        BeforeValidator(_named_once),
        Field(min_length=1),
    ]
    backends: Annotated[
        dict[ServiceType, Endpoints], BeforeValidator(_named_once), Field(default_factory=dict)
    ]
    region: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """The region of its endpoints in its own catalog."""
    bind: IPvAnyAddress | None = None
    """Where the gateway listens, if not at the host of the frontends."""

    @model_validator(mode="after")
    def _backends_have_frontends(self) -> Self:
        for service, endpoints in self.backends.items():
            known = self.frontends.get(service)
            if known is None:
                raise ValueError(
                    f"backends has {service} and frontends has not; nobody could reach it"
                )
            for url in endpoints.values():
                if any(url == f for f in known.values()):
                    raise ValueError(
                        f"the backend of {service} is its own frontend, {url}; "
                        "let the service listen elsewhere"
                    )
        return self

    @cached_property
    def addresses(self) -> tuple[Frontend, ...]:
        """Every frontend of the cloud, the longest path first: the first that fits is meant."""
        every = (
            Frontend(service, interface, url)
            for service, endpoints in self.frontends.items()
            for interface, url in endpoints.items()
        )
        return tuple(sorted(every, key=lambda f: len(f.url.path), reverse=True))

    def frontend(self, service: str, interface: Interface) -> Url | None:
        """Return a service's frontend at an interface, or its public one; None if it has none."""
        return _at(self.frontends.get(service), interface)

    def backend(self, service: str, interface: Interface) -> Url | None:
        """Return a service's backend for an interface, or its public one; None if it has none."""
        return _at(self.backends.get(service), interface)


def _at(endpoints: Mapping[Interface, Url] | None, interface: Interface) -> Url | None:
    return endpoints.get(interface, endpoints.get(PUBLIC)) if endpoints else None


class Infrastructure(_Model):
    """Clouds that share the infrastructure below some services, e.g. one network."""

    clouds: Annotated[frozenset[CloudName], Field(min_length=2)]
    services: Annotated[frozenset[ServiceType], Field(min_length=1)]


class Federation(_Model):
    """All clouds of a federation, and which of them share infrastructure."""

    clouds: Annotated[dict[CloudName, Cloud], Field(min_length=1)]
    shared: tuple[Infrastructure, ...] = ()

    @model_validator(mode="after")
    def _addresses_differ(self) -> Self:
        users: dict[Url, set[str]] = defaultdict(set)
        for name, cloud in self.clouds.items():
            for frontend in cloud.addresses:
                users[frontend.url].add(f"{name}'s {frontend.service}")
        for url, several in users.items():
            if len(several) > 1:
                raise ValueError(f"{' and '.join(sorted(several))} have one address, {url}")
        return self

    @model_validator(mode="after")
    def _shared_clouds_exist(self) -> Self:
        for infrastructure in self.shared:
            if unknown := infrastructure.clouds - set(self.clouds):
                raise ValueError(f"shared names clouds that are not here: {', '.join(unknown)}")
        return self

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

    def shares(self, service: str, one: str, other: str) -> bool:
        """Tell whether two clouds have a service's infrastructure in common."""
        return one == other or any(
            service in i.services and {one, other} <= i.clouds for i in self.shared
        )
