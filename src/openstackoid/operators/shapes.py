"""The shape of an answer, recognised from OpenStack's conventions, not from a list of APIs.

A list is an object with one top-level list, and beside it nothing but links and what counts them;
or a bare list. Everything else is one resource.
"""

import re
import textwrap
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import msgspec

from openstackoid.operators.request import Request
from openstackoid.operators.runs import ORIGIN, are_markable, is_merged, opened

_BESIDE = frozenset(
    {"count", "first", "last", "links", "next", "previous", "schema", "total_count", "truncated"}
)
_VERSION = re.compile(r"(/|/?v\d[^/]*/?)?")

MAX_MESSAGE = 300
"""Characters of a service's error message that are repeated."""

_PAGING = frozenset({"limit", "marker", "offset", "page_reverse", "fields"})


@dataclass(slots=True)
class Listing:
    """A list: its items, the key they are under (None for a bare list), and its next page."""

    key: str | None
    items: list[Any]
    document: Any

    @property
    def marker(self) -> str | None:
        """The marker in the link to the next page, None if that page is not behind one."""
        return dict(parse_qsl(urlsplit(self.next or "").query)).get("marker")

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


_Value: TypeAlias = list[msgspec.Raw] | dict[str, Any] | str | int | float | bool | None
_OBJECT = msgspec.json.Decoder(dict[str, _Value])


def decode(data: bytes) -> Any:
    """Return JSON, decoded as far as it is looked at: the items of a list stay bytes (Raw).

    Of a thousand clouds' lists, decoding would be most of the work. It takes items that can be
    marked as bytes (`Run`); others are decoded. Raises ValueError.
    """
    if data.lstrip()[:1] != b"{":
        return msgspec.json.decode(data)
    fields = _OBJECT.decode(data)
    listed = _listed(fields)
    items = None if listed is None else fields[listed]
    if not isinstance(items, list) or not are_markable(items):
        return msgspec.json.decode(data)
    for key, value in fields.items():
        if key != listed and isinstance(value, list):
            fields[key] = [opened(link) for link in value]
    return fields


def listing(document: Any) -> Listing | None:
    """Return an answer's list, None if it is one resource."""
    if isinstance(document, list):
        return Listing(None, _items(document), document)
    if not isinstance(document, dict):
        return None
    key = _listed(document)
    return None if key is None else Listing(key, _items(document[key]), document)


def _listed(document: dict[str, Any]) -> str | None:
    """Return the key of the one list that this is, None if it is a resource."""
    lists = [k for k, v in document.items() if isinstance(v, list) and not _is_link(k)]
    alone = len(lists) == 1 and all(_is_link(key) for key in document.keys() - {lists[0]})
    return lists[0] if alone else None


def _items(value: list[Any]) -> list[Any]:
    return [item for run in value for item in run.marked()] if is_merged(value) else value


def is_discovery(request: Request) -> bool:
    """Tell whether a request asks for the versions of an API: a list by shape, but not data."""
    return request.method in {"GET", "HEAD"} and _VERSION.fullmatch(request.path) is not None


def is_filtered(request: Request) -> bool:
    """Tell whether a list is asked for by more than paging and order."""
    return any(n not in _PAGING and not n.startswith("sort") for n, _ in request.query)


def identifier(document: Any) -> str | None:
    """Return the id of a created resource, by which it is deleted; None if it has none."""
    found = resource(document) or {}
    values = (found.get(key) for key in ("id", "uuid", "name"))
    return next((str(value) for value in values if isinstance(value, str | int)), None)


def marker_of(item: Any) -> str | None:
    """Return by what a list goes on behind an item; None if the item does not show it.

    An id that is a number is the database's own where there is an UUID as well (os-migrations).
    Nova's instance actions have a request's id, Swift's listings names and what they begin with.
    """
    found = resource(opened(item)) or {}
    for key in ("id", "uuid", "name", "request_id", "subdir"):
        value = found.get(key)
        if isinstance(value, str) or (isinstance(value, int) and "uuid" not in found):
            return str(value)
    return None


def resource(document: Any) -> dict[str, Any] | None:
    """Return one resource, out of the key it may be under (as nova's key pairs are in a list)."""
    if not isinstance(document, dict):
        return None
    inner = [value for key, value in document.items() if key != ORIGIN]
    return inner[0] if len(inner) == 1 and isinstance(inner[0], dict) else document


def message_of(document: Any) -> str | None:
    """Return what an error of a service says, `{"itemNotFound": {"message": …}}`, cut to a line."""
    error = resource(document) or {}
    text = error.get("message")
    if not isinstance(text, str):
        return None
    text = _LONG.sub(lambda word: f"{word[0][:8]}…", text)
    return textwrap.shorten(text, MAX_MESSAGE, placeholder="…")


_LONG = re.compile(r"[^\s/]{65,}")
"""A word of a message that may be a token: Keystone quotes one that it cannot find."""


def _is_link(key: str) -> bool:
    return key in _BESIDE or key.endswith("_links")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
