"""Streams an answer to the client, or sends one of the gateway's own."""

import asyncio
import json
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

from openstackoid.gateway.errors import body_of
from openstackoid.gateway.front import Reply, Request
from openstackoid.gateway.http import HttpError, IdleTimeoutError, Response
from openstackoid.gateway.reporting.access_record import REQUEST_ID, AccessRecord
from openstackoid.identity import CatalogError, CatalogTooLongError
from openstackoid.identity.catalog import MAX_CATALOG
from openstackoid.message import JSON, Pairs, connection_headers
from openstackoid.routing import Refusal, redirections
from openstackoid.routing.foreign_ids import Search, UnsafeIdError
from openstackoid.routing.links import Links

KEYSTONE_BODY_TIMEOUT = 30.0
"""Seconds in which an answer of Keystone has to come whole, however its pieces drip."""

BEGUN = 65_536
"""Bytes of another cloud's answer that are looked at before its head is passed on."""

_NOT_FROM_ABROAD = frozenset({"refresh", "x-scope-key", "x-scope-report"})
"""Headers of another cloud that no client is to believe: only home says where to go, what a token
is sealed with, and what several clouds have answered."""

_LINKING = frozenset({"location", "content-location", "link"})
"""Headers with addresses that clients go to."""


class Editor(Protocol):
    """Edits one body of JSON, piece by piece."""

    @property
    def strict(self) -> bool:
        """Whether nothing of the body may pass before all of it is edited."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece, return what is certain by now."""

    def end(self) -> bytes:
        """Return the rest."""


@dataclass(slots=True)
class Passing:
    """An answer of a service of a cloud, on its way to the client.

    `links` lead home what it refers to, `editor` edits its body and `search` looks through it;
    each is None where there is nothing to do. `data` tells that the body is the user's own bytes.
    """

    response: Response
    cloud: str
    service: str
    links: Links | None
    editor: Editor | None
    search: Search | None
    data: bool
    ended: bool = False

    def headers(self) -> Pairs:
        """Return the headers as the client gets them; an edited body has no length yet."""
        answer, links = self.response, self.links
        dropped = connection_headers(answer.headers)
        if links and links.remote:
            dropped |= _NOT_FROM_ABROAD
        if self.editor is not None:
            dropped |= {"content-length"}
        headers = answer.headers.without(dropped).pairs
        if links is None or not any(name in answer.headers for name in _LINKING):
            return headers
        led = ((name, _led(name.lower(), value, answer, links)) for name, value in headers)
        return tuple((name, value) for name, value in led if value is not None)

    async def read(self) -> bytes:
        """Return what the next piece of the body becomes, which may be nothing yet.

        Sets `ended` with the last. Raises HttpError, CatalogError and UnsafeIdError.
        """
        piece = await self.response.body.read()
        if piece:
            if self.search is not None:
                self.search.feed(piece)
            return self.editor.feed(piece) if self.editor else piece
        self.ended = True
        if self.search is not None:
            self.search.end()
        return self.editor.end() if self.editor else b""

    @property
    def ready(self) -> bool:
        """Whether there is something to read, be it the end."""
        return self.response.body.ready

    @property
    def undecided(self) -> bool:
        """Whether it may turn out that the answer must not be passed on."""
        if self.editor is not None and self.editor.strict:
            return True
        return self.search is not None and self.search.is_json is not False


def check_answer(passing: Passing) -> None:
    """Raise Refusal if an answer cannot be edited, or would lead the client astray."""
    answer = passing.response
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    reads = passing.editor is not None or passing.undecided
    if reads and coding != "identity" and answer.method != "HEAD":
        raise _unusable(passing, "is compressed, although nobody asked for that")
    if passing.links and passing.links.remote:
        locations = answer.headers.all("location")
        fault = redirections.fault(
            answer.method, answer.status, locations, passing.links, answer.target
        )
        if fault is not None:
            raise _refused_redirection(passing, fault)


async def relay_answer(request: Request, record: AccessRecord, passing: Passing) -> None:
    """Stream an answer to the client.

    If the answer breaks off, or an unsafe id is found in it, so does the connection to the client:
    nothing else says that a body is not whole once its head is sent. It is cut, too, if the client
    takes nothing for long. Raises Refusal if the answer turns out unusable before its head is sent.
    """
    headers = passing.headers()
    answer = passing.response
    begun = await _begun(passing) if passing.undecided else []
    if passing.ended and passing.editor is not None and answer.method != "HEAD":
        begun = [b"".join(begun)]  # whole by now, so that its length can be said
        headers = (*headers, ("Content-Length", str(len(begun[0]))))
    record.status = answer.status
    record.learn_request_id(answer.headers)
    reply = request.answer(answer.status, answer.reason, [*headers, *record.extra])
    for piece in begun:
        if piece and not await give(request, record, reply, piece):
            return
    while not passing.ended:
        if not passing.ready:
            reply.flush()
        try:
            piece = await passing.read()
        except (HttpError, CatalogError, UnsafeIdError) as error:
            record.fields["error"] = f"the answer was cut off ({type(error).__name__})"
            request.abort()
            return
        if piece and not await give(request, record, reply, piece):
            return
    reply.end()


async def _begun(passing: Passing) -> list[bytes]:
    """Return the first pieces of an answer, up to BEGUN bytes of what may be JSON.

    Most answers are whole then, and one that may not pass is refused in words. Raises Refusal.
    """
    pieces: list[bytes] = []
    size = 0
    strict = passing.editor is not None and passing.editor.strict
    try:
        async with asyncio.timeout(KEYSTONE_BODY_TIMEOUT if strict else None):
            while passing.undecided and not passing.ended and size < BEGUN:
                pieces.append(await passing.read())
                size += len(pieces[-1])
    except TimeoutError as error:
        raise _unusable(passing, "did not come whole in time") from error
    except (HttpError, CatalogError, UnsafeIdError) as error:
        raise _unusable(passing, str(error) or "broke off") from error
    return pieces


async def give(request: Request, record: AccessRecord, reply: Reply, data: bytes) -> bool:
    """Give the client a piece of an answer; cut it off if it takes nothing."""
    try:
        await reply.write(data)
    except IdleTimeoutError:
        record.fields["error"] = f"the client took nothing for {request.idle_timeout:g} s"
        request.abort()
        return False
    if request.method != "HEAD":
        record.sent += len(data)
    return True


def _unusable(passing: Passing, what: str) -> Refusal:
    cloud, service = passing.cloud, passing.service
    status = passing.response.status
    message = f"the answer ({status}) of {service} of {cloud} {what}; tell the operator of {cloud}"
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def _refused_redirection(passing: Passing, fault: str) -> Refusal:
    cloud, service = passing.cloud, passing.service
    message = (
        f"{service} of {cloud} {fault}; it is not passed on, as clients would take their token "
        f"there. Tell the operator of {cloud}"
    )
    return Refusal(HTTPStatus.BAD_GATEWAY, message, cloud=cloud, service=service)


def _led(name: str, value: str, answer: Response, links: Links) -> str | None:
    """Return the value of a header as it leads through home, None to leave it out."""
    match name:
        case "location":
            return redirections.location(value, answer.status, links, answer.target)
        case "content-location":
            return links.url(value)
        case "link":
            return links.header(value)
    return value


async def read_whole(answer: Response) -> bytes:
    """Return the body of an answer of Keystone; raises CatalogTooLongError, TimeoutError."""
    data = bytearray()
    async with asyncio.timeout(KEYSTONE_BODY_TIMEOUT):
        async for piece in answer.body:
            data += piece
            if len(data) > MAX_CATALOG:
                raise CatalogTooLongError
    return bytes(data)


async def send_document(request: Request, record: AccessRecord, document: object) -> None:
    """Answer with a document of the gateway's own making."""
    await _send(request, record, HTTPStatus.OK, json.dumps(document).encode())


async def send_refusal(request: Request, record: AccessRecord, refusal: Refusal) -> None:
    """Answer with an error of the gateway's own."""
    record.fields["error"] = refusal.message
    if refusal.service:
        record.fields.setdefault("service", refusal.service)
    if refusal.retry_after is not None:
        record.extra.append(("Retry-After", str(refusal.retry_after)))
    await _send(request, record, refusal.status, body_of(refusal))


def own_headers() -> Pairs:
    """Return the headers of an answer of the gateway's own making, whose body is JSON.

    Its Date tells what clock it has, which decides on the age of signatures.
    """
    return ("Date", formatdate(usegmt=True)), ("Content-Type", JSON)


async def _send(request: Request, record: AccessRecord, status: HTTPStatus, body: bytes) -> None:
    record.status = status
    if request.method != "HEAD":
        record.sent = len(body)
    about = (*own_headers(), (REQUEST_ID, record.make_request_id()))
    await request.respond(status, (*about, *record.extra), body)
