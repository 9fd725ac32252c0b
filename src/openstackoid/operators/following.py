"""Finds the link or the marker of a list's next page, and puts one into a merged list.

Each API has its own place for it, beside the items or in the header `Link`. A merged list has its
link in the place that its clouds use.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

Headers: TypeAlias = Sequence[tuple[str, str]]

_TEXTS = frozenset({"first", "last", "next", "next_marker", "previous", "schema"})
_STEPS = frozenset({"next", "prev", "previous"})

_MAX_LINK = 8192
"""Characters of a link in which a marker is looked for; servers accept no longer ones."""

_LINKS = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*"?([^";,]*)', re.IGNORECASE)


class Place(Enum):
    """Where the link or the marker of the next page is, and services that have it there."""

    NEXT = "next"
    """`"next": "…"` (glance, ironic, mistral)."""
    LINKS_OBJECT = "links object"
    """`"links": {"next": "…"}` (keystone, designate)."""
    LINKS_LIST = "links list"
    """`"links": [{"rel": "next", "href": "…"}]` (heat, monasca, zaqar)."""
    KEY_LINKS = "key links"
    """`"servers_links": [{"rel": "next", "href": "…"}]` (nova, neutron, cinder)."""
    NEXT_MARKER = "next_marker"
    """`"next_marker": "…"` (murano)."""
    MARKERS = "markers"
    """`"markers": {"prev": "…", "next": "…"}` (sahara)."""
    HEADER = "header"
    """`Link: <…>; rel="next"` (gnocchi, tacker)."""


@dataclass(frozen=True, slots=True)
class Following:
    """The next page: a link, with the marker in it if it has one, or a marker alone."""

    place: Place
    link: str | None
    marker: str | None


def of(beside: Mapping[str, Any], key: str | None, headers: Headers) -> Following | None:
    """Return the next page of the list under a key, from the fields beside it and the headers.

    None on the last page, and if an API has no pages.
    """
    for place, link in _links(beside, key, headers):
        if isinstance(link, str) and link:
            query = link.partition("#")[0].partition("?")[2] if len(link) <= _MAX_LINK else ""
            return Following(place, link, dict(parse_qsl(query)).get("marker"))
    for place, marker in (
        (Place.NEXT_MARKER, beside.get("next_marker")),
        (Place.MARKERS, _fields(beside, "markers").get("next")),
    ):
        if isinstance(marker, str) and marker:
            return Following(place, None, marker)
    return None


def _links(
    beside: Mapping[str, Any], key: str | None, headers: Headers
) -> Iterator[tuple[Place, Any]]:
    yield Place.NEXT, beside.get("next")
    yield Place.LINKS_OBJECT, _fields(beside, "links").get("next")
    for place, name in ((Place.KEY_LINKS, f"{key}_links"), (Place.LINKS_LIST, "links")):
        listed = beside.get(name)
        for link in listed if isinstance(listed, list) else ():
            if is_link(link) and link.get("rel") == "next":
                yield place, link["href"]
    for value in (value for name, value in headers if name.lower() == "link"):
        for link, parameters in _LINKS.findall(value):
            relations = " ".join(_RELATION.findall(parameters)).lower().split()
            if "next" in relations:
                yield Place.HEADER, link


def is_about_pages(key: str) -> bool:
    """Tell whether a field with this key beside a list is about its pages."""
    return key in _TEXTS or key == "markers" or is_links(key)


def is_links(key: str) -> bool:
    """Tell whether a field with this key can hold links."""
    return key == "links" or key.endswith("_links")


def is_link(value: object) -> bool:
    """Tell whether a value is a link, not an item of a list that is called "links"."""
    return isinstance(value, dict) and "href" in value and not value.keys() & {"id", "uuid"}


def is_understood(key: str, value: object) -> bool:
    """Tell whether a field beside a list is about its pages, in a form that is read here."""
    if key in _TEXTS:
        return value is None or isinstance(value, str)
    if key in {"links", "markers"} and isinstance(value, dict):
        return isinstance(value.get("next"), str | None)
    return is_links(key) and isinstance(value, list)


def place_in(beside: Mapping[str, Any]) -> Place | None:
    """Return the place that the fields beside a list show, None if they show none."""
    if beside.keys() & {"first", "schema"}:
        return Place.NEXT
    if isinstance(beside.get("links"), dict):
        return Place.LINKS_OBJECT
    for place in (Place.NEXT, Place.NEXT_MARKER, Place.MARKERS):
        if place.value in beside:
            return place
    return Place.LINKS_LIST if isinstance(beside.get("links"), list) else None


def ended(beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields about pages as they are beside the last page of a list."""
    kept = {name: beside[name] for name in ("first", "schema") if name in beside}
    kept |= {name: None for name in ("next", "next_marker") if beside.get(name, "") is None}
    if isinstance(links := beside.get("links"), dict):
        kept["links"] = links | {"next": None, "previous": None}
    elif isinstance(links, list):
        kept["links"] = [link for link in links if link.get("rel") not in _STEPS]
    if "markers" in beside:
        kept["markers"] = {"prev": None, "next": None}
    return kept


def put(
    beside: dict[str, Any], place: Place, key: str | None, target: str, base: str, marker: str
) -> Headers:
    """Put the link to the next page into its place beside a list; return the headers for it.

    `target` is path and query, `base` the address of the service at home. `marker` is put in place
    of a link if an API has none. Glance's links are relative, the others' absolute.
    """
    href = f"{base}{target}"
    link = {"rel": "next", "href": href}
    match place:
        case Place.NEXT:
            texts = (beside.get(name) for name in ("first", "schema"))
            relative = any(isinstance(t, str) and t.startswith("/") for t in texts)
            beside["next"] = target if relative else href
        case Place.LINKS_OBJECT:
            beside["links"] = _fields(beside, "links") | {"next": href}
        case Place.LINKS_LIST:
            beside["links"] = [*beside.get("links", ()), link]
        case Place.KEY_LINKS:
            beside[f"{key}_links"] = [link]
        case Place.NEXT_MARKER:
            beside["next_marker"] = marker
        case Place.MARKERS:
            beside["markers"] = {"prev": None, "next": marker}
        case Place.HEADER:
            return (("Link", f'<{href}>; rel="next"'),)
    return ()


def _fields(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
