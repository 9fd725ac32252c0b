"""Sends the branches of a composite request, and reads their answers."""

import asyncio
import json
import time
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus

from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.hop import Body, Validated, exchange, prepare
from openstackoid.gateway.dispatch.memory_budget import (
    NO_JSON,
    MemoryBudget,
    TooLongError,
    UnusableError,
)
from openstackoid.gateway.dispatch.translation import Translation
from openstackoid.gateway.dispatch.upload_tee import UploadTee
from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.gateway.reporting.access_record import REQUEST_ID
from openstackoid.identity import CatalogError
from openstackoid.message import SAFE_METHODS, is_json
from openstackoid.operators import rules
from openstackoid.operators.request import Answer, NoAnswerError, Request
from openstackoid.routing import Refusal

DOUBTFUL = 2.0
"""Seconds after which a service that has not answered by the end of the patience may hang."""

NOT_FORWARDED = frozenset({"accept-encoding", rules.POLICY, REQUEST_ID.lower()})
"""Headers that are for the first gateway alone and are not sent upstream."""


@dataclass
class Branches:
    """The branches of one composite request: one for each cloud that the evaluation asks."""

    context: Context
    budget: MemoryBudget
    upload: UploadTee | None = None
    translation: Translation | None = None

    async def send(self, cloud: str, request: Request) -> Answer:
        """Send a request to one cloud and return its answer.

        Raises NoAnswerError, and Refusal if the answers do not fit into the memory budget.
        """
        upload = self.upload if request.upload else None
        status = int(HTTPStatus.BAD_GATEWAY)
        writes = request.method not in SAFE_METHODS
        waiting = self.context.state.open_writes.waiting_for(cloud) if writes else nullcontext()
        begun = time.monotonic()
        try:
            with waiting:
                answer = await self._answer(cloud, request)
            status = answer.status
        except asyncio.CancelledError:
            if time.monotonic() - begun > DOUBTFUL:
                self.context.state.health.doubt(cloud, self.context.route.service)
            raise
        except NoAnswerError as error:
            status = error.status
            if upload is None or upload.ended_by is None or upload.ended_by[0] == cloud:
                raise
            refusing, status = upload.ended_by
            message = f"the upload was ended, for {refusing} did not take it"
            raise NoAnswerError(message, sent=True, status=status) from error
        finally:
            if upload is not None:
                upload.answered(cloud, status)
        return answer

    async def _answer(self, cloud: str, request: Request) -> Answer:
        try:
            how, target = self.translation, request.target
            hop = await prepare(self.context, cloud, how.target(cloud, target) if how else target)
            body = self._body(cloud, request)
            answered = await exchange(self.context, hop, request.method, body, NOT_FORWARDED)
        except Refusal as refusal:  # this cloud lacks the service, or does not accept the token
            return Answer(refusal.status, document=json.loads(refusal.body))
        if isinstance(answered, Validated):
            return Answer(HTTPStatus.OK, document=answered.document)
        return await self._read(answered)

    def _body(self, cloud: str, request: Request) -> Body:
        if request.upload and self.upload is not None:
            return self.upload.branch(cloud)
        if self.translation is not None and request.document is not None:
            new = self.translation.document(cloud, request.document)
            if new != request.document:
                return json.dumps(new).encode()
        return request.body

    async def _read(self, passing: Passing) -> Answer:
        """Return an answer; a JSON body is read and decoded, any other is still to be read.

        What is read, and says that it is JSON and is none, is no answer: no list of another cloud
        may be lost by it. A write may have been carried out all the same; its answer passes.
        """
        response = passing.response
        read = passing.editor is not None or is_json(response.headers)
        decodes = read and response.status != HTTPStatus.PARTIAL_CONTENT
        if passing.data or not decodes:
            self.budget.keep(response)
            return Answer(response.status, passing.headers(), body=passing, close=response.close)
        headers = passing.headers()
        try:
            held = await self.budget.read(passing)
            well = response.method == "GET" and rules.succeeded(response.status)
            if well and held.note == NO_JSON and is_json(response.headers):
                held.close()
                raise UnusableError(NO_JSON)
        except (UnusableError, CatalogError) as error:
            raise self._unusable(passing, error) from error
        finally:
            response.close()
        if response.method != "HEAD":
            headers = tuple((n, v) for n, v in headers if n.lower() != "content-length")
        return Answer(
            response.status, headers, held.document, raw=held.raw, close=held.close, note=held.note
        )

    def _unusable(self, passing: Passing, error: Exception) -> Exception:
        """Return the error for an answer with an unusable body."""
        route, response = self.context.route, passing.response
        safe = self.context.head.method in SAFE_METHODS
        if safe and isinstance(error, TooLongError):  # all answers share one budget
            message = f"what {route.service} of {route.expression} answers {error}"
            here = self.context.site.here
            return Refusal(error.status, message, cloud=here, service=route.service)
        sent = not rules.did_nothing(response.status)
        cloud = passing.cloud
        advice = f"; it may have been carried out: look in {cloud} before you send it again"
        who = f"the answer ({response.status}) of {route.service} of {cloud}"
        return NoAnswerError(f"{who} {error}{advice if sent and not safe else ''}", sent=sent)
