"""Asks whose a token is, and refuses users who are blocked."""

from collections.abc import Iterable

from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.reporting import audit
from openstackoid.identity.sealing import is_sealed
from openstackoid.message import Head
from openstackoid.routing import Route
from openstackoid.routing.scoping import AUTH_TOKEN, STORAGE_TOKENS
from openstackoid.scope import DELIMITER

_TOKENS = frozenset({AUTH_TOKEN, *STORAGE_TOKENS})
"""Headers from which services read the token of a user."""


async def check_user(context: Context, head: Head, route: Route, names: Iterable[str] = ()) -> None:
    """Raise BlockedRefusal if the user of a token of a request, or one of `names`, is blocked.

    Only while users are blocked, a token of which no Keystone has said anything is looked up in its
    own. A sealed one has a user once it is unsealed.
    """
    if not context.state.blocklist.has_users:
        return
    every = [*names]
    headers = head.headers
    tokens = [value for name, value in headers if name.lower() in _TOKENS]
    context.charge(max(0, len(tokens) - 1))
    for token in dict.fromkeys(tokens):
        bare = token.partition(DELIMITER)[0]
        if bare and not is_sealed(bare):
            every += await _names(context, token, route)
    context.state.blocklist.check_user(every)


async def _names(context: Context, token: str, route: Route) -> list[str]:
    """Return all names by which the operator may have blocked the user of a token."""
    users, issuer = context.state.users, route.issuer or context.site.here
    names = [audit.fingerprint(token)]
    user = users.of(token, issuer)
    if user is None or user.said or not (user.name or user.unknown):
        found = await context.site.foreign_tokens.user_of(token, route)
        if found is None:
            return names
        user = users.learn(token, found, issuer)
    for name in filter(None, (user.name, user.id)):
        names += [name, f"{name}@{user.cloud}"]
    return names
