"""Makes the headers of a hop from those of the request."""

from collections.abc import Sequence, Set
from dataclasses import replace

from openstackoid.identity.body import is_of_a_token
from openstackoid.identity.unproven import (
    FORWARDED_FOR,
    FORWARDED_PROTO,
    WAY_NAMES,
    claims_identity,
)
from openstackoid.message import Head, Headers
from openstackoid.routing import Destination, Route, via_entry
from openstackoid.routing.border import may_ask
from openstackoid.routing.scoping import (
    AUTH_TOKEN,
    CLIENT_HEADER,
    SCOPE_HEADER,
    SERVICE_HEADER,
    SERVICE_TOKEN,
    SUBJECT_TOKEN,
)
from openstackoid.routing.via import is_via_entry
from openstackoid.scope import DELIMITER, join, split
from openstackoid.services import IDENTITY

_TOKENS = frozenset({AUTH_TOKEN, SUBJECT_TOKEN})


def validates_at_issuer(head: Head, route: Route, destination: Destination) -> bool:
    """Return whether a request is a service's validation of a foreign token, sent to its issuer.

    keystonemiddleware sends the service's own token, which has no scope, and as subject the user's
    token, which has one. See docs/reference/gateway.md#validation-at-the-issuer.
    """
    return (
        destination.remote
        and is_of_a_token(route)
        and head.headers.first(SCOPE_HEADER) is None
        and any(DELIMITER in value for value in head.headers.all(SUBJECT_TOKEN))
        and not any(DELIMITER in value for value in head.headers.all(AUTH_TOKEN))
    )


def with_token(head: Head, token: str) -> Head:
    """Return a head with another token in X-Auth-Token, whose suffix stays."""
    changed = (
        (n, f"{token}{''.join(v.partition(DELIMITER)[1:])}" if n.lower() == AUTH_TOKEN else v)
        for n, v in head.headers
    )
    return replace(head, headers=Headers(changed))


def headers_for(
    head: Head,
    route: Route,
    destination: Destination,
    here: str,
    without: Set[str] = frozenset(),
    added: Sequence[tuple[str, str]] = (),
    client: str = "",
) -> Headers:
    """Return the headers of a hop to a destination, `without` some names, with some `added`.

    Keystone gets bare tokens. Every other service gets the completed scope as the token's suffix,
    and so passes it on. Another gateway gets it in X-Scope, too, and the service that is meant. The
    service token of another cloud is dropped, because its roles mean nothing here. Another cloud
    gets only the headers that clients of its service send (`may_ask`). A service of this cloud gets
    no unproven ones (`unproven`): it is told the `client`'s address and the scheme of the frontend,
    in place of whatever the request says of its way. Without a scope nothing else changes.
    """
    told: list[tuple[str, str]] = [*added]
    if not destination.remote:
        if client:
            told.append((FORWARDED_FOR, client))
        if route.scheme == "https":
            told.append((FORWARDED_PROTO, "https"))
    if route.scope is None:
        return head.headers.without(without).without(WAY_NAMES).followed_by(told)
    dropped = {SCOPE_HEADER, SERVICE_HEADER, CLIENT_HEADER, *without}
    if destination.remote:
        dropped |= {"host", "accept-encoding"}  # links in the answer are rewritten: no compression
    if destination.remote or route.sender is not None:
        dropped.add(SERVICE_TOKEN)
    swapped = validates_at_issuer(head, route, destination)
    if swapped:
        dropped.add(AUTH_TOKEN)

    bare = (route.service == IDENTITY and not destination.remote) or not destination.gateway
    kept: list[tuple[str, str]] = []
    for name, value in head.headers:
        key = name.lower()
        if key in dropped or (key == "via" and is_via_entry(value)):
            continue
        if destination.remote:
            if not may_ask(route.service, key):
                continue
        elif key in WAY_NAMES or claims_identity(key):
            continue
        if key in _TOKENS:
            value = split(value)[0] if bare else _scoped(key, value, route)
        kept.append((name, value))
        if key == SUBJECT_TOKEN and swapped:
            # A token may validate itself, so the service's own token does not cross the border.
            kept.append(("X-Auth-Token", value))
    if destination.remote:
        kept.insert(0, ("Host", destination.address.netloc))
        if destination.gateway:
            kept += [
                ("X-Scope", route.scope.canonical),
                ("X-Scope-Service", route.service),
                ("Via", via_entry(here)),
            ]
    return Headers((*kept, *told))


def _scoped(header: str, value: str, route: Route) -> str:
    """Return a token with the completed scope as suffix; a subject token without one stays bare."""
    token, suffix = split(value)
    if route.scope is None or (header == SUBJECT_TOKEN and suffix is None):
        return value
    return join(token, route.scope, None if route.service == IDENTITY else route.wallet)
