"""How the evaluator's requests reach the clouds: one branch each, with the scope narrowed to it."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http import HTTPStatus

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.dispatch.health import Health
from openstackoid.gateway.dispatch.hop import passage
from openstackoid.gateway.dispatch.memory_budget import Held, TooLongError, UnusableError
from openstackoid.gateway.dispatch.upload_tee import Tee
from openstackoid.gateway.errors import body_of
from openstackoid.gateway.forwarding.downstream import (
    Editor,
    astray,
    headers_home,
    refused_redirection,
)
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Response
from openstackoid.gateway.protocol import is_json
from openstackoid.gateway.reporting.access_record import REQUEST_ID
from openstackoid.gateway.trust.foreign_tokens import Foreign, Ids
from openstackoid.identity import CatalogTooLongError
from openstackoid.operators import SAFE, Answer, NoAnswerError, Request
from openstackoid.routing import Head, Refusal, Route, Target, narrowed
from openstackoid.routing.links import Links

_OURS = frozenset({"accept-encoding", "x-scope-policy", REQUEST_ID.lower()})
_FRAMING = frozenset({"content-length", "expect"})


@dataclass
class Branches:
    """Sends one request of a client, as the evaluator varies it, to one cloud after another."""

    head: Head
    route: Route
    federation: Federation
    foreign: Foreign
    here: str
    request_id: str
    upstream: Upstream
    health: Health
    held: Held
    upload: Tee | None = None
    _ids: dict[str, Ids] = field(default_factory=dict)

    async def send(self, cloud: str, request: Request) -> Answer:
        """Return one cloud's answer; raises NoAnswerError."""
        branch = narrowed(self.route, cloud)._replace(rest=request.target)
        try:
            way = await passage(
                self.head,
                branch,
                cloud,
                self.federation,
                self.here,
                self.upstream,
                self.foreign,
                proven=False,  # what another gateway sends has one branch alone
            )
        except Refusal as refusal:  # the cloud does not have this service, or not for this token
            if self.upload is not None and request.upload:
                self.upload.drop(cloud)
            return _refused(refusal)
        head, branch, goal, self._ids[cloud] = way.head, way.route, way.goal, way.ids
        body = self._body(cloud, request)
        headers = self._headers(head, request, branch, goal, body)
        try:
            response = await self.upstream.request(request.method, goal, branch, headers, body)
        except NoAnswerError as error:
            if goal.remote and error.away:
                self.health.failed(cloud)
            raise
        finally:
            if self.upload is not None and request.upload:
                self.upload.drop(cloud)
        if way.validation or response.status == HTTPStatus.UNAUTHORIZED:
            document = None
            try:
                if way.validation:
                    document = await self.foreign.validated(response, branch, goal)
                else:
                    await self.foreign.explain(head, branch, goal)
            except Refusal as refusal:
                response.close()
                return _refused(refusal)
            if document is not None:
                response.close()
                return Answer(HTTPStatus.OK, document=document)
        return await self._answer(response, branch, goal)

    def _body(self, cloud: str, request: Request) -> AsyncIterator[bytes] | bytes | None:
        if request.upload and self.upload is not None:
            return self.upload.branch(cloud)
        return None if request.document is None else json.dumps(request.document).encode()

    def _headers(
        self, head: Head, request: Request, branch: Route, goal: Target, body: object
    ) -> identity.Headers:
        dropped = _OURS
        if not request.upload:
            dropped |= _FRAMING if body else _FRAMING | {"content-type"}
        headers = [
            (name, value)
            for name, value in identity.headers_for(head, branch, goal, self.here)
            if name.lower() not in dropped
        ]
        headers.append((REQUEST_ID, self.request_id))
        if isinstance(body, bytes):
            headers.append(("Content-Length", str(len(body))))
        return tuple(headers)

    async def _answer(self, response: Response, branch: Route, goal: Target) -> Answer:
        status = response.status
        links = self.links(goal.cloud)
        if goal.remote and links and astray(response, links):
            response.close()
            return _refused(refused_redirection(goal.cloud, branch.service))
        headers = headers_home(response, links)
        if not is_json(response.headers):
            self.held.keep(response)
            return Answer(status, headers, body=response, close=response.close)
        try:
            document, left_out, close = await self.held.read(
                response, self._editor(branch, links), foreign=goal.remote
            )
        except (UnusableError, CatalogTooLongError) as error:
            raise self._unusable(response, branch, goal, error) from error
        finally:
            response.close()
        if response.method != "HEAD":
            headers = tuple((n, v) for n, v in headers if n.lower() != "content-length")
        note = f"left out {left_out} with an id that is none" if left_out else None
        return Answer(status, headers, document, close=close, note=note)

    def _unusable(
        self, response: Response, branch: Route, goal: Target, error: Exception
    ) -> Exception:
        """Return what an answer with a body that cannot be used comes to."""
        safe = response.method in SAFE
        if safe and isinstance(error, TooLongError):  # by chance this cloud's, not another's
            message = f"what {branch.service} of {self.route.expression} answers {error}"
            return Refusal(error.status, message, cloud=self.here, service=branch.service)
        sent = not Answer(response.status).did_nothing
        advice = f"; it may have been carried out: look in {goal.cloud} before you send it again"
        who = f"the answer ({response.status}) of {branch.service} of {goal.cloud}"
        return NoAnswerError(f"{who} {error}{advice if sent and not safe else ''}", sent=sent)

    def links(self, cloud: str) -> Links | None:
        """Return what leads a cloud's links home; None if they do already."""
        ids = self._ids.get(cloud, {})
        if cloud == self.here and not ids:
            return None
        known = self.federation.clouds
        return Links(known[cloud], known[self.here], self.route.service, ids)

    def _editor(self, branch: Route, links: Links | None) -> Editor | None:
        if branch.scope is not None and identity.has_catalog(branch):
            return identity.CatalogEditor(branch.scope, links, self.federation, self.here)
        return links.edit() if links else None


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, document=json.loads(body_of(refusal)))
