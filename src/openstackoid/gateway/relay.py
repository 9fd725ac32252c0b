"""One request through the gateway: head, scope, route, target, and the bytes both ways."""

import asyncio
import re
import time
import traceback
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog
from aiohttp import hdrs, web
from multidict import CIMultiDictProxy

from openstackoid import identity
from openstackoid.federation import Federation
from openstackoid.gateway.errors import CONTENT_TYPE, body_of
from openstackoid.gateway.links import Links
from openstackoid.gateway.log import shown_path
from openstackoid.gateway.protocol import RelayedRequest, RelayedResponse
from openstackoid.gateway.upstream import Upstream
from openstackoid.routing import Head, Refusal, Route, Target, route, target
from openstackoid.scope import Cloud

REQUEST_ID = "X-Openstack-Request-Id"
_REQUEST_ID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers of a connection, not of the message (RFC 9110, section 7.6.1)."""

log = structlog.get_logger()


@dataclass(slots=True)
class Record:
    """What the access log says of one request."""

    request_id: str | None = None
    status: int = 0
    received: int = 0
    sent: int = 0
    fields: dict[str, Any] = field(default_factory=dict)


class Relay:
    """The handler of every request of one cloud's gateway."""

    def __init__(self, federation: Federation, here: str, upstream: Upstream) -> None:
        self.federation = federation
        self.here = here
        self._upstream = upstream

    async def handle(self, request: RelayedRequest) -> web.StreamResponse:
        """Answer a request, and log it."""
        start = time.monotonic()
        record = Record(request_id=_request_id(request))
        try:
            return await self._answer(request, record)
        except Refusal as refusal:
            return await self._refuse(request, record, refusal)
        except asyncio.CancelledError:
            record.fields["error"] = "the client left"
            raise
        except Exception as error:  # noqa: BLE001  (the last resort of a server)
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            record.fields["error"] = f"{type(error).__name__} at {where}"
            message = "the gateway failed; its log has the place under this request's id"
            failure = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, message, cloud=self.here)
            return await self._refuse(request, record, failure)
        finally:
            log.info(
                "request",
                gateway=self.here,
                request_id=record.request_id,
                client=request.remote,
                method=request.method,
                path=shown_path(request.raw_path),
                status=record.status,
                received=record.received,
                sent=record.sent,
                seconds=round(time.monotonic() - start, 4),
                **record.fields,
            )

    async def _answer(self, request: RelayedRequest, record: Record) -> web.StreamResponse:
        federation = self.federation  # one and the same for this request, whatever is reloaded
        head = _head(request)
        decided = route(head, federation, self.here)
        body: AsyncIterator[bytes] | bytes | None = None
        if identity.is_authentication(head.method, decided):
            body = await self._auth_body(request, record)
            if token := identity.token_in(body):
                head = replace(head, body_token=token)
                decided = route(head, federation, self.here)
                body = identity.strip(body)
        elif request.body_exists:
            body = _received(request, record)
        record.fields["service"] = decided.service
        if decided.scope is not None:
            record.fields["scope"] = decided.scope.canonical
        if decided.origin is not None:
            record.fields["origin"] = decided.origin
        if not isinstance(decided.expression, Cloud):  # pragma: no cover  (route refuses them)
            raise TypeError("a composite expression reached the relay")
        goal = target(decided, decided.expression.name, federation, self.here)
        record.fields["target"] = goal.cloud
        headers = self._headers(request, head, decided, goal, record, body)
        async with self._upstream.send(request.method, goal, decided, headers, body) as answer:
            return await self._relay(request, record, answer, decided, goal, head, federation)

    def _headers(
        self,
        request: RelayedRequest,
        head: Head,
        decided: Route,
        goal: Target,
        record: Record,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> identity.Headers:
        dropped = _connection_headers(request.headers)
        if isinstance(body, bytes):
            dropped |= {"content-length", "expect"}
        headers = [
            (name, value)
            for name, value in identity.headers_for(head, decided, goal, self.here)
            if name.lower() not in dropped
        ]
        if isinstance(body, bytes):
            headers.append((hdrs.CONTENT_LENGTH, str(len(body))))
        if decided.scope is not None and record.request_id is None:
            record.request_id = f"req-{uuid.uuid4()}"
            headers.append((REQUEST_ID, record.request_id))
        return tuple(headers)

    async def _auth_body(self, request: RelayedRequest, record: Record) -> bytes:
        body = bytearray()
        async for piece in _received(request, record):
            body += piece
            if len(body) > identity.MAX_AUTH_BODY:
                message = f"a login takes at most {identity.MAX_AUTH_BODY} bytes"
                status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                raise Refusal(status, message, cloud=self.here, service="identity")
        return bytes(body)

    async def _relay(
        self,
        request: RelayedRequest,
        record: Record,
        answer: aiohttp.ClientResponse,
        decided: Route,
        goal: Target,
        head: Head,
        federation: Federation,
    ) -> web.StreamResponse:
        status, reason = answer.status, answer.reason or ""
        if identity.validates_at_home(head, decided, goal) and status == HTTPStatus.UNAUTHORIZED:
            raise Refusal(
                HTTPStatus.NOT_FOUND,
                f"{goal.cloud} does not know this token",
                cloud=goal.cloud,
                service=decided.service,
            )
        links = self._links(decided, goal, federation)
        editor = links.edit() if links and _is_json(answer) else None
        dropped = _connection_headers(answer.headers)
        if editor:
            dropped |= {"content-length"}
        headers = [
            (name, links.url(value) if links and name.lower() == "location" else value)
            for name, value in _decoded(answer.raw_headers)
            if name.lower() not in dropped
        ]
        record.status = status
        if record.request_id is None:
            record.request_id = answer.headers.get(REQUEST_ID)
        response = RelayedResponse(status, reason, headers)
        await response.prepare(request)
        try:
            async for piece in answer.content.iter_any():
                edited = editor.feed(piece) if editor else piece
                if edited:
                    await response.write(edited)
                    record.sent += len(edited)
            if editor and (rest := editor.end()):
                await response.write(rest)
                record.sent += len(rest)
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, TimeoutError) as error:
            # The head is sent, so only a broken connection can say that the body is not whole.
            record.fields["error"] = f"the answer was cut off ({type(error).__name__})"
            if request.transport is not None:
                request.transport.abort()
            return response
        await response.write_eof()
        return response

    def _links(self, decided: Route, goal: Target, federation: Federation) -> Links | None:
        if not goal.remote:
            return None
        theirs, ours = federation.clouds[goal.cloud], federation.clouds[self.here]
        catalog = decided.service == "identity" and decided.rest.startswith("/v3/auth/")
        return Links(theirs, ours, decided.service, catalog=catalog)

    async def _refuse(
        self, request: RelayedRequest, record: Record, refusal: Refusal
    ) -> web.StreamResponse:
        record.status = refusal.status
        record.fields["error"] = refusal.message
        if record.request_id is None:
            record.request_id = f"req-{uuid.uuid4()}"
        response = web.Response(
            status=refusal.status,
            body=body_of(refusal),
            content_type=CONTENT_TYPE,
            headers={REQUEST_ID: record.request_id},
        )
        await response.prepare(request)
        await response.write_eof()
        return response


def _head(request: RelayedRequest) -> Head:
    sockname = request.get_extra_info("sockname")
    return Head(request.method, request.raw_path, tuple(_decoded(request.raw_headers)), sockname[1])


def _decoded(raw: Any) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape")) for name, value in raw
    ]


def _request_id(request: RelayedRequest) -> str | None:
    value = request.headers.get(REQUEST_ID)
    return value if value and _REQUEST_ID.fullmatch(value) else None


def _connection_headers(headers: CIMultiDictProxy[str]) -> frozenset[str]:
    named = ",".join(headers.getall(hdrs.CONNECTION, ()))
    return _HOP_BY_HOP | {name.strip().lower() for name in named.split(",")}


def _is_json(answer: aiohttp.ClientResponse) -> bool:
    return answer.content_type == CONTENT_TYPE or answer.content_type.endswith("+json")


async def _received(request: RelayedRequest, record: Record) -> AsyncIterator[bytes]:
    """Yield the client's body; the client is told to go on when the body is first asked for."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    async for piece in request.content.iter_any():
        record.received += len(piece)
        yield piece
