"""Of several results one is taken, and the others are let go."""

from functools import partial

import pytest

from openstackoid.operators.request import Answer, NoAnswerError
from openstackoid.operators.results import chosen, may_have_acted, most_telling, status_of

AWAY = NoAnswerError("away", sent=False, status=502)
SILENT = NoAnswerError("silent", sent=True, status=504)


def test_the_most_telling_failure_is_the_first_of_those_that_say_as_much() -> None:
    """No answer says less than any; its status is the gateway's own, and counts for nothing."""
    conflict, forbidden = Answer(409), Answer(403)
    assert most_telling([AWAY, Answer(404), conflict, forbidden]) is conflict
    assert most_telling([SILENT, AWAY]) is SILENT
    assert status_of(SILENT) is None


def test_the_others_are_let_go() -> None:
    """They keep connections and memory."""
    closed: list[int] = []
    answers = [Answer(200, close=partial(closed.append, n)) for n in range(3)]
    assert chosen(answers[1], [AWAY, *answers]) is answers[1]
    assert closed == [0, 2]
    with pytest.raises(NoAnswerError, match="away"):
        chosen(AWAY, answers)
    assert closed == [0, 2, 0, 1, 2]


def test_only_what_may_have_arrived_may_have_acted() -> None:
    """By the answer, or by how the connection ended."""
    assert [may_have_acted(r) for r in (AWAY, SILENT)] == [False, True]
    assert [may_have_acted(Answer(s)) for s in (409, 500, 503)] == [False, True, False]
    assert not may_have_acted(Answer(502, document={"error": {"sent": False}}))
