"""Decides whether the access rules of an application credential allow a request.

Sources: Keystone's API reference, "Application Credentials", access rules; keystonemiddleware
applies them in each service, with the service type of its own configuration.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from openstackoid.services import service_type

_PART = re.compile(r"\*\*|\*|\{[^}]*\}|.", re.DOTALL)


def allowed(rules: Iterable[Mapping[str, Any]], service: str, method: str, path: str) -> bool:
    """Return whether one of some rules allows a request to a service.

    `path` is as the client sent it, without its query.
    """
    return any(
        isinstance(rule.get("service"), str)
        and isinstance(rule.get("path"), str)
        and (service_type(rule["service"]) or rule["service"]) == service
        and rule.get("method") == method
        and _matches(_pattern(rule["path"]), path)
        for rule in rules
    )


class _Pattern(NamedTuple):
    """What a rule's path matches, as an automaton; each set of its states is the bits of a number.

    The first state is 1, and each part of the path but `**` leads to the next one: from `next` by a
    character, from `segment` by any but "/". Any character but "/" leads from `stays` back to it,
    any at all from `rest`.
    """

    next: Mapping[str, int]
    segment: int
    stays: int
    rest: int
    end: int


@lru_cache(maxsize=1024)
def _pattern(path: str) -> _Pattern:
    """Return what a rule's path matches: `*` and `{name}` are one segment, `**` is any rest."""
    following: dict[str, int] = {}
    segment, stays, rest, state = 0, 0, 0, 1
    for part in _PART.findall(path):
        if part == "**":
            rest |= state
            continue
        if len(part) == 1 and part != "*":
            following[part] = following.get(part, 0) | state
        else:
            segment |= state
            stays |= state << 1
        state <<= 1
    return _Pattern(following, segment, stays, rest, state)


def _matches(pattern: _Pattern, path: str) -> bool:
    """Return whether a pattern matches a path, in time that grows with the path alone.

    A user writes both. A regular expression would try all ways to divide the path among the
    wildcards, and would keep everybody waiting.
    """
    states = 1
    for character in path:
        leaving, staying = pattern.next.get(character, 0), pattern.rest
        if character != "/":
            leaving, staying = leaving | pattern.segment, staying | pattern.stays
        states = (states & leaving) << 1 | (states & staying)
    return bool(states & pattern.end)
