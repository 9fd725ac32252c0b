"""Asks the sources of a list for their next pages, and leaves out answers that are no such list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.listing import Listing, listing
from openstackoid.operators.order import Order
from openstackoid.operators.paging import Cursor
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.results import Result
from openstackoid.operators.rules import Policy
from openstackoid.operators.runs import decoded
from openstackoid.operators.shapes import identifier


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

    An answer that is one resource says so, and no other answer is needed. If any answer is a list,
    one that is none counts as a failure, and so does one that does not show what it is sorted by
    where others do.
    """
    asked = [(i, c) for i, c in enumerate(cursors) if not isinstance(c, bool)]
    asking = {place: request.asking(marker=place) for place in {c for _, c in asked}}
    results = await evaluation.together(
        [(operands[i], asking[c]) for i, c in asked],
        lambda a: evaluation.policy is Policy.ANY and a.status < 300 and _is_one(request, a),
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
        _leave_out_others(evaluation, operands, request, found)
        _leave_out_unsorted(evaluation, operands, request, found)
    return found


def _is_one(request: Request, answer: Answer) -> bool:
    """Tell whether an answer is surely one resource: neither a list, nor an attempt at one."""
    document = answer.document
    if answer.body is not None or request.method != "GET":
        return True
    asked = request.path.rstrip("/").rpartition("/")[2]
    named = identifier(document) is not None and asked not in document
    return named and listing(document) is None


def _leave_out_others(
    evaluation: Evaluation, operands: Sequence[Operand], request: Request, found: Results
) -> None:
    """Make failures of answers that are no list, or a list with another key than the others."""
    key = _key_of(request, [listed.key for listed in found.lists.values()])
    for i in [i for i in found.answers if i not in found.lists or found.lists[i].key != key]:
        why = f": its answer {note}" if (note := found.answers[i].note) else ""
        message = f"{operands[i]} did not answer with the list that others did{why}"
        _leave_out(evaluation, operands[i], found, i, message)


def _key_of(request: Request, keys: Sequence[str | None]) -> str | None:
    """Return the key of the list that is meant: one like its path, else that of most clouds.

    No cloud decides it for the others by being asked first.
    """
    collection = request.path.removesuffix("/detail").rstrip("/").rpartition("/")[2]
    name = collection.replace("-", "_").lower()
    fitting = [key for key in keys if key and key.lower() == name]
    fitting = fitting or [key for key in keys if key and name.endswith(key.lower())]
    return Counter(fitting or keys).most_common(1)[0][0]


def _leave_out_unsorted(
    evaluation: Evaluation, operands: Sequence[Operand], request: Request, found: Results
) -> None:
    """Make failures of lists that do not show what they are sorted by, if another one does."""
    order = Order.of(request, evaluation.service)
    if not order:
        return
    for listed in found.lists.values():
        listed.items = [decoded(item) for item in listed.items]
    unsorted = [i for i, listed in found.lists.items() if not order.known(listed.items)]
    if len(unsorted) < len(found.lists):
        keys = ", ".join(key for key, _ in order.keys)
        for i in unsorted:
            message = f"{operands[i]} does not show {keys}, by which the list is sorted"
            _leave_out(evaluation, operands[i], found, i, message)


def _leave_out(
    evaluation: Evaluation, operand: Operand, found: Results, number: int, message: str
) -> None:
    found.lists.pop(number, None)
    found.answers.pop(number).close()
    for cloud in operand.clouds:
        evaluation.report.of(cloud).error = message
    found.failures[number] = NoAnswerError(message, sent=True)
