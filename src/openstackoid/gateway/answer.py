"""The way back: an answer streamed to the client, or one of the gateway's own."""

import asyncio
import json
from http import HTTPStatus
from typing import Protocol

import aiohttp
from aiohttp import hdrs, web

from openstackoid.gateway.errors import CONTENT_TYPE, body_of
from openstackoid.gateway.protocol import (
    RelayedRequest,
    RelayedResponse,
    connection_headers,
    decoded,
    is_json,
)
from openstackoid.gateway.record import REQUEST_ID, Record
from openstackoid.identity import CatalogTooLongError
from openstackoid.identity.catalog import MAX_CATALOG
from openstackoid.routing import Refusal
from openstackoid.routing.links import Links

WHOLE = 30.0
"""Seconds in which an answer of Keystone has to come whole, however its pieces drip."""


class Editor(Protocol):
    """Edits one body of JSON, piece by piece."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece, return what is certain by now."""

    def end(self) -> bytes:
        """Return the rest."""


async def relay_answer(
    request: RelayedRequest,
    record: Record,
    answer: aiohttp.ClientResponse,
    links: Links | None,
    editor: Editor | None,
    idle_timeout: float,
) -> web.StreamResponse:
    """Stream an answer to the client, its Location by `links`, a body of JSON by `editor`.

    If the answer breaks off, so does the connection to the client: nothing else says that a body
    is not whole once its head is sent. It is cut, too, if the client takes nothing for
    `idle_timeout` seconds.
    """
    if not is_json(answer.headers):
        editor = None
    dropped = connection_headers(answer.headers)
    if editor:
        dropped |= {"content-length"}
    headers = [
        (name, links.url(value) if links and name.lower() == "location" else value)
        for name, value in decoded(answer.raw_headers)
        if name.lower() not in dropped
    ]
    record.status = answer.status
    record.learn_request_id(answer.headers)
    headers += record.extra
    response = RelayedResponse(answer.status, answer.reason or "", headers)
    await response.prepare(request)
    pieces = answer.content.iter_any()
    while True:
        try:
            piece = await anext(pieces, b"")
            data = _edited(piece, editor) if editor else piece
        except (aiohttp.ClientError, TimeoutError, CatalogTooLongError) as error:
            record.fields["error"] = f"the answer was cut off ({type(error).__name__})"
            break
        if not await give(request, record, response, data, idle_timeout):
            return response
        if not piece:
            await give(request, record, response, None, idle_timeout)
            return response
    if request.transport is not None:
        request.transport.abort()
    return response


async def give(
    request: RelayedRequest,
    record: Record,
    response: RelayedResponse,
    data: bytes | None,
    idle_timeout: float,
) -> bool:
    """Give the client a piece of an answer, None for its end; cut it off if it takes nothing."""
    try:
        async with asyncio.timeout(idle_timeout):
            if data is None:
                await response.write_eof()
            elif data:
                await response.write(data)
                record.sent += len(data)
    except TimeoutError:
        record.fields["error"] = f"the client took nothing for {idle_timeout:g} s"
        if request.transport is not None:
            request.transport.abort()
        return False
    return True


def astray(answer: aiohttp.ClientResponse, links: Links) -> bool:
    """Tell whether an answer of another cloud sends the client to who knows whom.

    Clients follow a redirection by themselves, and take the token of their home along.
    """
    locations = answer.headers.getall(hdrs.LOCATION, [])
    redirects = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
    return redirects and not all(map(links.lead_home, locations))


def refused_redirection(cloud: str, service: str) -> Refusal:
    """Return what is said in place of an answer that leads astray."""
    message = (
        f"{service} of {cloud} redirects to an address that is none of {cloud}'s frontends; "
        "it is not passed on, as clients would take their token there. Tell its operator"
    )
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def _edited(piece: bytes, editor: Editor) -> bytes:
    return editor.feed(piece) if piece else editor.end()


async def read_whole(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body of an answer of Keystone; raises CatalogTooLongError, TimeoutError."""
    data = bytearray()
    async with asyncio.timeout(WHOLE):
        async for piece in answer.content.iter_any():
            data += piece
            if len(data) > MAX_CATALOG:
                raise CatalogTooLongError
    return bytes(data)


async def send_document(
    request: RelayedRequest, record: Record, document: object
) -> web.StreamResponse:
    """Answer with a document of the gateway's own making."""
    body = json.dumps(document).encode()
    record.status = HTTPStatus.OK
    record.sent = len(body)
    headers = {REQUEST_ID: record.make_request_id(), **dict(record.extra)}
    response = web.Response(body=body, content_type=CONTENT_TYPE, headers=headers)
    await response.prepare(request)
    await response.write_eof()
    return response


async def send_refusal(
    request: RelayedRequest, record: Record, refusal: Refusal
) -> web.StreamResponse:
    """Answer with an error of the gateway's own."""
    record.status = refusal.status
    record.fields["error"] = refusal.message
    if refusal.service:
        record.fields.setdefault("service", refusal.service)
    headers = {REQUEST_ID: record.make_request_id(), **dict(record.extra)}
    if refusal.retry_after is not None:
        headers[hdrs.RETRY_AFTER] = str(refusal.retry_after)
    response = web.Response(
        status=refusal.status, body=body_of(refusal), content_type=CONTENT_TYPE, headers=headers
    )
    await response.prepare(request)
    await response.write_eof()
    return response
