"""Reading under `&`: lists are merged, of one resource the first cloud's is taken."""

from collections.abc import Sequence
from http import HTTPStatus

from openstackoid.operators import paging, rules
from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.order import MAX_KEYS, has_too_many_keys
from openstackoid.operators.page import page_of
from openstackoid.operators.position import located
from openstackoid.operators.request import Answer, Request
from openstackoid.operators.results import chosen, most_telling, status_of
from openstackoid.operators.rules import Policy
from openstackoid.operators.sources import ask

MAX_PARAMETERS = 1000
"""Parameters of a request for a list: they are written anew for each cloud and page."""


async def read(evaluation: Evaluation, operands: Sequence[Operand], request: Request) -> Answer:
    """Return the answer of a request that changes nothing, in all operands.

    Raises NoAnswerError, and Refusal where several clouds' lists cannot be one.
    """
    for name in ("offset", "page_reverse"):
        if (request.value(name) or "0").lower() not in {"0", "false"}:
            raise evaluation.refusal(
                HTTPStatus.BAD_REQUEST,
                f"{name} is no place in a list of several clouds; go on by the next link",
            )
    if len(request.query) > MAX_PARAMETERS:
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"a list of several clouds is asked for with at most {MAX_PARAMETERS} parameters",
        )
    if has_too_many_keys(request):
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"a list of several clouds is sorted by at most {MAX_KEYS} keys; name fewer",
        )
    try:
        cursors = await _cursors(evaluation, operands, request)
        while True:
            page = await _page(evaluation, operands, request.asking(**{paging.PAGE: None}), cursors)
            if isinstance(page, Answer):
                return page
            cursors = page
    except paging.EndlessError as error:
        of, without = f" of {error.cloud}", f", or without {error.cloud}"
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            f"the items of this list{of if error.cloud else ''} have no id to go on behind; ask "
            f"for it without limit{without if error.cloud else ''}",
        ) from error


async def _cursors(
    evaluation: Evaluation, operands: Sequence[Operand], request: Request
) -> list[paging.Cursor]:
    """Return where each source goes on: as a page's link has it, behind a marker, or at first."""
    if (position := paging.position_of(request)) is not None:
        try:
            return paging.decode(position, len(operands))
        except ValueError as error:
            raise evaluation.refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
    if (marker := request.value("marker")) is not None:
        return await located(evaluation, operands, request, marker)
    return [None] * len(operands)


async def _page(
    evaluation: Evaluation,
    operands: Sequence[Operand],
    request: Request,
    cursors: list[paging.Cursor],
) -> Answer | list[paging.Cursor]:
    """Return one page of all sources that have more, or their next cursors if it has no items."""
    _tell_of_those_away(evaluation, operands, cursors)
    found = await ask(evaluation, operands, request, cursors)
    failures = list(found.failures.values())
    shows = not found.lists
    wanted = [
        failure
        for failure in failures
        if not rules.does_without(status_of(failure), deletes=False, shows=shows)
    ]
    if wanted and evaluation.policy is Policy.ALL:
        return chosen(most_telling(wanted), [*found.answers.values(), *failures])
    if not found.answers:
        return chosen(most_telling(failures), failures)
    if shows:
        first, *others = found.answers.values()
        return chosen(first, others)
    rest = [paging.AWAY if i in found.failures else c for i, c in enumerate(cursors)]
    return page_of(evaluation, request, rest, found)


def _tell_of_those_away(
    evaluation: Evaluation, operands: Sequence[Operand], cursors: Sequence[paging.Cursor]
) -> None:
    for operand in (o for o, c in zip(operands, cursors, strict=True) if c is paging.AWAY):
        message = f"{operand} was away at an earlier page, and is left out to the end of the list"
        if evaluation.policy is Policy.ALL:
            raise evaluation.refusal(HTTPStatus.BAD_REQUEST, f"{message}; start the list again")
        for cloud in operand.clouds:
            evaluation.report.of(cloud).error = message
