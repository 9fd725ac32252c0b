"""Passes on to the process that keeps replicas what users, and other gateways, ask of it."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import parse_qs

import msgspec

from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body
from openstackoid.gateway.dispatch.parts import give_part
from openstackoid.gateway.dispatch.question import check_asker, read_question
from openstackoid.gateway.forwarding.downstream import send_document
from openstackoid.gateway.replicas.link import NoReplicasError, ask
from openstackoid.gateway.replicas.messages import (
    MAX_QUESTION,
    Ask,
    Asked,
    Fetch,
    Fetched,
    Look,
    Make,
    Refused,
    Said,
    Show,
    Shown,
)
from openstackoid.message import DATA, REPLICAS, Head
from openstackoid.replication.apis.table import APIS
from openstackoid.routing import Refusal, Route
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import All, CloudRef, Expression, split
from openstackoid.services import IDENTITY

COST = 10
"""Requests that a user's question counts for: other clouds are asked, too."""


_LOOKS = {
    ("GET", REPLICAS): Look.SHOW,
    ("POST", f"{REPLICAS}/check"): Look.CHECK,
    ("POST", f"{REPLICAS}/sync"): Look.SYNC,
}
"""By the method and the path of a user's request."""

_MAKE = ("POST", REPLICAS)


def is_about_replicas(head: Head, route: Route, here: str) -> bool:
    """Return whether a request asks for replicas, and is not for Keystone."""
    path = route.rest.partition("?")[0]
    if route.service != IDENTITY:
        return False
    if route.sender is not None:
        return head.method == "POST" and path in {REPLICAS, DATA}
    return (head.method, path) in {*_LOOKS, _MAKE} and route.expression == CloudRef(here)


async def answer_about_replicas(context: Context, body: Body) -> None:
    """Answer a user, or another gateway; raises Refusal."""
    if context.route.sender is not None:
        sender = check_asker(context)
        context.record.routine = True
        with context.state.places.place(sender):
            question = await read_question(context, body, MAX_QUESTION)
            if context.route.rest.partition("?")[0] == DATA:
                said = await asked(context, Fetch(sender, question))
                if isinstance(said, Fetched):
                    await give_part(context, said)
                    return
            else:
                said = await asked(context, Ask(sender, question))
        await _send(context, said)
        return
    context.charge(COST)
    path, _, given = context.route.rest.partition("?")
    query = parse_qs(given)
    token = split(context.head.headers.get(AUTH_TOKEN))[0]
    resource = query["id"][0] if "id" in query else None
    if (context.head.method, path) == _MAKE:
        await _send(context, await asked(context, _make(context, query, token)))
        return
    await _send(
        context, await asked(context, Show(token, resource, _LOOKS[context.head.method, path]))
    )


def _make(context: Context, query: dict[str, list[str]], token: str) -> Make:
    """Return what a user wants to have replicated; raises Refusal."""
    kind, identifier = (query.get(name, [""])[0] for name in ("kind", "id"))
    api, scope = APIS.get(kind), context.route.scope
    if not identifier or api is None or scope is None:
        kinds = ", ".join(APIS)
        message = f"say what is to be replicated by its kind, which is one of {kinds}, and its id"
        raise _refusal(context, HTTPStatus.BAD_REQUEST, message)
    return Make(token, kind, identifier, clouds_of(context, scope.resolve(api.service)))


async def asked(context: Context, message: Asked) -> Said:
    """Return what the process that keeps replicas says; raises Refusal."""
    directory = context.state.replicas
    if directory is None:
        raise _none(context)
    try:
        return await ask(directory, message)
    except NoReplicasError as error:
        raise _none(context) from error


def clouds_of(context: Context, expression: Expression | None) -> tuple[str, ...]:
    """Return the clouds of an expression that has no `|`; raises Refusal."""
    return tuple(dict.fromkeys(_all(context, expression)))


def _all(context: Context, expression: Expression | None) -> Iterator[str]:
    """Yield the clouds of an expression that has no `|`; raises Refusal."""
    match expression:
        case CloudRef(name):
            yield name
        case All(operands):
            for operand in operands:
                yield from _all(context, operand)
        case _:
            message = 'the policy eventual takes "&" of clouds alone; leave out the "|"'
            raise _refusal(context, HTTPStatus.BAD_REQUEST, message)


async def _send(context: Context, said: Said) -> None:
    match said:
        case Shown(document):
            await send_document(context.request, context.record, msgspec.json.decode(document))
        case Refused(status, message):
            raise _refusal(context, HTTPStatus(status), message)
        case _:
            raise _none(context)


def _none(context: Context) -> Refusal:
    here = context.site.here
    message = f"what keeps replicas in {here} does not answer; its log says why. Try again later"
    return _refusal(context, HTTPStatus.SERVICE_UNAVAILABLE, message)


def _refusal(context: Context, status: HTTPStatus, message: str) -> Refusal:
    return Refusal(
        status, message, cloud=context.site.here, service=context.route.service, sent=False
    )
