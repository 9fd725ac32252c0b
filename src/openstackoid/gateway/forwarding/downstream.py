"""Sends replies to the client: streams a service's answer, or sends one of the gateway's own."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from http.client import responses
from typing import Protocol

from openstackoid.gateway.front import Reply, Request
from openstackoid.gateway.http import HttpError, IdleTimeoutError, Response
from openstackoid.gateway.http.framing import BODILESS
from openstackoid.gateway.reporting.access_record import REQUEST_ID, AccessRecord
from openstackoid.identity import CatalogError, CatalogTooLongError
from openstackoid.identity.catalog import MAX_CATALOG
from openstackoid.message import JSON, Headers, Pairs, connection_headers
from openstackoid.routing import Refusal, redirections
from openstackoid.routing.border import (
    PRIVATE,
    kept_private,
    may_answer,
    retry_told,
    type_told,
)
from openstackoid.routing.error_editor import ErrorEditor
from openstackoid.routing.foreign_ids import Search, UnsafeIdError
from openstackoid.routing.links import Links
from openstackoid.scope import DELIMITER

KEYSTONE_BODY_TIMEOUT = 30.0
"""Seconds in which an answer of Keystone that is held in memory has to arrive completely.

    The idle timeout alone would let a slow sender hold it for ever.
    """

READ_AHEAD = 65_536
"""Bytes of an answer that are checked before its head is sent: a refusal is still possible."""

_WITH_ADDRESSES = frozenset({"location", "content-location", "link"})
"""Headers with addresses that clients follow; they are rewritten."""


class Editor(Protocol):
    """Edits one body of JSON, piece by piece."""

    @property
    def strict(self) -> bool:
        """Whether the body must be edited completely before any of it is sent."""

    def feed(self, data: bytes) -> bytes:
        """Take a piece of the body, return the bytes that are final by now."""

    def rest(self) -> Iterator[bytes]:
        """Yield the rest; between two pieces, which may be empty, other tasks can go on."""


@dataclass(slots=True)
class Passing:
    """A service's answer and what is done to it before it is sent to the client.

    `links` rewrites addresses in headers, `editor` edits the body, and `search` looks in it for
    unsafe ids; each is None if not needed. `data`: the body is the user's own bytes. `private`: it
    is not what others get by this path. `ended`: the body was read to its end. `worked_on` counts
    the bytes that were edited or searched.
    """

    response: Response
    cloud: str
    service: str
    links: Links | None
    editor: Editor | None
    search: Search | None
    data: bool
    private: bool = False
    ended: bool = False
    worked_on: int = 0

    def headers(self) -> Pairs:
        """Return the headers for the client, without Content-Length if the body is edited."""
        answer, links = self.response, self.links
        dropped = connection_headers(answer.headers)
        if self.editor is not None:
            dropped |= {"content-length"}
        headers = answer.headers.pairs_without(dropped)
        if links and links.remote:
            headers = tuple(pair for pair in headers if self._may_answer(*pair))
            if "retry-after" in answer.headers:
                headers = _waiting_told(headers)
            if "x-subject-token" in answer.headers:  # which clouds its user takes is not theirs
                headers = tuple((name, value.partition(DELIMITER)[0]) for name, value in headers)
            if not self.data:
                headers = self._typed(headers)
        if self.private:
            headers = kept_private(headers)
        if links is None or not answer.headers.has_any(_WITH_ADDRESSES):
            return headers
        rewritten = (
            (name, _rewritten(name.lower(), value, answer, links)) for name, value in headers
        )
        return tuple((name, value) for name, value in rewritten if value is not None)

    @property
    def reason(self) -> str:
        """The reason phrase for the client; another cloud has no words of its own there."""
        remote = self.links is not None and self.links.remote
        status = self.response.status
        return responses.get(status, "") if remote else self.response.reason

    def _may_answer(self, name: str, value: str) -> bool:
        name = name.lower()
        if name.endswith("request-id") and not value.isprintable():  # clients print it
            return False
        return may_answer(self.service, name)

    def _typed(self, headers: Pairs) -> Pairs:
        """Return headers by whose Content-Type clients decode the body as it was searched."""
        answer = self.response
        if "content-type" in answer.headers:
            return tuple(
                (name, type_told(value) if name.lower() == "content-type" else value)
                for name, value in headers
            )
        if answer.status in BODILESS or answer.headers.first("content-length") == "0":
            return headers
        return (*headers, ("Content-Type", type_told("")))

    async def read(self) -> bytes:
        """Read a piece of the body and return it edited; it may be empty.

        Sets `ended` after the last piece. Raises HttpError, CatalogError and UnsafeIdError.
        """
        piece = b"" if self._has_all else await self.response.body.read()
        if piece:
            if self.search is not None:
                self.search.feed(piece)
                self.worked_on += len(piece)
            elif self.editor:
                self.worked_on += len(piece)
            edited = self.editor.feed(piece) if self.editor else piece
            if self.search is not None or self.editor:
                await asyncio.sleep(0)  # others go on, however fast a cloud sends what takes long
            return edited
        self.ended = True
        if self.search is not None:
            self.search.end()
        return b"".join([p async for p in _yielding(self.editor.rest())]) if self.editor else b""

    @property
    def _has_all(self) -> bool:
        """Whether no more of the body counts: a cloud need not end an error."""
        return isinstance(self.editor, ErrorEditor) and self.editor.full

    @property
    def ready(self) -> bool:
        """Whether `read` would return at once."""
        return self.response.body.ready

    @property
    def undecided(self) -> bool:
        """Whether the rest of the body may still show that the answer must not be passed on."""
        if self.editor is not None and self.editor.strict:
            return True
        return self.search is not None and self.search.is_json is not False


def _waiting_told(headers: Pairs) -> Pairs:
    """Return headers of another cloud that have no client wait for long."""
    told = ((n, retry_told(v) if n.lower() == "retry-after" else v) for n, v in headers)
    return tuple((name, value) for name, value in told if value is not None)


async def _yielding(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces, and let other tasks go on between each and the next."""
    for number, piece in enumerate(pieces):
        if number:
            await asyncio.sleep(0)
        yield piece


def check_answer(passing: Passing) -> None:
    """Raise Refusal if an answer cannot be edited, or redirects outside of its service."""
    answer = passing.response
    reads = passing.editor is not None or passing.undecided
    if reads and _is_compressed(answer.headers) and answer.method != "HEAD":
        raise _unusable(passing, "is compressed, although nobody asked for that")
    if passing.links and passing.links.remote:
        locations = answer.headers.all("location")
        fault = redirections.fault(
            answer.method, answer.status, locations, passing.links, answer.target
        )
        if fault is not None:
            raise _refused_redirection(passing, fault)


def _is_compressed(headers: Headers) -> bool:
    codings = headers.all("content-encoding")
    return any(coding.strip().lower() != "identity" for coding in codings)


async def relay_answer(request: Request, record: AccessRecord, passing: Passing) -> None:
    """Stream an answer to the client.

    Raises Refusal if the answer proves unusable before its head is sent. If it breaks off later, or
    an unsafe id is found, the connection to the client is cut: after the head, nothing else shows
    that a body is incomplete. It is also cut after an idle timeout of the client.
    """
    headers = passing.headers()
    answer = passing.response
    first = await _read_ahead(passing) if passing.undecided else []
    if passing.ended and passing.editor is not None and answer.method != "HEAD":
        first = [b"".join(first)]  # complete, so its length is known
        headers = (*headers, ("Content-Length", str(len(first[0]))))
    record.status = answer.status
    record.learn_request_id(answer.headers)
    reply = request.answer(answer.status, passing.reason, [*headers, *record.extra])
    for piece in first:
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


async def _read_ahead(passing: Passing) -> list[bytes]:
    """Read and return the first pieces of an answer, up to READ_AHEAD bytes.

    Stops earlier once nothing in the rest could forbid the answer. Most answers are complete by
    then, so that an unusable one gets an error message. Raises Refusal.
    """
    pieces: list[bytes] = []
    size = 0
    strict = passing.editor is not None and passing.editor.strict
    try:
        async with asyncio.timeout(KEYSTONE_BODY_TIMEOUT if strict else None):
            while passing.undecided and not passing.ended and size < READ_AHEAD:
                pieces.append(await passing.read())
                size += len(pieces[-1])
    except TimeoutError as error:
        raise _unusable(passing, "did not come whole in time") from error
    except (HttpError, CatalogError, UnsafeIdError) as error:
        raise _unusable(passing, str(error) or "broke off") from error
    return pieces


async def give(request: Request, record: AccessRecord, reply: Reply, data: bytes) -> bool:
    """Send the client a piece; after an idle timeout, cut it off and return False."""
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


def _rewritten(name: str, value: str, answer: Response, links: Links) -> str | None:
    """Return a header's value with its addresses rewritten to home, None to leave it out."""
    match name:
        case "location":
            return redirections.location(value, answer.status, links, answer.target)
        case "content-location":
            return redirections.location(value, HTTPStatus.OK, links, answer.target)
        case "link":
            return links.header(value)
    return value


async def read_whole(answer: Response) -> bytes:
    """Return the whole body of an answer of Keystone.

    Raises CatalogTooLongError, HttpError, and TimeoutError after KEYSTONE_BODY_TIMEOUT.
    """
    data = bytearray()
    async with asyncio.timeout(KEYSTONE_BODY_TIMEOUT):
        async for piece in answer.body:
            data += piece
            if len(data) > MAX_CATALOG:
                raise CatalogTooLongError
    return bytes(data)


async def send_document(request: Request, record: AccessRecord, document: object) -> None:
    """Reply 200 with a JSON document that the gateway made."""
    await _send(request, record, HTTPStatus.OK, json.dumps(document).encode())


async def send_refusal(request: Request, record: AccessRecord, refusal: Refusal) -> None:
    """Reply with a refusal, and record it."""
    record.fields["error"] = refusal.message
    if refusal.service:
        record.fields.setdefault("service", refusal.service)
    if refusal.retry_after is not None:
        record.extra.append(("Retry-After", str(refusal.retry_after)))
    await _send(request, record, refusal.status, refusal.body)


def own_headers() -> Pairs:
    """Return the headers of a JSON reply that the gateway made.

    Date shows the gateway's clock, by which the age of signatures is checked. No cache of many
    keeps what is said to one: some refusals may be kept for long (RFC 9110, section 15.1).
    """
    return ("Date", formatdate(usegmt=True)), ("Content-Type", JSON), PRIVATE


async def _send(request: Request, record: AccessRecord, status: HTTPStatus, body: bytes) -> None:
    record.status = status
    if request.method != "HEAD":
        record.sent = len(body)
    about = (*own_headers(), (REQUEST_ID, record.make_request_id()))
    await request.respond(status, (*about, *record.extra), body)
