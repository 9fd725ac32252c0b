"""The shape of an answer, recognised from OpenStack's conventions, not from a list of APIs.

A list is an object with one top-level list, and beside it nothing but links and what counts them;
or a bare list. Everything else is one resource.
"""

import re
import textwrap
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from openstackoid.operators.request import Request

_BESIDE = frozenset(
    {"count", "first", "last", "links", "next", "previous", "schema", "total_count", "truncated"}
)
_VERSION = re.compile(r"(/|/?v\d[^/]*/?)?")

ORIGIN = "oid:cloud"
"""The key by which each item of a merged list names its cloud."""

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


def decode(data: bytes) -> Any:
    """Return JSON, decoded as far as it is looked at: the items of a list stay bytes (Raw).

    Of a thousand clouds' lists, decoding would be most of the work. Raises ValueError.
    """
    if data.lstrip()[:1] != b"{":
        return msgspec.json.decode(data)
    fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    lists = [k for k, v in fields.items() if _first(v) == b"[" and not _is_link(k)]
    if len(lists) != 1 or not all(_is_link(key) for key in fields.keys() - {lists[0]}):
        return msgspec.json.decode(data)
    return {
        key: msgspec.json.decode(value, type=list[msgspec.Raw] if key == lists[0] else Any)
        for key, value in fields.items()
    }


def encode(document: Any) -> bytes:
    """Return the JSON of a document, of which parts may be bytes still."""
    return msgspec.json.encode(document)


def opened(item: Any) -> Any:
    """Return an item of a list decoded."""
    return msgspec.json.decode(item) if isinstance(item, msgspec.Raw) else item


def marked(items: list[Any], cloud: str) -> list[Any]:
    """Return the items of one cloud's list, each with its cloud.

    Bytes are marked as bytes, in one sweep: of a thousand lists there are many.
    """
    if items and isinstance(items[0], msgspec.Raw):
        mark = b'{"%b":%b,' % (ORIGIN.encode(), msgspec.json.encode(cloud))
        raw = msgspec.Raw
        return [raw(mark + d[1:]) if (d := bytes(i))[:2] == b'{"' else i for i in items]
    return [{ORIGIN: cloud} | i if isinstance(i, dict) else i for i in items]


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


def _first(raw: msgspec.Raw) -> bytes:
    return bytes(memoryview(raw)[:1])


def _is_link(key: str) -> bool:
    return key in _BESIDE or key.endswith("_links")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
