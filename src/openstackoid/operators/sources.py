"""Asks the sources of a list for their next pages, and leaves out answers that are no such list."""

from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.listing import Listing, listing
from openstackoid.operators.paging import Cursor
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.results import Result
from openstackoid.operators.rules import Policy


@dataclass(slots=True)
class Results:
    """The results of the sources, by their number; `lists` is empty if the answer is no list."""

    answers: dict[int, Answer]
    failures: dict[int, Result]
    lists: dict[int, Listing]


async def ask(
    evaluation: Evaluation,
    operands: Sequence[Operand],
    request: Request,
    cursors: Sequence[Cursor],
) -> Results:
    """Ask all sources that have more for their next page.

    The first that succeeds, in order, says whether the answer is a list. If it is, an answer that
    is none counts as a failure; if not, no other answer is needed.
    """
    asked = [(i, c) for i, c in enumerate(cursors) if not isinstance(c, bool)]
    asking = {place: request.asking(marker=place) for place in {c for _, c in asked}}
    results = await evaluation.together(
        [(operands[i], asking[c]) for i, c in asked],
        lambda a: evaluation.policy is Policy.ANY and a.status < 300 and not listing(a.document),
    )
    found = Results({}, {}, {})
    for (i, _), result in zip(asked, results, strict=True):
        if isinstance(result, Answer) and result.ok:
            found.answers[i] = result
            if (listed := listing(result.document, result.headers)) is not None:
                found.lists[i] = listed
        elif result is not None:
            found.failures[i] = result
    if found.lists:
        _leave_out_others(evaluation, operands, found)
    return found


def _leave_out_others(evaluation: Evaluation, operands: Sequence[Operand], found: Results) -> None:
    """Make failures of answers that are no list, or a list with another key than the first."""
    key = next(iter(found.lists.values())).key
    found.lists = {i: listed for i, listed in found.lists.items() if listed.key == key}
    for i in [i for i in found.answers if i not in found.lists]:
        other = found.answers.pop(i)
        other.close()
        why = f": its answer {other.note}" if other.note else ""
        message = f"{operands[i]} did not answer with the list that others did{why}"
        for cloud in operands[i].clouds:
            evaluation.report.of(cloud).error = message
        found.failures[i] = NoAnswerError(message, sent=True)
