"""Servers, as Nova has them: they are created and deleted, in each cloud one of its own.

See https://docs.openstack.org/api-ref/compute/#servers-servers.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from openstackoid.replication.apis.api import (
    Api,
    Call,
    Draft,
    NotReplicatedError,
    check_form,
    check_known,
    is_line,
    line,
    text,
    value,
    whole,
)
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.marks import generations, mark, marked
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen
from openstackoid.replication.traces import Found

_PATH = re.compile(r"(?:/v2(?:\.1)?)?/servers(?:/(?P<id>[^/]+))?")
_MOST = 16
_MAX_DATA = 65_535

_READ = "2.46"
"""The last version that shows the id of a flavor."""

_CREATE = "2.52"
"""The first that takes tags with a create: one of them is the mark."""


def _version(number: str) -> tuple[tuple[str, str], ...]:
    return (
        ("OpenStack-API-Version", f"compute {number}"),
        ("X-OpenStack-Nova-API-Version", number),
    )


class Server(Api):
    """Servers: nothing of one can be changed in all clouds yet."""

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about servers."""
        if not re.match(r"(?:/v2(?:\.1)?)?/servers(?:/|\Z)", path):
            return None
        if (found := _PATH.fullmatch(path)) is not None:
            match method, found["id"]:
                case "POST", None:
                    return Draft(Action.CREATE, _created(document))
                case "DELETE", str(identifier):
                    return Draft(Action.DELETE, id=identifier)
        raise NotReplicatedError(
            "a server is created and deleted in all its clouds; change it in one of them, or with "
            "the policy all or any"
        )

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        check_form(write, self.kind)
        if not _FITS[write.field](json.loads(write.value or "null")):
            raise ValueError("no value of a server")

    def number(self, key: str, values: Mapping[Place, str], number: int) -> str | None:  # noqa: ARG002
        """Return nothing: Nova chooses all ids."""
        return None

    def create(self, key: str, order: Create) -> Call:  # noqa: ARG002
        """Return the request that makes a copy; its mark is a tag."""
        values = order.values
        server = {
            name: said
            for field, name in _NAMES.items()
            if (said := value(values, field)) is not None
        }
        networks = value(values, "networks")
        server["networks"] = [{"uuid": one} for one in networks] if networks else "none"
        if groups := value(values, "security_groups"):
            server["security_groups"] = [{"name": one} for one in groups]
        server["tags"] = [mark(order.generation)]
        return Call("POST", "/v2.1/servers", {"server": server}, headers=_version(_CREATE))

    def made(self, document: Any) -> str:
        """Return the id of what was created."""
        return str(document["server"]["id"])

    def change(self, replica: Replica, order: Change) -> list[Call]:  # noqa: ARG002
        """Return nothing: all that there is of a server is said when it is created."""
        return []

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:  # noqa: ARG002
        """Return how a write that succeeded is answered."""
        return (204, None) if method == "DELETE" else (202, self.path(identifier))

    def path(self, identifier: str) -> str:
        """Return the path of a copy."""
        return f"/v2.1/servers/{quote(identifier, safe='')}"

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what a copy is; what runs in it is its user's affair."""
        server = documents[0]["server"]
        status, task = str(server["status"]), server.get("OS-EXT-STS:task_state")
        failed = None
        if status == "ERROR":
            failed = str((server.get("fault") or {}).get("message") or "Nova does not say why")
        going = status in {"DELETED", "SOFT_DELETED"} or task == "deleting"
        return Seen(_values(server), busy=status == "BUILD", failed=failed, going=going)

    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:  # noqa: ARG002
        """Return the requests that list what has a mark."""
        marks = (quote(mark(one), safe="") for one in generations(state))
        return [Call("GET", f"/v2.1/servers/detail?tags={one}") for one in marks]

    def found(self, key: str, state: Desired, document: Any) -> list[Found]:  # noqa: ARG002
        """Return what has a mark of a create of this resource."""
        return [
            Found(str(one["id"]), _values(one), made_by, one.get("tenant_id"))
            for one in document["servers"]
            if (made_by := marked(one["tags"], state)) is not None
        ]


def _is_data(said: object) -> bool:
    return isinstance(said, str) and len(said) <= _MAX_DATA


def _is_list(said: object) -> bool:
    return isinstance(said, list) and len(said) <= _MOST and all(map(is_line, said))


def _is_metadata(said: object) -> bool:
    if not isinstance(said, dict):
        return False
    return all(is_line(key) and (one == "" or is_line(one)) for key, one in said.items())


_NAMES = {
    "name": "name",
    "image": "imageRef",
    "flavor": "flavorRef",
    "key": "key_name",
    "metadata": "metadata",
    "description": "description",
    "user_data": "user_data",
    "config_drive": "config_drive",
}
"""Fields that a create says as they are, with their names in the API."""

_FITS: Mapping[str, Callable[[Any], bool]] = {
    "name": is_line,
    "image": is_line,
    "flavor": is_line,
    "key": is_line,
    "metadata": _is_metadata,
    "description": lambda said: said is None or said == "" or is_line(said),
    "user_data": _is_data,
    "config_drive": lambda said: isinstance(said, bool),
    "networks": _is_list,
    "security_groups": _is_list,
}
"""What the fields may be."""

_ONE = ("min_count", "max_count")
_KNOWN = {*_NAMES.values(), "networks", "security_groups", "block_device_mapping_v2", *_ONE}


def _created(document: Any) -> tuple[Write, ...]:
    """Return the writes of a create; raises NotReplicatedError."""
    asked = document.get("server") if isinstance(document, dict) else None
    if not isinstance(asked, dict) or len(document) != 1:
        raise NotReplicatedError('the body is no "server" alone')
    asked = {name: one for name, one in asked.items() if one is not None}
    check_known(asked, _KNOWN)
    if any(str(asked.get(name, 1)) != "1" for name in _ONE):
        raise NotReplicatedError("servers are replicated one by one; order each by itself")
    said: dict[str, Any] = {"metadata": {}, "description": None}
    said |= {field: asked[name] for field, name in _NAMES.items() if name in asked}
    if "image" not in said or not said["image"]:
        raise NotReplicatedError("a server that boots from a volume can't be replicated")
    _check_disk(asked.get("block_device_mapping_v2"), said["image"])
    said["networks"] = _networks(asked.get("networks"))
    if groups := asked.get("security_groups"):
        said["security_groups"] = [_only(one, "name", "a security group") for one in groups]
    for field, one in said.items():
        if not _FITS[field](one):
            raise NotReplicatedError(f"{_NAMES.get(field, field)} of the server is not readable")
    if lacking := [_NAMES[one] for one in ("name", "flavor") if one not in said]:
        raise NotReplicatedError(f"the server has no {' and no '.join(lacking)}")
    return whole(said)


def _networks(said: Any) -> list[str]:
    """Return the networks of a request, in their order; raises NotReplicatedError."""
    if said == "none":
        return []
    if not isinstance(said, list) or not said:
        raise NotReplicatedError(
            "say the networks of the server (--network), or none: else each cloud chooses its own"
        )
    return [_only(one, "uuid", "a network") for one in said]


def _only(one: Any, key: str, what: str) -> str:
    """Return the only thing that an item says; raises NotReplicatedError."""
    given = {name: said for name, said in one.items() if said} if isinstance(one, dict) else {}
    if given.keys() != {key}:
        raise NotReplicatedError(f"{what} of a server is named by its id alone")
    return line(given[key], f"the id of {what}")


def _check_disk(said: Any, image: object) -> None:
    """Raise NotReplicatedError unless a server has a disk of its image, and no other.

    The openstack command says so beside the image.
    """
    plain = {
        "uuid": image,
        "boot_index": 0,
        "source_type": "image",
        "destination_type": "local",
        "delete_on_termination": True,
    }
    if said not in (None, [], [plain]):
        raise NotReplicatedError("a server with volumes, or other disks, can't be replicated")


def _values(server: Mapping[str, Any]) -> dict[Place, str]:
    """Return what Nova shows of a server, of what was ordered."""
    image = server.get("image") or {}
    shown = {
        "name": server["name"],
        "image": image.get("id"),
        "flavor": server["flavor"]["id"],
        "key": server.get("key_name"),
        "metadata": server["metadata"],
        "description": server.get("description"),
    }
    return {
        (field, None): text(one)
        for field, one in shown.items()
        if one is not None or field == "description"
    }


SERVER = Server(
    kind=Kind(
        "server",
        Recognized.MARK,
        dict.fromkeys(_FITS, Joined.FIXED),
        unseen=frozenset({"networks", "security_groups", "user_data", "config_drive"}),
    ),
    service="compute",
    headers=_version(_READ),
    references={
        "image": "image",
        "flavor": "flavor",
        "key": "keypair",
        "networks": "network",
        "security_groups": "security-group",
    },
)
