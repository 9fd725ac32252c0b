"""What of the scope language HAProxy reads: completed canonical scopes of single clouds, by regex.

Its own `json_query` takes the first of two keys, goes past what follows the JSON, and does not see
a key with an escape: other readings than ours. A regular expression in which each service has its
place takes what it takes in one way only. Written for PCRE2.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from openstackoid.scope import MAX_BYTES
from openstackoid.scope.model import BOUND, COMPUTE, EVERYTHING, IDENTITY

_TOGETHER = sorted((COMPUTE, *BOUND))
_ANY = '"[^"]+"'


@dataclass(frozen=True, slots=True)
class Insertion:
    """One step in which a scope is completed: where a key is missing, `pattern` is replaced."""

    missing: str
    """The key's text; it is inserted in a scope without it."""
    needs: str
    """A text that the scope must have; empty if it is always inserted."""
    pattern: str
    replacement: str


def keys(services: Iterable[str]) -> list[str]:
    """Return every key that a completed scope may have, in its order, of a federation's services.

    Scopes with others are not read here.
    """
    return sorted({EVERYTHING, IDENTITY, *_TOGETHER, *services})


def completed(services: Iterable[str], clouds: Collection[str], here: str) -> str:
    """Return the expression for completed canonical scopes of known clouds.

    Tokens of other clouds than `here` are not for HAProxy, so identity is this one.
    """
    known = f'"(?:{"|".join(map(re.escape, sorted(clouds)))})"'
    return f"(?(DEFINE)(?<cloud>{known})){shape(services, '(?&cloud)', here)}"


def shape(services: Iterable[str], cloud: str, here: str) -> str:
    """Return the same with the expression for a cloud (and its quotes) given."""
    entries = "".join(_entry(key, cloud, here) for key in keys(services))
    bound = ".*".join(f'"{key}":' for key in _TOGETHER)
    return rf'^(?=.{{1,{MAX_BYTES}}}$)(?:(?!.*"{COMPUTE}":)|(?=.*{bound}))\{{{entries}\}}$'


def taken_in(service: str, cloud: str) -> str:
    """Return the expression for those completed scopes that take a service in this cloud."""
    name = re.escape(cloud)
    return rf'^(?:.*"{service}":"{name}"|\{{"\*":"{name}"(?!.*"{service}":))'


def bound_elsewhere(cloud: str) -> str:
    """Return the expression for those that take a service bound to compute in another cloud."""
    return rf'"(?:{"|".join(BOUND)})":"(?!{re.escape(cloud)}")'


def insertions(services: Iterable[str], home: str) -> list[Insertion]:
    """Return the steps that complete a canonical scope, as `Scope.completed` does.

    Of what is no canonical scope they make none: what they insert is all that they change.
    """
    order = keys(services)
    steps = [Insertion('{"*":', "", r"^\{", rf'{{"*":"{home}",')]
    for service in BOUND:
        before = _some(k for k in order if EVERYTHING < k < service)
        if service < COMPUTE:
            pattern = rf'^(\{{"\*":{_ANY}{before})(.*"{COMPUTE}":({_ANY}).*)$'
            replacement = rf'\1,"{service}":\3\2'
        else:
            before = _some(k for k in order if COMPUTE < k < service)
            pattern = rf'^(.*"{COMPUTE}":({_ANY}){before})(.*)$'
            replacement = rf'\1,"{service}":\2\3'
        steps.append(Insertion(f'"{service}":', f'"{COMPUTE}":', pattern, replacement))
    before = _some(k for k in order if EVERYTHING < k < IDENTITY)
    pattern = rf'^(\{{"\*":({_ANY}){before})(.*)$'
    steps.append(Insertion(f'"{IDENTITY}":', "", pattern, rf'\1,"{IDENTITY}":\2\3'))
    return steps


def _entry(key: str, cloud: str, here: str) -> str:
    if key == EVERYTHING:
        return rf'"\*":{cloud}'
    if key == IDENTITY:
        return f',"{key}":"{re.escape(here)}"'
    return f'(?:,"{re.escape(key)}":{cloud})?'


def _some(services: Iterable[str]) -> str:
    names = "|".join(map(re.escape, services))
    return f'(?:,"(?:{names})":{_ANY})*' if names else ""
