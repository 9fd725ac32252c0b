"""The one table of what is special about a service type; all others follow OpenStack's conventions.

A path is the one behind the service's prefix, without its query. Names of services are folded by
the service-types authority (https://service-types.openstack.org, os-service-types).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from os_service_types import ServiceTypes

IDENTITY = "identity"
COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A collection whose ids the client may choose: copies have the same id in every cloud.

    `key` is the one that the resource is under, None if it is the whole body. `command` creates one
    on the command line.
    """

    collection: re.Pattern[str]
    key: str | None
    command: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A resource that one request may create several of, of which the answer names the first only.

    `key` is the one that the resource is under, `counts` those that say how many.
    """

    key: str
    counts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """What each entry of a service's list of versions has, and no other service's.

    `id` matches its id, `link` the address of one of its links, and `keys` are all there.
    """

    id: re.Pattern[str]
    link: re.Pattern[str] | None = None
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """What is special about one service type.

    - `bound`: it only makes sense beside compute, and follows it where a scope does not name it.
    - `calls`: the services that it calls in another cloud, with the token of its user.
    - `cadf`: CADF's word for it (DMTF DSP0262, annex A.2).
    - `data` matches paths whose bodies are the user's own bytes: they are never read or edited.
    - `account` matches the part of a path that may have a project's id, its group `id`; None where
      any segment may be one.
    - `names_with_dots`: a segment of a path may be "." or "..", for it is a part of a user's name.
    - `signed_paths`: clients sign its paths, as Swift's temporary URLs.
    - `links_from_root`: its links begin behind the prefix, wherever it is mounted.
    - `catalog_path`: what its clients expect behind its address in a catalog, with `{project}` for
      the project's id; of services without one they discover the versions by themselves.
    - `chosen`, `counted`: what of it can be created under an id of the client, or several at once.
    - `descending`: its collections that are sorted downwards if no direction is given.
    - `shown_as`: keys that it sorts by and shows under another name.
    - `says_type`: its root says its type: by a media type, a name or a header.
    - `versions`: how else its root is told from that of others.
    """

    bound: bool = False
    calls: frozenset[str] = frozenset()
    cadf: str = "service"
    data: re.Pattern[str] | None = None
    account: re.Pattern[str] | None = None
    names_with_dots: bool = False
    signed_paths: bool = False
    links_from_root: bool = False
    catalog_path: str = ""
    chosen: tuple[Chosen, ...] = ()
    counted: Counted | None = None
    descending: frozenset[str] = frozenset()
    shown_as: Mapping[str, str] = field(default_factory=dict)
    says_type: bool = False
    versions: Versions | None = None

    @property
    def recognisable(self) -> bool:
        """Whether its root can be told from that of others."""
        return self.says_type or self.versions is not None


_IMAGE = "image"

# Each path was tried with its clients as of 2026 (cinder before Yoga and manila before Wallaby have
# none without a project); the paths are those that Kolla and devstack put into catalogs.
_SERVICES = {
    "application-container": Service(catalog_path="/v1"),
    "block-storage": Service(
        bound=True,
        catalog_path="/v3/{project}",
        calls=frozenset({_IMAGE}),
        cadf="service/storage/block",
        descending=frozenset({"backups", "snapshots", "volumes"}),
        says_type=True,
    ),
    COMPUTE: Service(
        calls=frozenset({_IMAGE}),
        cadf="service/compute",
        # With or without a project.
        chosen=(Chosen(re.compile(r"/v2(\.1)?(/[^/]+)?/flavors/?"), "flavor", "flavor create"),),
        counted=Counted("server", ("min_count", "max_count")),
        descending=frozenset({"servers"}),
        shown_as={
            "created_at": "created",
            "display_name": "name",
            "flavorid": "id",
            "memory_mb": "ram",
            "root_gb": "disk",
            "updated_at": "updated",
            "uuid": "id",
        },
        versions=Versions(re.compile(r"v2\.[01]"), keys=frozenset({"version", "min_version"})),
    ),
    "container-infrastructure-management": Service(catalog_path="/v1"),
    "database": Service(catalog_path="/v1.0/{project}"),
    IDENTITY: Service(cadf="service/security", says_type=True),
    _IMAGE: Service(
        cadf="service/storage/image",
        data=re.compile(r"/v2/images/[^/]+/(?:file|stage)"),
        links_from_root=True,
        chosen=(Chosen(re.compile(r"/v2/images/?"), None, "image create"),),
        descending=frozenset({"images"}),
        versions=Versions(re.compile(r"v2\.[0-9]+"), re.compile(r".*/v2/")),
    ),
    "network": Service(
        bound=True,
        cadf="service/network",
        versions=Versions(re.compile(r"v2\.0"), re.compile(r".*/v2\.0/?")),
    ),
    "object-store": Service(
        cadf="service/storage/object",
        # All but the listings of an account and a container.
        data=re.compile(r"(?!(?:/v1)?/[^/]*(?:/[^/]*)?/?\Z).*", re.DOTALL),
        account=re.compile(r"(?:/v1)?/AUTH_(?P<id>[^/?]+)"),
        names_with_dots=True,
        signed_paths=True,
        catalog_path="/v1/AUTH_{project}",
        says_type=True,
    ),
    "orchestration": Service(
        catalog_path="/v1/{project}",
        versions=Versions(re.compile(r"v1\.0"), re.compile(r".*/v1/")),
    ),
    "placement": Service(
        bound=True,
        says_type=True,
        versions=Versions(re.compile(r"v1\.0"), keys=frozenset({"min_version", "max_version"})),
    ),
    "reservation": Service(catalog_path="/v1"),
    "shared-file-system": Service(catalog_path="/v2/{project}", says_type=True),
    "workflow": Service(catalog_path="/v2"),
}

_PLAIN = Service()

BOUND = tuple(name for name, service in _SERVICES.items() if service.bound)
"""Services that only make sense beside compute, and follow it where they are not named."""

CHOSEN = tuple(chosen for service in _SERVICES.values() for chosen in service.chosen)
"""All collections whose ids the client may choose."""


def special(service: str) -> Service:
    """Return what is special about a service type."""
    return _SERVICES.get(service, _PLAIN)


@cache
def by_versions() -> Mapping[str, Versions]:
    """Return the services that are told by their list of versions, and how."""
    return {name: row.versions for name, row in _SERVICES.items() if row.versions is not None}


def callers_of(service: str) -> frozenset[str]:
    """Return the services that call a service in another cloud, with the token of their user."""
    return frozenset(name for name, row in _SERVICES.items() if service in row.calls)


def called() -> frozenset[str]:
    """Return the services that others call in another cloud, with the token of their user."""
    return frozenset[str]().union(*(row.calls for row in _SERVICES.values()))


def is_data(service: str, path: str) -> bool:
    """Tell whether bodies at a path of a service are the user's own bytes, whatever their type."""
    data = special(service).data
    return data is not None and data.fullmatch(path) is not None


@cache
def _authority() -> ServiceTypes:
    return ServiceTypes()


@lru_cache(maxsize=1024)
def service_type(name: str) -> str | None:
    """Return the official service type of a type, an alias or a project's name, None if unknown.

    `block_storage`, `volumev3` and `cinder` are all `block-storage`.
    """
    name = name.lower()
    if official := _authority().get_service_type(name):
        return official
    of_project: list[str] = _authority().service_types_by_project.get(name, [])
    return of_project[0] if len(of_project) == 1 else None


@cache
def known_names() -> Collection[str]:
    """Return every official service type and every project's name, for hints."""
    authority = _authority()
    return frozenset(authority.all_types_by_service_type) | frozenset(
        authority.service_types_by_project
    )
