"""What is let in at all: heads that every server after this one reads in the same way."""

import re
from http import HTTPStatus

from openstackoid.gateway.front import Request
from openstackoid.identity.signature import PROOF
from openstackoid.message import Head, connection_headers
from openstackoid.routing import Refusal
from openstackoid.routing.scoping import READ_HERE
from openstackoid.scope import DELIMITER

_HOST = re.compile(r"([A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
"""RFC 9110, section 7.2; without the comma, which would make one header of two."""

_DECLINED = frozenset({"h2c", "http/2.0", "tls/1.0", "tls/1.2", "tls/1.3"})
"""Protocols that clients offer, and do without where a server says nothing of them."""

_NAMED = 20
"""How many names Connection may have; nobody has more than three."""


def head_of(request: Request, here: str) -> Head:
    """Return the head of a request without what ends at this connection; raises Refusal.

    A signature ends here, too: it is for the gateway, and a client's is none.
    """
    ended = connection_headers(request.headers)
    if fault := _fault(request, ended):
        raise Refusal(fault[0], fault[1], cloud=here)
    if PROOF in request.headers:
        ended |= {PROOF}
    headers = request.headers.without(ended)
    return Head(request.method, request.target, headers, request.port, scheme=request.scheme)


def _fault(request: Request, ended: frozenset[str]) -> tuple[HTTPStatus, str] | None:
    headers = request.headers
    connection = headers.all("connection")
    if connection and sum(value.count(",") + 1 for value in connection) > _NAMED:
        return HTTPStatus.BAD_REQUEST, f"the header Connection has more than {_NAMED} names"
    if headers.get("transfer-encoding", "chunked").lower() != "chunked":
        message = "the body's transfer coding is not known here; send it in chunks, or whole"
        return HTTPStatus.NOT_IMPLEMENTED, message
    if "upgrade" in headers and not headers.words("upgrade") <= _DECLINED:
        message = (
            "no connection is upgraded here, to a WebSocket or to anything else; consoles need an "
            "address of their own, at which no gateway listens"
        )
        return HTTPStatus.NOT_IMPLEMENTED, message
    if len(headers.all("host")) > 1 or not _HOST.fullmatch(headers.get("host")):
        return HTTPStatus.BAD_REQUEST, "the header Host is not one host, with or without a port"
    if "#" in request.target:
        return HTTPStatus.BAD_REQUEST, 'the request target has a "#"; send it as %23'
    if not ended.isdisjoint(READ_HERE):
        kept = min(ended & READ_HERE)
        message = f"the header Connection names {kept}, which goes farther than a connection"
        return HTTPStatus.BAD_REQUEST, message
    for name, value in headers.pairs:
        if DELIMITER in value and name.lower().replace("_", "-") == "x-storage-token":
            # keystonemiddleware takes it for X-Auth-Token, which is the one that is looked at here.
            return HTTPStatus.BAD_REQUEST, f"{name} has a scope; send that token as X-Auth-Token"
    return None
