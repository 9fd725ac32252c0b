"""Writes audit events (CADF) for requests that cross a border between clouds.

An event says who sent a request from which cloud to which, for which service, and how it ended. It
has the format of OpenStack's own audits (DMTF DSP0262, by pycadf). It never has a token, but a
fingerprint of it, which is the same at every gateway, and the id of an assertion. The events of one
request take at most MAX_BYTES; those that do not fit are one line that counts them and names their
clouds.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from pycadf import cadftaxonomy, timestamp  # type: ignore[import-untyped]
from pycadf.event import Event  # type: ignore[import-untyped]
from pycadf.reason import Reason  # type: ignore[import-untyped]
from pycadf.resource import Resource  # type: ignore[import-untyped]

from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.access_record import (
    REQUEST_ID,
    AccessRecord,
    Crossing,
    current,
)
from openstackoid.gateway.reporting.log import line, output
from openstackoid.identity.assertion import id_of
from openstackoid.identity.stamp import known_by
from openstackoid.message import Headers
from openstackoid.routing import via
from openstackoid.routing.scoping import AUTH_TOKEN, SUBJECT_TOKEN
from openstackoid.services import special

SENT = "send"
"""The action of an event for a request that was sent to another cloud."""

RECEIVED = "receive"
"""The action of an event for a request that came from another cloud's gateway."""

AUTHENTICATED = "authenticate"
"""The action of an event for a foreign token that was checked against this cloud's trust."""

DENIED = "deny"
"""The action of an event for a request of somebody whom the operator has blocked."""

DELAY = 1.0
"""Seconds that events of sent requests wait, so that they do not delay the answer."""

MAX_BYTES = 2304
"""Bytes of all events of one request at most."""

_MAX_REST = 768
"""Bytes of the line for the events that do not fit; names of clouds are left out until it fits."""

_IN_FULL = 3
"""Events of a request that may be written in full: more never fit."""

_NAMESPACE = uuid.UUID("5d4d4e5e-0c2c-5f0b-9a3c-6c3a6d0f7b11")
"""The UUID namespace of the ids in events."""


@dataclass(frozen=True, slots=True)
class Who:
    """The initiator of a request: token, address, and the user's name if the gateway knows it.

    `client` is the client's address if another gateway tells it, and proves itself. `handles` of
    the user and of the client's address are the same in the sender's audit and the receiver's.
    """

    token: str = field(repr=False)
    address: str | None = None
    user: str | None = None
    client: str | None = None
    handles: tuple[str | None, str | None] = (None, None)


class _Event(NamedTuple):
    action: str
    who: Who
    sender: str
    destination: str
    service: str
    status: int | None
    arrived: bool
    when: float
    proven: Sequence[str]
    request_id: str | None


_SLICE = 20
"""Requests whose events are written at a time: about one millisecond of work."""

_pending: deque[tuple[AccessRecord, str]] = deque()


def sent(
    headers: Headers,
    service: str,
    destination: str,
    status: int | None,
    *,
    arrived: bool = True,
    handles: tuple[str | None, str | None] = (None, None),
) -> None:
    """Note that the current request was sent to another cloud; `ended` writes it.

    `status` is None if there was no answer, and `arrived` is False if it certainly was not
    received.
    """
    record = current.get()
    if record is None:
        return
    token = ""
    if len(record.crossings or ()) < _IN_FULL:
        token = headers.get(AUTH_TOKEN) or headers.get(SUBJECT_TOKEN)
    crossing = Crossing(token, service, destination, status, arrived, time.time(), handles)
    record.crossings = record.crossings or []
    record.crossings.append(crossing)
    record.request_id = record.request_id or headers.first(REQUEST_ID.lower())


def ended(request: Request, record: AccessRecord, here: str, clouds: Collection[str]) -> None:
    """Write the events of a request that has ended, those of what it sent after DELAY.

    They wait so that they do not delay the answers of others: a list of a thousand clouds has a
    thousand of them.

    A request without a scope is not from a gateway, whatever its Via says, nor is one whose Via
    names none of the `clouds`. A request over the rate limit gets no event, or the log would fill.
    """
    fields = record.fields
    if "via" in request.headers or "issuer" in fields or "blocked" in fields:
        _write(record, list(_ended(request, record, here, clouds)), here)
    if record.crossings:
        if not _pending:
            asyncio.get_running_loop().call_later(DELAY, _write_some)
        _pending.append((record, here))


def _ended(
    request: Request, record: AccessRecord, here: str, clouds: Collection[str]
) -> Iterator[_Event]:
    fields = record.fields
    service = fields.get("service", "")
    who = Who(
        request.headers.get(AUTH_TOKEN) or request.headers.get(SUBJECT_TOKEN) or "",
        record.on_behalf_of or request.remote,
        fields.get("user") or record.user,
        fields.get("asked_by"),
        (fields.get("user_handle"), fields.get("client_handle")),
    )
    sender = via.sender(request.headers.all("via"))
    now = time.time()
    if "blocked" in fields:
        claimed = sender if sender in clouds and sender is not None else here
        yield _Event(
            DENIED, who, claimed, here, service, record.status, True, now, (), record.request_id
        )
        return
    crossed = "scope" in fields or "cloud" not in fields
    if sender in clouds and sender is not None and crossed and not record.turned_away:
        proven = fields.get("proven", ())
        yield _Event(
            RECEIVED, who, sender, here, service, record.status, True, now, proven,
            record.request_id,
        )  # fmt: skip
    issuer = fields.get("issuer")
    if issuer is not None and ("user" in fields or "error" in fields):
        who = replace(who, token=request.headers.get(SUBJECT_TOKEN) or who.token)
        yield _Event(
            AUTHENTICATED, who, issuer, here, service, record.status, True, now, (),
            record.request_id,
        )  # fmt: skip


def _write_some() -> None:
    """Write the events of some requests, and schedule the rest behind other tasks."""
    try:
        for _ in range(min(len(_pending), _SLICE)):
            _write_sent(*_pending.popleft())
    finally:  # even if one could not be written
        if _pending:
            asyncio.get_running_loop().call_soon(_write_some)


def flush() -> None:
    """Write all waiting events now."""
    while _pending:
        _write_sent(*_pending.popleft())


def _write_sent(record: AccessRecord, here: str) -> None:
    _write(record, [_sent(record, here, one) for one in record.crossings or ()], here)


def _write(record: AccessRecord, events: Sequence[_Event], here: str) -> None:
    """Write events of a request: in full as many as fit, and a line that counts the others."""
    for number, event in enumerate(events):
        left = MAX_BYTES - record.audited
        text = line(_fields(event, here), left)
        rest = events[number + 1 :]
        if len(text) + (_MAX_REST if rest else 0) > left:
            output(_counted(events[number:], here))
            return
        output(text)
        record.audited += len(text)


def _sent(record: AccessRecord, here: str, crossing: Crossing) -> _Event:
    token, service, destination, status, arrived, when, handles = crossing
    who = Who(token, record.remote, record.user, handles=handles)
    return _Event(
        SENT, who, here, destination, service, status, arrived, when, (), record.request_id
    )


def _counted(events: Sequence[_Event], here: str) -> str:
    """Return a line for events that do not fit, with as many names of clouds as do."""
    alike: dict[tuple[str, str, str | None], list[str]] = {}
    for event in events:
        code = None if event.status is None else str(event.status)
        other = event.destination if event.action == SENT else event.sender
        alike.setdefault((event.action, _outcome(event.status, event.arrived), code), []).append(
            other
        )
    first = events[0]
    names = min(len(events), 64)
    while True:
        more = [
            {
                "action": action,
                "outcome": outcome,
                "reason": code,
                "events": len(those),
                "clouds": those[:names],
            }
            for (action, outcome, code), those in alike.items()
        ]
        fields = {
            "event": "audit",
            "gateway": here,
            "request_id": first.request_id,
            "initiator": _fingerprint(first.who.token),
            "left_out": len(events),
            "more": more[: max(1, names)],
        }
        text = line(fields, _MAX_REST)
        if len(text) <= _MAX_REST or not names:
            return text
        names //= 2


def _fields(event: _Event, here: str) -> dict[str, Any]:
    outcome = _outcome(event.status, event.arrived)
    template = _template(
        event.action, outcome, event.sender, event.destination, event.service, event.status, here
    )
    initiator = {**template["initiator"], "id": _fingerprint(event.who.token)}
    if event.who.user:
        initiator["name"] = event.who.user
    if event.who.address:
        initiator["host"] = {"address": event.who.address}
        if event.who.client:
            initiator["host"]["agent"] = f"for {event.who.client}"
    cadf = {
        **template,
        "id": str(uuid.uuid4()),
        "eventTime": datetime.fromtimestamp(event.when, UTC).strftime(timestamp.TIME_FORMAT),
        "initiator": initiator,
    }
    names = ("user_handle", "client_handle")
    handles = {n: handle for n, handle in zip(names, event.who.handles, strict=True) if handle}
    fields = {
        "event": "audit",
        "gateway": here,
        "request_id": event.request_id,
        "proven": [*event.proven],
        **handles,
        "cadf": cadf,
    }
    if identifier := id_of(known_by(event.who.token)):
        fields["jti"] = identifier
    return fields


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
    return fingerprint(token)


def fingerprint(token: str) -> str:
    """Return the id under which the audit has the user of a token or of an assertion.

    It is the same at all gateways that see the same one, and in front of services here.
    """
    return _id("token", known_by(token))


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
