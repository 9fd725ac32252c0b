"""Errors of the gateway's own, in the shape OpenStack's clients read.

The shape is Keystone's, `{"error": {"code": …, "title": …, "message": …}}`, which keystoneauth and
openstacksdk take the message from; `cloud` and `service` say whose fault it is, and
`"sent": false` that the request surely got nowhere.
"""

import json
import traceback
from http import HTTPStatus

from openstackoid.gateway.http import MalformedError
from openstackoid.routing import Refusal


def body_of(refusal: Refusal) -> bytes:
    """Return the JSON of a refusal."""
    error: dict[str, object] = {
        "code": refusal.status.value,
        "title": refusal.status.phrase,
        "message": refusal.message,
        "cloud": refusal.cloud,
    }
    if refusal.service:
        error["service"] = refusal.service
    if refusal.sent is False:
        error["sent"] = False
    return json.dumps({"error": error}).encode()


def fault_of(error: Exception) -> str:
    """Return the kind and the place of an error for the log, not its text: it may hold a token."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.filename}:{place.lineno}"


def unreadable(error: MalformedError, cloud: str) -> Refusal:
    """Return the refusal of what is not HTTP, or more of it than a gateway takes."""
    message = f"the gateway could not read this request: {error}"
    return Refusal(HTTPStatus(error.status), message, cloud=cloud)
