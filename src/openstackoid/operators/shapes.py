"""The shape of an answer, recognised from OpenStack's conventions, not from a list of APIs.

A list is an object with one top-level list, and beside it nothing but links and what counts them;
or a bare list. Everything else is one resource.
"""

import re
from dataclasses import dataclass
from typing import Any

from openstackoid.operators.request import Request

_BESIDE = frozenset(
    {"count", "first", "last", "links", "next", "previous", "schema", "total_count", "truncated"}
)
_VERSION = re.compile(r"(/|/?v\d[^/]*/?)?")

ORIGIN = "oid:cloud"
"""The key by which each item of a merged list names its cloud."""

_PAGING = frozenset({"limit", "marker", "offset", "page_reverse", "fields"})


@dataclass(slots=True)
class Listing:
    """A list: its items, the key they are under (None for a bare list), and its next page."""

    key: str | None
    items: list[Any]
    document: Any

    @property
    def next(self) -> str | None:
        """The link to the next page, None on the last page or where an API has none."""
        if not isinstance(self.document, dict):
            return None
        if isinstance(link := self.document.get("next"), str):
            return link
        links = self.document.get("links")
        if isinstance(links, dict) and isinstance(link := links.get("next"), str):
            return link
        listed = [*_dicts(self.document.get(f"{self.key}_links")), *_dicts(links)]
        hrefs = (link.get("href") for link in listed if link.get("rel") == "next")
        return next((href for href in hrefs if isinstance(href, str)), None)


def listing(document: Any) -> Listing | None:
    """Return an answer's list, None if it is one resource."""
    if isinstance(document, list):
        return Listing(None, document, document)
    if not isinstance(document, dict):
        return None
    lists = [k for k, v in document.items() if isinstance(v, list) and not _is_link(k)]
    if len(lists) != 1:
        return None
    beside = document.keys() - {lists[0]}
    return (
        Listing(lists[0], document[lists[0]], document)
        if all(_is_link(key) for key in beside)
        else None
    )


def is_discovery(request: Request) -> bool:
    """Tell whether a request asks for the versions of an API: a list by shape, but not data."""
    return request.method in {"GET", "HEAD"} and _VERSION.fullmatch(request.path) is not None


def is_filtered(request: Request) -> bool:
    """Tell whether a list is asked for by more than paging and order."""
    return any(n not in _PAGING and not n.startswith("sort") for n, _ in request.query)


def identifier(item: Any) -> str | None:
    """Return the id of an item or a created resource; by it, lists go on behind a marker."""
    if not isinstance(item, dict):
        return None
    for key in ("id", "uuid", "name"):
        if isinstance(value := item.get(key), str | int):
            return str(value)
    return None


def resource(document: Any) -> dict[str, Any] | None:
    """Return the one resource of an answer, out of the key it may be under."""
    if isinstance(document, dict) and len(document) == 1:
        (inner,) = document.values()
        return inner if isinstance(inner, dict) else None
    return document if isinstance(document, dict) else None


def _is_link(key: str) -> bool:
    return key in _BESIDE or key.endswith("_links")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
