"""Decides whether the access rules of an application credential allow a request.

Sources: Keystone's API reference, "Application Credentials", access rules; keystonemiddleware
applies them in each service, with the service type of its own configuration.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from openstackoid.services import service_type

_PART = re.compile(r"\*\*|\*|\{[^}]*\}")


def allowed(rules: Iterable[Mapping[str, Any]], service: str, method: str, path: str) -> bool:
    """Return whether one of some rules allows a request to a service.

    `path` is as the client sent it, without its query.
    """
    return any(
        isinstance(rule.get("service"), str)
        and isinstance(rule.get("path"), str)
        and (service_type(rule["service"]) or rule["service"]) == service
        and rule.get("method") == method
        and _pattern(rule["path"]).fullmatch(path)
        for rule in rules
    )


@lru_cache(maxsize=1024)
def _pattern(path: str) -> re.Pattern[str]:
    """Return what a rule's path matches: `*` and `{name}` are one segment, `**` is any rest."""
    parts, begin = [], 0
    for part in _PART.finditer(path):
        parts += [re.escape(path[begin : part.start()]), ".*" if part[0] == "**" else "[^/]+"]
        begin = part.end()
    return re.compile("".join((*parts, re.escape(path[begin:]))), re.DOTALL)
