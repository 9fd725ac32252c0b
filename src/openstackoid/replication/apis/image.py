"""Images with properties, tags and members, as Glance has them, and what their data is.

See https://docs.openstack.org/api-ref/image/v2/.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from openstackoid.replication.apis.api import (
    Api,
    Call,
    Draft,
    NotReplicatedError,
    check_form,
    is_line,
    line,
    number,
    text,
    value,
)
from openstackoid.replication.data import ALGORITHMS, Data
from openstackoid.replication.data import FIELD as DATA
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.marks import generations
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen, Values
from openstackoid.replication.traces import Found

_WHOLE = {
    "name": "name",
    "visibility": "visibility",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "protected": "protected",
    "hidden": "os_hidden",
}
"""Fields that are joined as a whole, with their names in the API."""

_DEFAULTS = {
    "name": None,
    "visibility": "shared",
    "min_disk": 0,
    "min_ram": 0,
    "protected": False,
    "hidden": False,
}
_FORMATS = ("container_format", "disk_format")
"""What must fit together, and so is one field: `formats`."""

_OWN = frozenset(
    {
        *("id", "owner", "status", "tags", "checksum", "size", "virtual_size", "created_at"),
        *("updated_at", "self", "file", "schema", "locations", "direct_url", "stores", "members"),
        *("deleted", "deleted_at", "is_public", "os_hash_algo", "os_hash_value", "image_id"),
        *(*_WHOLE.values(), *_FORMATS),
    }
)
"""What is no property: Glance makes it, or has another way to change it."""

_VISIBILITIES = ("public", "community", "shared", "private")
_PATCH = "application/openstack-images-v2.1-json-patch"
_ID = r"[0-9a-fA-F-]{36}"
_PATH = re.compile(
    rf"(?:/v2)?/images(?:/(?P<id>{_ID})(?:/(?P<of>tags|members|file)(?:/(?P<element>[^/]+))?)?)?"
)
_FINE_GONE, _FINE_THERE = frozenset({404}), frozenset({409})


class Image(Api):
    """Images: of a project; their id is chosen, and the same everywhere if it can be.

    Glance takes no id twice. Where one is used up, the copy has another one.
    """

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about images."""
        if not re.match(r"(?:/v2)?/images(?:/|\Z)", path):
            return None
        if (found := _PATH.fullmatch(path)) is not None:
            match method, found["id"], found["of"], found["element"]:
                case "POST", None, None, None:
                    return _created(document)
                case "PATCH", str(identifier), None, None:
                    return Draft(Action.CHANGE, _patched(document), id=identifier)
                case "DELETE", str(identifier), None, None:
                    return Draft(Action.DELETE, id=identifier)
                case (("PUT" | "DELETE"), str(identifier), "tags", str(tag)):
                    said = text(True) if method == "PUT" else None
                    tag = line(unquote(tag), "the tag")
                    return Draft(Action.CHANGE, (Write("tags", said, tag),), id=identifier)
                case "POST", str(identifier), "members", None:
                    member = document.get("member") if isinstance(document, dict) else None
                    write = Write("members", text(True), line(member, "the member"))
                    return Draft(Action.CHANGE, (write,), id=identifier)
                case "DELETE", str(identifier), "members", str(member):
                    write = Write("members", None, line(unquote(member), "the member"))
                    return Draft(Action.CHANGE, (write,), id=identifier)
                case "PUT", str(identifier), "file", None:
                    return Draft(Action.CHANGE, (Write(DATA, _data(document)),), id=identifier)
        raise NotReplicatedError(
            "of an image its record is replicated, and data that is uploaded with PUT "
            "/v2/images/{image}/file"
        )

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        check_form(write, self.kind)
        said = None if write.value is None else json.loads(write.value)
        match write.field:
            case "properties":
                bad = not _is_property(write.key) or not isinstance(said, str | None)
            case "tags" | "members":
                bad = said is not None and said is not True
            case "formats":
                bad = not _are_formats(said)
            case "data":
                bad = text(Data.of(said)._asdict()) != write.value
            case field:
                bad = not _fits(field, said)
        if bad:
            raise ValueError("no value of an image")

    def number(self, key: str, values: Values, number: int) -> str | None:  # noqa: ARG002
        """Return the id of a copy: that of the first image, or one that follows from it."""
        return key if number == 0 else str(uuid.uuid5(uuid.UUID(key), str(number)))

    def create(self, key: str, order: Create) -> Call:
        """Return the request that makes an image; its members are written afterwards."""
        values = order.values
        image = {name: value(values, field) for field, name in _WHOLE.items()}
        image |= value(values, "formats") or {}
        image = {name: said for name, said in image.items() if said is not None}
        image["id"] = self.number(key, values, order.number)
        image["tags"] = sorted(str(tag) for field, tag in values if field == "tags")
        for (field, name), said in values.items():
            if field == "properties" and name is not None:
                image[name] = json.loads(said)
        return Call("POST", "/v2/images", image)

    def change(self, replica: Replica, order: Change) -> list[Call]:
        """Return the requests that write changes: one for the record, one for each element."""
        base = self.path(replica.id)
        patch: list[dict[str, object]] = []
        calls: list[Call] = []
        for (field, key), said in sorted(order.values.items(), key=str):
            element = quote(key or "", safe="")
            match field:
                case "tags":
                    method = "DELETE" if said is None else "PUT"
                    calls.append(Call(method, f"{base}/tags/{element}", fine=_FINE_GONE))
                case "members" if said is None:
                    calls.append(Call("DELETE", f"{base}/members/{element}", fine=_FINE_GONE))
                case "members":
                    calls.append(Call("POST", f"{base}/members", {"member": key}, fine=_FINE_THERE))
                case "properties":
                    pointer = "/" + (key or "").replace("~", "~0").replace("/", "~1")
                    if said is None:
                        patch.append({"op": "remove", "path": pointer})
                    else:
                        patch.append({"op": "add", "path": pointer, "value": json.loads(said)})
                case "formats":
                    patch += [
                        _replacing(name, one) for name, one in json.loads(said or "{}").items()
                    ]
                case _:
                    patch.append(_replacing(_WHOLE[field], json.loads(said or "null")))
        first = [Call("PATCH", base, patch, _PATCH)] if patch else []
        return [*first, *calls]

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:
        """Return how a write that succeeded is answered."""
        found = _PATH.fullmatch(path)
        of, base = found["of"] if found else None, self.path(identifier)
        if method == "DELETE" or of in {"tags", "file"}:
            return 204, None
        if of == "members":
            return 200, f"{base}/members"
        return 201 if method == "POST" else 200, base

    def path(self, identifier: str) -> str:
        """Return the path of an image."""
        return f"/v2/images/{quote(identifier, safe='')}"

    def reads(self, identifier: str) -> list[Call]:
        """Return the requests that read an image, and its members."""
        path = self.path(identifier)
        return [Call("GET", path), Call("GET", f"{path}/members")]

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what an image is; Glance shows members of a shared image alone."""
        image, members = documents
        values = _values(image)
        if members is not None:
            for one in members["members"]:
                values["members", str(one["member_id"])] = text(True)
        return Seen(values, project=image.get("owner"))

    def named(self, name: str) -> Call:
        """Return the request that lists the images with a name."""
        return Call("GET", f"/v2/images?name={quote(name, safe='')}")

    def ids(self, document: Any) -> list[str]:
        """Return the ids of listed images."""
        return [str(one["id"]) for one in document["images"]]

    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:  # noqa: ARG002
        """Return the requests that read what has one of the ids of the copy."""
        ids = (self.number(key, {}, one) or "" for one in range(numbers))
        return [Call("GET", self.path(one), fine=_FINE_GONE) for one in ids]

    def found(self, key: str, state: Desired, document: Any) -> list[Found]:  # noqa: ARG002
        """Return the image, if there is one: whatever has its id, the create has chosen that."""
        made_by = next(iter(generations(state)), None)
        owner = document.get("owner")
        return [Found(str(document["id"]), _values(document), made_by, owner)]


def _created(document: Any) -> Draft:
    if not isinstance(document, dict):
        raise NotReplicatedError("the body is no image")
    if "id" in document:
        raise NotReplicatedError("the id of an image that is replicated is not yours to choose")
    said: dict[str, object] = {**_DEFAULTS}
    for field, name in _WHOLE.items():
        if name in document:
            said[field] = _read(field, document[name])
    formats = {name: document.get(name) for name in _FORMATS}
    if not _are_formats(formats):
        raise NotReplicatedError("the formats of the image are not readable")
    said["formats"] = formats
    writes = [Write(field, text(one)) for field, one in said.items()]
    tags = document.get("tags", [])
    if not isinstance(tags, list) or not all(map(is_line, tags)):
        raise NotReplicatedError("the tags of the image are not readable")
    writes += [Write("tags", text(True), tag) for tag in sorted(set(tags))]
    named = {*_WHOLE.values(), *_FORMATS, "tags"}
    writes += [_property(name, document[name]) for name in sorted(document.keys() - named)]
    return Draft(Action.CREATE, tuple(writes))


def _read(field: str, said: object) -> object:
    """Return the value of a field in a request; raises NotReplicatedError."""
    if field in {"min_disk", "min_ram"}:
        said = number(said, field)
    if not _fits(field, said):
        raise NotReplicatedError(f"{field} of the image is not readable")
    return said


def _fits(field: str, said: object) -> bool:
    match field:
        case "name":
            return said is None or is_line(said)
        case "visibility":
            return said in _VISIBILITIES
        case "protected" | "hidden":
            return isinstance(said, bool)
        case _:
            return isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**31


def _are_formats(said: object) -> bool:
    if not isinstance(said, dict) or said.keys() != set(_FORMATS):
        return False
    return all(one is None or is_line(one) for one in said.values())


def _is_property(name: object) -> bool:
    plain = isinstance(name, str) and is_line(name)
    return plain and name not in _OWN and not str(name).startswith("os_glance")


def _property(name: str, said: object) -> Write:
    if not _is_property(name):
        raise NotReplicatedError(f"{name[:64]} of an image can't be replicated; leave it out")
    if not isinstance(said, str):
        raise NotReplicatedError(f"the property {name} is not a text")
    return Write("properties", text(said), name)


def _patched(document: Any) -> tuple[Write, ...]:
    """Return the writes of a JSON patch; raises NotReplicatedError."""
    if not isinstance(document, list) or not document:
        raise NotReplicatedError("the body is no list of changes")
    writes: dict[Place, Write] = {}
    formats: dict[str, object] = {}
    for one in document:
        change = one if isinstance(one, dict) else {}
        op, path = str(change.get("op")), str(change.get("path"))
        known = op in {"add", "replace", "remove"}
        if not known or not path.startswith("/") or "/" in path[1:]:
            raise NotReplicatedError("a change is not one that can be replicated")
        name = path[1:].replace("~1", "/").replace("~0", "~")
        if name in _FORMATS and op != "remove":
            formats[name] = change.get("value")
        else:
            for write in _changes(name, op, change.get("value")):
                writes[write.place] = write
    if formats:
        if not _are_formats(formats):
            raise NotReplicatedError("the formats of an image are changed together: give both")
        writes["formats", None] = Write("formats", text(formats))
    return tuple(writes.values())


def _changes(name: str, op: str, said: object) -> list[Write]:
    """Return the writes of one change of a patch."""
    if name == "tags":
        raise NotReplicatedError(
            "tags are replicated one by one; write PUT or DELETE /v2/images/{image}/tags/{tag}"
        )
    fields = {api: field for field, api in _WHOLE.items()}
    if (field := fields.get(name)) is not None and op != "remove":
        return [Write(field, text(_read(field, said)))]
    if op == "remove":
        if not _is_property(name):
            raise NotReplicatedError(f"{name[:64]} of an image can't be taken out")
        return [Write("properties", None, name)]
    return [_property(name, said)]


def _replacing(name: str, said: object) -> dict[str, object]:
    return {"op": "replace", "path": f"/{name}", "value": said}


def data_shown(image: Mapping[str, Any]) -> dict[str, object]:
    """Return what Glance shows of the data of an image."""
    names = ("os_hash_algo", "os_hash_value", "size")
    return dict(zip(Data._fields, map(image.get, names), strict=True))


def _data(document: object) -> str:
    """Return what data there is, as the gateway has read it; raises NotReplicatedError."""
    try:
        return text(Data.of(document)._asdict())
    except ValueError as error:
        known = ", ".join(ALGORITHMS)
        raise NotReplicatedError(f"its service hashes no data with one of {known}") from error


def _values(image: Mapping[str, Any]) -> dict[Place, str]:
    """Return what an image is, as Glance shows it."""
    values: dict[Place, str] = {
        (field, None): text(image.get(name)) for field, name in _WHOLE.items()
    }
    values["formats", None] = text({name: image.get(name) for name in _FORMATS})
    if image.get("os_hash_value") is not None:
        values[DATA, None] = text(data_shown(image))
    for tag in image["tags"]:
        values["tags", str(tag)] = text(True)
    for name, said in image.items():
        if _is_property(name) and isinstance(said, str):
            values["properties", name] = text(said)
    return values


IMAGE = Image(
    kind=Kind(
        "image",
        Recognized.ID,
        {
            **dict.fromkeys(_WHOLE, Joined.WHOLE),
            "formats": Joined.WHOLE,
            DATA: Joined.WHOLE,
            "tags": Joined.BY_ELEMENT,
            "members": Joined.BY_ELEMENT,
            "properties": Joined.BY_KEY,
        },
        afterwards=frozenset({"members"}),
        brought=frozenset({DATA}),
    ),
    service="image",
)
