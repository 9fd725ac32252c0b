"""Learns whose the tokens are that pass, for the audit, and refuses users who are blocked."""

from openstackoid import identity
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body, Hop, Validated
from openstackoid.gateway.dispatch.token_user import check_user
from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.identity.catalog import CatalogEditor
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.services import IDENTITY

_NAMES = ("name", "id")
_SUCCESS = range(200, 300)


async def check(context: Context, body: Body) -> None:
    """Record the user of a request, if he is known; raises BlockedRefusal if he is blocked."""
    _recognize(context)
    names: list[str] = []
    if isinstance(body, bytes):  # a login
        for account in identity.accounts_tried("POST", context.route, body):
            names += [account.id, account.name]
    await check_user(context, context.head, context.route, names)


def _recognize(context: Context) -> None:
    """Record the user of a request with a scope, if one is known, and where his token came from."""
    route, users = context.route, context.state.users
    token = context.head.headers.first(AUTH_TOKEN)
    if route.scope is None or not token:
        return
    here = context.site.here
    issuer = route.issuer or here
    if issuer != here and route.service != IDENTITY:
        users.came(token, context.request.remote, issuer)
    user = users.of(token, issuer)
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
    if not token:
        return
    if isinstance(answered.editor, CatalogEditor):  # the answer was read
        if named := answered.editor.user:
            users.learn(token, named, cloud)
            context.record.user = context.record.user or named.get("name")
        return
    said = identity.account_named(body) if isinstance(body, bytes) else None
    if said and said.name:
        users.hear(token, said.name, cloud)
        context.record.user = context.record.user or said.name
