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
    site, sender = context.site, context.route.sender or ""
    if not context.proven or not site.federation.clouds[sender].keys:
        message = (
            f"nothing proves that the gateway of {sender} asks; give it keys, and write them into "
            f"the federation file of {site.here}"
        )
        raise _refusal(context, HTTPStatus.UNAUTHORIZED, message)
    standing = site.assertions.standing
    with standing.place(sender):
        asked = bytearray()
        async for piece in pieces(body):
            asked += piece
            if len(asked) > MAX_QUESTION:
                message = f"a question takes at most {MAX_QUESTION} bytes"
                raise _refusal(context, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
        work = cost.of_json(len(asked), catalog=True)
        context.state.limits.gateway(sender, context.request.remote, work)
        answer = await standing.answer(sender, bytes(asked))
    await send_document(context.request, context.record, {"answer": answer})


def _refusal(context: Context, status: HTTPStatus, message: str) -> Refusal:
    return Refusal(status, message, cloud=context.site.here, service=IDENTITY, sent=False)
