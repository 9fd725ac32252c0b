"""Writes a write to several clouds into the journal, before it is sent and when it has ended."""

import asyncio
import time
from http import HTTPStatus

import structlog

from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.unattended import owner, written
from openstackoid.gateway.reporting.log import write
from openstackoid.journal import aftermath
from openstackoid.journal.intent import Intent, Part, State, new_id
from openstackoid.journal.link import Link, NotWrittenError
from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.request import Answer, NoAnswerError, Request, Send
from openstackoid.operators.results import created_by, may_have_acted
from openstackoid.operators.rules import Policy
from openstackoid.operators.shapes import resource
from openstackoid.routing import Refusal
from openstackoid.scope import All, Any, CloudRef, Expression

log = structlog.get_logger()


class Recorded:
    """A write to several clouds that the journal knows of; `send` sends it to one of them.

    Under "|" alone it is written down only when it is over and may have been carried out: no more
    than one cloud can have it then, for it is sent to no other one.
    """

    def __init__(self, context: Context, journal: Link, send: Send, policy: Policy) -> None:
        self._context = context
        self._journal = journal
        self._send = send
        self._policy = policy
        self._settle = context.site.ours.own.settle
        self._joins = _joins(context.route.expression)
        self._first: Request | None = None
        self._asked: dict[str, Part] = {}
        self._beginning: asyncio.Task[Intent] | None = None
        self._adding = asyncio.Lock()

    async def send(self, cloud: str, request: Request) -> Answer:
        """Send a request to one cloud, once the journal has it; raises Refusal if it takes none.

        What undoes the write follows from what the journal has, and passes.
        """
        if self._first is None:
            self._first = request
        undoes = (request.method, request.target) != (self._first.method, self._first.target)
        if undoes or not self._joins:
            return await self._send(cloud, request)
        intent = await self._written(Part(cloud, created=request.chosen, unknown=True), request)
        try:
            answer = await self._send(cloud, request)
        except NoAnswerError as error:
            unknown = may_have_acted(error)
            message = shown(error.message)
            self._journal.note(intent.id, Part(cloud, None, request.chosen, unknown, error=message))
            raise
        created = created_by(request, answer) if answer.ok else None
        unknown = not answer.ok and may_have_acted(answer)
        self._journal.note(
            intent.id, Part(cloud, answer.status, created and shown(created), unknown)
        )
        if created:
            write(
                {
                    "event": "created",
                    "gateway": self._context.site.here,
                    "request_id": intent.request_id,
                    "write": intent.id,
                    "cloud": cloud,
                    "id": shown(created),
                }
            )
        return answer

    async def end(self, evaluation: Evaluation, *, failed: bool) -> bool:
        """Write down what has become of it; return whether that is durable by now."""
        if self._first is None:  # nothing was sent
            return True
        parts = aftermath.parts_of(list(evaluation.report.outcomes.values()))
        state = aftermath.state_after(parts, failed=failed)
        if self._beginning is None and state is State.DONE:
            return True
        try:
            if self._beginning is None:
                self._asked = {part.cloud: part for part in parts}
                self._beginning = asyncio.create_task(self._begin(self._first))
            intent = await self._beginning
        except Refusal as refusal:
            if not self._joins:  # it was sent
                log.error("a write is not written down", error=refusal.message)  # noqa: TRY400
            return True
        now = time.time()
        look_at = whose = None
        if state is State.UNSETTLED:
            look_at = aftermath.look_again(parts, intent.name, now, now, self._settle)
            whose = await owner(self._context)
        try:
            await self._journal.end(intent.id, state, parts, now, look_at, whose)
        except NotWrittenError as error:
            why = str(error)
            log.error("the end of a write is not written", write=intent.id, error=why)  # noqa: TRY400
            return False
        return True

    def leave(self) -> None:
        """Let this worker bring the write to its end, as if another one had begun it.

        So it is where the evaluation was cancelled: only what clouds have answered is known.
        """
        if self._beginning is not None:
            self._journal.take(self._beginning)

    async def _written(self, part: Part, request: Request) -> Intent:
        """Return the intent once the journal knows that the write goes to a cloud.

        All clouds that are asked at once, as under "&", are written down at once. One that is asked
        again, as under "(A&B)|(A&C)", is written down again: what it had done before is undone.
        """
        again = part.cloud in self._asked
        self._asked[part.cloud] = part
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin(request))
            return await asyncio.shield(self._beginning)
        intent = await asyncio.shield(self._beginning)
        if again or intent.part(part.cloud) is None:
            async with self._adding:
                try:
                    await self._journal.add(intent.id, part)
                except NotWrittenError as error:
                    raise self._refusal(error) from error
        return intent

    async def _begin(self, request: Request) -> Intent:
        await asyncio.sleep(0)  # until the others that are asked at once are there
        context = self._context
        route = context.route
        created = resource(request.document) or {}
        name = created.get("name") if request.method == "POST" else None
        intent = Intent(
            id=new_id(),
            began=time.time(),
            request_id=context.record.make_request_id(),
            method=request.method,
            target=shown(request.target),
            service=route.service,
            scope=route.scope.canonical if route.scope else "",
            every=self._policy is Policy.ALL,
            name=shown(name) if isinstance(name, str) and name else None,
            sent=written(context),
            parts=tuple(self._asked.values()),
        )
        try:
            await self._journal.begin(intent)
        except NotWrittenError as error:
            raise self._refusal(error) from error
        return intent

    def _refusal(self, error: NotWrittenError) -> Refusal:
        full, here = error.full, self._context.site.here
        status = HTTPStatus.INSUFFICIENT_STORAGE if full else HTTPStatus.SERVICE_UNAVAILABLE
        service = self._context.route.service
        message = (
            f"the gateway of {here} writes down what it is about to do in several clouds, and "
            f"cannot: {error}. Nothing was sent to any cloud; tell its operator, or name one "
            f"cloud for {service}"
        )
        return Refusal(status, message, cloud=here, service=service, sent=False)


def _joins(expression: Expression) -> bool:
    """Return whether an expression has an "&": several clouds may have a write under it."""
    match expression:
        case CloudRef():
            return False
        case Any(operands):
            return any(map(_joins, operands))
        case All():
            return True


def shown(text: str) -> str:
    """Return a text as it can be written down: what is not Unicode is escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
