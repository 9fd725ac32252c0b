"""Evaluates `|`: the answer is that of the first operand that succeeds."""

from collections.abc import Sequence

from openstackoid.operators import rules
from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.listing import listing
from openstackoid.operators.request import Answer, Request
from openstackoid.operators.results import Result, chosen, may_have_acted, most_telling


async def first(evaluation: Evaluation, operands: Sequence[Operand], request: Request) -> Answer:
    """Return the first success, or the failure that says most.

    Operands that are known to be down are tried last. A write that may have been carried out is not
    tried again: its failure is the answer. Raises NoAnswerError.
    """
    failures: list[Result] = []
    for number, operand in enumerate(sorted(operands, key=evaluation.is_down)):
        result = await evaluation.alone(operand, request, of=len(operands) - number)
        if isinstance(result, Answer) and result.ok and not _found_nothing(result, request):
            return chosen(result, failures)
        failures.append(result)
        if not request.safe and may_have_acted(result):
            return chosen(result, failures)
    return chosen(most_telling(failures), failures)


def _found_nothing(answer: Answer, request: Request) -> bool:
    found = listing(answer.document) if request.method == "GET" else None
    return rules.found_nothing(request.query, None if found is None else found.items)
