"""Requests under an expression with operators: evaluated here, one answer of the same kind."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import Any

from openstackoid.federation import Federation
from openstackoid.gateway.dispatch.branches import Branches
from openstackoid.gateway.dispatch.health import Health
from openstackoid.gateway.dispatch.memory_budget import Held
from openstackoid.gateway.dispatch.upload_tee import Tee
from openstackoid.gateway.forwarding.downstream import (
    give,
    may_have_ids,
    refused_answer,
    relay_answer,
)
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Response
from openstackoid.gateway.http import Request as Received
from openstackoid.gateway.protocol import is_json
from openstackoid.gateway.reporting.access_record import Record
from openstackoid.gateway.trust.foreign_tokens import Foreign
from openstackoid.operators import SAFE, Answer, Evaluation, NoAnswerError, Policy, Request
from openstackoid.operators.runs import encode
from openstackoid.routing import Head, Refusal, Route
from openstackoid.routing.foreign_ids import Search, UnsafeIdError
from openstackoid.routing.links import Links
from openstackoid.scope.expression import clouds

REPORT = "X-Scope-Report"
POLICY = "x-scope-policy"

MAX_REQUEST = 2**20
"""Bytes of a request that is sent to several clouds; uploads, which are no JSON, are streamed."""

MAX_LOGGED = 2048
"""Bytes of a report in the log, where it has to share its line."""

PART = 65_536
"""Bytes of a merged list that are written at once, at least: enough to keep the client busy."""


@dataclass
class Composite:
    """Evaluates the requests of one gateway; `patience` is the seconds a read may take in all."""

    here: str
    upstream: Upstream
    health: Health
    patience: float

    async def answer(
        self,
        request: Received,
        record: Record,
        head: Head,
        route: Route,
        federation: Federation,
        foreign: Foreign,
        body: AsyncIterator[bytes] | None,
    ) -> None:
        """Return the one answer; raises Refusal."""
        upload = body is not None and not is_json(request.headers)
        document = None if body is None or upload else await self._document(body, route)
        operation = Request.of(head.method, route.rest, document, upload=upload)
        frontend = federation.clouds[self.here].frontend(route.service, route.interface)
        safe = head.method in SAFE
        with Held() as held:
            branches = Branches(
                head,
                route,
                federation,
                foreign,
                self.here,
                record.make_request_id(),
                self.upstream,
                self.health,
                held,
                Tee(body, clouds(route.expression)) if upload and body is not None else None,
            )
            evaluation = Evaluation(
                branches.send,
                self._policy(head, default=Policy.ANY if safe else Policy.ALL),
                self.health.down,
                str(frontend or ""),
                self.here,
                route.service,
                self.patience if safe else None,
            )
            answer = await self._evaluated(evaluation, operation, route, branches.upload, record)
            links = branches.links(answer.cloud) if answer.cloud else None
            await self._respond(request, record, route, answer, links)

    async def _evaluated(
        self,
        evaluation: Evaluation,
        operation: Request,
        route: Route,
        upload: Tee | None,
        record: Record,
    ) -> Answer:
        """Return the one answer, and put down the report; raises Refusal."""
        pump = asyncio.create_task(upload.pump()) if upload else None
        running = asyncio.ensure_future(evaluation.run(route.expression, operation))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if operation.safe or upload:
                running.cancel()
            # A write that has begun is brought to its end, or undone, though nobody waits for it.
            (late,) = await asyncio.gather(running, return_exceptions=True)
            if isinstance(late, Answer):
                late.close()
            raise
        except NoAnswerError as error:
            raise Refusal(
                HTTPStatus(error.status),
                error.message,
                cloud=self.here,
                service=route.service,
                sent=error.sent,
            ) from error
        finally:
            if pump is not None:
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)
            header = evaluation.report.header()
            short = header if len(header) <= MAX_LOGGED else evaluation.report.text(MAX_LOGGED)
            record.extra.append((REPORT, header))
            record.fields["report"] = json.loads(short)

    async def _respond(
        self, request: Received, record: Record, route: Route, answer: Answer, links: Links | None
    ) -> None:
        if isinstance(answer.body, Response):
            foreign = answer.cloud != self.here
            search = Search() if foreign and may_have_ids(route.service, route.rest) else None
            try:
                await relay_answer(request, record, answer.body, links, None, search)
            except (HttpError, UnsafeIdError) as error:
                cloud = answer.cloud or self.here
                raise refused_answer(error, cloud, route.service) from error
            finally:
                answer.close()
            return
        record.status = answer.status
        parts = iter(()) if answer.document is None else _parts(answer.document)
        part, following = next(parts, b""), next(parts, b"")
        headers = [*answer.headers, *record.extra]
        if part and not following:
            headers.append(("Content-Length", str(len(part))))
        reply = request.answer(answer.status, responses.get(answer.status, ""), headers)
        while part:
            if not await give(request, record, reply, part):
                return
            part, following = following, next(parts, b"")
        reply.end()

    async def _document(self, body: AsyncIterator[bytes], route: Route) -> Any:
        data = bytearray()
        async for piece in body:
            data += piece
            if len(data) > MAX_REQUEST:
                raise self._refusal(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"a request to several clouds takes at most {MAX_REQUEST} bytes",
                    route,
                )
        try:
            return json.loads(data) if data else None
        except (ValueError, RecursionError) as error:
            message = "the body is not JSON; mend it, nothing was sent to any cloud"
            raise self._refusal(HTTPStatus.BAD_REQUEST, message, route) from error

    def _policy(self, head: Head, default: Policy) -> Policy:
        value = head.value(POLICY)
        if value is None:
            return default
        try:
            return Policy(value.strip().lower())
        except ValueError as error:
            message = 'X-Scope-Policy is "all" or "any", and nothing else'
            raise Refusal(HTTPStatus.BAD_REQUEST, message, cloud=self.here) from error

    def _refusal(self, status: HTTPStatus, message: str, route: Route) -> Refusal:
        return Refusal(status, message, cloud=self.here, service=route.service)


def _parts(document: object) -> Iterator[bytes]:
    """Yield the JSON of a document in parts, none but the last shorter than a PART.

    The client takes one while the next is made, and a merged list is let go of on the way.
    """
    pieces: list[bytes] = []
    size = 0
    for piece in encode(document):
        pieces.append(piece)
        size += len(piece)
        if size >= PART:
            yield b"".join(pieces)
            pieces.clear()
            size = 0
    yield b"".join(pieces)
