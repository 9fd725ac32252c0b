"""How the evaluator's requests reach the clouds: one branch each, with the scope narrowed to it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import hdrs

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.errors import body_of
from openstackoid.gateway.health import Health
from openstackoid.gateway.protocol import connection_headers, decoded, is_json
from openstackoid.gateway.record import REQUEST_ID
from openstackoid.gateway.tee import Tee
from openstackoid.gateway.upstream import Upstream
from openstackoid.operators import Answer, NoAnswerError, Request
from openstackoid.operators.shapes import decode
from openstackoid.routing import Head, Refusal, Route, Target, narrowed, target
from openstackoid.routing.links import Links

MAX_DOCUMENT = 64 * 2**20
"""Bytes of one cloud's JSON that is held to be merged: thousands of servers with all details."""

_OURS = frozenset({"accept-encoding", "x-scope-policy"})


@dataclass
class Branches:
    """Sends one request of a client, as the evaluator varies it, to one cloud after another."""

    head: Head
    route: Route
    federation: Federation
    here: str
    request_id: str
    upstream: Upstream
    health: Health
    upload: Tee | None = None

    async def send(self, cloud: str, request: Request) -> Answer:
        """Return one cloud's answer; raises NoAnswerError."""
        branch = replace(narrowed(self.route, cloud), rest=request.target)
        try:
            goal = target(branch, cloud, self.federation, self.here)
        except Refusal as refusal:  # the cloud does not have this service
            return Answer(refusal.status, document=json.loads(body_of(refusal)))
        body = self._body(cloud, request)
        headers = self._headers(request, branch, goal, body)
        try:
            response = await self.upstream.request(request.method, goal, branch, headers, body)
        except NoAnswerError as error:
            if goal.remote and not error.sent:
                self.health.failed(cloud)
            raise
        finally:
            if self.upload is not None and request.upload:
                self.upload.drop(cloud)
        return await self._answer(response, branch, goal)

    def _body(self, cloud: str, request: Request) -> AsyncIterator[bytes] | bytes | None:
        if request.upload and self.upload is not None:
            return self.upload.branch(cloud)
        return None if request.document is None else json.dumps(request.document).encode()

    def _headers(
        self, request: Request, branch: Route, goal: Target, body: object
    ) -> identity.Headers:
        dropped = set(_OURS)
        if not request.upload:
            dropped |= {"content-length", "expect"} | (set() if body else {"content-type"})
        headers = [
            (name, value)
            for name, value in identity.headers_for(self.head, branch, goal, self.here)
            if name.lower() not in dropped and name.lower() != REQUEST_ID.lower()
        ]
        headers.append((REQUEST_ID, self.request_id))
        if isinstance(body, bytes):
            headers.append((hdrs.CONTENT_LENGTH, str(len(body))))
        return tuple(headers)

    async def _answer(
        self, response: aiohttp.ClientResponse, branch: Route, goal: Target
    ) -> Answer:
        status = response.status
        if status == HTTPStatus.UNAUTHORIZED and identity.validates_at_home(
            self.head, branch, goal
        ):
            status = HTTPStatus.NOT_FOUND  # as for one cloud: keystonemiddleware's word for it
        links = None
        if goal.remote:
            theirs = self.federation.clouds[goal.cloud]
            links = Links(theirs, self.federation.clouds[self.here], branch.service)
        headers = tuple(
            (name, links.url(value) if links and name.lower() == "location" else value)
            for name, value in decoded(response.raw_headers)
            if name.lower() not in connection_headers(response.headers)
        )
        if not is_json(response.headers):
            return Answer(status, headers, body=response, close=response.close)
        try:
            document = await _document(response, links)
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"{branch.service} of {goal.cloud} broke off its answer"
            raise NoAnswerError(message, sent=True) from error
        finally:
            response.close() if not response.content.at_eof() else response.release()
        kept = tuple((n, v) for n, v in headers if n.lower() != "content-length")
        return Answer(status, kept, document)


async def _document(response: aiohttp.ClientResponse, links: Links | None) -> Any:
    """Return the JSON of an answer, links led home; raises NoAnswerError if it is none."""
    editor = links.edit() if links else None
    data = bytearray()
    async for piece in response.content.iter_any():
        data += editor.feed(piece) if editor else piece
        if len(data) > MAX_DOCUMENT:
            raise NoAnswerError(f"an answer of more than {MAX_DOCUMENT} bytes", sent=True)
    data += editor.end() if editor else b""
    try:
        return decode(bytes(data)) if data else None
    except (ValueError, RecursionError) as error:
        raise NoAnswerError("an answer that is no JSON", sent=True) from error
