"""Sends to this cloud's services what brings a copy to what it should be, and reads copies."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from openstackoid.federation import Federation
from openstackoid.federation.model import PUBLIC
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import HttpError, Response
from openstackoid.message import JSON, Headers
from openstackoid.replication.apis.api import Api, Call, is_line
from openstackoid.replication.copy import Order
from openstackoid.replication.delivery import NUMBERS
from openstackoid.replication.desired import Desired
from openstackoid.replication.plan import Change, Create, Replica, Seen
from openstackoid.replication.traces import Found
from openstackoid.routing import Destination, Refusal, Route, destination_of
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import CloudRef

READ = 30.0
"""Seconds that a service has to answer when it is read."""

MAX_BODY = 16 * 2**20
"""Bytes of an answer at most."""

MAX_WORDS = 300
"""Characters of what a service says that are kept."""


class Came(NamedTuple):
    """What came of an order: the status is None if nobody knows; `words` are the service's own."""

    status: int | None
    created: str | None = None
    words: str = ""


class NotReadError(Exception):
    """A service does not show what it should; the message says what it said."""


class Services:
    """The services of the cloud `here`."""

    def __init__(self, federation: Federation, here: str, upstream: Upstream) -> None:
        self._federation = federation
        self._here = here
        self._upstream = upstream

    async def carry_out(
        self,
        api: Api,
        key: str,
        order: Order,
        replica: Replica | None,
        token: str,
        may_send: Callable[[], bool],
        seconds: float,
    ) -> Came:
        """Carry out an order, and return what came of it.

        `replica` is the copy to change, `may_send` says whether anything may still be
        handed to the service, which has some seconds to answer.
        """
        calls = _calls(api, key, order, replica)
        status, document = int(HTTPStatus.OK), None
        try:
            async with asyncio.timeout(seconds):
                for call in calls:
                    if not may_send():
                        return Came(None)
                    status, document = await self._answer(api, call, token)
                    if not _is_well(call, status):
                        return Came(status, words=_words(document))
        except (HttpError, Refusal, TimeoutError):
            return Came(None)
        created = None
        if isinstance(order, Create):
            created = api.number(key, order.values, order.number) or _made(api, document)
        return Came(status, created)

    async def upload(self, service: str, path: str, data: AsyncIterator[bytes], token: str) -> Came:
        """Upload data to what takes it, as it comes, and return what came of it."""
        route, destination, headers = self._addressed(service, path, token)
        headers += [("Content-Type", "application/octet-stream")]
        try:
            answer = await self._upstream.send("PUT", destination, route, Headers(headers), data)
            with answer:
                return Came(answer.status, words=_words(await _document(answer)))
        except Refusal as refusal:
            return Came(None, words=refusal.message)
        except (HttpError, NotReadError):
            return Came(None, words="its answer broke off")

    async def read(self, api: Api, identifier: str, token: str) -> Seen | None:
        """Return what a copy is, None if it is not there; raises NotReadError."""
        first, *others = api.reads(identifier)
        status, document = await self._read(api, first, token)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise NotReadError(f"{status} {_words(document)}".rstrip())
        documents = [document]
        for call in others:
            status, document = await self._read(api, call, token)
            documents.append(document if status == HTTPStatus.OK else None)
            if status not in {HTTPStatus.OK, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                raise NotReadError(f"{status} {_words(document)}".rstrip())
        try:
            return api.seen(documents)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise NotReadError("it does not answer as its API says") from error

    async def ids(self, api: Api, call: Call, token: str) -> list[str]:
        """Return the ids of what is listed; raises NotReadError."""
        status, document = await self._read(api, call, token)
        if status != HTTPStatus.OK:
            raise NotReadError(f"{status} {_words(document)}".rstrip())
        try:
            return api.ids(document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise NotReadError("it does not answer as its API says") from error

    async def send(self, api: Api, call: Call, token: str) -> Came:
        """Send one request, and return what came of it."""
        try:
            async with asyncio.timeout(READ):
                status, document = await self._answer(api, call, token)
        except (HttpError, Refusal, NotReadError, TimeoutError):
            return Came(None)
        return Came(status, words=_words(document))

    async def look(
        self, api: Api, key: str, state: Desired, numbers: int, token: str
    ) -> list[Found]:
        """Return all that may be a copy; raises NotReadError."""
        found: dict[str, Found] = {}
        for call in api.looks(key, state, min(numbers, NUMBERS)):
            status, document = await self._read(api, call, token)
            if status in call.fine:
                continue
            if status != HTTPStatus.OK:
                raise NotReadError(f"{status} {_words(document)}".rstrip())
            try:
                found |= {one.id: one for one in api.found(key, state, document)}
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                raise NotReadError("it does not answer as its API says") from error
        return list(found.values())

    async def _read(self, api: Api, call: Call, token: str) -> tuple[int, Any]:
        try:
            async with asyncio.timeout(READ):
                return await self._answer(api, call, token)
        except Refusal as refusal:
            raise NotReadError(refusal.message) from refusal
        except (HttpError, TimeoutError) as error:
            raise NotReadError("it does not answer") from error

    async def _answer(self, api: Api, call: Call, token: str) -> tuple[int, Any]:
        """Send a request, and return the status and the document of its answer."""
        route, destination, headers = self._addressed(api.service, call.path, token)
        headers += call.headers or api.headers
        body = None if call.document is None else json.dumps(call.document).encode()
        if body is not None:
            headers += [("Content-Type", call.content_type), ("Content-Length", str(len(body)))]
        answer = await self._upstream.send(call.method, destination, route, Headers(headers), body)
        with answer:
            return answer.status, await _document(answer)

    def _addressed(
        self, service: str, path: str, token: str
    ) -> tuple[Route, Destination, list[tuple[str, str]]]:
        """Return where a request to a service here goes, and what it says first."""
        route = Route(service, PUBLIC, path, None, CloudRef(self._here), None)
        destination = destination_of(route, self._here, self._federation, self._here)
        headers = [
            ("Host", destination.address.netloc),
            ("Accept", JSON),
            (AUTH_TOKEN.title(), token),
        ]
        return route, destination, headers


def _calls(api: Api, key: str, order: Order, replica: Replica | None) -> list[Call]:
    match order:
        case Create():
            return [api.create(key, order)]
        case Change():
            return api.change(replica, order) if replica is not None else []
        case _:
            return [Call("DELETE", api.path(order.id))]


def _made(api: Api, document: Any) -> str | None:
    """Return the id that a service says it has chosen, None if it can't be read: it is found."""
    try:
        made = api.made(document)
    except (LookupError, TypeError, ValueError):
        return None
    return made if is_line(made) else None


def _is_well(call: Call, status: int) -> bool:
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or status in call.fine


async def _document(answer: Response) -> Any:
    """Return the document of an answer, None if it has none."""
    data = bytearray()
    async for piece in answer.body:
        data += piece
        if len(data) > MAX_BODY:
            raise NotReadError(f"its answer is longer than {MAX_BODY} bytes")
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return data[:MAX_WORDS].decode(errors="replace")


def _words(document: Any) -> str:
    """Return what an error says, in one line."""
    found = document
    while isinstance(found, dict) and found:
        found = found["message"] if "message" in found else next(iter(found.values()))
    text = " ".join(found.split()) if isinstance(found, str) else ""
    return "".join(c for c in text if c.isprintable())[:MAX_WORDS]
