"""Flavors with their extra specs, as Nova has them.

See https://docs.openstack.org/api-ref/compute/#flavors.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from openstackoid.replication.apis.api import (
    Api,
    Call,
    Draft,
    NotReplicatedError,
    Owner,
    check_form,
    is_line,
    line,
    number,
    resource_in,
    text,
    value,
    whole,
)
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen, Values
from openstackoid.replication.traces import Found

_NUMBERS = {"ram": "ram", "vcpus": "vcpus", "disk": "disk", "swap": "swap"}
_NAMES = {
    **_NUMBERS,
    "ephemeral": "OS-FLV-EXT-DATA:ephemeral",
    "rxtx_factor": "rxtx_factor",
    "is_public": "os-flavor-access:is_public",
}
"""Fields that cannot be changed, with their names in the API."""

_NAMESPACE = uuid.UUID("0d0c5f0e-8a55-5d0c-9a0b-5f0a5c3f7a51")
_PATH = re.compile(
    r"(?:/v2(?:\.1)?)?/flavors(?:/(?P<id>[^/]+)(?P<specs>/os-extra_specs(?:/(?P<key>[^/]+))?)?)?"
)
_SPEC = re.compile(r"[\w.:-]+(?: [\w.:-]+)*", re.ASCII)
_GONE = frozenset({404})


class Flavor(Api):
    """Flavors: of a project's user who may make them; their key is the name."""

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about flavors."""
        if (found := _PATH.fullmatch(path)) is None:
            if re.match(r"(?:/v2(?:\.1)?)?/flavors/", path):
                raise NotReplicatedError("who may use a flavor can't be replicated")
            return None
        match method, found["id"], found["specs"], found["key"]:
            case "POST", None, None, None:
                return _created(document)
            case "PUT", str(identifier), None, None:
                changed = resource_in(document, "flavor", {"description"})
                writes = whole({"description": _description(changed.get("description"))})
                return Draft(Action.CHANGE, writes, id=identifier)
            case "DELETE", str(identifier), None, None:
                return Draft(Action.DELETE, id=identifier)
            case "POST", str(identifier), str(), None:
                specs = document.get("extra_specs") if isinstance(document, dict) else None
                return Draft(Action.CHANGE, _specs(specs), id=identifier)
            case "PUT", str(identifier), str(), str(key):
                if not isinstance(document, dict) or document.keys() != {key}:
                    raise NotReplicatedError("the body does not have the extra spec of the path")
                return Draft(Action.CHANGE, _specs(document), id=identifier)
            case "DELETE", str(identifier), str(), str(key):
                return Draft(Action.CHANGE, (Write("specs", None, key),), id=identifier)
        return None

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        check_form(write, self.kind)
        said = None if write.value is None else json.loads(write.value)
        if write.field == "specs":
            if not _SPEC.fullmatch(write.key or "") or not (said is None or _is_spec(said)):
                raise ValueError("no extra spec")
        elif write.field == "id":
            if not is_line(said):
                raise ValueError("no id")
        elif isinstance(said, list | dict):
            raise ValueError("no value of a flavor")

    def number(self, key: str, values: Values, number: int) -> str | None:  # noqa: ARG002
        """Return the id of the flavor, which is the same everywhere."""
        identifier = value(values, "id")
        return identifier if isinstance(identifier, str) else None

    def create(self, key: str, order: Create) -> Call:
        """Return the request that makes a flavor; its specs are written afterwards."""
        flavor = {"name": key, "id": value(order.values, "id")}
        flavor |= {name: value(order.values, field) for field, name in _NAMES.items()}
        if (description := value(order.values, "description")) is not None:
            flavor["description"] = description
        return Call("POST", "/v2.1/flavors", {"flavor": flavor})

    def change(self, replica: Replica, order: Change) -> list[Call]:
        """Return the requests that write a description and specs."""
        calls = []
        base = self.path(replica.id)
        if ("description", None) in order.values:
            described = {"description": value(order.values, "description")}
            calls.append(Call("PUT", base, {"flavor": described}))
        specs = {key or "": said for (field, key), said in order.values.items() if field == "specs"}
        added = {key: json.loads(said) for key, said in specs.items() if said is not None}
        if added:
            calls.append(Call("POST", f"{base}/os-extra_specs", {"extra_specs": added}))
        calls += [
            Call("DELETE", f"{base}/os-extra_specs/{quote(key, safe='')}", fine=_GONE)
            for key, said in sorted(specs.items())
            if said is None
        ]
        return calls

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:
        """Return how a write that succeeded is answered."""
        found = _PATH.fullmatch(path)
        specs, key = (found["specs"], found["key"]) if found else (None, None)
        if method == "DELETE":
            return (200, None) if specs else (202, None)
        if not specs:
            return 200, self.path(identifier)
        of_one = f"/{key}" if key else ""
        return 200, f"{self.path(identifier)}/os-extra_specs{of_one}"

    def path(self, identifier: str) -> str:
        """Return the path of a flavor."""
        return f"/v2.1/flavors/{quote(identifier, safe='')}"

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what a flavor is."""
        return Seen(_values(documents[0]["flavor"]))

    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:  # noqa: ARG002
        """Return the requests that read what has an id that was ever ordered for the flavor.

        One of another id that has the name is none of ours; Nova refuses to make a second.
        """
        ids = sorted(json.loads(said) for said in state.said.get(("id", None), ()))
        return [Call("GET", self.path(str(one)), fine=_GONE) for one in ids]

    def found(self, key: str, state: Desired, document: Any) -> list[Found]:  # noqa: ARG002
        """Return the flavor, if there is one."""
        flavor = document["flavor"]
        return [Found(str(flavor["id"]), _values(flavor))]


def _created(document: Any) -> Draft:
    names = ("name", "id", "flavorid", "description", *_NAMES.values())
    asked = resource_in(document, "flavor", names)
    name = line(asked.get("name"), "the name of the flavor")
    identifier = asked.get("id") or asked.get("flavorid")
    if identifier in {None, "auto"}:
        identifier = str(uuid.uuid5(_NAMESPACE, name))
    public = asked.get(_NAMES["is_public"], True)
    fixed: dict[str, object] = {
        "id": line(identifier, "the id of the flavor"),
        **{field: number(asked.get(key) or 0, key) for field, key in _NUMBERS.items()},
        "ephemeral": number(asked.get(_NAMES["ephemeral"]) or 0, "ephemeral"),
        "rxtx_factor": _factor(asked.get("rxtx_factor", 1.0)),
        "is_public": public if isinstance(public, bool) else str(public).lower() == "true",
        "description": _description(asked.get("description")),
    }
    return Draft(Action.CREATE, whole(fixed), name=name)


def _factor(said: object) -> float:
    try:
        factor = float(said) if isinstance(said, int | float | str) else 0.0
    except ValueError:
        factor = 0.0
    if not 0 < factor < 3e38:
        raise NotReplicatedError("rxtx_factor is not a number")
    return factor


def _description(said: object) -> str | None:
    if said is not None and not (isinstance(said, str) and len(said) <= 65_535):
        raise NotReplicatedError("the description is not a text")
    return said


def _specs(said: object) -> tuple[Write, ...]:
    if not isinstance(said, dict) or not said:
        raise NotReplicatedError("the body has no extra specs")
    for key, one in said.items():
        if not _SPEC.fullmatch(key) or not _is_spec(one):
            raise NotReplicatedError(f"{key[:64]} is not an extra spec")
    return tuple(Write("specs", text(str(one)), key) for key, one in sorted(said.items()))


def _is_spec(said: object) -> bool:
    return isinstance(said, str | int | float) and len(str(said)) <= 255


def _values(flavor: Mapping[str, Any]) -> dict[Place, str]:
    """Return what a flavor is, as Nova shows it (microversion 2.61)."""
    shown: dict[str, object] = {
        "id": str(flavor["id"]),
        **{field: int(flavor[name] or 0) for field, name in _NUMBERS.items()},
        "ephemeral": int(flavor[_NAMES["ephemeral"]]),
        "rxtx_factor": float(flavor["rxtx_factor"]),
        "is_public": bool(flavor[_NAMES["is_public"]]),
        "description": flavor["description"],
    }
    values: dict[Place, str] = {(field, None): text(said) for field, said in shown.items()}
    for key, said in flavor.get("extra_specs", {}).items():
        values["specs", key] = text(said)
    return values


FLAVOR = Flavor(
    kind=Kind(
        "flavor",
        Recognized.NAME,
        {
            "id": Joined.FIXED,
            **dict.fromkeys(_NAMES, Joined.FIXED),
            "description": Joined.WHOLE,
            "specs": Joined.BY_KEY,
        },
        afterwards=frozenset({"specs"}),
    ),
    service="compute",
    owner=Owner.NOBODY,
    headers=(
        ("OpenStack-API-Version", "compute 2.61"),
        ("X-OpenStack-Nova-API-Version", "2.61"),
    ),
)
