"""Makes regular expressions (PCRE2) with which HAProxy reads canonical scopes without operators.

HAProxy's `json_query` reads JSON otherwise than we do: it takes the first of two equal keys,
ignores text behind the JSON, and overlooks a key with an escape. A regular expression that has a
place for each service matches a scope in one way only.

A service that a scope leaves out is taken where the completed scope (`Scope.completed`) takes it.
"""

import re
from collections.abc import Collection, Iterable

from openstackoid.scope import MAX_BYTES
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import BOUND, COMPUTE, IDENTITY

_COMPLETING = (EVERYTHING, IDENTITY, *BOUND)
"""The keys that completing a scope can add."""


def keys(services: Iterable[str]) -> list[str]:
    """Return every key that a scope over a federation's services may have, sorted.

    HAProxy leaves scopes with other keys to the gateway.
    """
    return sorted({EVERYTHING, IDENTITY, COMPUTE, *BOUND, *services})


def readable(services: Iterable[str], clouds: Collection[str], here: str) -> str:
    """Return the regular expression for canonical scopes over known clouds, with identity `here`.

    Foreign tokens are left to the gateway. The scopes are so short that they stay within MAX_BYTES
    when they are completed.
    """
    known = f'"(?:{"|".join(map(re.escape, sorted(clouds)))})"'
    longest = max(map(len, clouds))
    room = MAX_BYTES - sum(len(f'"{key}":"",') + longest for key in _COMPLETING)
    return f"(?(DEFINE)(?<cloud>{known})){shape(services, '(?&cloud)', here, room)}"


def shape(services: Iterable[str], cloud: str, here: str, room: int = MAX_BYTES) -> str:
    """Return the regular expression for canonical scopes within `room` bytes, with identity `here`.

    `cloud` is the regular expression for the name of a cloud in quotes.
    """
    entries = "".join(_entry(key, cloud, here) for key in keys(services))
    foreign_token = rf'\{{"\*":"(?!{re.escape(here)}")(?!.*"{IDENTITY}":)'
    return rf'^(?=.{{1,{room}}}$)(?!{foreign_token})\{{(?="){entries}\}}$'


def taken_in(service: str, cloud: str) -> str:
    """Return the regular expression for scopes that take a service in this cloud, their home."""
    name = re.escape(cloud)
    left_out = rf'(?!\{{"\*":"(?!{name}"))'
    if service in BOUND:
        left_out = rf'(?:.*"{COMPUTE}":"{name}"|(?!.*"{COMPUTE}":){left_out})'
    return rf'^(?:.*"{service}":"{name}"|(?!.*"{service}":){left_out})'


def bound_elsewhere(cloud: str) -> str:
    """Return the regular expression for scopes that name a bound service in another cloud.

    It is meant for scopes that take compute in this cloud.
    """
    return rf'"(?:{"|".join(BOUND)})":"(?!{re.escape(cloud)}")'


def _entry(key: str, cloud: str, here: str) -> str:
    value = f'"{re.escape(here)}"' if key == IDENTITY else cloud
    return rf'(?:(?:(?<=\{{)|,)"{re.escape(key)}":{value})?'
