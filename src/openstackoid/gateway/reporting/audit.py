"""Writes audit events (CADF) for requests that cross a border between clouds.

An event says who sent a request from which cloud to which, for which service, and how it ended. It
has the format of OpenStack's own audits (DMTF DSP0262, by pycadf). It never has a token, but a
fingerprint of it, which is the same at every gateway.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

import structlog
from pycadf import cadftaxonomy, timestamp  # type: ignore[import-untyped]
from pycadf.event import Event  # type: ignore[import-untyped]
from pycadf.reason import Reason  # type: ignore[import-untyped]
from pycadf.resource import Resource  # type: ignore[import-untyped]

from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import REQUEST_ID, AccessRecord
from openstackoid.message import Headers
from openstackoid.routing import via
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.scope import DELIMITER
from openstackoid.services import special

SENT = "send"
"""The action of an event for a request that was sent to another cloud."""

RECEIVED = "receive"
"""The action of an event for a request that came from another cloud's gateway."""

AUTHENTICATED = "authenticate"
"""The action of an event for a foreign token that was checked against this cloud's trust."""

DELAY = 1.0
"""Seconds that events of sent requests wait, so that they do not delay the answer."""

_NAMESPACE = uuid.UUID("5d4d4e5e-0c2c-5f0b-9a3c-6c3a6d0f7b11")
"""The UUID namespace of the ids in events."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Who:
    """The initiator of a request: token, address, and the user's name if a validation gave it."""

    token: str = field(repr=False)
    address: str | None = None
    user: str | None = None


_SLICE = 20
"""Events that are written at a time: about one millisecond of work."""

_pending: deque[Callable[[], None]] = deque()

_client: ContextVar[str | None] = ContextVar("client", default=None)


def begun(request: Request) -> None:
    """Set the initiator's address for what this task, and those it starts, will send."""
    _client.set(request.remote)


def sent(
    headers: Headers,
    service: str,
    destination: str,
    status: int | None,
    *,
    here: str,
    arrived: bool = True,
) -> None:
    """Write an event, after DELAY, for a request that was sent to another cloud.

    `status` is None if there was no answer, and `arrived` is False if it certainly was not
    received. Events wait since a list of a thousand clouds has a thousand of them.
    """
    if not _pending:
        asyncio.get_running_loop().call_later(DELAY, _write_some)
    write = partial(
        _sent, headers, service, destination, status, _client.get(), time.time(), here, arrived
    )
    _pending.append(write)


def _write_some() -> None:
    """Write some of the waiting events, and schedule the rest behind other tasks."""
    try:
        for _ in range(min(len(_pending), _SLICE)):
            _pending.popleft()()
    finally:  # even if one could not be written
        if _pending:
            asyncio.get_running_loop().call_soon(_write_some)


def flush() -> None:
    """Write all waiting events now."""
    while _pending:
        _pending.popleft()()


def _sent(
    headers: Headers,
    service: str,
    destination: str,
    status: int | None,
    address: str | None,
    when: float,
    here: str,
    arrived: bool,
) -> None:
    request_id = headers.first(REQUEST_ID.lower())
    who = Who(headers.get(AUTH_TOKEN) or headers.get(SUBJECT_TOKEN), address)
    write = partial(_write, here=here, request_id=request_id, when=when, arrived=arrived)
    write(SENT, who, here, destination, service, status)


def ended(request: Request, record: AccessRecord, here: str, clouds: Collection[str]) -> None:
    """Write events for a request that came from another cloud, or with a foreign token.

    A request without a scope is not from a gateway, whatever its Via says, nor is one whose Via
    names none of the `clouds`. A request over the rate limit gets no event, or the log would fill.
    """
    fields = record.fields
    if "via" not in request.headers and "issuer" not in fields:
        return
    service = fields.get("service", "")
    who = Who(
        request.headers.get(AUTH_TOKEN) or request.headers.get(SUBJECT_TOKEN) or "",
        request.remote,
        fields.get("user"),
    )
    sender = via.sender(request.headers.all("via"))
    write = partial(_write, here=here, request_id=record.request_id, when=time.time())
    turned_away = record.status == HTTPStatus.TOO_MANY_REQUESTS and "cloud" not in fields
    crossed = "scope" in fields or "cloud" not in fields
    if sender in clouds and sender is not None and crossed and not turned_away:
        proven = fields.get("proven", ())
        write(RECEIVED, who, sender, here, service, record.status, proven=proven)
    issuer = fields.get("issuer")
    if issuer is not None and ("user" in fields or "error" in fields):
        write(AUTHENTICATED, who, issuer, here, service, record.status)


def _write(
    action: str,
    who: Who,
    sender: str,
    destination: str,
    service: str,
    status: int | None,
    *,
    here: str,
    request_id: str | None,
    when: float,
    arrived: bool = True,
    proven: Sequence[str] = (),
) -> None:
    outcome = _outcome(status, arrived)
    template = _template(action, outcome, sender, destination, service, status, here)
    initiator = {**template["initiator"], "id": _fingerprint(who.token)}
    if who.user:
        initiator["name"] = who.user
    if who.address:
        initiator["host"] = {"address": who.address}
    event = {
        **template,
        "id": str(uuid.uuid4()),
        "eventTime": datetime.fromtimestamp(when, UTC).strftime(timestamp.TIME_FORMAT),
        "initiator": initiator,
    }
    log.info("audit", gateway=here, request_id=request_id, proven=[*proven], cadf=event)


@lru_cache(maxsize=4096)
def _template(
    action: str,
    outcome: str,
    sender: str,
    destination: str,
    service: str,
    status: int | None,
    here: str,
) -> dict[str, Any]:
    """Return an event that the caller completes with initiator, time and id.

    Cached, as pycadf takes 75 µs to make one, three times as long as all the rest.
    """
    event = Event(
        action=action,
        outcome=outcome,
        initiator=Resource(typeURI=cadftaxonomy.ACCOUNT_USER, domain=sender),
        target=_resource(destination, service),
        observer=_resource(here, "gateway"),
        reason=Reason(reasonType="HTTP", reasonCode=str(status)) if status else None,
    )
    return dict(event.as_dict())


@lru_cache(maxsize=1)  # the events of one request come one after another
def _fingerprint(token: str) -> str:
    return _id("token", token.partition(DELIMITER)[0])


def _outcome(status: int | None, arrived: bool) -> str:
    if status is None and arrived:
        return str(cadftaxonomy.UNKNOWN)
    failed = status is None or status >= HTTPStatus.BAD_REQUEST
    return str(cadftaxonomy.OUTCOME_FAILURE if failed else cadftaxonomy.OUTCOME_SUCCESS)


def _resource(cloud: str, service: str) -> Resource:
    kind = special(service).cadf
    return Resource(id=_id(cloud, service), typeURI=kind, name=service, domain=cloud)


def _id(kind: str, name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))
