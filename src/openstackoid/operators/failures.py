"""Which of several failures says most."""

from collections.abc import Sequence
from typing import TypeAlias

from openstackoid.operators.request import Answer, NoAnswerError

Result: TypeAlias = Answer | NoAnswerError


def unreachable(result: Result) -> bool:
    """Tell whether a cloud could not say anything: no answer, or a failure of its own."""
    return isinstance(result, NoAnswerError) or result.status >= 500


def may_have_acted(failure: Result) -> bool:
    """Tell whether a write that failed may have been carried out all the same."""
    return failure.sent if isinstance(failure, NoAnswerError) else not failure.did_nothing


def most_telling(failures: Sequence[Result]) -> Answer:
    """Return the failure that says most, or raise it; the others are let go.

    What a cloud that could be asked says comes first, so that whoever looks for an id and then for
    a name goes on; that another could not be asked is in the report. A reason says more than "not
    found", and that more than an empty list.
    """
    return chosen(min(failures, key=_rank), failures)


def chosen(result: Result, others: Sequence[Result]) -> Answer:
    """Return a result, or raise it if it is no answer; the others are let go."""
    for other in others:
        if other is not result and isinstance(other, Answer):
            other.close()
    if isinstance(result, NoAnswerError):
        raise result
    return result


def _rank(failure: Result) -> int:
    if unreachable(failure):
        return 4
    if isinstance(failure, Answer) and failure.status >= 400:
        return {404: 2, 401: 1}.get(failure.status, 0)
    return 3
