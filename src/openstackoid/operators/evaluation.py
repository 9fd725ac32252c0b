"""One request under an expression over clouds, and its one answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from openstackoid.operators import lists, writes
from openstackoid.operators.failures import Result, chosen, may_have_acted, most_telling
from openstackoid.operators.report import Report
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request, Send
from openstackoid.operators.shapes import is_discovery, is_filtered, listing, message_of
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import All, Any, Cloud, Expression
from openstackoid.scope.expression import clouds


@dataclass
class Evaluation:
    """What one evaluation needs, and what is reported of it.

    `down` tells whether a cloud is known to be away; `base` is the service's address at home, for
    links; `here` names the gateway in refusals. `patience` is how many seconds all clouds
    together may take, None for a write, which is waited for.
    """

    send: Send
    policy: Policy
    down: Callable[[str], bool]
    base: str
    here: str
    service: str
    patience: float | None
    report: Report = field(default_factory=Report)
    deadline: float | None = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = None if self.patience is None else time.monotonic() + self.patience

    async def run(self, expression: Expression, request: Request) -> Answer:
        """Return the answer; raises NoAnswerError if there is none, Refusal if it is not to be."""
        if request.upload and _has_alternatives(expression):
            raise self.refusal(
                HTTPStatus.BAD_REQUEST,
                "an upload cannot be sent again where the first cloud fails; name one cloud "
                f'for {self.service}, or several with "&"',
            )
        match expression:
            case Cloud(name):
                return await self.ask(name, request)
            case Any(operands):
                return await self.first(operands, request)
            case All(operands) if is_discovery(request):
                return await self.first(operands, request)
            case All(operands) if request.safe:
                return await lists.read(self, operands, request)
            case All(operands):
                return await writes.write(self, operands, request)

    async def together(
        self,
        operands: Sequence[tuple[Expression, Request]],
        enough: Callable[[Answer], bool] | None = None,
        of: int = 1,
    ) -> list[Result | None]:
        """Evaluate all at once, or until the first success in order if that is `enough`, in one
        `of` equal parts of the time that is left.

        Returns a result for each in order, None where it was not waited for. A cloud that is known
        to be down is not asked.
        """  # noqa: D205
        tasks = [asyncio.ensure_future(self._unless_down(*operand)) for operand in operands]
        results: list[Result | None] = [None] * len(tasks)
        end = self._end(of)
        try:
            for number, (task, (operand, _)) in enumerate(zip(tasks, operands, strict=True)):
                result = results[number] = await self._result(task, operand, end)
                if enough is not None and isinstance(result, Answer) and result.ok:
                    if enough(result):
                        break
                    enough = None  # the kind of the answer is known: that of all of them
                    # So all are wanted: one wake-up for them, not one for each.
                    await asyncio.wait(
                        tasks, timeout=_left(end), return_when=asyncio.FIRST_EXCEPTION
                    )
        finally:
            await _let_go(tasks, results)
        return results

    async def _unless_down(self, operand: Expression, request: Request) -> Answer:
        if isinstance(operand, Cloud) and self.down(operand.name) and not request.upload:
            message = f"{operand.name} is known to be down"
            self.report.of(operand.name).error = message
            raise NoAnswerError(message, sent=False, status=HTTPStatus.BAD_GATEWAY)
        return await self.run(operand, request)

    async def ask(self, cloud: str, request: Request) -> Answer:
        """Ask one cloud, and note how it went."""
        outcome = self.report.of(cloud)
        start = time.monotonic()
        try:
            answer = await self.send(cloud, request)
        except NoAnswerError as error:
            outcome.error, outcome.unknown = error.message, may_have_acted(error)
            raise
        except asyncio.CancelledError:
            if outcome.status is None:
                outcome.error = outcome.error or "not waited for"
            raise
        finally:
            outcome.seconds = round(time.monotonic() - start, 4)
        outcome.status, outcome.error = answer.status, None
        outcome.message = answer.note if answer.ok else message_of(answer.document)
        outcome.unknown = not answer.ok and may_have_acted(answer)
        return replace(answer, cloud=cloud)

    async def first(self, operands: Sequence[Expression], request: Request) -> Answer:
        """Evaluate `|`: the first success; what may have been carried out is not tried again."""
        failures: list[Result] = []
        for number, operand in enumerate(sorted(operands, key=self._is_down)):
            result = await self._tried(operand, request, len(operands) - number)
            if isinstance(result, Answer) and result.ok and not _is_empty(result, request):
                return chosen(result, failures)
            failures.append(result)
            if not request.safe and may_have_acted(result):
                return chosen(result, failures)
        return most_telling(failures)

    async def _tried(self, operand: Expression, request: Request, of: int) -> Result:
        task = asyncio.ensure_future(self.run(operand, request))
        result: Result | None = None
        try:
            result = await self._result(task, operand, self._end(of))
        finally:
            await _let_go([task], [result])
        return result

    def _end(self, of: int) -> float | None:
        """Return when one `of` equal parts of the time that is left is over."""
        left = _left(self.deadline)
        return None if left is None else time.monotonic() + left / of

    async def _result(
        self, task: asyncio.Future[Answer], operand: Expression, end: float | None
    ) -> Result:
        if not task.done():
            await asyncio.wait([task], timeout=_left(end))
        if not task.done():
            message = f"{operand} has not answered in time"
            for outcome in self.report.of_all(clouds(operand)):
                if outcome.status is None:
                    outcome.error = outcome.error or message
            return NoAnswerError(message, sent=True, status=HTTPStatus.GATEWAY_TIMEOUT)
        try:
            return task.result()
        except NoAnswerError as error:
            return error

    def _is_down(self, operand: Expression) -> bool:
        return all(map(self.down, clouds(operand)))

    def refusal(self, status: HTTPStatus, message: str) -> Refusal:
        """Return a refusal in this gateway's name."""
        return Refusal(status, message, cloud=self.here, service=self.service)


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


async def _let_go(tasks: Sequence[asyncio.Future[Answer]], kept: Sequence[Result | None]) -> None:
    """End tasks whose answer is not kept; one that came too late for it is closed."""
    left = [task for task, one in zip(tasks, kept, strict=True) if not isinstance(one, Answer)]
    for task in left:
        task.cancel()
    for late in await asyncio.gather(*left, return_exceptions=True):
        if isinstance(late, Answer):
            late.close()


def _has_alternatives(expression: Expression) -> bool:
    match expression:
        case All(operands):
            return any(map(_has_alternatives, operands))
    return isinstance(expression, Any)


def _is_empty(answer: Answer, request: Request) -> bool:
    """Tell whether this is a filtered list with nothing in it: another cloud may have it."""
    if request.method != "GET" or not is_filtered(request) or answer.document is None:
        return False
    found = listing(answer.document)
    return found is not None and not found.items
