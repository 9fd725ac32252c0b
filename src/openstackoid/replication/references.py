"""References: fields of a resource that name other replicated resources.

Operations name these by ids that are the same in all clouds. Only what is sent to a service, and
what one shows, has the ids of the copies in its cloud.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from openstackoid.replication.apis.api import text
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import REFERS
from openstackoid.replication.operation import Write
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Create, Delete

References = Mapping[str, str]
"""Fields, each with the kind of what it names: its value is an id, or a list of them.

Of a set, elements are JSON objects, and name what they have under REFERS.
"""

_Value = TypeVar("_Value", str, str | None)


def named(values: Iterable[tuple[Place, str | None]], references: References) -> dict[str, str]:
    """Return what values name, each with its kind, in their order."""
    return {
        one: references[place[0]]
        for place, said in values
        if place[0] in references
        for one in _ids(place, said)
    }


def named_in(state: Desired, references: References) -> dict[str, str]:
    """Return what was ever named of a resource, each with its kind."""
    every = ((place, said) for place, texts in state.said.items() for said in sorted(texts))
    return named(every, references)


def renamed(
    values: Mapping[Place, _Value], references: References, ids: Mapping[Any, str | None]
) -> dict[Place, _Value]:
    """Return values with other ids, where there are such, in the fields that are references."""
    return dict(_renamed(place, said, references, ids) for place, said in values.items())


def rewritten(
    writes: Iterable[Write], references: References, ids: Mapping[Any, str | None]
) -> tuple[Write, ...]:
    """Return writes with other ids in the same way."""
    rewritten = []
    for write in writes:
        (_, key), value = _renamed(write.place, write.value, references, ids)
        rewritten.append(replace(write, value=value, key=key))
    return tuple(rewritten)


def sent(
    order: Create | Change | Delete, references: References, ids: Mapping[Any, str | None]
) -> Create | Change | Delete:
    """Return an order as it is sent where the copies have some ids."""
    if isinstance(order, Delete):
        return order
    return replace(order, values=renamed(order.values, references, ids))


def check(write: Write, kind: str) -> None:
    """Raise ValueError unless a write names only what is of a kind."""
    if any(Resource.of(one).kind != kind for one in _ids(write.place, write.value)):
        raise ValueError("it names what is of another kind")


def _ids(place: Place, value: str | None) -> list[str]:
    """Return the ids that something names: in its value, or in its element."""
    if place[1] is not None:
        said = json.loads(place[1]).get(REFERS)
    else:
        said = None if value is None else json.loads(value)
    every = said if isinstance(said, list) else [said]
    return [one for one in every if isinstance(one, str)]


def _renamed(
    place: Place, value: _Value, references: References, ids: Mapping[Any, str | None]
) -> tuple[Place, _Value]:
    """Return a place with its value, with other ids in that of both which names something."""
    field, key = place
    if field not in references:
        return place, value
    if key is not None:
        element = json.loads(key)
        if REFERS in element:
            element[REFERS] = _id(element[REFERS], ids)
        return (field, text(element)), value
    if value is None:
        return place, value
    said = json.loads(value)
    new = text([_id(one, ids) for one in said] if isinstance(said, list) else _id(said, ids))
    return place, new


def _id(said: Any, ids: Mapping[Any, str | None]) -> Any:
    return ids.get(said, said) if isinstance(said, str) else said
