"""The way out: one pool of connections to this cloud's backends and the other clouds' frontends."""

import os
import socket
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog

from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.http import (
    Client,
    HttpError,
    LostError,
    MalformedError,
    Origin,
    Outgoing,
    Response,
    SilentError,
    UnreachableError,
)
from openstackoid.gateway.reporting import audit
from openstackoid.identity import Headers
from openstackoid.operators import NoAnswerError
from openstackoid.routing import SAFE_METHODS, Refusal, Route, Target

CONTINUE_WAIT = 1.0
"""Seconds to wait for `100 Continue` before a body is sent all the same, as curl does: a uwsgi
without http-manage-expect never says it."""

log = structlog.get_logger()


class Upstream:
    """Sends requests on. Connections are pooled; nothing is buffered, followed or decoded.

    `peers` is by what other gateways know this one; it may be exchanged at any time.
    """

    def __init__(self, peers: Peers, connect_timeout: float, idle_timeout: float) -> None:
        self.peers = peers
        self.connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._for_head = connect_timeout + idle_timeout
        self._client = Client(connect_timeout, idle_timeout)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()

    async def request(
        self,
        method: str,
        target: Target,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> Response:
        """Send a request, return its answer's head; whoever has it reads and closes it.

        Raises NoAnswerError if there is none.
        """
        origin, path = self._way(target)
        headers = self.peers.signed(method, path, target, route, headers)
        sent = headers if _has(headers, "host") else (("Host", target.host), *headers)
        streams = body is not None and not isinstance(body, bytes)
        expects = streams and _has(headers, "expect")
        wait = CONTINUE_WAIT if expects else None
        try:
            answer = await self._client.request(origin, Outgoing(method, path, sent, body, wait))
        except HttpError as error:
            none = self._no_answer(error, method, target, route)
            self._audit(target, route, headers, None, arrived=none.sent)
            raise none from error
        self._audit(target, route, headers, answer.status)
        return answer

    def _way(self, target: Target) -> tuple[Origin, str]:
        """Return where to connect for a target, and its path."""
        scheme, _, rest = target.url.partition("://")
        netloc, _, path = rest.partition("/")
        host, port = _address(scheme, netloc)
        tls = self.peers.asking if scheme == "https" else None
        return Origin(target.connect or host, port, tls, host if tls else None), f"/{path}"

    def _audit(
        self,
        target: Target,
        route: Route,
        headers: Headers,
        status: int | None,
        *,
        arrived: bool = True,
    ) -> None:
        if target.remote:
            here = self.peers.here
            audit.sent(headers, route.service, target.cloud, status, here=here, arrived=arrived)

    async def send(
        self,
        method: str,
        target: Target,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> Response:
        """Send a request, return its answer's head; the body is read from it within its context.

        Raises Refusal if there is no answer. It says whether the request may have been executed.
        """
        try:
            return await self.request(method, target, route, headers, body)
        except NoAnswerError as error:
            status = HTTPStatus(error.status)
            raise Refusal(
                status,
                error.message,
                cloud=target.cloud,
                service=route.service,
                sent=error.sent,
            ) from error

    def _no_answer(
        self, error: HttpError, method: str, target: Target, route: Route
    ) -> NoAnswerError:
        who = f"{route.service} of {target.cloud}"
        at = f" at {_origin(target.url)}" if target.remote else ""
        if target.connect:  # how clouds reach one another is not for everyone
            log.warning("no answer", cloud=target.cloud, connect=target.connect)
        status = HTTPStatus.BAD_GATEWAY
        sent = True
        match error:
            case UnreachableError(reason=None):
                status, sent = HTTPStatus.GATEWAY_TIMEOUT, False
                what = f"{who}{at} could not be reached within {self.connect_timeout:g} s"
            case UnreachableError(reason=OSError() as reason):
                sent = False
                what = f"{who}{at} could not be reached: {_reason(reason)}"
            case LostError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered, and can no longer be reached"
            case SilentError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered for {self._idle_timeout:g} s"
            case MalformedError():
                what = f"{who}{at} gave an answer that is not HTTP"
            case _:
                what = f"{who}{at} closed the connection without an answer"
        if sent and method not in SAFE_METHODS:
            advice = "the request may have been carried out; look before you send it again"
        elif target.remote:
            advice = f"try again later, or take {route.service} in another cloud"
        else:
            advice = "try again later"
        away = isinstance(error, UnreachableError | LostError)
        return NoAnswerError(f"{what}; {advice}", sent=sent, status=status, away=away)


def _has(headers: Headers, name: str) -> bool:
    return name in [n.lower() for n, _ in headers]


def _origin(url: str) -> str:
    """Return a URL without its path."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


@lru_cache(maxsize=4096)
def _address(scheme: str, netloc: str) -> tuple[str, int]:
    parts = urlsplit(f"{scheme}://{netloc}")
    return parts.hostname or "", parts.port or (443 if scheme == "https" else 80)


def _reason(error: OSError) -> str:
    """Return why a connection failed, without the address that asyncio's text has."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "no connection"
    return os.strerror(error.errno)
