"""References: fields of a resource that name other replicated resources.

Operations name these by ids that are the same in all clouds. Only what is sent to a service, and
what one shows, has the ids of the copies in its cloud.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from openstackoid.replication.apis.api import text
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.operation import Write
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Create, Delete

References = Mapping[str, str]
"""Fields, each with the kind of what it names: its value is an id, or a list of them."""


def named(values: Iterable[tuple[Place, str | None]], references: References) -> dict[str, str]:
    """Return what values name, each with its kind, in their order."""
    return {
        one: references[field]
        for (field, _), said in values
        if field in references
        for one in _ids(said)
    }


def named_in(state: Desired, references: References) -> dict[str, str]:
    """Return what was ever named of a resource, each with its kind."""
    every = ((place, said) for place, texts in state.said.items() for said in sorted(texts))
    return named(every, references)


def renamed(
    values: Mapping[Place, str], references: References, ids: Mapping[Any, str | None]
) -> dict[Place, str]:
    """Return values with other ids, where there are such, in the fields that are references."""
    return {
        place: _renamed(said, ids) if place[0] in references else said
        for place, said in values.items()
    }


def rewritten(
    writes: Iterable[Write], references: References, ids: Mapping[Any, str | None]
) -> tuple[Write, ...]:
    """Return writes with other ids in the same way."""
    return tuple(
        replace(write, value=_renamed(write.value, ids))
        if write.field in references and write.value is not None
        else write
        for write in writes
    )


def sent(
    order: Create | Change | Delete, references: References, ids: Mapping[Any, str | None]
) -> Create | Change | Delete:
    """Return an order as it is sent where the copies have some ids."""
    if isinstance(order, Delete):
        return order
    values = {place: said for place, said in order.values.items() if said is not None}
    return replace(order, values={**order.values, **renamed(values, references, ids)})


def check(write: Write, kind: str) -> None:
    """Raise ValueError unless a write names only what is of a kind."""
    if any(Resource.of(one).kind != kind for one in _ids(write.value)):
        raise ValueError("it names what is of another kind")


def _ids(value: str | None) -> list[str]:
    """Return the ids in a value: it is one, or a list of them."""
    said = None if value is None else json.loads(value)
    every = said if isinstance(said, list) else [said]
    return [one for one in every if isinstance(one, str)]


def _renamed(value: str, ids: Mapping[Any, str | None]) -> str:
    said = json.loads(value)
    return text([_id(one, ids) for one in said] if isinstance(said, list) else _id(said, ids))


def _id(said: Any, ids: Mapping[Any, str | None]) -> Any:
    return ids.get(said, said) if isinstance(said, str) else said
