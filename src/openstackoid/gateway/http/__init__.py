"""An HTTP/1.1 server and client: streams bodies, and refuses messages that are ambiguous.

Knows nothing of OpenStack.
"""

from openstackoid.gateway.http.bodies import Body
from openstackoid.gateway.http.client import Client
from openstackoid.gateway.http.connection import Response
from openstackoid.gateway.http.errors import (
    ENDED,
    ConnectionClosedError,
    ForbiddenAddressError,
    HttpError,
    HungError,
    IdleTimeoutError,
    LinkLostError,
    ProtocolError,
    TooLateError,
    UnreachableError,
)
from openstackoid.gateway.http.exchange import Pairs, Reply, Request
from openstackoid.gateway.http.outgoing import Origin, Outgoing
from openstackoid.gateway.http.resolver import Resolve, Resolver, resolved
from openstackoid.gateway.http.server import HEAD_TIMEOUT, Server

__all__ = [
    "ENDED",
    "HEAD_TIMEOUT",
    "Body",
    "Client",
    "ConnectionClosedError",
    "ForbiddenAddressError",
    "HttpError",
    "HungError",
    "IdleTimeoutError",
    "LinkLostError",
    "Origin",
    "Outgoing",
    "Pairs",
    "ProtocolError",
    "Reply",
    "Request",
    "Resolve",
    "Resolver",
    "Response",
    "Server",
    "TooLateError",
    "UnreachableError",
    "resolved",
]
