"""Collects what is known of a request, and writes its line in the access log."""

import itertools
import random
import re
import time
import uuid
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, NamedTuple

from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.log import shown_path, write
from openstackoid.message import Headers

REQUEST_ID = "X-Openstack-Request-Id"
_KEY = REQUEST_ID.lower()
_VALID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The request ids that oslo.middleware accepts."""

_PROCESS = f"req-{str(uuid.uuid4())[:24]}"
_NUMBERS = itertools.count(random.getrandbits(47))


MAX_IDS = 4
"""Ids of assertions in a line at most; the audit has that of each crossing."""

MAX_BYTES = 1536
"""Bytes of the line at most."""


class Crossing(NamedTuple):
    """A request that was sent to another cloud, for the audit.

    `handles` are those of its user and of the client's address that the other cloud was told.
    """

    token: str
    service: str
    destination: str
    status: int | None
    arrived: bool
    when: float
    handles: tuple[str | None, str | None]


class AccessRecord:
    """The access record of one request, from its arrival to its line in the log.

    `status` stays None if the client left before a reply. `received` and `sent` count the bytes of
    the request's and the reply's body. `fields` are further fields of the line, `extra` are headers
    to add to the reply.

    `turned_away`: it was refused because its sender sends too much, or is blocked. `routine`: it is
    one of those that gateways send each other all the time, and has a line only if it fails.

    The audit needs the rest: `user` is the name of the user, if the gateway knows it. If a service
    asks whose a token is, `on_behalf_of` is the address of the client that has sent the token.
    `crossings` were sent to other clouds, and `audited` counts the bytes of the request's events.
    """

    turned_away = False
    routine = False
    user: str | None = None
    on_behalf_of: str | None = None
    crossings: list[Crossing] | None = None
    audited = 0

    def __init__(self, request: Request, gateway: str) -> None:
        self._request = request
        self._gateway = gateway
        self._start = time.monotonic()
        self.request_id = _request_id(request.headers)
        self.status: int | None = None
        self.received = 0
        self.sent = 0
        self.fields: dict[str, Any] = {}
        self.extra: list[tuple[str, str]] = []

    @property
    def remote(self) -> str:
        """The client's address."""
        return self._request.remote

    def make_request_id(self) -> str:
        """Return the request's id, and make one if it has none."""
        if self.request_id is None:
            self.request_id = _new_id()
        return self.request_id

    def learn_request_id(self, headers: Headers) -> None:
        """Take the id from the service's answer if the request has none, or else note it."""
        answered = _request_id(headers)
        if self.request_id is None:
            self.request_id = answered
        elif answered not in {None, self.request_id}:
            self.fields["service_request_id"] = answered

    def write(self) -> None:
        """Write the record to the log."""
        if self.routine and self.status == HTTPStatus.OK:
            return
        write(
            {
                "event": "request",
                "gateway": self._gateway,
                "request_id": self.request_id,
                "client": self._request.remote,
                "method": self._request.method,
                "path": shown_path(self._request.target),
                "status": self.status,
                "received": self.received,
                "sent": self.sent,
                "seconds": round(time.monotonic() - self._start, 4),
                **self.fields,
            },
            MAX_BYTES,
        )


current: ContextVar[AccessRecord | None] = ContextVar("current", default=None)
"""The record of the request that a task, and those that it starts, work for."""


def note(key: str, value: object) -> None:
    """Add a field to the line of the current request, unless it has one of that name."""
    record = current.get()
    if record is not None:
        record.fields.setdefault(key, value)


def note_assertion(what: str, *ids: str) -> None:
    """Add to the line of the current request what was done with assertions, and their ids.

    What was done first counts, and the first MAX_IDS ids.
    """
    note("assertion", what)
    note("jti", [])
    record = current.get()
    if record is not None:
        listed = record.fields["jti"]
        listed += [one for one in ids if one][: MAX_IDS - len(listed)]


def _new_id() -> str:
    """Return a new request id: a UUID in form, whose last part is a counter. It is no secret."""
    return f"{_PROCESS}{next(_NUMBERS):012x}"


def _request_id(headers: Headers) -> str | None:
    value = headers.get(_KEY)
    return value if _VALID.fullmatch(value) else None
