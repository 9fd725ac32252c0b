"""Checks a request's head: refuses what servers behind the gateway might read in another way."""

import re
from http import HTTPStatus

from openstackoid.gateway.front import Request
from openstackoid.identity.signature import PROOF
from openstackoid.message import Head, connection_headers
from openstackoid.routing import Refusal
from openstackoid.routing.scoping import READ_HERE, STORAGE_TOKENS
from openstackoid.scope import DELIMITER

_HOST = re.compile(r"([A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?")
"""A valid Host (RFC 9110, section 7.2), but without commas: they may join two headers."""

_IGNORED_UPGRADES = frozenset({"h2c", "http/2.0", "tls/1.0", "tls/1.2", "tls/1.3"})
"""Protocols in Upgrade that a server may ignore: clients that offer them go on without."""

_MAX_NAMES = 20
"""Names in Connection; real clients send at most three."""


def head_of(request: Request, here: str) -> Head:
    """Return the head of a request without its hop-by-hop headers; raises Refusal.

    The signature is removed, too: it is meant for this gateway alone.
    """
    dropped = connection_headers(request.headers)
    if fault := _fault(request, dropped):
        raise Refusal(fault[0], fault[1], cloud=here)
    if PROOF in request.headers:
        dropped |= {PROOF}
    headers = request.headers.without(dropped)
    return Head(request.method, request.target, headers, request.port, scheme=request.scheme)


def _fault(request: Request, dropped: frozenset[str]) -> tuple[HTTPStatus, str] | None:
    headers = request.headers
    connection = headers.all("connection")
    if connection and sum(value.count(",") + 1 for value in connection) > _MAX_NAMES:
        return (
            HTTPStatus.BAD_REQUEST,
            f"the header Connection has more than {_MAX_NAMES} names",
        )
    if headers.get("transfer-encoding", "chunked").lower() != "chunked":
        message = "the body's transfer coding is not known here; send it in chunks, or whole"
        return HTTPStatus.NOT_IMPLEMENTED, message
    if "upgrade" in headers and not headers.words("upgrade") <= _IGNORED_UPGRADES:
        message = (
            "no connection is upgraded here, to a WebSocket or to anything else; consoles need an "
            "address of their own, at which no gateway listens"
        )
        return HTTPStatus.NOT_IMPLEMENTED, message
    if len(headers.all("host")) > 1 or not _HOST.fullmatch(headers.get("host")):
        return HTTPStatus.BAD_REQUEST, "the header Host is not one host, with or without a port"
    if "#" in request.target:
        return HTTPStatus.BAD_REQUEST, 'the request target has a "#"; send it as %23'
    if not dropped.isdisjoint(READ_HERE):
        kept = min(dropped & READ_HERE)
        message = f"the header Connection names {kept}, which goes farther than a connection"
        return HTTPStatus.BAD_REQUEST, message
    if headers.has_any(STORAGE_TOKENS):
        for name, value in headers.pairs:
            if name.lower() in STORAGE_TOKENS and DELIMITER in value:
                message = f"{name} has a scope; send that token as X-Auth-Token"
                return HTTPStatus.BAD_REQUEST, message
    return None
