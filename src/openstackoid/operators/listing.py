"""Tells lists from single resources by the shape of an answer, whatever its API.

A list is a bare list, or an object with one list in which all other fields are about that list:
links, markers, counts. Everything else is one resource.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from openstackoid.operators import following
from openstackoid.operators.following import Following, Headers
from openstackoid.operators.runs import can_be_labelled, decoded, is_merged

_POSITION = re.compile("page|next|more|offset|start|skip|cursor|continu", re.IGNORECASE)
"""Parts of the names of numbers that may mark a page in a way that is not understood here."""

_MAX_FIELDS = 100
"""Fields beside a list, and within one of them; each is looked at, and lists have a few."""

_MAX_LINKS = 1000
"""Links beside a list."""

_MAX_DEPTH = 2
"""How deep objects beside a list can be nested and still only count it."""

_Value: TypeAlias = list[msgspec.Raw] | dict[str, Any] | str | int | float | bool | None
_OBJECT = msgspec.json.Decoder(dict[str, _Value])


@dataclass(slots=True)
class Listing:
    """A list: its items, their key (None for a bare list), the other fields, and the next page."""

    key: str | None
    items: list[Any]
    beside: Mapping[str, Any] = field(default_factory=dict)
    following: Following | None = None

    @property
    def marker(self) -> str | None:
        """The marker of the next page, None if that page is not behind one."""
        return None if self.following is None else self.following.marker

    @property
    def next(self) -> str | None:
        """The link to the next page, None if there is no page, or a marker alone."""
        return None if self.following is None else self.following.link


def decode(data: bytes) -> Any:
    """Return JSON, decoded as far as it is looked at: the items of a list stay bytes (Raw).

    So they need not be encoded again. They are decoded once, to see that they can be: one bad item
    would spoil the list of all clouds. Items that cannot be labelled as bytes (`Run`) are decoded.
    Raises ValueError and RecursionError.
    """
    if data.lstrip()[:1] != b"{":
        return msgspec.json.decode(data)
    fields = _OBJECT.decode(data)
    key = _key_of(fields)
    items = None if key is None else fields[key]
    if not isinstance(items, list) or not can_be_labelled(items):
        return msgspec.json.decode(data)
    msgspec.json.decode(data)
    for other, value in fields.items():
        if other != key and isinstance(value, list):
            fields[other] = [decoded(link) for link in value]
    return fields


def listing(document: Any, headers: Headers = ()) -> Listing | None:
    """Return the list that an answer is, None if it is one resource."""
    if isinstance(document, list):
        return Listing(None, _items(document), {}, following.of({}, None, headers))
    if not isinstance(document, dict) or (key := _key_of(document)) is None:
        return None
    beside = {k: v for k, v in document.items() if k != key}
    return Listing(key, _items(document[key]), beside, following.of(beside, key, headers))


def _key_of(document: dict[str, Any]) -> str | None:
    """Return the key of the items if a document is a list, None if it is a resource."""
    if len(document) > _MAX_FIELDS:
        return None
    lists = [k for k, v in document.items() if isinstance(v, list)]
    own = [k for k in lists if not _are_links(k, document[k])]
    own = own or [k for k in lists if not document[k]]  # an empty list that is called "links"
    if len(own) != 1:
        return None
    (key,) = own
    unknown = {k: v for k, v in document.items() if k != key and not following.is_understood(k, v)}
    if not unknown:
        return key
    # They may be no counts after all. Items that cannot be labelled are not merged then.
    plain = all(_is_harmless(k, v) for k, v in unknown.items())
    return key if plain and _are_objects(document[key]) else None


def _are_links(key: str, value: Sequence[Any]) -> bool:
    """Tell whether a list under this key holds links, not items."""
    few = following.is_links(key) and len(value) <= _MAX_LINKS
    return few and all(following.is_link(decoded(item)) for item in value)


def _is_harmless(key: str, value: object, depth: int = _MAX_DEPTH) -> bool:
    """Tell whether a field beside a list only counts it, and does not mark a page.

    A text is not harmless: every resource has one, but no known list does.
    """
    if isinstance(value, dict):
        inner = ((f"{key}.{k}", v) for k, v in value.items())
        few = depth > 0 and len(value) <= _MAX_FIELDS
        return few and all(_is_harmless(k, v, depth - 1) for k, v in inner)
    if isinstance(value, bool | int | float):
        return not _POSITION.search(key) or (value is not True and value in (0, 1))
    return value in (None, "")


def _are_objects(items: Iterable[Any]) -> bool:
    if is_merged(items):
        return True
    return all(isinstance(i, dict) or _is_raw_object(i) for i in items)


def _is_raw_object(item: object) -> bool:
    return isinstance(item, msgspec.Raw) and bytes(item)[:1] == b"{"


def _items(value: list[Any]) -> list[Any]:
    return [item for run in value for item in run.labelled()] if is_merged(value) else value
