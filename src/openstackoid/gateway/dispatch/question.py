"""Answers the gateways that ask whether assertions of this cloud, which they were given, stand."""

from http import HTTPStatus

from openstackoid.gateway.admission import cost
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body, pieces
from openstackoid.gateway.forwarding.downstream import send_document
from openstackoid.identity.confirmation import MAX_QUESTION, PATH
from openstackoid.message import Head
from openstackoid.routing import Refusal, Route
from openstackoid.services import IDENTITY


def is_question(head: Head, route: Route) -> bool:
    """Return whether a request is such a question of another gateway, and not for Keystone."""
    asks = route.sender is not None and route.service == IDENTITY
    return asks and route.rest == PATH and head.method == "POST"


async def answer_question(context: Context, body: Body) -> None:
    """Answer a question; raises Refusal."""
    standing = context.site.assertions.standing
    sender = check_asker(context)
    with standing.place(sender):
        asked = await read_question(context, body, MAX_QUESTION)
        answer = await standing.answer(sender, asked)
    await send_document(context.request, context.record, {"answer": answer})


def check_asker(context: Context) -> str:
    """Return which gateway asks; raises Refusal unless it has proven itself."""
    site, sender = context.site, context.route.sender or ""
    if not context.proven or not site.federation.clouds[sender].keys:
        message = (
            f"nothing proves that the gateway of {sender} asks; give it keys, and write them into "
            f"the federation file of {site.here}"
        )
        raise _refusal(context, HTTPStatus.UNAUTHORIZED, message)
    return sender


async def read_question(context: Context, body: Body, most: int) -> bytes:
    """Return the question of a gateway, and charge it for the work; raises Refusal."""
    question = bytearray()
    async for piece in pieces(body):
        question += piece
        if len(question) > most:
            message = f"a question takes at most {most} bytes"
            raise _refusal(context, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    work = cost.of_json(len(question), catalog=True)
    context.state.limits.gateway(context.route.sender or "", context.request.remote, work)
    return bytes(question)


def _refusal(context: Context, status: HTTPStatus, message: str) -> Refusal:
    return Refusal(status, message, cloud=context.site.here, service=IDENTITY, sent=False)
