"""What the access log says of one request."""

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
"""What oslo.middleware takes as a request's id."""


_PROCESS = f"req-{str(uuid.uuid4())[:24]}"
_NUMBERS = itertools.count(random.getrandbits(47))


class AccessRecord:
    """One request, from its arrival to the line in the log.

    `status` stays None if the client left before it got one. `received` and `sent` count the bytes
    of the client's body and of the answer's. `fields` are whatever else is known by the end,
    `extra` headers to put on the answer.
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
        """Return the request's id, a new one if it came with none."""
        if self.request_id is None:
            self.request_id = _new_id()
        return self.request_id

    def learn_request_id(self, headers: Headers) -> None:
        """Take the id that the service gave, if the request came with none."""
        if self.request_id is None:
            self.request_id = _request_id(headers)

    def write(self) -> None:
        """Write the line."""
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
    """Return a request's id: a UUID (version 4), of which the last part counts. It is no secret."""
    return f"{_PROCESS}{next(_NUMBERS):012x}"


def _request_id(headers: Headers) -> str | None:
    value = headers.get(_KEY)
    return value if _VALID.fullmatch(value) else None
