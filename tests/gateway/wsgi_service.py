"""A service behind keystonemiddleware, for a WSGI server: it says whose a request was.

IDENTITY is the address of the Keystone that the middleware asks.
"""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from keystonemiddleware.auth_token import AuthProtocol


def service(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer with the user's id, and with his token."""
    said = {"user": environ["HTTP_X_USER_ID"], "token": environ["HTTP_X_AUTH_TOKEN"]}
    body = json.dumps(said).encode()
    head = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", head)
    return [body]


application = AuthProtocol(
    service,
    {
        "auth_type": "admin_token",
        "endpoint": os.environ["IDENTITY"],
        "token": "a-service-s-own",
        "auth_version": "v3",
        "www_authenticate_uri": os.environ["IDENTITY"],
        "service_token_roles_required": True,
        "memcached_servers": "",
    },
)
