"""Answers writes with the policy `eventual`: each cloud gets them, some time, by itself."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus

import msgspec

from openstackoid.gateway.admission import cost
from openstackoid.gateway.dispatch.bodies import read_all
from openstackoid.gateway.dispatch.branches import Branches
from openstackoid.gateway.dispatch.composite import REPORT, respond
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.memory_budget import MemoryBudget
from openstackoid.gateway.dispatch.replicas import asked, clouds_of
from openstackoid.gateway.dispatch.uploads import is_upload, uploaded
from openstackoid.gateway.replicas.messages import Order, Ordered, Refused, Told
from openstackoid.gateway.replicas.telling import AWAY, OUT, is_done, is_settled
from openstackoid.message import SAFE_METHODS
from openstackoid.operators.report import Outcome, Report
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.rules import EVENTUAL, POLICY
from openstackoid.replication.apis.api import Api, Draft
from openstackoid.replication.apis.table import asked as asked_of
from openstackoid.replication.apis.table import asks
from openstackoid.replication.explained import State
from openstackoid.routing import Refusal
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import split

_SILENT = {AWAY: "it can't be reached", OUT: "it is not in the federation file any more"}


def is_eventual(context: Context) -> bool:
    """Return whether a request to several clouds is a write with the policy `eventual`."""
    policy = context.head.headers.get(POLICY).strip().lower()
    return policy == EVENTUAL and context.head.method not in SAFE_METHODS


async def answer_eventual(context: Context, body: AsyncIterator[bytes] | None) -> None:
    """Have a write carried out in all its clouds, and send the client the answer.

    Raises Refusal.
    """
    head, route, here = context.head, context.route, context.site.here
    clouds = clouds_of(context, route.expression)
    if route.sender is not None or route.issuer not in {None, here} or route.wallet is not None:
        raise _refusal(
            context,
            HTTPStatus.FORBIDDEN,
            f"what is carried out later is ordered at the gateway of one's own cloud, with one "
            f"token of it; log in to {here}, and let the scope take identity there",
        )
    path = route.rest.partition("?")[0]
    token = split(head.headers.get(AUTH_TOKEN))[0]
    if is_upload(context):
        upload = Order(token, head.method, path, route.service, b"", clouds)
        if (order := await uploaded(context, body, upload)) is None:
            return
    else:
        data = await read_all(context, body) if body is not None else b""
        order = await _meant(context, Order(token, head.method, path, route.service, data, clouds))
    context.charge(cost.of_json(len(order.document), catalog=True) * len(clouds))
    said = await asked(context, order)
    match said:
        case Ordered():
            await _answer(context, said, order)
        case Refused(status, message, states):
            _report(context, states, None)
            raise _refusal(context, HTTPStatus(status), message, sent=bool(states))
        case _:
            raise AssertionError(type(said))


async def _meant(context: Context, order: Order) -> Order:
    """Return an order with what it says by the id that one cloud alone has given; raises Refusal.

    The own cloud is asked first: another one must not say what an id of the own one means.
    """
    if (path := asks(order.service, order.method, order.path)) is None:
        return order
    here = context.site.here
    away = []
    with MemoryBudget() as budget:
        for cloud in sorted(order.clouds, key=lambda one: one != here):
            try:
                answer = await Branches(context, budget).send(cloud, Request.of("GET", path))
            except NoAnswerError:
                away.append(cloud)
                continue
            if answer.ok and answer.document is not None:
                return msgspec.structs.replace(order, document=json.dumps(answer.document).encode())
            answer.close()
            if answer.status != HTTPStatus.NOT_FOUND:
                away.append(cloud)
    if away:
        text = f"{' and '.join(away)} does not say what it is; nothing was ordered"
        raise _refusal(context, HTTPStatus.SERVICE_UNAVAILABLE, text)
    raise _refusal(context, HTTPStatus.NOT_FOUND, "no cloud of the scope has anything with this id")


async def _answer(context: Context, ordered: Ordered, order: Order) -> None:
    """Show the client what a cloud has, as its service does: the first that can; raises Refusal."""
    document = json.loads(order.document) if order.document else None
    api, draft = asked_of(order.service, order.method, order.path, document)
    with MemoryBudget() as budget:
        for cloud, identifier in _copies(ordered):
            status, shown = api.shows(order.method, order.path, identifier)
            read = Answer(status) if shown is None else await _read(context, budget, cloud, shown)
            if read is not None:
                _report(context, ordered.states, cloud)
                await respond(context, _edited(replace(read, status=status), api, draft))
                return
    _report(context, ordered.states, None)
    raise _refusal(
        context,
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"it is done in {ordered.first}, and can't be shown now: do not order it again, openstack "
        "replica list shows it",
        sent=True,
    )


def _edited(answer: Answer, api: Api, draft: Draft) -> Answer:
    """Return what is answered of what a cloud shows: as it is, if it does not speak its API."""
    try:
        document = api.answer(draft, answer.document)
    except (LookupError, TypeError, ValueError):
        return answer
    return answer if document is answer.document else replace(answer, document=document, raw=None)


async def _read(context: Context, budget: MemoryBudget, cloud: str, path: str) -> Answer | None:
    """Return what a cloud shows, None if it shows nothing."""
    try:
        answer = await Branches(context, budget).send(cloud, Request.of("GET", path))
    except NoAnswerError:
        return None
    if answer.ok:
        return answer
    answer.close()
    return None


def _copies(ordered: Ordered) -> Iterator[tuple[str, str]]:
    """Yield where it is done, and the id there: in the order in which it is to be shown."""
    yield ordered.first, ordered.id
    for cloud, told in ordered.states.items():
        if cloud != ordered.first and told.id is not None and is_done(told):
            yield cloud, told.id


def _report(context: Context, states: Mapping[str, Told], first: str | None) -> None:
    """Tell the client what each cloud has of it."""
    report = Report()
    for cloud, told in states.items():
        outcome: Outcome = report.of(cloud)
        outcome.answer = True if cloud == first else None
        if told.state in {State.REFUSED.value, State.DATA_FAILED.value} and told.knows:
            outcome.status, outcome.message = told.status, told.words or None
        elif told.knows and told.state == State.BUILDING.value:
            outcome.status = int(HTTPStatus.ACCEPTED)
        elif is_settled(told):
            outcome.status = int(HTTPStatus.OK)
        else:
            outcome.pending = True
            outcome.message = _SILENT.get(told.state) or told.words or None
    context.record.extra.append((REPORT, report.header()))
    context.record.fields["report"] = json.loads(report.header())


def _refusal(context: Context, status: HTTPStatus, message: str, *, sent: bool = False) -> Refusal:
    here, service = context.site.here, context.route.service
    return Refusal(status, message, cloud=here, service=service, sent=sent)
