"""Formats the gateway's own errors, for clients and for the log.

Their JSON is Keystone's, `{"error": {"code": …, "title": …, "message": …}}`: keystoneauth and
openstacksdk read the message from it. `cloud` and `service` say where the error is, and
`"sent": false` that the request certainly reached no service.
"""

import json
import traceback

from openstackoid.routing import Refusal


def body_of(refusal: Refusal) -> bytes:
    """Encode a refusal as JSON."""
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
    """Return type, file and line of an error for the log; its text may hold a token."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {place.filename}:{place.lineno}"
