"""Writing under `&`: all, or what was created is removed again."""

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from openstackoid.operators.failures import Result, may_have_acted, most_telling
from openstackoid.operators.report import Outcome
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request
from openstackoid.operators.shapes import identifier
from openstackoid.scope import All, Cloud, Expression
from openstackoid.scope.expression import clouds
from openstackoid.services import special

if TYPE_CHECKING:
    from openstackoid.operators.evaluation import Evaluation


async def write(
    evaluation: "Evaluation", operands: Sequence[Expression], request: Request
) -> Answer:
    """Return the first answer if all succeed (or, by policy, any); undo what was created if not.

    Raises NoAnswerError that says, by cloud and id, what was undone and what was not.
    """
    _check_undoable(evaluation, request)
    request, chosen = _with_id(evaluation.service, request)
    if evaluation.policy is Policy.ALL and (away := _away(evaluation, operands)):
        raise NoAnswerError(
            f"{away} is known to be down, so nothing was sent to {_names(operands)}; try again "
            "later, or do without it",
            sent=False,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        )
    results = await evaluation.together([(operand, request) for operand in operands])
    for result in results:
        if isinstance(result, Answer) and result.ok and request.method == "POST" and result.cloud:
            evaluation.report.of(result.cloud).created = _created(result)
    done = [r for r in results if isinstance(r, Answer) and r.ok]
    failed = [r for r in results if r is not None and not (isinstance(r, Answer) and r.ok)]
    if request.method == "DELETE" and done:
        failed = [f for f in failed if not (isinstance(f, Answer) and f.status == 404)]
    if not failed or (done and evaluation.policy is Policy.ANY):
        for answer in done[1:]:
            answer.close()
        return done[0]
    if not done and not any(map(may_have_acted, failed)):
        return most_telling(failed)
    for answer in done:
        answer.close()
    outcomes = evaluation.report.of_all(dict.fromkeys(c for o in operands for c in clouds(o)))
    await _undo(evaluation, request, outcomes, chosen)
    account = ". ".join(map(_told, outcomes))
    raise NoAnswerError(
        f"{request.method} {request.path} did not succeed in all of {_names(operands)}. {account}.",
        sent=True,
        status=_status(failed),
    )


def _names(operands: Sequence[Expression]) -> str:
    return str(All(tuple(operands)))


def _away(evaluation: "Evaluation", operands: Sequence[Expression]) -> str | None:
    return next(
        (o.name for o in operands if isinstance(o, Cloud) and evaluation.down(o.name)), None
    )


def _created(answer: Answer) -> str | None:
    """Return the id of what a POST created, None if it created nothing that has one."""
    if found := identifier(answer.document):
        return found
    location = next((v for n, v in answer.headers if n.lower() == "location"), "")
    return location.partition("?")[0].rstrip("/").rpartition("/")[2] or None


def _check_undoable(evaluation: "Evaluation", request: Request) -> None:
    """Refuse what could not be undone: nova tells the id of the first of several servers alone."""
    counted = special(evaluation.service).counted
    if evaluation.policy is not Policy.ALL or counted is None:
        return
    created = request.document.get(counted.key) if isinstance(request.document, dict) else None
    if not isinstance(created, dict):
        return
    if any(str(created.get(key) or 1) != "1" for key in counted.counts):
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            "several servers at once could not be removed again if one cloud fails, for nova names "
            "only the first; create them one by one, or with X-Scope-Policy: any",
        )


async def _undo(
    evaluation: "Evaluation", request: Request, outcomes: Sequence[Outcome], chosen: str | None
) -> None:
    """Delete what was created, and what a cloud may have created under the id that we chose.

    An id that the client chose may have been there before, and is not touched.
    """
    for outcome in (o for o in outcomes if o.undone is None):
        created = outcome.created or (chosen if outcome.unknown else None)
        if created is None:
            continue
        path = f"{request.path.rstrip('/')}/{quote(created, safe='')}"
        try:
            answer = await evaluation.send(outcome.cloud, Request("DELETE", path))
        except NoAnswerError:
            outcome.undone = False
        else:
            answer.close()
            gone = outcome.created is None and answer.status == HTTPStatus.NOT_FOUND
            outcome.undone = answer.ok or gone
        outcome.created = created


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
        case None if outcome.status is not None and outcome.status < 400:
            end = "; this was done, and is not undone"
        case None if outcome.status is not None and outcome.unknown:
            end = "; look there before you send it again"
        case None:
            end = ""
    return f"{outcome.cloud}: {what}{end}"


def _status(failed: Sequence[Result]) -> HTTPStatus:
    """Return the status of the most telling failure, if it is one of the clouds' own."""
    try:
        return HTTPStatus(most_telling(failed).status)
    except NoAnswerError as error:
        return HTTPStatus(error.status)
    except ValueError:  # a status that has no name
        return HTTPStatus.BAD_GATEWAY


def _with_id(service: str, request: Request) -> tuple[Request, str | None]:
    """Give what is created an id of ours, where the client may choose it and has not.

    Returns the request, and that id.
    """
    document = request.document
    if request.method != "POST" or not isinstance(document, dict):
        return request, None
    for collection in special(service).chosen:
        key = collection.key
        created = document.get(key) if key else document
        if (
            collection.collection.fullmatch(request.path)
            and isinstance(created, dict)
            and created.get("id") in (None, "", "auto")
        ):
            chosen = str(uuid.uuid4())
            created = created | {"id": chosen}
            named = document | {key: created} if key else created
            return request.having(named), chosen
    return request, None
