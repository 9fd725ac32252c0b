"""The order of a merged list: as asked for by sort_key and sort_dir, or cloud after cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, TypeAlias

from openstackoid.operators.request import Request
from openstackoid.operators.shapes import resource
from openstackoid.services import special

MAX_KEYS = 16
"""Keys to sort by; each takes time and memory for each item, and few decide anything."""


def has_too_many_keys(request: Request) -> bool:
    """Tell whether a request asks for an order by more than MAX_KEYS keys, however often one."""
    keys = sum(name == "sort_key" for name, _ in request.query)
    keys += sum(value.count(",") + 1 for name, value in request.query if name == "sort")
    return keys > MAX_KEYS


@total_ordering
@dataclass(frozen=True, slots=True)
class _Field:
    """One sort key of one item; None sorts as the smallest, as in most databases."""

    value: Any
    down: bool

    def __lt__(self, other: "_Field") -> bool:
        mine, theirs = _comparable(self.value), _comparable(other.value)
        return theirs < mine if self.down else mine < theirs


Key: TypeAlias = tuple[_Field, ...]


def _comparable(value: Any) -> tuple[int, Any]:
    """Return something that compares with any other value, whatever its type.

    No service sorts by a list or an object: of a cloud that shows some they are all alike, for to
    write them out for each comparison would take as long as a cloud likes.
    """
    match value:
        case None:
            return (0, 0)
        case bool() | int() | float():
            return (1, value)
        case str():
            return (2, value)
    return (3, 0)


@dataclass(frozen=True, slots=True)
class Order:
    """The keys asked for, each with its direction; without any, clouds follow one another."""

    keys: tuple[tuple[str, bool], ...]
    shown_as: Mapping[str, str]

    @classmethod
    def of(cls, request: Request, service: str) -> "Order":
        """Read `sort_key` and `sort_dir` (nova, neutron, glance), or `sort=a:asc,b` (cinder)."""
        keys = [v for n, v in request.query if n == "sort_key"]
        directions = [v for n, v in request.query if n == "sort_dir"]
        collection = request.path.rstrip("/").removesuffix("/detail").rpartition("/")[2]
        about = special(service)
        default = "desc" if collection in about.descending else "asc"
        directions += [directions[-1] if len(directions) == 1 else default] * len(keys)
        pairs = list(zip(keys, directions, strict=False))
        for value in (v for n, v in request.query if n == "sort"):
            for part in value.split(","):
                key, _, direction = part.partition(":")
                pairs.append((key, direction or "desc"))
        keyed = tuple((key, direction.lower() == "desc") for key, direction in pairs)
        return cls(keyed, about.shown_as)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def key(self, item: Any) -> Key:
        """Return what an item is sorted by."""
        fields = resource(item) or {}
        return tuple(_Field(fields.get(self._name(key, fields)), down) for key, down in self.keys)

    def known(self, items: Sequence[Any]) -> bool:
        """Tell whether the items show the keys they are to be sorted by."""
        shown = [resource(item) or {} for item in items]
        return all(self._name(key, fields) in fields for fields in shown for key, _ in self.keys)

    def _name(self, key: str, fields: dict[str, Any]) -> str:
        return key if key in fields else self.shown_as.get(key, key)
