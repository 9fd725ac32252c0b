"""Tells a user what is left of his writes to several clouds, where somebody has to look."""

from http import HTTPStatus

from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.unattended import user_of
from openstackoid.gateway.forwarding.downstream import send_document
from openstackoid.gateway.trust.service_account import AccountError, account_refusal
from openstackoid.journal.document import document
from openstackoid.journal.reading import NoKeeperError
from openstackoid.message import UNSETTLED, Head
from openstackoid.routing import Refusal, Route
from openstackoid.scope import CloudRef
from openstackoid.services import IDENTITY

COST = 10
"""Requests that a question counts for."""


def asks_for_unsettled(head: Head, route: Route, here: str) -> bool:
    """Return whether a request of a user here asks for that, and is not for Keystone."""
    ours = route.service == IDENTITY and route.expression == CloudRef(here)
    return ours and route.sender is None and route.rest == UNSETTLED and head.method == "GET"


async def answer_unsettled(context: Context) -> None:
    """Send a user what is unsettled of his writes, the oldest first; raises Refusal."""
    context.charge(COST)
    here, journal = context.site.here, context.state.journal
    try:
        owner = await user_of(context)
    except AccountError as error:
        raise account_refusal(error, here, context.route) from error
    if owner is None:
        message = f"the Keystone of {here} does not know this token; log in to {here}"
        raise _refusal(context, HTTPStatus.UNAUTHORIZED, message)
    try:
        left = await journal.unsettled(owner) if journal else ()
    except NoKeeperError as error:
        message = f"the journal of {here} cannot be read now; try again later"
        raise _refusal(context, HTTPStatus.SERVICE_UNAVAILABLE, message) from error
    answer = {"unsettled": [document(intent) for intent in left]}
    await send_document(context.request, context.record, answer)


def _refusal(context: Context, status: HTTPStatus, message: str) -> Refusal:
    return Refusal(status, message, cloud=context.site.here, service=IDENTITY, sent=False)
