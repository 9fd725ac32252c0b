"""Collects what is known of a request, and writes its line in the access log."""

import itertools
import random
import re
import time
import uuid
from typing import Any

from openstackoid.gateway.front import Request
from openstackoid.gateway.reporting.log import shown_path, write
from openstackoid.message import Headers

REQUEST_ID = "X-Openstack-Request-Id"
_KEY = REQUEST_ID.lower()
_VALID = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""The request ids that oslo.middleware accepts."""

_PROCESS = f"req-{str(uuid.uuid4())[:24]}"
_NUMBERS = itertools.count(random.getrandbits(47))


class AccessRecord:
    """The access record of one request, from its arrival to its line in the log.

    `status` stays None if the client left before a reply. `received` and `sent` count the bytes of
    the request's and the reply's body. `fields` are further fields of the line, `extra` are headers
    to add to the reply.
    """

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

    def make_request_id(self) -> str:
        """Return the request's id, and make one if it has none."""
        if self.request_id is None:
            self.request_id = _new_id()
        return self.request_id

    def learn_request_id(self, headers: Headers) -> None:
        """Take the id from the service's answer if the request has none."""
        if self.request_id is None:
            self.request_id = _request_id(headers)

    def write(self) -> None:
        """Write the record to the log."""
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
            }
        )


def _new_id() -> str:
    """Return a new request id: a UUID in form, whose last part is a counter. It is no secret."""
    return f"{_PROCESS}{next(_NUMBERS):012x}"


def _request_id(headers: Headers) -> str | None:
    value = headers.get(_KEY)
    return value if _VALID.fullmatch(value) else None
