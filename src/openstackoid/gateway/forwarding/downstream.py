"""The way back: an answer streamed to the client, or one of the gateway's own."""

import asyncio
import json
from http import HTTPStatus
from typing import Protocol

from openstackoid.gateway.errors import CONTENT_TYPE, body_of
from openstackoid.gateway.http import Body, HttpError, Reply, Request, Response, SilentError
from openstackoid.gateway.protocol import connection_headers, is_json
from openstackoid.gateway.reporting.access_record import REQUEST_ID, Record
from openstackoid.identity import CatalogTooLongError
from openstackoid.identity.catalog import MAX_CATALOG
from openstackoid.routing import Refusal
from openstackoid.routing.foreign_ids import Search, UnsafeIdError
from openstackoid.routing.links import Links
from openstackoid.services import is_data

WHOLE = 30.0
"""Seconds in which an answer of Keystone has to come whole, however its pieces drip."""

BEGUN = 65_536
"""Bytes of another cloud's answer that are looked at before its head is passed on."""

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
    request: Request,
    record: Record,
    answer: Response,
    links: Links | None,
    editor: Editor | None,
    search: Search | None = None,
) -> None:
    """Stream an answer to the client, its Location by `links`, a body of JSON by `editor`.

    If the answer breaks off, or the `search` finds an unsafe id in it, so does the connection to
    the client: nothing else says that a body is not whole once its head is sent. It is cut, too, if
    the client takes nothing for long. Raises HttpError and UnsafeIdError if that happens before.
    """
    begun = [] if search is None else await _begun(answer, search)
    if editor is not None and not is_json(answer.headers):
        editor = None
    headers = headers_home(answer, links, edited=editor is not None)
    record.status = answer.status
    record.learn_request_id(answer.headers)
    reply = request.answer(answer.status, answer.reason, [*headers, *record.extra])
    body = answer.body
    while True:
        if not begun and not body.ready:
            reply.flush()
        try:
            piece = begun.pop(0) if begun else await _searched(body, search)
            data = _edited(piece, editor) if editor else piece
        except (HttpError, CatalogTooLongError, UnsafeIdError) as error:
            record.fields["error"] = f"the answer was cut off ({type(error).__name__})"
            request.abort()
            return
        if data and not await give(request, record, reply, data):
            return
        if not piece:
            reply.end()
            return


async def _begun(answer: Response, search: Search) -> list[bytes]:
    """Return the first pieces of an answer, up to BEGUN bytes of what may be JSON.

    Most answers are whole then, and one that may not pass can be refused in words.
    Raises HttpError, UnsafeIdError.
    """
    pieces: list[bytes] = []
    size = 0
    while (not pieces or pieces[-1]) and search.is_json is not False and size < BEGUN:
        pieces.append(await _searched(answer.body, search))
        size += len(pieces[-1])
    return pieces


async def _searched(body: Body, search: Search | None) -> bytes:
    """Return the next piece of a body, empty at its end; raises UnsafeIdError."""
    piece = await body.read()
    if search is not None:
        if piece:
            search.feed(piece)
        else:
            search.end()
    return piece


async def give(request: Request, record: Record, reply: Reply, data: bytes) -> bool:
    """Give the client a piece of an answer; cut it off if it takes nothing."""
    try:
        await reply.write(data)
    except SilentError:
        record.fields["error"] = f"the client took nothing for {request.patience:g} s"
        request.abort()
        return False
    if request.method != "HEAD":
        record.sent += len(data)
    return True


def headers_home(
    answer: Response, links: Links | None, *, edited: bool = False
) -> tuple[tuple[str, str], ...]:
    """Return the headers of an answer as the client gets them, its Location by `links`.

    How long its body is nobody knows yet if that is `edited`.
    """
    dropped = connection_headers(answer.headers)
    if links and links.abroad:
        dropped |= _NOT_FROM_ABROAD
    if edited:
        dropped |= {"content-length"}
    headers = answer.headers.without(dropped)
    if links is None or "location" not in answer.headers:
        return headers
    return tuple(
        (name, _led(answer, links, value) if name.lower() == "location" else value)
        for name, value in headers
    )


def astray(answer: Response, links: Links) -> bool:
    """Tell whether an answer of another cloud sends the client where it must not.

    Clients follow a redirection by themselves, take the token of their home along, and repeat what
    they asked for: so no write is redirected, and a read only within the service.
    """
    locations = answer.headers.all("location")
    if not _redirects(answer) or (not locations and answer.status in _NO_REDIRECTION):
        return False
    reads = answer.method in {"GET", "HEAD"}
    return not reads or len(locations) > 1 or None in (_target(answer, links, o) for o in locations)


def refused_redirection(cloud: str, service: str) -> Refusal:
    """Return what is said in place of an answer that leads astray."""
    message = (
        f"{service} of {cloud} redirects a request that changes something, or to an address that "
        f"is not its own; it is not passed on, as clients would repeat their request there, token "
        f"and all. Tell the operator of {cloud}"
    )
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def refused_answer(error: Exception, cloud: str, service: str) -> Refusal:
    """Return what is said in place of another cloud's answer that cannot be passed on."""
    what = str(error) or "broke off"
    message = f"an answer of {service} of {cloud} {what}; tell the operator of {cloud}"
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def may_have_ids(service: str, target: str) -> bool:
    """Tell whether a client reads ids in the answers to requests for a target of a service."""
    return not is_data(service, target.partition("?")[0])


def _redirects(answer: Response) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST


def _target(answer: Response, links: Links, location: str) -> str | None:
    return links.redirection(location, answer.target)


def _led(answer: Response, links: Links, location: str) -> str:
    """Return a Location as it leads through home; what would lead astray is not passed on."""
    if links.abroad and _redirects(answer):
        return _target(answer, links, location) or ""
    return links.url(location)


def _edited(piece: bytes, editor: Editor) -> bytes:
    return editor.feed(piece) if piece else editor.end()


async def read_whole(answer: Response) -> bytes:
    """Return the body of an answer of Keystone; raises CatalogTooLongError, TimeoutError."""
    data = bytearray()
    async with asyncio.timeout(WHOLE):
        async for piece in answer.body:
            data += piece
            if len(data) > MAX_CATALOG:
                raise CatalogTooLongError
    return bytes(data)


async def send_document(request: Request, record: Record, document: object) -> None:
    """Answer with a document of the gateway's own making."""
    body = json.dumps(document).encode()
    await _send(request, record, HTTPStatus.OK, body)


async def send_refusal(request: Request, record: Record, refusal: Refusal) -> None:
    """Answer with an error of the gateway's own."""
    record.fields["error"] = refusal.message
    if refusal.service:
        record.fields.setdefault("service", refusal.service)
    if refusal.retry_after is not None:
        record.extra.append(("Retry-After", str(refusal.retry_after)))
    await _send(request, record, refusal.status, body_of(refusal))


async def _send(request: Request, record: Record, status: HTTPStatus, body: bytes) -> None:
    record.status = status
    if request.method != "HEAD":
        record.sent = len(body)
    about = (("Content-Type", CONTENT_TYPE), (REQUEST_ID, record.make_request_id()))
    await request.respond(status, (*about, *record.extra), body)
