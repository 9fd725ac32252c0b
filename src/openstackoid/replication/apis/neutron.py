"""What the kinds of Neutron have in common: texts, tags, and the mark of a copy.

Neutron takes no tag when something is created. So the mark is in the description first, where a
create can say it; before the description is written, the mark becomes a tag.

See https://docs.openstack.org/api-ref/network/v2/.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from openstackoid.replication.apis.api import (
    MAX_KEY,
    Api,
    Call,
    Draft,
    NotReplicatedError,
    check_form,
    check_known,
    line,
    resource_in,
    text,
)
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Joined
from openstackoid.replication.marks import generations, is_marked, mark, marked
from openstackoid.replication.operation import Action, Write
from openstackoid.replication.plan import Change, Create, Replica, Seen
from openstackoid.replication.traces import Found

_FINE_GONE = frozenset({404})
_DESCRIPTION = ("description", None)

NEEDED = object()
"""In place of a default: a create has to say it."""


class Part(NamedTuple):
    """A field of a body: its name there, what it may be, and what it is if a create says nothing.

    `plain` is how Neutron shows what was written.
    """

    name: str
    fits: Callable[[Any], bool]
    default: Any = NEEDED
    plain: Callable[[Any], Any] = lambda said: said


@dataclass(frozen=True)
class Neutron(Api):
    """A kind of Neutron, with tags; in paths it is `collection`, in bodies `one`."""

    one: str = ""
    collection: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)

    def asked(self, method: str, path: str, document: Any) -> Draft | None:
        """Return what a write orders, None if it is not about this kind."""
        found = re.fullmatch(
            rf"(?:/v2\.0)?/{self.collection}(?:/(?P<id>[^/]+)(?P<tags>/tags(?:/(?P<tag>[^/]+))?)?)?",
            path.removesuffix(".json"),
        )
        if found is None:
            return None
        match method, found["id"], found["tags"], found["tag"]:
            case "POST", None, None, None:
                return Draft(Action.CREATE, self._created(document))
            case "PUT", str(identifier), None, None:
                return Draft(Action.CHANGE, self._changed(document), id=identifier)
            case "DELETE", str(identifier), None, None:
                return Draft(Action.DELETE, id=identifier)
            case (("PUT" | "DELETE"), str(identifier), str(), str(tag)):
                said = text(True) if method == "PUT" else None
                write = Write("tags", said, _tag(unquote(tag)))
                return Draft(Action.CHANGE, (write,), id=identifier)
            case _, str(), str(), None:
                raise NotReplicatedError(
                    "tags are replicated one by one; write PUT or DELETE "
                    f"/v2.0/{self.collection}/{{id}}/tags/{{tag}}"
                )
        return None

    def check(self, write: Write) -> None:
        """Raise ValueError unless a write may be carried out here."""
        check_form(write, self.kind)
        if write.field == "tags":
            if is_marked(write.key) or write.value not in {None, text(True)}:
                raise ValueError("no tag")
        elif not self._fits(write.field, json.loads(write.value or "null")):
            raise ValueError(f"no value of a {self.kind.name}")

    def number(self, key: str, values: Mapping[Place, str], number: int) -> str | None:  # noqa: ARG002
        """Return nothing: Neutron chooses all ids."""
        return None

    def create(self, key: str, order: Create) -> Call:  # noqa: ARG002
        """Return the request that makes a copy; its description is its mark until it has a tag."""
        body = self._body(order.values)
        body["description"] = mark(order.generation)
        return Call("POST", f"/v2.0/{self.collection}", {self.one: body})

    def made(self, document: Any) -> str:
        """Return the id of what was created."""
        return str(document[self.one]["id"])

    def change(self, replica: Replica, order: Change) -> list[Call]:
        """Return the requests that write changes: one for the fields, one for each tag."""
        base = self.path(replica.id)
        calls = []
        if _DESCRIPTION in order.values:
            calls.append(self.marking(replica.id, replica.generation))
        if body := self._body(order.values):
            calls.append(Call("PUT", base, {self.one: body}))
        for (name, key), said in sorted(order.values.items(), key=str):
            if name == "tags":
                tag = f"{base}/tags/{quote(key or '', safe='')}"
                calls.append(Call("DELETE" if said is None else "PUT", tag, fine=_FINE_GONE))
        return calls

    def shows(self, method: str, path: str, identifier: str) -> tuple[int, str | None]:
        """Return how a write that succeeded is answered."""
        if method == "DELETE":
            return 204, None
        if "/tags/" in path:
            return 201, None
        return 201 if method == "POST" else 200, self.path(identifier)

    def path(self, identifier: str) -> str:
        """Return the path of a copy."""
        return f"/v2.0/{self.collection}/{quote(identifier, safe='')}"

    def seen(self, documents: Sequence[Any]) -> Seen:
        """Return what a copy is; a mark is nothing that anybody has ordered."""
        shown = documents[0][self.one]
        return Seen(dict(self._values(shown)), project=shown.get("project_id"))

    def named(self, name: str) -> Call:
        """Return the request that lists what has a name."""
        return Call("GET", f"/v2.0/{self.collection}?name={quote(name, safe='')}")

    def ids(self, document: Any) -> list[str]:
        """Return the ids in a list."""
        return [str(one["id"]) for one in document[self._listed]]

    def marking(self, identifier: str, generation: Timestamp) -> Call:
        """Return the request that makes a mark of a create a tag of what exists."""
        return Call("PUT", f"{self.path(identifier)}/tags/{quote(mark(generation), safe='')}")

    def looks(self, key: str, state: Desired, numbers: int) -> list[Call]:  # noqa: ARG002
        """Return the requests that list what has a mark, as its description or as a tag."""
        marks = [quote(mark(one), safe="") for one in generations(state)]
        wheres = [f"{where}={one}" for one in marks for where in ("description", "tags")]
        return [Call("GET", f"/v2.0/{self.collection}?{where}") for where in wheres]

    def found(self, key: str, state: Desired, document: Any) -> list[Found]:  # noqa: ARG002
        """Return what has a mark of a create of this resource."""
        return [
            Found(str(one["id"]), dict(self._values(one)), made_by, one.get("project_id"))
            for one in document[self._listed]
            if (made_by := marked([one["description"], *one["tags"]], state)) is not None
        ]

    @property
    def _listed(self) -> str:
        return self.collection.replace("-", "_")

    def _created(self, document: Any) -> tuple[Write, ...]:
        asked = resource_in(document, self.one, {part.name for part in self.parts.values()})
        said: dict[str, Any] = {}
        for name, part in self.parts.items():
            said[name] = asked.get(part.name, part.default)
            if said[name] is NEEDED:
                raise NotReplicatedError(f'the body has no "{part.name}"')
        return self._writes(said)

    def _changed(self, document: Any) -> tuple[Write, ...]:
        parts = {
            name: part
            for name, part in self.parts.items()
            if self.kind.fields[name] is not Joined.FIXED
        }
        asked = resource_in(document, self.one, {part.name for part in self.parts.values()})
        check_known(asked, {part.name for part in parts.values()})
        said = {name: asked[part.name] for name, part in parts.items() if part.name in asked}
        if not said:
            raise NotReplicatedError("the body changes nothing")
        return self._writes(said)

    def _writes(self, said: Mapping[str, Any]) -> tuple[Write, ...]:
        """Return the writes of fields of a request; raises NotReplicatedError."""
        for name, one in said.items():
            if not self._fits(name, one):
                raise NotReplicatedError(f"{self.parts[name].name} is not what it can be")
        return tuple(Write(name, text(self.parts[name].plain(one))) for name, one in said.items())

    def _fits(self, name: str, said: Any) -> bool:
        return self.parts[name].fits(said)

    def _body(self, values: Mapping[Place, str | None]) -> dict[str, Any]:
        """Return the fields of a body that write values."""
        return {
            self.parts[name].name: json.loads(said)
            for (name, key), said in values.items()
            if key is None and said is not None
        }

    def _values(self, shown: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
        """Yield what Neutron shows of a copy."""
        for name, part in self.parts.items():
            if name != "description" or not is_marked(shown[part.name]):
                yield (name, None), text(part.plain(shown[part.name]))
        for tag in shown["tags"]:
            if not is_marked(tag):
                yield ("tags", str(tag)), text(True)


def is_text(said: object) -> bool:
    """Return whether a value is a name or a description, which may be empty; it is no mark."""
    return isinstance(said, str) and len(said) <= MAX_KEY and not is_marked(said)


def is_bool(said: object) -> bool:
    """Return whether a value is true or false."""
    return isinstance(said, bool)


TEXTS: Mapping[str, Part] = {
    "name": Part("name", is_text, ""),
    "description": Part("description", is_text, ""),
}
"""What all of them have."""

AFTERWARDS = frozenset({"description", "tags"})
"""What is written once the copy is there."""


def _tag(tag: str) -> str:
    if is_marked(tag):
        raise NotReplicatedError("a tag that says what has made something is not yours to choose")
    return line(tag, "the tag")
