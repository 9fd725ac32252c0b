"""One request under an expression over clouds, and its one answer."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from openstackoid.operators import lists, writes
from openstackoid.operators.failures import Result, chosen, most_telling
from openstackoid.operators.report import Report
from openstackoid.operators.request import Answer, NoAnswerError, Policy, Request, Send
from openstackoid.operators.shapes import is_discovery, is_filtered, listing
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
        match expression:
            case Cloud(name):
                return await self.ask(name, request)
            case Any() if request.upload:
                raise self.refusal(
                    HTTPStatus.BAD_REQUEST,
                    "an upload cannot be sent again where the first cloud fails; name one cloud "
                    f'for {self.service}, or several with "&"',
                )
            case Any(operands):
                return await self.first(operands, request)
            case All(operands) if is_discovery(request):
                return await self.first(operands, request)
            case All(operands) if request.safe:
                return await lists.read(self, operands, request)
            case All(operands):
                return await writes.write(self, operands, request)

    async def together(
        self, operands: Sequence[tuple[Expression, Request]], enough: Callable[[Answer], bool]
    ) -> list[Result | None]:
        """Evaluate all at once, within the deadline, or until one in order is `enough`.

        Returns a result for each in order, None where it was not waited for. A cloud that is known
        to be down is not asked.
        """
        tasks = [asyncio.ensure_future(self._unless_down(*operand)) for operand in operands]
        results: list[Result | None] = [None] * len(tasks)
        try:
            for number, task in enumerate(tasks):
                result = results[number] = await self._result(task)
                if isinstance(result, Answer) and enough(result):
                    break
        finally:
            for task in tasks:
                task.cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            for number, late in enumerate(done):
                if results[number] is None and isinstance(late, Answer):
                    late.close()
        return results

    async def _unless_down(self, operand: Expression, request: Request) -> Answer:
        if isinstance(operand, Cloud) and self.down(operand.name):
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
            outcome.error = error.message
            raise
        except asyncio.CancelledError:
            if outcome.status is None:
                outcome.error = outcome.error or "not waited for"
            raise
        finally:
            outcome.seconds = round(time.monotonic() - start, 4)
        outcome.status, outcome.error = answer.status, None
        return replace(answer, cloud=cloud)

    async def first(self, operands: Sequence[Expression], request: Request) -> Answer:
        """Evaluate `|`: the first success; what may have been carried out is not tried again."""
        failures: list[Result] = []
        for operand in sorted(operands, key=self._is_down):
            try:
                answer = await self.run(operand, request)
            except NoAnswerError as error:
                failures.append(error)
                if error.sent and not request.safe:
                    return chosen(error, failures)
                continue
            if answer.ok and not _is_empty(answer, request):
                return chosen(answer, failures)
            failures.append(answer)
            if not answer.ok and not request.safe and not answer.did_nothing:
                return chosen(answer, failures)
        return most_telling(failures)

    async def _result(self, task: asyncio.Future[Answer]) -> Result:
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        done, _ = await asyncio.wait([task], timeout=left)
        if not done:
            message = f"has not answered within {self.patience:g} s"
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


def _is_empty(answer: Answer, request: Request) -> bool:
    """Tell whether this is a filtered list with nothing in it: another cloud may have it."""
    if request.method != "GET" or not is_filtered(request) or answer.document is None:
        return False
    found = listing(answer.document)
    return found is not None and not found.items
