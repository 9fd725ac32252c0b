"""The table of everything that is special about a service type, and official names of services.

A service type without a row follows OpenStack's conventions. Paths here begin behind the service's
prefix and have no query. Official names come from the service-types authority
(https://service-types.openstack.org, os-service-types).
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
    """A collection whose ids the client may choose, so that copies can have one id in every cloud.

    `key` is the key of the request body that holds the resource, None if the body is the resource.
    `command` is the `openstack` command that creates one.
    """

    collection: re.Pattern[str]
    key: str | None
    command: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A resource of which one request can create several; the answer names only the first.

    `key` is the key of the request body that holds the resource, `counts` are its keys that say how
    many to create. `command` is the `openstack` command that creates one.
    """

    key: str
    counts: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What identifies a service by its list of versions: no other service's entries match this.

    In each entry `id` matches the id, `link` the `href` of a link, and all `keys` are present.
    """

    id: re.Pattern[str]
    link: re.Pattern[str] | None = None
    keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """What is special about one service type.

    - `bound`: it only makes sense beside compute, and follows it where a scope does not name it.
    - `calls`: the services that it calls with its user's token, in another cloud if the scope says
      so. What a cloud may present another one's sealed token for depends on it.
    - `created`: matches the paths of what services that call it create in it: a collection, or
      anything of the resource with the id in the group `id`. In another cloud they may create, and
      change what they have created.
    - `read`: a path that users of a project may GET, with `{project}` for the project's id: the
      answer shows whether the service knows the user. Empty if none was tried.
    - `passes_on`: services that it calls, each with a path of its own by which it does no more than
      GET from that one for its user.
    - `cadf`: its type in CADF events (DMTF DSP0262, annex A.2).
    - `data`: matches paths whose bodies are the user's own bytes; they are never read or edited.
      Its group `record` is what they are the data of, and what is there without them.
    - `account`: matches the beginning of a path with a project's id (its group `id`); None if any
      segment can be a project's id.
    - `names_with_dots`: a segment of a path can be "." or "..", because it is part of a name that
      a user has chosen.
    - `signed_paths`: clients sign its paths (Swift's temporary URLs).
    - `links_from_root`: its relative links begin behind the prefix, wherever it is mounted.
    - `catalog_path`: the path that its clients expect behind its address in a catalog, with
      `{project}` for the project's id. Empty if clients discover its versions.
    - `chosen`: its collections whose ids the client may choose.
    - `counted`: its resource of which one request can create several.
    - `descending`: its collections that are sorted in descending order by default.
    - `shown_as`: sort keys, and the names under which items show them.
    - `next_beside`: its lists have the link to the next page under `next`, and no such key on the
      last page (ironic/api/controllers/v1/collection.py, and the services that copied it).
    - `asked_with`: headers of its own that its clients send, besides those of every API.
    - `answers_with`: headers of its own that its clients read, besides those of every API.
    - `acted_on`: keys of its answers by which services that call it reach something else, with what
      they are replaced by in an answer of another cloud (JSON).
    - `not_asked`: paths whose answers only services act on; another cloud is not asked for them.
    - `says_type`: its root names its type in a media type, a name or a header.
    - `versions`: what identifies its root by its list of versions.
    """

    bound: bool = False
    calls: frozenset[str] = frozenset()
    created: re.Pattern[str] | None = None
    read: str = ""
    passes_on: Mapping[str, str] = field(default_factory=dict)
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
    next_beside: bool = False
    asked_with: re.Pattern[str] | None = None
    answers_with: re.Pattern[str] | None = None
    acted_on: Mapping[str, bytes] = field(default_factory=dict)
    not_asked: re.Pattern[str] | None = None
    says_type: bool = False
    versions: Versions | None = None

    @property
    def recognisable(self) -> bool:
        """Whether an answer at its root identifies it."""
        return self.says_type or self.versions is not None


_IMAGE = "image"

# The catalog paths are those of Kolla and devstack, and were tried with the services' clients as of
# 2026. Cinder before Yoga and manila before Wallaby have no path without a project.
# docs/reference/border.md says where the headers are from.
_SERVICES = {
    "application-catalog": Service(asked_with=re.compile("x-configuration-session")),
    "application-container": Service(catalog_path="/v1", next_beside=True),
    "baremetal": Service(next_beside=True),
    "block-storage": Service(
        bound=True,
        catalog_path="/v3/{project}",
        calls=frozenset({_IMAGE}),
        created=re.compile(r"/v3/[^/]+/(?:volumes|attachments)(?:/(?:(?P<id>[^/]+)(?:/.*)?)?)?"),
        read="/v3/{project}/volumes?limit=1",
        cadf="service/storage/block",
        descending=frozenset({"backups", "snapshots", "volumes"}),
        says_type=True,
    ),
    COMPUTE: Service(
        # Reading servers asks for their ports; the rest is for clouds that share infrastructure.
        calls=frozenset({_IMAGE, "network", "block-storage"}),
        read="/v2.1/flavors?limit=1",
        # Proxies of Nova, in microversions before 2.36.
        passes_on={
            _IMAGE: "/v2.1/images?limit=1",
            "network": "/v2.1/os-networks",
            "block-storage": "/v2.1/os-volumes?limit=1",
        },
        cadf="service/compute",
        # With or without a project's id.
        chosen=(Chosen(re.compile(r"/v2(\.1)?(/[^/]+)?/flavors/?"), "flavor", "flavor create"),),
        counted=Counted("server", ("min_count", "max_count"), "server create"),
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
    "container-infrastructure-management": Service(catalog_path="/v1", next_beside=True),
    "database": Service(catalog_path="/v1.0/{project}"),
    "dns": Service(
        asked_with=re.compile(
            "x-auth-(all-projects|sudo-(project|tenant)-id)"
            "|x-designate-(delete-shares|edit-managed-records|hard-delete)"
        )
    ),
    IDENTITY: Service(
        cadf="service/security",
        asked_with=re.compile("openstack-auth-receipt|x-subject-token"),
        answers_with=re.compile("openstack-auth-receipt|x-subject-token"),
        says_type=True,
    ),
    _IMAGE: Service(
        created=re.compile(r"/v2/images(?:/(?:(?P<id>[^/]+)(?:/.*)?)?)?"),
        read="/v2/images?limit=1",
        cadf="service/storage/image",
        data=re.compile(r"/v2/images/(?P<record>[^/]+)/(?:file|stage)"),
        links_from_root=True,
        chosen=(Chosen(re.compile(r"/v2/images/?"), None, "image create"),),
        descending=frozenset({"images"}),
        asked_with=re.compile("x-image-meta-.*|x-openstack-(append|image-size)"),
        answers_with=re.compile(
            "x-image-meta-.*|openstack-image-(import-methods|store-ids)|x-openstack-image-size"
        ),
        # Where the data is (nova.image.glance, cinder.image.glance), and volumes to attach.
        acted_on={"block_device_mapping": b'"[]"', "direct_url": b'""', "locations": b"[]"},
        not_asked=re.compile(r"/v2/images/[^/]+/locations/?"),
        versions=Versions(re.compile(r"v2\.[0-9]+"), re.compile(r".*/v2/")),
    ),
    "message": Service(asked_with=re.compile("client-id")),
    "network": Service(
        bound=True,
        created=re.compile(r"/v2\.0/ports(?:\.json|/(?:(?P<id>[^/]+)(?:/.*)?)?)?"),
        read="/v2.0/networks?limit=1",
        cadf="service/network",
        versions=Versions(re.compile(r"v2\.0"), re.compile(r".*/v2\.0/?")),
    ),
    "nfv-orchestration": Service(
        asked_with=re.compile("version"), answers_with=re.compile("version")
    ),
    "object-store": Service(
        cadf="service/storage/object",
        # Every path but the listings of an account and of a container.
        data=re.compile(r"(?!(?:/v1)?/[^/]*(?:/[^/]*)?/?\Z).*", re.DOTALL),
        account=re.compile(r"(?:/v1)?/AUTH_(?P<id>[^/?]+)"),
        names_with_dots=True,
        signed_paths=True,
        catalog_path="/v1/AUTH_{project}",
        asked_with=re.compile(
            "x-(remove-)?(account|container|object)-.*|destination(-account)?|multipart-manifest"
            "|x-(copy-from(-account)?|delete-(after|at)|detect-content-type|fresh-metadata|newest"
            "|history-location|open-expired|static-large-object|storage-policy|symlink-target.*"
            "|timestamp|trans-id-extra|versions-(enabled|location))"
        ),
        answers_with=re.compile(
            "x-(account|container|object)-.*"
            "|x-(copied-from.*|delete-at|history-location|manifest-etag|static-large-object"
            "|storage-policy|symlink-target.*|timestamp|trans-id|versions-(enabled|location))"
        ),
        says_type=True,
    ),
    "orchestration": Service(
        catalog_path="/v1/{project}",
        asked_with=re.compile("x-region-name"),
        versions=Versions(re.compile(r"v1\.0"), re.compile(r".*/v1/")),
    ),
    "placement": Service(
        bound=True,
        read="/resource_providers",
        says_type=True,
        versions=Versions(re.compile(r"v1\.0"), keys=frozenset({"min_version", "max_version"})),
    ),
    "reservation": Service(catalog_path="/v1"),
    "resource-optimization": Service(next_beside=True),
    "shared-file-system": Service(
        catalog_path="/v2/{project}",
        asked_with=re.compile("x-openstack-manila-api-experimental"),
        answers_with=re.compile("x-openstack-manila-api-experimental"),
        says_type=True,
    ),
    "workflow": Service(catalog_path="/v2", next_beside=True),
}

_PLAIN = Service()

BOUND = tuple(name for name, service in _SERVICES.items() if service.bound)
"""Services that only make sense beside compute, and follow it where a scope does not name them."""

CHOSEN = tuple(chosen for service in _SERVICES.values() for chosen in service.chosen)
"""All collections whose ids the client may choose."""


CALLS = tuple((name, called) for name, row in _SERVICES.items() for called in sorted(row.calls))
"""Each service that calls another one with its user's token, and that one."""


def special(service: str) -> Service:
    """Return what is special about a service type."""
    return _SERVICES.get(service, _PLAIN)


@cache
def by_versions() -> Mapping[str, Versions]:
    """Return the services that their list of versions identifies, each with what identifies it."""
    return {name: row.versions for name, row in _SERVICES.items() if row.versions is not None}


def record_of(service: str, path: str) -> str | None:
    """Return the id of what a request gives data to, and what is left if they do not arrive."""
    data = special(service).data
    match = data.fullmatch(path) if data else None
    return match.groupdict().get("record") if match else None


def is_data(service: str, path: str) -> bool:
    """Return whether bodies at a path of a service are a user's own bytes, whatever their type."""
    data = special(service).data
    return data is not None and data.fullmatch(path) is not None


@cache
def _authority() -> ServiceTypes:
    return ServiceTypes()


@lru_cache(maxsize=1024)
def service_type(name: str) -> str | None:
    """Return the official service type of a service type, an alias or a project; None if unknown.

    `block_storage`, `volumev3` and `cinder` are all `block-storage`.
    """
    name = name.lower()
    if official := _authority().get_service_type(name):
        return official
    of_project: list[str] = _authority().service_types_by_project.get(name, [])
    return of_project[0] if len(of_project) == 1 else None


@cache
def known_names() -> Collection[str]:
    """Return the official service types and the names of their projects, for hints."""
    authority = _authority()
    return frozenset(authority.all_types_by_service_type) | frozenset(
        authority.service_types_by_project
    )
