"""The token in the body of an authentication request, the one that no header shows."""

import json
from typing import Any

from openstackoid.routing import Route
from openstackoid.scope import DELIMITER, split
from openstackoid.services import IDENTITY

MAX_AUTH_BODY = 114_688
"""Bytes; what Keystone itself takes ([oslo_middleware] max_request_body_size)."""


def is_authentication(method: str, route: Route) -> bool:
    """Tell whether a request logs in (`POST /v3/auth/tokens`), and may hold a token in its body."""
    return method == "POST" and is_of_a_token(route)


def is_of_a_token(route: Route) -> bool:
    """Tell whether a request makes, shows or ends a token, which one Keystone alone knows."""
    path = route.rest.partition("?")[0].rstrip("/")
    return route.service == IDENTITY and path == "/v3/auth/tokens"


def token_in(body: bytes) -> str | None:
    """Return the token of `auth.identity.token.id` if it has a suffix, None otherwise."""
    if DELIMITER.encode() not in body:
        return None
    try:
        token = json.loads(body)["auth"]["identity"]["token"]["id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return token if isinstance(token, str) and DELIMITER in token else None


def strip(body: bytes) -> bytes:
    """Return the body with a clean token, for Keystone."""
    document: dict[str, Any] = json.loads(body)
    token = document["auth"]["identity"]["token"]
    token["id"], _ = split(token["id"])
    return json.dumps(document).encode()
