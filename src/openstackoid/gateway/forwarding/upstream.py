"""Sends requests to this cloud's backends and other clouds' frontends, over pooled connections."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus

from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.http import (
    Client,
    ForbiddenAddressError,
    HttpError,
    IdleTimeoutError,
    LinkLostError,
    Origin,
    Outgoing,
    ProtocolError,
    Response,
    UnreachableError,
)
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.access_record import note
from openstackoid.message import SAFE_METHODS, Headers
from openstackoid.operators.request import NoAnswerError
from openstackoid.routing import Destination, Refusal, Route

CONTINUE_WAIT = 1.0
"""Seconds to wait for `100 Continue` before the body is sent anyway, as curl does.

A uWSGI without http-manage-expect never sends it.
"""

LONG_HEAD = 3072
"""Bytes of a head above which an error suggests that the head is too long for the service.

A uWSGI closes the connection without an answer if the head, and what uWSGI adds to it, exceed its
buffer-size, 4096 bytes by default.
"""


class Upstream:
    """Sends requests over a pool of connections; bodies are streamed, redirections not followed.

    `peers` signs requests to other gateways and has the TLS context, `permit` decides where they
    may lead. A reload makes a new Upstream with the same pool.
    """

    def __init__(self, pool: Client, peers: Peers, permit: Permit) -> None:
        self._pool = pool
        self.peers = peers
        self.permit = permit

    async def reach(self, origin: Origin) -> None:
        """Check that a service accepts connections; raises UnreachableError."""
        await self._pool.reach(origin)

    async def request(
        self,
        method: str,
        destination: Destination,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> Response:
        """Send a request and return its response; the caller reads its body and closes it.

        Raises NoAnswerError.
        """
        address = destination.address
        tls = self.peers.asking if address.scheme == "https" else None
        host = destination.connect or address.host
        name = address.host if tls else None
        remote = destination.remote
        permit = self.permit if remote else None
        origin = Origin(host, address.port, tls, name, lenient=not remote, permit=permit)
        headers = self.peers.signed(method, destination, route, headers)
        sent = headers.pairs if "host" in headers else (("Host", address.netloc), *headers.pairs)
        streams = body is not None and not isinstance(body, bytes)
        wait = CONTINUE_WAIT if streams and "expect" in headers else None
        outgoing = Outgoing(method, destination.path, sent, body, wait)
        try:
            answer = await self._pool.request(origin, outgoing)
        except HttpError as error:
            none = self._no_answer(error, outgoing, destination, route)
            self._audit(destination, route, headers, None, arrived=none.sent)
            raise none from error
        self._audit(destination, route, headers, answer.status)
        return answer

    async def send(
        self,
        method: str,
        destination: Destination,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> Response:
        """Send a request and return its response, as `request` does.

        Raises Refusal instead of NoAnswerError; it has whether the request may have been executed.
        """
        try:
            return await self.request(method, destination, route, headers, body)
        except NoAnswerError as error:
            raise refused(error, destination.cloud, route.service) from error

    def _audit(
        self,
        destination: Destination,
        route: Route,
        headers: Headers,
        status: int | None,
        *,
        arrived: bool = True,
    ) -> None:
        if destination.remote:
            audit.sent(headers, route.service, destination.cloud, status, arrived=arrived)

    def _no_answer(
        self, error: HttpError, request: Outgoing, destination: Destination, route: Route
    ) -> NoAnswerError:
        """Return the error for a request without an answer: cause, status and advice."""
        who = f"{route.service} of {destination.cloud}"
        at = f" at {destination.origin}" if destination.remote else ""
        if destination.connect:  # clients must not learn this address
            note("connect", destination.connect)
        status = HTTPStatus.BAD_GATEWAY
        sent = True
        match error:
            case ForbiddenAddressError():
                sent = False
                what = f"{who}{at} leads to {error.why}"
                if destination.connect:
                    what = f"{who}{at} is not connected to; the log of {self.peers.here} says why"
                    note("not_permitted", error.why)
            case UnreachableError(reason=None):
                status, sent = HTTPStatus.GATEWAY_TIMEOUT, False
                seconds = self._pool.connect_timeout
                what = f"{who}{at} could not be reached within {seconds:g} s"
            case UnreachableError(reason=OSError() as reason):
                sent = False
                what = f"{who}{at} could not be reached: {_reason(reason)}"
            case LinkLostError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered, and can no longer be reached"
            case IdleTimeoutError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered for {self._pool.idle_timeout:g} s"
            case ProtocolError():
                what = f"{who}{at} gave an answer that the gateway cannot read: {error}"
            case _:
                what = f"{who}{at} closed the connection without an answer"
                if (size := len(request.head)) > LONG_HEAD:
                    what += (
                        f" (the request's line and headers had {size} bytes; some servers take "
                        "4096, as uWSGI does unless its buffer-size is larger)"
                    )
        if sent and request.method not in SAFE_METHODS:
            advice = "the request may have been carried out; look before you send it again"
        elif destination.remote:
            advice = f"try again later, or take {route.service} in another cloud"
        else:
            advice = "try again later"
        forbidden = isinstance(error, ForbiddenAddressError)
        away = not forbidden and isinstance(error, UnreachableError | LinkLostError)
        return NoAnswerError(f"{what}; {advice}", sent=sent, status=status, away=away)


def refused(error: NoAnswerError, cloud: str, service: str) -> Refusal:
    """Return the refusal for the client if a cloud gave no answer."""
    status = HTTPStatus(error.status)
    return Refusal(status, error.message, cloud=cloud, service=service, sent=error.sent)


def _reason(error: OSError) -> str:
    """Return why a connection failed, without the address in asyncio's message."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "no connection"
    return os.strerror(error.errno)
