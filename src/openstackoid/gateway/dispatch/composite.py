"""Answers composite requests: evaluates the operators and sends the client one answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterator
from functools import partial
from http import HTTPStatus
from http.client import responses

from openstackoid.gateway.admission import cost
from openstackoid.gateway.dispatch.bodies import read_all
from openstackoid.gateway.dispatch.branches import Branches
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.memory_budget import MemoryBudget
from openstackoid.gateway.dispatch.open_writes import MAX_OPEN
from openstackoid.gateway.dispatch.recorded import Recorded
from openstackoid.gateway.dispatch.translation import translation
from openstackoid.gateway.dispatch.upload_tee import UploadTee
from openstackoid.gateway.forwarding.downstream import Passing, give, relay_answer
from openstackoid.gateway.forwarding.upstream import refused
from openstackoid.gateway.http import ENDED
from openstackoid.message import SAFE_METHODS, is_json
from openstackoid.operators.apply import evaluate
from openstackoid.operators.evaluation import Evaluation
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.operators.rules import EVENTUAL, POLICY, Policy
from openstackoid.operators.runs import encode
from openstackoid.routing import Refusal
from openstackoid.routing.border import kept_private
from openstackoid.scope import Expression
from openstackoid.scope.expression import clouds
from openstackoid.services import is_data

REPORT = "X-Scope-Report"

MAX_LOGGED = 768
"""Bytes of a report in the log: a line has 1536, also for everything else."""

WRITTEN = 65_536
"""Bytes of a merged list that are written at once, at least; the last write may have fewer."""


async def answer_composite(
    context: Context, body: AsyncIterator[bytes] | None, patience: float
) -> None:
    """Evaluate a composite request and send the client the answer; raises Refusal.

    A read may take `patience` seconds in all.
    """
    head, route, site = context.head, context.route, context.site
    policy = _policy(context)
    path = route.rest.partition("?")[0]
    streams = body is not None and (not is_json(head.headers) or is_data(route.service, path))
    tee = None
    if streams and body is not None:
        tee = UploadTee(body, clouds(route.expression), every=policy is Policy.ALL)
    whole = None if body is None or tee else await read_all(context, body)
    context.charge(cost.of_json(len(whole or b""), catalog=True))
    operation = Request.of(head.method, route.rest, whole, upload=tee is not None)
    if whole and operation.document is None:
        message = "the body is not JSON; mend it, nothing was sent to any cloud"
        raise _refusal(context, HTTPStatus.BAD_REQUEST, message)
    full = None if operation.safe else context.state.open_writes.full(clouds(route.expression))
    if full is not None:
        message = (
            f"{full} has not answered {MAX_OPEN} writes yet; nothing was sent to any cloud, try "
            f"again later or do without {full}"
        )
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            message,
            cloud=site.here,
            service=route.service,
            sent=False,
        )
    frontend = site.ours.frontend(route.service, route.interface)
    how = await translation(context, operation.document)
    with MemoryBudget() as budget:
        branches = Branches(context, budget, tee, how)
        journal = None if operation.safe else context.state.journal
        recorded = Recorded(context, journal, branches.send, policy) if journal else None
        evaluation = Evaluation(
            recorded.send if recorded else branches.send,
            policy,
            partial(context.state.health.down, service=route.service),
            str(frontend or ""),
            site.here,
            route.service,
            patience if operation.safe else None,
        )
        try:
            running = _recorded(evaluation, route.expression, operation, recorded)
            await respond(context, await _evaluated(context, evaluation, operation, tee, running))
        finally:
            context.charge(cost.of_json(budget.read_in_all, catalog=False))


async def _recorded(
    evaluation: Evaluation, expression: Expression, operation: Request, recorded: Recorded | None
) -> Answer:
    """Evaluate a request, and write down what became of it before anybody is told.

    Raises NoAnswerError also if that can't be written down: it may then be undone.
    """
    if recorded is None:
        return await evaluate(evaluation, expression, operation)
    try:
        answer = await evaluate(evaluation, expression, operation)
    except asyncio.CancelledError:
        recorded.leave()
        raise
    except Exception:
        await recorded.end(evaluation, failed=True)
        raise
    if not await recorded.end(evaluation, failed=not answer.ok) and answer.ok:
        answer.close()
        raise NoAnswerError(
            f"{operation.method} {operation.path} was carried out, and the gateway could not write "
            "that down: if it is killed now, it will be undone. Look before you send it again",
            sent=True,
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
        )
    return answer


async def _evaluated(
    context: Context,
    evaluation: Evaluation,
    operation: Request,
    tee: UploadTee | None,
    evaluating: Coroutine[None, None, Answer],
) -> Answer:
    """Run an evaluation, return its answer and record its report; raises Refusal.

    If the client leaves, a read or an upload is cancelled; if the gateway ends, a write as well.
    """
    record = context.record
    pump = asyncio.create_task(tee.pump()) if tee else None
    running = asyncio.ensure_future(evaluating)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError as cancelled:
        if operation.safe or tee or str(cancelled) == ENDED:
            running.cancel()
        # Any other write that has begun is completed or undone, although the client has left.
        (late,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(late, Answer):
            late.close()
        raise
    except NoAnswerError as error:
        raise refused(error, context.site.here, context.route.service) from error
    finally:
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        header = evaluation.report.header()
        short = header if len(header) <= MAX_LOGGED else evaluation.report.text(MAX_LOGGED)
        record.extra.append((REPORT, header))
        record.fields["report"] = json.loads(short)


async def respond(context: Context, answer: Answer) -> None:
    """Send the client an answer: as its cloud gave it, or encoded if it is merged.

    It is private, also if it is home's alone: who may have answered is in its report.
    """
    request, record = context.request, context.record
    if isinstance(answer.body, Passing):
        answer.body.private = True
        try:
            await relay_answer(request, record, answer.body)
        finally:
            answer.close()
        return
    record.status = answer.status
    parts = _parts(answer)
    part, following = next(parts, b""), next(parts, b"")
    headers = [*kept_private(answer.headers), *record.extra]
    if part and not following:
        headers.append(("Content-Length", str(len(part))))
    reply = request.answer(answer.status, responses.get(answer.status, ""), headers)
    while part:
        if not await give(request, record, reply, part):
            return
        part, following = following, next(parts, b"")
    reply.end()


def _parts(answer: Answer) -> Iterator[bytes]:
    """Yield the body of an answer; a document is encoded in parts of at least WRITTEN bytes.

    A part is encoded while the client takes the one before, and items are freed as they are
    encoded.
    """
    if answer.raw is not None:
        yield answer.raw
        return
    if answer.document is None:
        return
    pieces: list[bytes] = []
    size = 0
    for piece in encode(answer.document):
        pieces.append(piece)
        size += len(piece)
        if size >= WRITTEN:
            yield b"".join(pieces)
            pieces.clear()
            size = 0
    yield b"".join(pieces)


def _policy(context: Context) -> Policy:
    value = context.head.headers.first(POLICY)
    reads = context.head.method in SAFE_METHODS
    if value is None or (reads and value.strip().lower() == EVENTUAL):
        return Policy.by_default(reads=reads)
    try:
        return Policy(value.strip().lower())
    except ValueError as error:
        message = 'X-Scope-Policy is "all", "any" or "eventual", and nothing else'
        raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=context.site.here) from error


def _refusal(context: Context, status: HTTPStatus, message: str) -> Refusal:
    return Refusal(status, message, cloud=context.site.here, service=context.route.service)
