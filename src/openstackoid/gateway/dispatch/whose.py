"""Learns whose the tokens are that pass, for the audit, and refuses users who are blocked."""

from typing import Any

from openstackoid import identity
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body, Hop, Validated
from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.gateway.reporting import audit
from openstackoid.identity.catalog import CatalogEditor
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.services import IDENTITY

_NAMES = ("name", "id")
_SUCCESS = range(200, 300)


async def check(context: Context, body: Body) -> None:
    """Record the user of a request, if he is known; raises BlockedRefusal if he is blocked.

    Only while users are blocked, a token of which nothing is known is looked up in its Keystone.
    """
    _recognize(context)
    blocklist, users = context.state.blocklist, context.state.users
    if not blocklist.has_users:
        return
    names: list[str] = []
    if isinstance(body, bytes):
        for account in identity.accounts_tried("POST", context.route, body):
            names += [account.id, account.name]
    if token := context.head.headers.first(AUTH_TOKEN):
        user = users.of(token)
        if user is None or not (user.name or user.unknown):
            issuer = context.route.issuer or context.site.here
            found = await context.site.foreign_tokens.user_of(token, context.route)
            user = users.learn(token, found or {}, issuer)
        names.append(audit.fingerprint(token))
        for name in filter(None, (user.name, user.id)):
            names += [name, f"{name}@{user.cloud}"]
    blocklist.check_user(names)


def _recognize(context: Context) -> None:
    """Record the user of a request with a scope, if one is known, and where his token came from."""
    route, users = context.route, context.state.users
    token = context.head.headers.first(AUTH_TOKEN)
    if route.scope is None or not token:
        return
    here = context.site.here
    if route.issuer not in {None, here} and route.service != IDENTITY:
        users.came(token, context.request.remote)
    user = users.of(token)
    if user is not None and user.name:
        known = user.name if user.cloud == here else f"{user.name}@{user.cloud}"
        context.record.user = known


def learn(context: Context, hop: Hop, body: Body, answered: Passing | Validated) -> None:
    """Remember the user of a token that a Keystone has just given, or said whose it is."""
    if not identity.is_of_a_token(hop.route):
        return
    users, cloud = context.state.users, hop.destination.cloud
    subject = context.head.headers.first(SUBJECT_TOKEN)
    if isinstance(answered, Validated):
        user = answered.document["token"]["user"]
        if subject:
            marked = {key: str(user.get(key, "")).removesuffix(f"@{cloud}") for key in _NAMES}
            context.record.on_behalf_of = users.learn(subject, marked, cloud).address
        context.record.fields["user"] = user["name"]
        return
    if answered.response.status not in _SUCCESS:
        return
    token = answered.response.headers.first(SUBJECT_TOKEN) or subject
    named = _named(hop, body, answered)
    if token and named:
        users.learn(token, named, cloud)
        context.record.user = context.record.user or named.get("name")


def _named(hop: Hop, body: Body, answered: Passing) -> dict[str, Any]:
    """Return the user in an answer that was edited; of a login that was not, the one it names."""
    if isinstance(answered.editor, CatalogEditor):
        return dict(answered.editor.user or {})
    if not isinstance(body, bytes):
        return {}
    accounts = identity.accounts_tried("POST", hop.route, body)
    return {"name": accounts[0].name, "id": accounts[0].id} if accounts else {}
