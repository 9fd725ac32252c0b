"""The order of a merged list: as asked for by sort_key and sort_dir, or cloud after cloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering
from typing import Any, TypeAlias

from openstackoid.operators.request import Request
from openstackoid.operators.shapes import resource

_SHOWN_AS = {
    "created_at": "created",
    "display_name": "name",
    "flavorid": "id",
    "memory_mb": "ram",
    "root_gb": "disk",
    "updated_at": "updated",
    "uuid": "id",
}
"""What nova sorts by and shows under another name."""

_DOWN_BY_DEFAULT = frozenset({"backups", "images", "servers", "snapshots", "volumes"})
"""Collections that are sorted downwards if no direction is given."""


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
    """Return something that compares with any other value, whatever its type."""
    match value:
        case None:
            return (0, 0)
        case bool() | int() | float():
            return (1, value)
        case str():
            return (2, value)
    return (3, repr(value))


@dataclass(frozen=True, slots=True)
class Order:
    """The keys asked for, each with its direction; without any, clouds follow one another."""

    keys: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, request: Request) -> "Order":
        """Read `sort_key` and `sort_dir` (nova, neutron, glance), or `sort=a:asc,b` (cinder)."""
        keys = [v for n, v in request.query if n == "sort_key"]
        directions = [v for n, v in request.query if n == "sort_dir"]
        collection = request.path.rstrip("/").removesuffix("/detail").rpartition("/")[2]
        default = "desc" if collection in _DOWN_BY_DEFAULT else "asc"
        directions += [directions[-1] if len(directions) == 1 else default] * len(keys)
        pairs = list(zip(keys, directions, strict=False))
        for value in (v for n, v in request.query if n == "sort"):
            for part in value.split(","):
                key, _, direction = part.partition(":")
                pairs.append((key, direction or "desc"))
        return cls(tuple((key, direction.lower() == "desc") for key, direction in pairs))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def key(self, item: Any) -> Key:
        """Return what an item is sorted by."""
        fields = resource(item) or {}
        return tuple(_Field(fields.get(_name(key, fields)), down) for key, down in self.keys)

    def known(self, items: Sequence[Any]) -> bool:
        """Tell whether the items show the keys they are to be sorted by."""
        shown = [resource(item) or {} for item in items]
        return all(_name(key, fields) in fields for fields in shown for key, _ in self.keys)


def _name(key: str, fields: dict[str, Any]) -> str:
    return key if key in fields else _SHOWN_AS.get(key, key)
