"""Chooses one of several clouds' results (answers or failures), and closes the others."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from openstackoid.operators import rules
from openstackoid.operators.request import Answer, NoAnswerError, Request

Result: TypeAlias = Answer | NoAnswerError


def status_of(result: Result) -> int | None:
    """Return the status of an answer, None if there was no answer."""
    return None if isinstance(result, NoAnswerError) else result.status


def may_have_acted(failure: Result) -> bool:
    """Tell whether a write that failed may have been carried out all the same."""
    if isinstance(failure, NoAnswerError):
        return not rules.did_nothing(None, sent=failure.sent)
    return not rules.did_nothing(failure.status, failure.document)


def created_by(request: Request, answer: Answer) -> str | None:
    """Return the id of what a successful request has created, None if it creates nothing."""
    if request.method != "POST":
        return None
    location = next((v for n, v in answer.headers if n.lower() == "location"), None)
    return rules.created_id(request.path, answer.document, location)


def most_telling(failures: Iterable[Result]) -> Result:
    """Return the failure that says most; of those that say as much, the first."""
    return min(failures, key=lambda failure: rules.telling_order(status_of(failure)))


def chosen(result: Result, others: Sequence[Result]) -> Answer:
    """Return a result, or raise it if it is no answer; close the others."""
    for other in others:
        if other is not result and isinstance(other, Answer):
            other.close()
    if isinstance(result, NoAnswerError):
        raise result
    return result
