"""Reading under `&`: lists are merged, of one resource the first cloud's is taken."""

import asyncio
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from openstackoid.operators import paging
from openstackoid.operators.failures import most_telling, unreachable
from openstackoid.operators.order import Order
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request
from openstackoid.operators.shapes import Listing, identifier, listing, marked, opened, resource
from openstackoid.scope import Expression

if TYPE_CHECKING:
    from openstackoid.operators.evaluate import Evaluation


async def read(
    evaluation: "Evaluation", operands: Sequence[Expression], request: Request
) -> Answer:
    """Return the answer of a safe request in all operands."""
    if unknown := request.value("offset") or request.value("page_reverse"):
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f'"{unknown}" is no place in a list of several clouds (offset, page_reverse); go on by '
            "the next link, or by marker",
        )
    marker, page = request.value("marker"), request.value(paging.PAGE)
    plain = request.asking(**{paging.PAGE: None})
    if page is not None:
        try:
            cursors = paging.decode(page, len(operands))
        except ValueError as error:
            raise evaluation.refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
    elif marker is not None:
        cursors = await _located(evaluation, operands, plain, marker)
    else:
        cursors = [None] * len(operands)
    return await _page(evaluation, operands, plain, cursors)


async def _page(
    evaluation: "Evaluation",
    operands: Sequence[Expression],
    request: Request,
    cursors: list[paging.Cursor],
) -> Answer:
    """Ask all sources that have more for their next page, and make one of them."""
    for operand, cursor in zip(operands, cursors, strict=True):
        if cursor is paging.AWAY:
            evaluation.report.of(
                str(operand)
            ).error = "left out since it was away at an earlier page"
    asked = [(i, c) for i, c in enumerate(cursors) if not isinstance(c, bool)]
    results = await evaluation.together(
        [(operands[i], request.asking(marker=c)) for i, c in asked],
        lambda a: evaluation.policy is Policy.ANY and a.ok and _listing(a) is None,
    )
    answers = [r for r in results if isinstance(r, Answer) and r.ok]
    failures = [r for r in results if isinstance(r, NoAnswerError) or (r and not r.ok)]
    if not answers or (evaluation.policy is Policy.ALL and any(map(unreachable, failures))):
        return most_telling(failures)
    found = {
        asked[n][0]: f
        for n, r in enumerate(results)
        if isinstance(r, Answer) and r.ok and (f := _listing(r))
    }
    if len(found) < len(answers):  # one resource (or bytes): the first in the order written
        for answer in answers[1:]:
            answer.close()
        return answers[0]
    away = [asked[n][0] for n, r in enumerate(results) if r is not None and unreachable(r)]
    return _merged(evaluation, request, _without(cursors, away), found, answers)


def _merged(
    evaluation: "Evaluation",
    request: Request,
    cursors: list[paging.Cursor],
    found: dict[int, Listing],
    answers: list[Answer],
) -> Answer:
    order, limit = Order.of(request), paging.limit_of(request)
    for listed, answer in zip(found.values(), answers, strict=True):
        if order:
            listed.items = [opened(item) for item in listed.items]
            _check_known(evaluation, order, listed.items)
        if answer.cloud is not None:
            listed.items = marked(listed.items, answer.cloud)
    sources = {
        i: paging.Source(cursors[i], f.items, paging.has_more(f, limit)) for i, f in found.items()
    }
    items = paging.take(list(sources.values()), order, limit)
    rest = [sources[i].next_cursor() if i in sources else c for i, c in enumerate(cursors)]
    target = None
    if items and any(map(paging.goes_on, rest)):
        last = identifier(items[-1])
        target = request.asking(marker=last, **{paging.PAGE: paging.encode(rest)}).target
    merged = paging.document(list(found.values()), items, target, evaluation.base)
    return Answer(HTTPStatus.OK, answers[0].headers, merged)


def _without(cursors: Sequence[paging.Cursor], away: Collection[int]) -> list[paging.Cursor]:
    return [paging.AWAY if i in away else c for i, c in enumerate(cursors)]


def _check_known(evaluation: "Evaluation", order: Order, items: Sequence[Any]) -> None:
    if not order.known(items):
        keys = ", ".join(key for key, _ in order.keys)
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"this list does not show {keys}, so that several clouds' cannot be sorted by it; "
            "ask for the list with details, or leave sort_key out",
        )


def _listing(answer: Answer) -> Listing | None:
    return listing(answer.document) if answer.document is not None else None


async def _located(
    evaluation: "Evaluation", operands: Sequence[Expression], request: Request, marker: str
) -> list[paging.Cursor]:
    """Return the position in each source behind the item `marker`, which one of them has."""
    item_of = Request("GET", f"{request.path.removesuffix('/detail').rstrip('/')}/{marker}")
    results = await evaluation.together(
        [(operand, item_of) for operand in operands], lambda answer: answer.ok
    )
    owners = [(n, r) for n, r in enumerate(results) if isinstance(r, Answer) and r.ok]
    if not owners:
        most_telling([r for r in results if r is not None])
        raise evaluation.refusal(HTTPStatus.BAD_REQUEST, f"no cloud has the marker {marker}")
    owner, answer = owners[0]
    order = Order.of(request)
    if not order:
        return [paging.DONE] * owner + [marker] + [None] * (len(operands) - owner - 1)
    key = order.key(resource(answer.document))
    others = [
        _behind(evaluation, operand, request, order, (key, owner), n)
        for n, operand in enumerate(operands)
        if n != owner
    ]
    cursors = list(await asyncio.gather(*others))
    cursors.insert(owner, marker)
    return cursors


async def _behind(
    evaluation: "Evaluation",
    operand: Expression,
    request: Request,
    order: Order,
    position: tuple[Any, int],
    number: int,
) -> paging.Cursor:
    """Return the last item of a source that comes before a position, page by page."""
    cursor: str | None = None
    while True:
        try:
            answer = await evaluation.run(operand, request.asking(marker=cursor))
        except NoAnswerError:
            return paging.AWAY
        found = _listing(answer)
        if not answer.ok or found is None:
            return cursor
        for item in found.items:
            if (order.key(opened(item)), number) > position:
                return cursor
            cursor = identifier(item)
        if not found.items or not paging.has_more(found, paging.limit_of(request)):
            return paging.DONE
