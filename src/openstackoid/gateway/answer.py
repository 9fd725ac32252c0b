"""The way back: an answer streamed to the client, or one of the gateway's own."""

import aiohttp
from aiohttp import hdrs, web

from openstackoid.gateway.errors import CONTENT_TYPE, body_of
from openstackoid.gateway.links import Links
from openstackoid.gateway.protocol import (
    RelayedRequest,
    RelayedResponse,
    connection_headers,
    decoded,
)
from openstackoid.gateway.record import REQUEST_ID, Record
from openstackoid.routing import Refusal


async def relay_answer(
    request: RelayedRequest, record: Record, answer: aiohttp.ClientResponse, links: Links | None
) -> web.StreamResponse:
    """Stream an answer to the client, links led through home if there are `links`.

    If the answer breaks off, so does the connection to the client: nothing else says that a body
    is not whole once its head is sent.
    """
    editor = links.edit() if links and _is_json(answer) else None
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
    response = RelayedResponse(answer.status, answer.reason or "", headers)
    await response.prepare(request)
    pieces = answer.content.iter_any()
    while True:
        try:
            piece = await anext(pieces, b"")
        except (TimeoutError, aiohttp.ClientError) as error:
            record.fields["error"] = f"the answer was cut off ({type(error).__name__})"
            if request.transport is not None:
                request.transport.abort()
            return response
        data = piece
        if editor:
            data = editor.feed(piece) if piece else editor.end()
        if data:
            await response.write(data)
            record.sent += len(data)
        if not piece:
            await response.write_eof()
            return response


async def send_refusal(
    request: RelayedRequest, record: Record, refusal: Refusal
) -> web.StreamResponse:
    """Answer with an error of the gateway's own."""
    record.status = refusal.status
    record.fields["error"] = refusal.message
    response = web.Response(
        status=refusal.status,
        body=body_of(refusal),
        content_type=CONTENT_TYPE,
        headers={REQUEST_ID: record.make_request_id()},
    )
    await response.prepare(request)
    await response.write_eof()
    return response


def _is_json(answer: aiohttp.ClientResponse) -> bool:
    kind = answer.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    return kind == CONTENT_TYPE or kind.endswith("+json")
