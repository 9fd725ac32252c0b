"""Evaluates a request under an expression over clouds; the gateway calls `evaluate`."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from openstackoid.operators import lists, writes
from openstackoid.operators.alternatives import first
from openstackoid.operators.evaluation import Evaluation, Operand
from openstackoid.operators.request import Answer, Request
from openstackoid.operators.shapes import is_discovery
from openstackoid.scope import All, Any, CloudRef, Expression


async def evaluate(evaluation: Evaluation, expression: Expression, request: Request) -> Answer:
    """Return the one answer, and note in the report whose it is, if it is one cloud's.

    Raises NoAnswerError if there is no answer, Refusal if the request cannot be evaluated.
    """
    if request.upload and _has_alternatives(expression):
        raise evaluation.refusal(
            HTTPStatus.BAD_REQUEST,
            "an upload cannot be sent again where the first cloud fails; name one cloud "
            f'for {evaluation.service}, or several with "&"',
        )
    answer = await _in(evaluation, expression, request)
    if answer.cloud is not None:
        evaluation.report.of(answer.cloud).answer = True
    return answer


async def _in(evaluation: Evaluation, expression: Expression, request: Request) -> Answer:
    match expression:
        case CloudRef(name):
            return await evaluation.ask(name, request)
        case Any(expressions):
            return await first(evaluation, _operands(evaluation, expressions), request)
        case All(expressions) if is_discovery(request.method, request.path):
            return await first(evaluation, _operands(evaluation, expressions), request)
        case All(expressions) if request.safe:
            return await lists.read(evaluation, _operands(evaluation, expressions), request)
        case All(expressions):
            return await writes.write(evaluation, _operands(evaluation, expressions), request)


def _operands(evaluation: Evaluation, expressions: Sequence[Expression]) -> list[Operand]:
    return [Operand(one, partial(_in, evaluation, one)) for one in expressions]


def _has_alternatives(expression: Expression) -> bool:
    match expression:
        case All(operands):
            return any(map(_has_alternatives, operands))
    return isinstance(expression, Any)
