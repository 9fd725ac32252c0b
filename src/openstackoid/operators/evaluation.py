"""Asks clouds, one or all at once, within the patience, and notes the outcomes in the report."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeAlias

from openstackoid.operators import rules
from openstackoid.operators.report import Report
from openstackoid.operators.request import Answer, NoAnswerError, Request, Send
from openstackoid.operators.results import Result, created_by, may_have_acted
from openstackoid.operators.rules import Policy
from openstackoid.operators.shapes import message_of
from openstackoid.routing.refusal import Refusal
from openstackoid.scope import Expression
from openstackoid.scope.expression import clouds

Asked: TypeAlias = "tuple[Operand, Request]"


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand of an operator; `ask` evaluates a request in it, and raises NoAnswerError."""

    expression: Expression
    ask: Callable[[Request], Coroutine[Any, Any, Answer]]

    @property
    def clouds(self) -> list[str]:
        """Its clouds, in the order written."""
        return list(clouds(self.expression))

    def __str__(self) -> str:
        return str(self.expression)


@dataclass
class Evaluation:
    """What one evaluation needs, and what is reported of it.

    `down` tells whether a cloud is known to be down; `base` is the service's address at home, for
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

    async def ask(self, cloud: str, request: Request) -> Answer:
        """Ask one cloud, and note how it went; raises NoAnswerError."""
        outcome = self.report.of(cloud)
        # Under "|" a cloud may be asked again, after what it had done was undone.
        outcome.created = outcome.undone = None
        start = time.monotonic()
        try:
            answer = await self.send(cloud, request)
        except NoAnswerError as error:
            outcome.error, outcome.unknown = error.message, may_have_acted(error)
            raise
        except asyncio.CancelledError:
            if outcome.status is None:
                outcome.error = outcome.error or "not waited for"
                outcome.unknown = not request.safe
            raise
        finally:
            outcome.seconds = round(time.monotonic() - start, 4)
        outcome.status, outcome.error = answer.status, None
        said = answer.note if answer.ok else message_of(answer.document)
        # The gateway puts the cloud's name into what another one says; here it stands beside.
        outcome.message = said and said.removeprefix(f"{cloud}: ")
        outcome.unknown = not answer.ok and may_have_acted(answer)
        outcome.created = created_by(request, answer) if answer.ok else None
        return replace(answer, cloud=cloud)

    async def together(
        self,
        asked: Sequence[Asked],
        enough: Callable[[Answer], bool] | None = None,
        of: int = 1,
    ) -> list[Result | None]:
        """Ask all at once; return their results in order, None for those that were not waited for.

        The time limit is one of `of` equal parts of the time that is left. If the first success in
        order is `enough`, later results are not waited for. An operand that is known to be down is
        not asked.
        """
        tasks = [asyncio.ensure_future(self._unless_down(*one)) for one in asked]
        results: list[Result | None] = [None] * len(tasks)
        end = self._end(of)
        try:
            for number, (task, (operand, _)) in enumerate(zip(tasks, asked, strict=True)):
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

    async def alone(self, operand: Operand, request: Request, of: int) -> Result:
        """Ask one operand; the time limit is one of `of` equal parts of the time that is left."""
        task = asyncio.ensure_future(operand.ask(request))
        result: Result | None = None
        try:
            result = await self._result(task, operand, self._end(of))
        finally:
            await _let_go([task], [result])
        return result

    def is_down(self, operand: Operand) -> bool:
        """Tell whether an operand is known to be down."""
        return rules.is_down(operand.clouds, self.down)

    def refusal(self, status: HTTPStatus, message: str) -> Refusal:
        """Return a refusal in this gateway's name."""
        return Refusal(status, message, cloud=self.here, service=self.service)

    async def _unless_down(self, operand: Operand, request: Request) -> Answer:
        if self.is_down(operand) and not request.upload:
            message = rules.known_down(operand)
            for cloud in operand.clouds:
                self.report.of(cloud).error = message
            raise NoAnswerError(message, sent=False, status=HTTPStatus.BAD_GATEWAY)
        return await operand.ask(request)

    def _end(self, of: int) -> float | None:
        """Return when one `of` equal parts of the time that is left is over."""
        left = _left(self.deadline)
        return None if left is None else time.monotonic() + rules.share(left, of)

    async def _result(
        self, task: asyncio.Future[Answer], operand: Operand, end: float | None
    ) -> Result:
        if not task.done():
            await asyncio.wait([task], timeout=_left(end))
        if not task.done():
            message = f"{operand} has not answered in time"
            for outcome in self.report.of_all(operand.clouds):
                if outcome.status is None:
                    outcome.error = outcome.error or message
            return NoAnswerError(message, sent=True, status=HTTPStatus.GATEWAY_TIMEOUT)
        try:
            return task.result()
        except NoAnswerError as error:
            return error


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
