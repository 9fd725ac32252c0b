"""Errors of the gateway's own, in the shape OpenStack's clients read.

The shape is Keystone's, `{"error": {"code": …, "title": …, "message": …}}`, which keystoneauth and
openstacksdk take the message from; `cloud` and `service` say whose fault it is, and
`"sent": false` that the request surely got nowhere.
"""

import json
import traceback

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
