"""Finds the token in the body of an authentication request, and removes its suffix."""

import json
from typing import Any
from urllib.parse import unquote

from openstackoid.routing import Route
from openstackoid.scope import DELIMITER, split
from openstackoid.services import IDENTITY

_MAX_PATH = 4096
"""Characters of a path that is decoded; Keystone has none so long that means anything here."""

MAX_AUTH_BODY = 114_688
"""Bytes of an authentication request; Keystone's own limit.

[oslo_middleware] max_request_body_size.
"""


def is_authentication(method: str, route: Route) -> bool:
    """Return whether a request is a login (`POST /v3/auth/tokens`): its body may hold a token."""
    return method == "POST" and is_of_a_token(route)


def is_of_a_token(route: Route) -> bool:
    """Return whether a request creates, validates or revokes a token (`/v3/auth/tokens`).

    Only the issuer's Keystone can answer it.
    """
    return route.service == IDENTITY and keystone_path(route) == "/v3/auth/tokens"


def keystone_path(route: Route) -> str:
    """Return the path of a request to a Keystone as that reads it: decoded, each slash once."""
    path = route.rest.partition("?")[0]
    if "%" in path or "//" in path:
        path = path.replace("%2f", "/").replace("%2F", "/")
        while "//" in path:  # a regular expression is slow over a long path, and so is unquote
            path = path.replace("//", "/")
        if len(path) <= _MAX_PATH:
            path = unquote(path)
    return path.rstrip("/")


def token_in(body: bytes) -> str | None:
    """Return the token in `auth.identity.token.id` if it has a suffix, else None."""
    token = _token_in(body) if DELIMITER.encode() in body else None
    return token if token is not None and DELIMITER in token else None


def bare_token_in(body: bytes) -> str | None:
    """Return the token in `auth.identity.token.id` without its suffix, None if there is none."""
    token = _token_in(body)
    return None if token is None else token.partition(DELIMITER)[0]


def _token_in(body: bytes) -> str | None:
    try:
        token = json.loads(body)["auth"]["identity"]["token"]["id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return token if isinstance(token, str) else None


def strip(body: bytes) -> bytes:
    """Return the body with the bare token, for Keystone."""
    document: dict[str, Any] = json.loads(body)
    token = document["auth"]["identity"]["token"]
    token["id"], _ = split(token["id"])
    return json.dumps(document).encode()
