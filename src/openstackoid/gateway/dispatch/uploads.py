"""Passes the data of an image on to one of its copies, and says what the others are to have."""

import json
import re
from http import HTTPStatus

from openstackoid.gateway.dispatch.branches import NOT_FORWARDED, Branches
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body, exchange, prepare
from openstackoid.gateway.dispatch.memory_budget import MemoryBudget
from openstackoid.gateway.dispatch.replicas import asked
from openstackoid.gateway.forwarding.downstream import Passing, relay_answer
from openstackoid.gateway.forwarding.upstream import refused
from openstackoid.gateway.replicas.messages import Order, Placed, Refused, Upload
from openstackoid.operators.request import NoAnswerError, Request
from openstackoid.replication.apis.image import IMAGE, data_shown
from openstackoid.routing import Refusal

_FILE = re.compile(r"(?:/v2)?/images/[^/]+/file")


def is_upload(context: Context) -> bool:
    """Return whether a request uploads the data of an image."""
    path = context.route.rest.partition("?")[0]
    of_an_image = context.route.service == IMAGE.service and _FILE.fullmatch(path) is not None
    return of_an_image and context.head.method == "PUT"


async def uploaded(context: Context, body: Body, order: Order) -> Order | None:
    """Upload data to one cloud, and return the order that brings it to the others.

    Return None if the service of that cloud does not take it: its answer is sent. Raises Refusal.
    """
    said = await asked(
        context, Upload(order.token, order.method, order.path, order.service, order.clouds)
    )
    if isinstance(said, Refused):
        raise _refusal(context, HTTPStatus(said.status), said.message)
    assert isinstance(said, Placed)  # noqa: S101  (there is no other answer)
    cloud = said.cloud
    hop = await prepare(context, cloud, said.takes)
    try:
        answered = await exchange(context, hop, order.method, body, NOT_FORWARDED)
    except NoAnswerError as error:
        raise refused(error, cloud, order.service) from error
    assert isinstance(answered, Passing)  # noqa: S101  (Keystone alone validates)
    try:
        if answered.response.status >= HTTPStatus.MULTIPLE_CHOICES:
            await relay_answer(context.request, context.record, answered)
            return None
    finally:
        answered.response.close()
    document = await _shown(context, cloud, said.shows)
    return Order(order.token, order.method, order.path, order.service, document, order.clouds)


async def _shown(context: Context, cloud: str, path: str) -> bytes:
    """Return what a cloud says of the data that it has taken; raises Refusal."""
    with MemoryBudget() as budget:
        try:
            answer = await Branches(context, budget).send(cloud, Request.of("GET", path))
        except NoAnswerError as error:
            raise refused(error, cloud, context.route.service) from error
        if not answer.ok or not isinstance(answer.document, dict):
            message = f"{cloud} has taken the data, and does not show it: {answer.status}"
            raise _refusal(context, HTTPStatus.BAD_GATEWAY, message, sent=True)
        return json.dumps(data_shown(answer.document)).encode()


def _refusal(context: Context, status: HTTPStatus, message: str, *, sent: bool = False) -> Refusal:
    here, service = context.site.here, context.route.service
    return Refusal(status, message, cloud=here, service=service, sent=sent)
