"""Where each source of a merged list goes on behind an item that is known by its id alone."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from urllib.parse import quote

from openstackoid.operators import paging
from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.listing import listing
from openstackoid.operators.order import Key, Order
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.results import chosen, most_telling
from openstackoid.operators.runs import decoded
from openstackoid.operators.shapes import marker_of, resource


async def located(
    evaluation: Evaluation, operands: Sequence[Operand], request: Request, marker: str
) -> list[paging.Cursor]:
    """Return the position in each source behind the item `marker`, which one of them has.

    Raises Refusal if none has it, or several: a copy has the id of its original.
    """
    collection = request.path.removesuffix("/detail").rstrip("/")
    item_of = Request("GET", f"{collection}/{quote(marker, safe='')}")
    results = await evaluation.together([(operand, item_of) for operand in operands], of=2)
    owners = [(n, r) for n, r in enumerate(results) if isinstance(r, Answer) and r.ok]
    for answer in (r for r in results if isinstance(r, Answer)):
        answer.close()
    if not owners:
        chosen(most_telling(r for r in results if r is not None), ())
        raise evaluation.refusal(HTTPStatus.BAD_REQUEST, f"no cloud has the marker {marker}")
    if len(owners) > 1:
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"several clouds have the marker {marker}; go on by the next link, which says whose "
            "is meant",
        )
    owner, answer = owners[0]
    order = Order.of(request, evaluation.service)
    if not order:
        return [paging.DONE] * owner + [marker] + [None] * (len(operands) - owner - 1)
    reached = await _reached(evaluation, operands[owner], request, order, marker)
    position = (reached or order.key(resource(answer.document)), owner)
    others = [
        _behind(evaluation, operand, request, order, position, n)
        for n, operand in enumerate(operands)
        if n != owner
    ]
    cursors = list(await asyncio.gather(*others))
    cursors.insert(owner, marker)
    return cursors


async def _reached(
    evaluation: Evaluation, operand: Operand, request: Request, order: Order, marker: str
) -> Key | None:
    """Return the greatest key of a source up to a marker, None if its list no longer has that.

    So far the merge has taken the other sources. It is not the marker's own key where a service
    sorts otherwise than by code points: what is less than the item before it is taken at once.
    Raises NoAnswerError.
    """
    greatest: Key | None = None
    async for item in _walked(evaluation, operand, request):
        key = order.key(item)
        greatest = key if greatest is None else max(greatest, key)
        if marker_of(item) == marker:
            return greatest
    return None


async def _behind(
    evaluation: Evaluation,
    operand: Operand,
    request: Request,
    order: Order,
    position: tuple[Key, int],
    number: int,
) -> paging.Cursor:
    """Return the last item of a source that comes before a position."""
    cursor: str | None = None
    try:
        async for item in _walked(evaluation, operand, request):
            if (order.key(item), number) > position:
                return cursor
            if (cursor := marker_of(item)) is None:
                raise paging.EndlessError
    except NoAnswerError:
        return paging.AWAY
    return paging.DONE


async def _walked(
    evaluation: Evaluation, operand: Operand, request: Request
) -> AsyncIterator[object]:
    """Yield the items of a source in its own order, page by page; raises NoAnswerError."""
    cursor: paging.Cursor = None
    while not isinstance(cursor, bool):
        page = request.asking(marker=cursor, limit=None)
        (answer,) = await evaluation.together([(operand, page)], of=2)
        found = None
        if isinstance(answer, Answer) and answer.ok:
            found = listing(answer.document, answer.headers)
        if not isinstance(answer, Answer) or found is None:
            raise NoAnswerError(f"{operand} does not say what comes before the marker", sent=False)
        try:
            for item in found.items:
                yield decoded(item)
        finally:
            answer.close()
        if not found.items and found.marker is None:
            return
        source = paging.Source(cursor, found.items, paging.has_more(found, None), found.marker)
        source.take(None)
        cursor = source.next_cursor()
