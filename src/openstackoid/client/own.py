"""Asks the gateway of one's own cloud what only that knows."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from keystoneauth1.exceptions import NotFound
from osc_lib import exceptions

_Read = TypeVar("_Read")

_VERSION = re.compile(r"/v\d+(\.\d+)?/*$")


def asked(
    app: Any, path: str, read: Callable[[Any], _Read], instead: str, method: str = "GET"
) -> _Read:
    """Return what is read of the document at a path of the gateway's own.

    `instead` says what else to do where there is none. Raises CommandError.
    """
    manager = app.client_manager
    endpoint = manager.get_endpoint_for_service_type(
        "identity", region_name=manager.region_name, interface=manager.interface
    )
    base = _VERSION.sub("", endpoint or "").rstrip("/")
    try:
        answer = manager.session.request(
            path, method, endpoint_filter={"service_type": "identity"}, endpoint_override=base
        )
        return read(answer.json())
    except (NotFound, ValueError, KeyError, TypeError) as error:
        what = _words(error)
        raise exceptions.CommandError(what or f"{base} {instead}") from error


def _words(error: Exception) -> str:
    """Return what the gateway itself says of something that is not there."""
    response = getattr(error, "response", None)
    try:
        said = response.json()["error"] if response is not None else {}
    except (ValueError, KeyError, TypeError):
        return ""
    return str(said.get("message", "")) if isinstance(said, dict) and "sent" in said else ""
