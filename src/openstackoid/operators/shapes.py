"""The shape of one resource and of an error, recognised by OpenStack's conventions."""

import re
import textwrap
from typing import Any

CLOUD_LABEL = "oid:cloud"
"""The key by which each item of a merged list names its cloud."""

MAX_MESSAGE = 300
"""Characters of a service's error message that are repeated."""

_VERSION = re.compile(r"(/|/?v\d[^/]*/?)?")

_LONG = re.compile(r"[^\s/]{65,}")
"""A word of a message that may be a token: Keystone quotes one that it cannot find."""


def is_discovery(method: str, path: str) -> bool:
    """Tell whether a request asks for the versions of an API: a list by shape, but not data."""
    return method in {"GET", "HEAD"} and _VERSION.fullmatch(path) is not None


def resource(document: object) -> dict[str, Any] | None:
    """Return one resource, out of the key it may be under (as nova's key pairs are in a list)."""
    if not isinstance(document, dict):
        return None
    inner = [value for key, value in document.items() if key != CLOUD_LABEL]
    return inner[0] if len(inner) == 1 and isinstance(inner[0], dict) else document


def identifier(document: object) -> str | None:
    """Return the id of a created resource, by which it is deleted; None if it has none."""
    found = resource(document) or {}
    values = (found.get(key) for key in ("id", "uuid", "name"))
    return next((str(value) for value in values if isinstance(value, str | int)), None)


def marker_of(item: object) -> str | None:
    """Return by what a list goes on behind an item; None if the item does not show it.

    An id that is a number is the database's own where there is an UUID as well (os-migrations).
    Nova's instance actions have a request's id, Swift's listings names and what they begin with.
    """
    found = resource(item) or {}
    for key in ("id", "uuid", "name", "request_id", "subdir"):
        value = found.get(key)
        if isinstance(value, str) or (isinstance(value, int) and "uuid" not in found):
            return str(value)
    return None


def message_of(document: object) -> str | None:
    """Return what an error of a service says, `{"itemNotFound": {"message": …}}`, cut to a line."""
    error = resource(document) or {}
    text = error.get("message")
    if not isinstance(text, str):
        return None
    text = _LONG.sub(lambda word: f"{word[0][:8]}…", text)
    return textwrap.shorten(text, MAX_MESSAGE, placeholder="…")
