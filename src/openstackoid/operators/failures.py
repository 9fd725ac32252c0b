"""Which of several failures says most."""

from collections.abc import Sequence
from typing import TypeAlias

from openstackoid.operators.request import Answer, NoAnswerError

Result: TypeAlias = Answer | NoAnswerError


def unreachable(result: Result) -> bool:
    """Tell whether a cloud could not say anything: no answer, or a failure of its own."""
    return isinstance(result, NoAnswerError) or result.status >= 500


def most_telling(failures: Sequence[Result]) -> Answer:
    """Return the failure that says most, or raise it; the others are let go.

    A cloud that could not be asked comes first: it may have what the others lack. Then whatever is
    not just "not found", and last an empty list, which is an answer.
    """
    ranked = sorted(failures, key=_rank)
    for other in ranked[1:]:
        if isinstance(other, Answer):
            other.close()
    if isinstance(ranked[0], NoAnswerError):
        raise ranked[0]
    return ranked[0]


def _rank(failure: Result) -> int:
    if isinstance(failure, NoAnswerError) or failure.status >= 500:
        return 0
    if failure.status >= 400:
        return {404: 3, 401: 2}.get(failure.status, 1)
    return 4
