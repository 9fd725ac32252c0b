"""Makes one page of a merged list from the answers of its sources."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from openstackoid.operators import paging
from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.listing import Listing
from openstackoid.operators.merging import Next, common_headers, merged
from openstackoid.operators.order import Order
from openstackoid.operators.request import Answer, Request
from openstackoid.operators.runs import Run, decoded
from openstackoid.operators.shapes import marker_of
from openstackoid.operators.sources import Results


def page_of(
    evaluation: Evaluation, request: Request, cursors: list[paging.Cursor], found: Results
) -> Answer | list[paging.Cursor]:
    """Return one page of all sources, or their next cursors if this page has no items."""
    listings = list(found.lists.values())
    order, limit = Order.of(request, evaluation.service), paging.limit_of(request)
    if limit is not None and any(len(listed.items) > limit for listed in listings):
        limit = None  # this list knows no pages: one cloud's would come whole, too
    if order:
        _check_shown(evaluation, order, listings)
    if others := [i for i, f in found.lists.items() if f.next is not None and f.marker is None]:
        names = " and ".join(found.answers[i].cloud or "one of them" for i in others)
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"the list of {names} goes on by something else than a marker, which several clouds' "
            f"can't; ask for all of it with a greater limit, or without {names}",
        )
    sources = {
        i: paging.Source(
            cursors[i], f.items, paging.has_more(f, limit), f.marker, cloud=found.answers[i].cloud
        )
        for i, f in found.lists.items()
    }
    page = paging.take(list(sources.values()), order, limit)
    rest = [sources[i].next_cursor() if i in sources else c for i, c in enumerate(cursors)]
    if not page and any(map(paging.goes_on, rest)):
        return rest  # Keystone has pages on which nothing is left when it has filtered them
    next_page = _next(request, sources, page, rest, limit)
    alone = all(c is paging.AWAY for i, c in enumerate(cursors) if i not in sources)
    one = merged(
        listings,
        page,
        next_page,
        evaluation.base,
        evaluation.service,
        alone=alone and len(sources) == 1,
    )
    first, *_ = found.answers.values()
    if one.left_out and first.cloud is not None:
        outcome = evaluation.report.of(first.cloud)
        told = f"left out beside the list: {', '.join(one.left_out)}"
        outcome.message = f"{outcome.message}; {told}" if outcome.message else told
    return Answer(HTTPStatus.OK, (*common_headers(first.headers), *one.headers), one.document)


def _next(
    request: Request,
    sources: Mapping[int, paging.Source],
    page: Sequence[Run],
    cursors: list[paging.Cursor],
    limit: int | None,
) -> Next | None:
    """Return the next page, None if this is the last one."""
    if not page:
        return None
    item = page[-1].items[-1]
    last = marker_of(decoded(item))
    full = sum(len(run.items) for run in page) == limit
    if last is not None and full and not any(map(paging.goes_on, cursors)):
        # As nova, neutron and glance do it: a full page has a link, be it to an empty one, so
        # that nobody need go on by the last id, which may be in several clouds.
        cursors[next(i for i, s in sources.items() if s.last is item)] = last
    if not any(map(paging.goes_on, cursors)):
        return None
    position = paging.encode(cursors)
    target = request.asking(marker=last, **{paging.PAGE: position}).target
    return Next(target, paging.as_marker(position))


def _check_shown(evaluation: Evaluation, order: Order, listings: Sequence[Listing]) -> None:
    """Refuse an order by keys that the items do not show."""
    if not all(order.known(listed.items) for listed in listings):
        keys = ", ".join(key for key, _ in order.keys)
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"this list does not show {keys}, so that several clouds' cannot be sorted by it; "
            "ask for the list with details, or leave sort_key out",
        )
