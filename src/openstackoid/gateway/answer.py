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

_NO_REDIRECTION = frozenset({HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.NOT_MODIFIED})
"""Of 3xx, those that send nobody anywhere if they have no Location."""

_NOT_FROM_ABROAD = frozenset({"refresh", "x-scope-key", "x-scope-report"})
"""Headers of another cloud that no client is to believe: only home says where to go, what a token
is sealed with, and what several clouds have answered."""


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
    headers = headers_home(answer, links)
    if editor:
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
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


def headers_home(answer: aiohttp.ClientResponse, links: Links | None) -> list[tuple[str, str]]:
    """Return the headers of an answer as the client gets them, its Location by `links`."""
    dropped = connection_headers(answer.headers)
    if links and links.abroad:
        dropped |= _NOT_FROM_ABROAD
    return [
        (name, _led(answer, links, value) if links and name.lower() == "location" else value)
        for name, value in decoded(answer.raw_headers)
        if name.lower() not in dropped
    ]


def astray(answer: aiohttp.ClientResponse, links: Links) -> bool:
    """Tell whether an answer of another cloud sends the client where it must not.

    Clients follow a redirection by themselves, take the token of their home along, and repeat what
    they asked for: so no write is redirected, and a read only within the service.
    """
    locations = answer.headers.getall(hdrs.LOCATION, [])
    if not _redirects(answer) or (not locations and answer.status in _NO_REDIRECTION):
        return False
    reads = answer.method in {hdrs.METH_GET, hdrs.METH_HEAD}
    return not reads or len(locations) > 1 or None in (_target(answer, links, o) for o in locations)


def refused_redirection(cloud: str, service: str) -> Refusal:
    """Return what is said in place of an answer that leads astray."""
    message = (
        f"{service} of {cloud} redirects a request that changes something, or to an address that "
        f"is not its own; it is not passed on, as clients would repeat their request there, token "
        f"and all. Tell the operator of {cloud}"
    )
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def _redirects(answer: aiohttp.ClientResponse) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST


def _target(answer: aiohttp.ClientResponse, links: Links, location: str) -> str | None:
    return links.redirection(location, answer.url.raw_path_qs)


def _led(answer: aiohttp.ClientResponse, links: Links, location: str) -> str:
    """Return a Location as it leads through home; what would lead astray is not passed on."""
    if links.abroad and _redirects(answer):
        return _target(answer, links, location) or ""
    return links.url(location)


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
