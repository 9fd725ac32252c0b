"""What of the scope language HAProxy reads: canonical scopes of single clouds, by regex.

Its own `json_query` takes the first of two keys, goes past what follows the JSON, and does not see
a key with an escape: other readings than ours. A regular expression in which each service has its
place takes what it takes in one way only. Written for PCRE2.

What a scope leaves out means what it means once it is completed (`Scope.completed`) by this cloud.
"""

import re
from collections.abc import Collection, Iterable

from openstackoid.scope import MAX_BYTES
from openstackoid.scope.model import EVERYTHING
from openstackoid.services import BOUND, COMPUTE, IDENTITY

_COMPLETING = (EVERYTHING, IDENTITY, *BOUND)
"""The keys that completing a scope may insert."""


def keys(services: Iterable[str]) -> list[str]:
    """Return every key that a scope may have, in its order, of a federation's services.

    Scopes with others are not read here.
    """
    return sorted({EVERYTHING, IDENTITY, COMPUTE, *BOUND, *services})


def readable(services: Iterable[str], clouds: Collection[str], here: str) -> str:
    """Return the expression for canonical scopes of known clouds, with a token of this one.

    Tokens of other clouds than `here` are not for HAProxy. Completed they are within MAX_BYTES.
    """
    known = f'"(?:{"|".join(map(re.escape, sorted(clouds)))})"'
    longest = max(map(len, clouds))
    room = MAX_BYTES - sum(len(f'"{key}":"",') + longest for key in _COMPLETING)
    return f"(?(DEFINE)(?<cloud>{known})){shape(services, '(?&cloud)', here, room)}"


def shape(services: Iterable[str], cloud: str, here: str, room: int = MAX_BYTES) -> str:
    """Return the expression for canonical scopes within `room` bytes, with a token of `here`.

    `cloud` is the expression for a cloud, its quotes included.
    """
    entries = "".join(_entry(key, cloud, here) for key in keys(services))
    foreign_token = rf'\{{"\*":"(?!{re.escape(here)}")(?!.*"{IDENTITY}":)'
    return rf'^(?=.{{1,{room}}}$)(?!{foreign_token})\{{(?="){entries}\}}$'


def taken_in(service: str, cloud: str) -> str:
    """Return the expression for those scopes that take a service in this cloud, their home."""
    name = re.escape(cloud)
    left_out = rf'(?!\{{"\*":"(?!{name}"))'
    if service in BOUND:
        left_out = rf'(?:.*"{COMPUTE}":"{name}"|(?!.*"{COMPUTE}":){left_out})'
    return rf'^(?:.*"{service}":"{name}"|(?!.*"{service}":){left_out})'


def bound_elsewhere(cloud: str) -> str:
    """Return the expression for scopes that name a bound service, in another cloud than this one.

    Of those that take compute here; for others it means nothing.
    """
    return rf'"(?:{"|".join(BOUND)})":"(?!{re.escape(cloud)}")'


def _entry(key: str, cloud: str, here: str) -> str:
    value = f'"{re.escape(here)}"' if key == IDENTITY else cloud
    return rf'(?:(?:(?<=\{{)|,)"{re.escape(key)}":{value})?'
