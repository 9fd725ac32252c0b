"""Sends requests for a user who is no longer there: what is written down of his, and read again."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from openstackoid.gateway.admission.peers import Proof
from openstackoid.gateway.dispatch.context import Context
from openstackoid.gateway.dispatch.site import Site
from openstackoid.gateway.dispatch.state import State
from openstackoid.gateway.front import Pairs, Reply
from openstackoid.gateway.reporting.access_record import REQUEST_ID, AccessRecord
from openstackoid.gateway.trust.service_account import AccountError
from openstackoid.message import Head, Headers
from openstackoid.routing import decide
from openstackoid.routing.scoping import AUTH_TOKEN
from openstackoid.scope import DELIMITER

_OF_THE_BODY = frozenset(
    {"content-length", "content-type", "content-encoding", "expect", "accept-encoding"}
)


class _Written(msgspec.Struct, frozen=True, array_like=True):
    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    port: int
    scheme: str | None
    remote: str
    proven: tuple[str, ...]


class Unattended:
    """A request of a client that no longer waits for the reply (see `front.Request`)."""

    head_size = 0
    body_exists = False
    certificate: Mapping[str, Any] | None = None
    idle_timeout = 0.0

    def __init__(self, head: Head, remote: str) -> None:
        self.method = head.method
        self.target = head.target
        self.headers = head.headers
        self.port = head.port
        self.scheme = head.scheme
        self.remote = remote

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield nothing."""
        nothing: tuple[bytes, ...] = ()
        for piece in nothing:
            yield piece

    def abort(self) -> None:
        """Do nothing: there is no connection."""

    def answer(self, status: int, reason: str, headers: Pairs) -> Reply:
        """Nobody can be answered."""
        raise NotImplementedError

    async def respond(self, status: int, headers: Pairs, body: bytes) -> None:
        """Nobody can be answered."""
        raise NotImplementedError


async def owner(context: Context) -> str | None:
    """Return the id of a request's user in home's Keystone; None if that cannot be found out."""
    try:
        return await user_of(context)
    except AccountError:
        return None


async def user_of(context: Context) -> str | None:
    """Return the id of a request's user in home's Keystone; None if home does not know the token.

    Raises AccountError.
    """
    token = context.head.headers.first(AUTH_TOKEN)
    if not token or context.route.issuer not in {None, context.site.here}:
        return None
    document = await context.site.home_tokens.document(token.partition(DELIMITER)[0])
    user = (document or {}).get("token", {}).get("user")
    identifier = user.get("id") if isinstance(user, dict) else None
    return identifier if isinstance(identifier, str) else None


def written(context: Context) -> bytes:
    """Return what is needed to send requests for the user of a request later; it has his token."""
    head = context.head
    kept = context.head.headers.without(_OF_THE_BODY)
    pairs = tuple((_bytes(name), _bytes(value)) for name, value in kept)
    one = _Written(
        head.method,
        head.target,
        pairs,
        head.port,
        head.scheme,
        context.request.remote,
        context.proof.by,
    )
    return msgspec.msgpack.encode(one)


def revived(sent: bytes, request_id: str, site: Site, state: State) -> Context:
    """Return the context of a request that was written down; raises Refusal, and DecodeError."""
    one = msgspec.msgpack.decode(sent, type=_Written)
    headers = Headers((_text(name), _text(value)) for name, value in one.headers)
    headers = headers.without({REQUEST_ID.lower()}).followed_by([(REQUEST_ID, request_id)])
    head = Head(one.method, one.target, headers, one.port, scheme=one.scheme)
    request = Unattended(head, one.remote)
    route = decide(head, site.federation, site.here)
    record = AccessRecord(request, site.here)
    return Context(request, record, site, state, head, route, Proof(one.proven))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
