"""Sends requests to this cloud's backends and other clouds' frontends, over pooled connections."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from openstackoid.federation.model import Url
from openstackoid.gateway.admission.clocks import HEADER as CLOCK
from openstackoid.gateway.admission.clocks import steady
from openstackoid.gateway.admission.peers import Asking, Peers, Signed
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.http import (
    Client,
    ForbiddenAddressError,
    HttpError,
    HungError,
    IdleTimeoutError,
    LinkLostError,
    Origin,
    Outgoing,
    ProtocolError,
    Response,
    TooLateError,
    UnreachableError,
)
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.reporting.access_record import note
from openstackoid.identity.signature import NOTHING
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


BEGIN = 2
"""Connect timeouts in which another cloud has to hand a write to its service: one to be reached."""

_TIMEOUT = HTTPStatus.GATEWAY_TIMEOUT

MARGIN = 1.0
"""Seconds for which a write that may no longer begin is waited for yet."""


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

    async def ask(self, destination: Destination) -> None:
        """Check that a service answers; raises UnreachableError and HungError."""
        await self._pool.ask(self._origin(destination), _probe(destination.address))

    def _origin(self, destination: Destination) -> Origin:
        address, remote = destination.address, destination.remote
        tls = self.peers.asking if address.scheme == "https" else None
        host = destination.connect or address.host
        name = address.host if tls else None
        permit = self.permit if remote else None
        return Origin(host, address.port, tls, name, lenient=not remote, permit=permit)

    async def request(
        self,
        method: str,
        destination: Destination,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
        *,
        client: str = "",
        by_service: bool = False,
        end: float | None = None,
    ) -> Response:
        """Send a request and return its response; the caller reads its body and closes it.

        `client` is the client's address, and `by_service` says whether a service of this cloud has
        sent it with a token of its own; a gateway of another cloud is told. A service here gets
        nothing after `end`, in seconds since 1970. Raises NoAnswerError.
        """
        address = destination.address
        remote = destination.remote
        origin = self._origin(destination)
        streams = body is not None and not isinstance(body, bytes)
        signed = Signed(headers)
        if remote:
            if by_service and not self.peers.clocks.has_spoken(destination.cloud):
                await self._introduce(origin, destination, route, headers)
            whole = body if isinstance(body, bytes) else None if streams else b""
            within = min(BEGIN * self._pool.connect_timeout, self._pool.idle_timeout)
            asking = Asking(client, by_service, within, whole)
            signed = self.peers.signed(method, destination, route, headers, asking)
            headers = signed.headers
        sent = headers.pairs if "host" in headers else (("Host", address.netloc), *headers.pairs)
        wait = CONTINUE_WAIT if streams and "expect" in headers else None
        probe = None if route.scope is None else _probe(address)
        outgoing = Outgoing(method, destination.path, sent, body, wait, end, probe)
        try:
            answer = await self._pool.request(origin, outgoing)
        except HttpError as error:
            none = self._no_answer(error, outgoing, destination, route, signed)
            self._audit(destination, route, signed, None, arrived=none.sent)
            if signed.last is not None and none.sent and none.status == _TIMEOUT:
                await asyncio.sleep(signed.last + MARGIN - time.monotonic())
            raise none from error
        self._heard(destination, answer, signed)
        self._audit(destination, route, signed, answer.status)
        return answer

    async def _introduce(
        self, origin: Origin, destination: Destination, route: Route, headers: Headers
    ) -> None:
        """Send a HEAD in place of a request, from whose answer the other gateway's clock is learnt.

        Only then is it told that a service sends the request, without which it may refuse it.
        """
        signed = self.peers.signed("HEAD", destination, route, headers)
        framing = {"content-length", "content-type", "expect", "transfer-encoding"}
        sent = signed.headers.pairs_without(framing)
        try:
            with await self._pool.request(
                origin, Outgoing("HEAD", destination.path, sent, None)
            ) as answer:
                self._heard(destination, answer, signed)
                self._audit(destination, route, signed, answer.status)
        except HttpError:
            return  # the request itself will say why

    def _heard(self, destination: Destination, answer: Response, signed: Signed) -> None:
        """Learn the clock of another cloud's gateway from its answer to what was signed."""
        if signed.at:
            values = answer.headers.all(CLOCK.lower())
            said = values[0] if len(values) == 1 else None
            self.peers.clocks.heard(destination.cloud, answer.status, said, signed.at, steady())

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
        signed: Signed,
        status: int | None,
        *,
        arrived: bool = True,
    ) -> None:
        if destination.remote:
            told = signed.told or NOTHING
            audit.sent(
                signed.headers,
                route.service,
                destination.cloud,
                status,
                arrived=arrived,
                handles=(told.user, told.client),
            )

    def _no_answer(
        self,
        error: HttpError,
        request: Outgoing,
        destination: Destination,
        route: Route,
        signed: Signed,
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
            case HungError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered, and answers nobody else either: it hangs"
            case LinkLostError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered, and can no longer be reached"
            case IdleTimeoutError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered for {self._pool.idle_timeout:g} s"
            case TooLateError():
                status, sent = HTTPStatus.REQUEST_TIMEOUT, False
                what = (
                    f"{who} did not get the request, which came too late: whoever sent it waits "
                    "for it no longer. Nothing was executed"
                )
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
            over = status == _TIMEOUT and signed.last is not None
            sure = ", but cannot begin any more" if over else ""
            advice = f"the request may have been carried out{sure}; look before you send it again"
        elif destination.remote:
            advice = f"try again later, or take {route.service} in another cloud"
        else:
            advice = "try again later"
        forbidden = isinstance(error, ForbiddenAddressError)
        away = not forbidden and isinstance(error, UnreachableError | LinkLostError)
        hung = isinstance(error, HungError)
        return NoAnswerError(f"{what}; {advice}", sent=sent, status=status, away=away, hung=hung)


def refused(error: NoAnswerError, cloud: str, service: str) -> Refusal:
    """Return the refusal for the client if a cloud gave no answer."""
    status = HTTPStatus(error.status)
    return Refusal(status, error.message, cloud=cloud, service=service, sent=error.sent)


def _probe(address: Url) -> Outgoing:
    """Return a request that a service answers without looking anything up: its root."""
    headers = (("Host", address.netloc), ("Connection", "close"))
    return Outgoing("GET", f"{address.path}/", headers, None)


def _reason(error: OSError) -> str:
    """Return why a connection failed, without the address in asyncio's message."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "no connection"
    return os.strerror(error.errno)
