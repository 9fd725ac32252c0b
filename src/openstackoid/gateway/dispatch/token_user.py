"""Asks whose a token is, and refuses users, and keys that sign assertions, that are blocked."""

from collections.abc import Iterable
from http import HTTPStatus

from openstackoid.gateway.admission.blocklist import BlockedRefusal
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.reporting import audit
from openstackoid.identity.assertion import BadAssertionError, is_assertion, key_of
from openstackoid.identity.sealing import is_sealed
from openstackoid.identity.stamp import cut
from openstackoid.message import Head
from openstackoid.routing import Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN, STORAGE_TOKENS, SUBJECT_TOKEN
from openstackoid.scope import DELIMITER

_TOKENS = frozenset({AUTH_TOKEN, *STORAGE_TOKENS})
"""Headers from which services read the token of a user."""


async def check_user(context: Context, head: Head, route: Route, names: Iterable[str] = ()) -> None:
    """Raise BlockedRefusal if the user of a token of a request, or one of `names`, is blocked.

    Also if a token is an assertion, and the key is blocked that has signed it.

    Only while users are blocked, a token of which no Keystone has said anything is looked up in its
    own. A sealed one has a user once it is unsealed.
    """
    blocklist = context.state.blocklist
    if not (blocklist.has_users or blocklist.has_keys):
        return
    tokens = [value for name, value in head.headers if name.lower() in _TOKENS]
    blocklist.check_keys(map(_key, tokens))
    if not blocklist.has_users:
        return
    every = [*names]
    context.charge(max(0, len(tokens) - 1))
    for token in dict.fromkeys(tokens):
        bare = token.partition(DELIMITER)[0]
        if bare and not is_sealed(bare):
            every += await _names(context, token, route)
    blocklist.check_user(every)


async def check_subject(context: Context, head: Head, route: Route) -> None:
    """Raise Refusal, 404 as Keystone's, for an assertion that is blocked and asked about.

    So the service refuses its user, where it would take a 403 for a fault of its own.
    """
    blocklist = context.state.blocklist
    subject = head.headers.get(SUBJECT_TOKEN)
    try:
        blocklist.check_keys((_key(subject),))
        if blocklist.has_users:
            blocklist.check_user(await _names(context, subject, route))
    except BlockedRefusal as blocked:
        here = context.site.here
        message = f"{here} does not take this assertion: {blocked.message}"
        raise Refusal(
            HTTPStatus.NOT_FOUND, message, cloud=here, service=route.service, sent=False
        ) from blocked


def _key(token: str) -> str | None:
    """Return the id of the key that has signed an assertion, None for any other token."""
    bare = token.partition(DELIMITER)[0]
    if not is_assertion(bare):
        return None
    try:
        return key_of(cut(bare))
    except BadAssertionError:  # it is refused for that
        return None


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
