"""The headers a request is sent on with: pure edits of those it came with."""

from openstackoid.identity.unproven import claims_identity, tells_way
from openstackoid.message import Head, Headers
from openstackoid.routing import Route, Target, via_stamp
from openstackoid.routing.scoping import AUTH_TOKEN, SCOPE_HEADER, SERVICE_TOKEN, SUBJECT_TOKEN
from openstackoid.routing.via import is_stamp
from openstackoid.scope import DELIMITER, join, split
from openstackoid.services import IDENTITY

_TOKENS = frozenset({AUTH_TOKEN, SUBJECT_TOKEN})


def validates_at_home(head: Head, route: Route, target: Target) -> bool:
    """Tell whether this is a service asking for another cloud's token, to be validated there.

    keystonemiddleware asks with its own token, which has no scope, for its caller's, which has one;
    see docs/reference/gateway.md#validation-at-home.
    """
    return (
        target.remote
        and route.service == IDENTITY
        and head.headers.first(SCOPE_HEADER) is None
        and any(DELIMITER in value for value in head.headers.all(SUBJECT_TOKEN))
        and not any(DELIMITER in value for value in head.headers.all(AUTH_TOKEN))
    )


def headers_for(head: Head, route: Route, target: Target, here: str) -> Headers:
    """Return the headers for a target; without a scope, those that came.

    Keystone gets clean tokens; every other service gets the completed scope behind the token, and
    so hands it on; another gateway gets it as X-Scope too. A foreign service's token is dropped:
    its roles mean nothing in another cloud. What nobody has proven (`unproven`) is dropped as well.
    """
    if route.scope is None:
        return head.headers
    dropped = {SCOPE_HEADER}
    if target.remote:
        dropped |= {"host", "accept-encoding"}  # answers are read on their way back, for links
    if target.remote or route.origin is not None:
        dropped.add(SERVICE_TOKEN)
    swapped = validates_at_home(head, route, target)
    if swapped:
        dropped.add(AUTH_TOKEN)

    clean = (route.service == IDENTITY and not target.remote) or not target.gateway
    headers: list[tuple[str, str]] = []
    for name, value in head.headers:
        key = name.lower()
        if key in dropped or (key == "via" and is_stamp(value)):
            continue
        if key in _TOKENS:
            value = split(value)[0] if clean else _scoped(key, value, route)
        elif claims_identity(key) or (target.remote and tells_way(key)):
            continue
        headers.append((name, value))
        if key == SUBJECT_TOKEN and swapped:
            # Keystone lets a token validate itself, so no password of ours crosses the border.
            headers.append(("X-Auth-Token", value))
    if target.remote:
        headers.insert(0, ("Host", target.address.netloc))
    if target.remote and target.gateway:
        headers += [("X-Scope", route.scope.canonical), ("Via", via_stamp(here))]
    return Headers(headers)


def _scoped(header: str, value: str, route: Route) -> str:
    """Put the completed scope behind a token; a subject that came without one stays as it is."""
    token, suffix = split(value)
    if route.scope is None or (header == SUBJECT_TOKEN and suffix is None):
        return value
    return join(token, route.scope, None if route.service == IDENTITY else route.wallet)
