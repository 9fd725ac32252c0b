"""Writing under `&`: all, or what was created is removed again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from openstackoid.operators import rules
from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.report import Outcome
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.results import (
    Result,
    chosen,
    may_have_acted,
    most_telling,
    status_of,
)
from openstackoid.operators.rules import Policy
from openstackoid.scope import All
from openstackoid.services import record_of, special


async def write(evaluation: Evaluation, operands: Sequence[Operand], request: Request) -> Answer:
    """Return the first answer if all succeed (or, by policy, any); undo what was created if not.

    Raises NoAnswerError that says, by cloud and id, what was undone and what was not.
    """
    _check_undoable(evaluation, request)
    request = _with_id(evaluation.service, request)
    names = All(tuple(operand.expression for operand in operands))
    down = [operand for operand in operands if evaluation.is_down(operand)]
    if down and evaluation.policy is Policy.ALL:
        raise NoAnswerError(
            rules.none_sent(down[0], names),
            sent=False,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        )
    results = await evaluation.together([(operand, request) for operand in operands])
    done = [r for r in results if isinstance(r, Answer) and r.ok]
    failed = [r for r in results if r is not None and not (isinstance(r, Answer) and r.ok)]
    wanted = [f for f in failed if not _does_without(request, f)]
    if done and (not wanted or evaluation.policy is Policy.ANY):
        return chosen(done[0], [*done, *failed])
    telling = most_telling(wanted or failed)
    if not done and not any(map(may_have_acted, failed)):
        return chosen(telling, failed)
    for result in (*done, *failed):
        if isinstance(result, Answer):
            result.close()
    outcomes = evaluation.report.of_all(dict.fromkeys(c for o in operands for c in o.clouds))
    nothing_left = await _undo(evaluation, request, outcomes)
    raise NoAnswerError(
        f"{request.method} {request.path} did not succeed in all of {names}. "
        f"{'. '.join(map(_told, outcomes))}.{_without_data(evaluation, request)}",
        sent=not nothing_left,
        status=_status(telling),
    )


def _does_without(request: Request, failure: Result) -> bool:
    deletes = request.method == "DELETE"
    return rules.does_without(status_of(failure), deletes=deletes, shows=False)


def _check_undoable(evaluation: Evaluation, request: Request) -> None:
    """Refuse what could not be undone: of several things at once the answer names the first."""
    counted = special(evaluation.service).counted
    if evaluation.policy is not Policy.ALL or counted is None:
        return
    created = request.document.get(counted.key) if isinstance(request.document, dict) else None
    if isinstance(created, dict) and rules.are_several(map(created.get, counted.counts)):
        message = rules.several_refused("X-Scope-Policy: any")
        raise evaluation.refusal(HTTPStatus.BAD_REQUEST, message)


async def _undo(evaluation: Evaluation, request: Request, outcomes: Sequence[Outcome]) -> bool:
    """Delete what was created, or may have been under the id that we chose.

    Return whether surely nothing is left in any cloud.
    """

    async def undo(outcome: Outcome) -> bool:
        acted = outcome.unknown or (outcome.error is None and rules.succeeded(outcome.status))
        there = not outcome.unknown
        identifier = rules.to_remove(outcome.created, request.chosen) if acted else None
        if outcome.undone is None and identifier is not None:
            path = f"{request.path.rstrip('/')}/{quote(identifier, safe='')}"
            status = await _removed(evaluation, outcome.cloud, path)
            outcome.undone = rules.is_gone(status, there=there)
            outcome.created = identifier
            there = there or rules.succeeded(status)
            outcome.unknown = not there
        return rules.nothing_left(acted=acted, there=there, undone=outcome.undone)

    return all(await asyncio.gather(*map(undo, outcomes)))


async def _removed(evaluation: Evaluation, cloud: str, path: str) -> int | None:
    """Delete in one cloud; return the status, None if there was no answer.

    A cloud that is known to be down is not asked: who waits for the answer need not wait for that.
    """
    if evaluation.down(cloud):
        return None
    try:
        answer = await evaluation.send(cloud, Request("DELETE", path))
    except NoAnswerError:
        return None
    answer.close()
    return answer.status


def _told(outcome: Outcome) -> str:
    """Say how it went in one cloud, what was undone, and what is left to be looked at."""
    said = f" ({outcome.message})" if outcome.message else ""
    what = outcome.error or f"answered {outcome.status}{said}"
    match outcome.undone:
        case True if outcome.unknown:
            end = f"; {outcome.created} is not there now"
        case True:
            end = f"; {outcome.created} was removed again"
        case False:
            end = f"; {outcome.created} could not be removed: delete it there"
        case None if rules.succeeded(outcome.status):
            end = "; this was done, and is not undone"
        case None if outcome.status is not None and outcome.unknown:
            end = "; look there before you send it again"
        case None:
            end = ""
    return f"{outcome.cloud}: {what}{end}"


def _without_data(evaluation: Evaluation, request: Request) -> str:
    """Say what is left where the data of an upload have not arrived."""
    record = record_of(evaluation.service, request.path) if request.upload else None
    if record is None:
        return ""
    return (
        f" {record} is still there without its data (queued, or saving) in each cloud that has not "
        "taken them: send them again, or delete it"
    )


def _status(failure: Result) -> HTTPStatus:
    """Return the status of a failure, 502 if it has no name."""
    try:
        return HTTPStatus(failure.status)
    except ValueError:
        return HTTPStatus.BAD_GATEWAY


def _with_id(service: str, request: Request) -> Request:
    """Give what is created an id of ours, where the client may choose it and has not."""
    document = request.document
    if request.method != "POST" or not isinstance(document, dict):
        return request
    for collection in special(service).chosen:
        key = collection.key
        created = document.get(key) if key else document
        if (
            collection.collection.fullmatch(request.path)
            and isinstance(created, dict)
            and rules.is_left_open(created.get("id"))
        ):
            chosen_id = rules.new_id()
            created = created | {"id": chosen_id}
            named = document | {key: created} if key else created
            return replace(request.having(named), chosen=chosen_id)
    return request
