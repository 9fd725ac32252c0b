"""Reading under `&`: lists are merged, of one resource the first cloud's is taken."""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from openstackoid.operators import paging
from openstackoid.operators.failures import Result, chosen, most_telling, unreachable
from openstackoid.operators.order import Order
from openstackoid.operators.position import located
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request
from openstackoid.operators.runs import opened
from openstackoid.operators.shapes import Listing, listing, marker_of
from openstackoid.scope import Expression
from openstackoid.scope.expression import clouds

if TYPE_CHECKING:
    from openstackoid.operators.evaluation import Evaluation


async def read(
    evaluation: "Evaluation", operands: Sequence[Expression], request: Request
) -> Answer:
    """Return the answer of a safe request in all operands."""
    for name in ("offset", "page_reverse"):
        if (request.value(name) or "0").lower() not in {"0", "false"}:
            raise evaluation.refusal(
                HTTPStatus.BAD_REQUEST,
                f"{name} is no place in a list of several clouds; go on by the next link",
            )
    plain = request.asking(**{paging.PAGE: None})
    try:
        cursors = await _cursors(evaluation, operands, plain, request.value(paging.PAGE))
        return await _page(evaluation, operands, plain, cursors)
    except paging.EndlessError as error:
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            "the items of this list have no id to go on behind; ask for it without limit",
        ) from error
    except msgspec.DecodeError as error:
        raise evaluation.refusal(
            HTTPStatus.BAD_GATEWAY,
            f"an item of this list cannot be read: {error}; ask each cloud by itself to see whose "
            "it is, and tell its operator",
        ) from error


async def _cursors(
    evaluation: "Evaluation", operands: Sequence[Expression], request: Request, page: str | None
) -> list[paging.Cursor]:
    """Return where each source goes on: as a page's link has it, behind a marker, or at first."""
    if page is not None:
        try:
            return paging.decode(page, len(operands))
        except ValueError as error:
            raise evaluation.refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
    if (marker := request.value("marker")) is not None:
        return await located(evaluation, operands, request, marker)
    return [None] * len(operands)


async def _page(
    evaluation: "Evaluation",
    operands: Sequence[Expression],
    request: Request,
    cursors: list[paging.Cursor],
) -> Answer:
    """Ask all sources that have more for their next page, and make one of them."""
    for operand in (o for o, c in zip(operands, cursors, strict=True) if c is paging.AWAY):
        message = f"{operand} was away at an earlier page, and is left out to the end of the list"
        if evaluation.policy is Policy.ALL:
            raise evaluation.refusal(HTTPStatus.BAD_REQUEST, f"{message}; start the list again")
        for cloud in clouds(operand):
            evaluation.report.of(cloud).error = message
    asked = [(i, c) for i, c in enumerate(cursors) if not isinstance(c, bool)]
    asking = {place: request.asking(marker=place) for place in {c for _, c in asked}}
    results = await evaluation.together(
        [(operands[i], asking[c]) for i, c in asked],
        lambda a: evaluation.policy is Policy.ANY and a.status < 300 and not listing(a.document),
    )
    answers = [r for r in results if isinstance(r, Answer) and r.ok]
    failed = {
        asked[n][0]: r for n, r in enumerate(results) if r and not (isinstance(r, Answer) and r.ok)
    }
    failures = list(failed.values())
    if not answers:
        return most_telling(failures)
    found = {
        asked[n][0]: f
        for n, r in enumerate(results)
        if isinstance(r, Answer) and r.ok and (f := listing(r.document))
    }
    for n, result in enumerate(results):
        source = asked[n][0]
        if found and isinstance(result, Answer) and result.ok and source not in found:
            result.close()
            why = f": its answer {result.note}" if result.note else ""
            message = f"{operands[source]} did not answer with a list, as others did{why}"
            for cloud in clouds(operands[source]):
                evaluation.report.of(cloud).error = message
            failed[source] = NoAnswerError(message, sent=True)
            answers = [answer for answer in answers if answer is not result]
    failures = list(failed.values())
    one = not found  # one resource, or bytes: clouds may well lack it
    if evaluation.policy is Policy.ALL:
        failures = [f for f in failures if not (one and isinstance(f, Answer) and f.status == 404)]
        if failures:
            return chosen(_worst(failures), [*answers, *failures])
    if one:
        return chosen(answers[0], answers)
    merged = _merged(evaluation, request, _without(cursors, failed), found, answers)
    if isinstance(merged, Answer):
        return merged
    return await _page(evaluation, operands, request, merged)


def _worst(failures: Sequence[Result]) -> Result:
    """Return why not all clouds could be read: one that could not be asked at all comes first."""
    return next(filter(unreachable, failures), failures[0])


def _merged(
    evaluation: "Evaluation",
    request: Request,
    cursors: list[paging.Cursor],
    found: dict[int, Listing],
    answers: list[Answer],
) -> Answer | list[paging.Cursor]:
    """Return one page of all sources, or where they go on if they have more but not here."""
    order, limit = Order.of(request, evaluation.service), paging.limit_of(request)
    if limit is not None and any(len(listed.items) > limit for listed in found.values()):
        limit = None  # this list knows no pages: one cloud's would come whole, too
    if order:
        for listed in found.values():
            listed.items = [opened(item) for item in listed.items]
            _check_known(evaluation, order, listed.items)
    if any(listed.next is not None and listed.marker is None for listed in found.values()):
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            "this list goes on by something else than a marker, which several clouds' can't; ask "
            "for all of it with a greater limit",
        )
    sources = {
        i: paging.Source(
            cursors[i], f.items, paging.has_more(f, limit), f.marker, cloud=answer.cloud
        )
        for (i, f), answer in zip(found.items(), answers, strict=True)
    }
    page = paging.take(list(sources.values()), order, limit)
    rest = [sources[i].next_cursor() if i in sources else c for i, c in enumerate(cursors)]
    if not page and any(map(paging.goes_on, rest)):
        return rest  # Keystone has pages on which nothing is left when it has filtered them
    target = None
    if page:
        item = page[-1].items[-1]
        last = marker_of(item)
        full = sum(len(run.items) for run in page) == limit
        if last is not None and full and not any(map(paging.goes_on, rest)):
            # As nova, neutron and glance do it: a full page has a link, be it to an empty one, so
            # that nobody need go on by the last id, which may be in several clouds.
            rest[next(i for i, s in sources.items() if s.last is item)] = last
        if any(map(paging.goes_on, rest)):
            target = request.asking(marker=last, **{paging.PAGE: paging.encode(rest)}).target
    merged = paging.document(list(found.values()), page, target, evaluation.base)
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
