"""The way out: one pool of connections to this cloud's backends and the other clouds' frontends."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import aiohttp
import structlog
from aiohttp import hdrs
from yarl import URL

from openstackoid.gateway import audit
from openstackoid.gateway.peers import Peers
from openstackoid.gateway.protocol import MAX_HEADER
from openstackoid.identity import Headers
from openstackoid.operators import NoAnswerError
from openstackoid.routing import SAFE_METHODS, Refusal, Route, Target

KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than any usual server keeps it (Apache: 5)."""

CONTINUE_WAIT = 1.0
"""Seconds to wait for `100 Continue` before a body is sent all the same, as curl does: a uwsgi
without http-manage-expect never says it."""

log = structlog.get_logger()


class _Request(aiohttp.ClientRequest):
    """A request that does not wait for `100 Continue` for ever."""

    def update_expect_continue(self, expect: bool = False) -> None:
        super().update_expect_continue(expect)
        waiter = self._continue
        if waiter is not None:
            self.loop.call_later(
                CONTINUE_WAIT, lambda: None if waiter.done() else waiter.set_result(True)
            )


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a write once only, though aiohttp would repeat a PUT or DELETE that got no answer."""
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method in SAFE_METHODS:
            raise
        raise aiohttp.ClientConnectionError from error


class Upstream:
    """Sends requests on. Connections are pooled; nothing is buffered, followed or decoded.

    `peers` is by what other gateways know this one; it may be exchanged at any time.
    """

    def __init__(self, peers: Peers, connect_timeout: float, idle_timeout: float) -> None:
        self.peers = peers
        self.connect_timeout = connect_timeout
        self._idle_timeout = idle_timeout
        self._for_head = connect_timeout + idle_timeout
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
            request_class=_Request,
            middlewares=(_once,),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=connect_timeout, sock_read=idle_timeout
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=(
                hdrs.ACCEPT,
                hdrs.ACCEPT_ENCODING,
                hdrs.CONTENT_TYPE,
                hdrs.USER_AGENT,
            ),
            auto_decompress=False,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()

    async def request(
        self,
        method: str,
        target: Target,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> aiohttp.ClientResponse:
        """Send a request, return its answer's head; whoever has it reads and closes it.

        Raises NoAnswerError if there is none.
        """
        url = URL(target.url, encoded=True)
        headers = self.peers.signed(method, url.raw_path_qs, target, route, headers)
        patience = None if isinstance(body, AsyncIterator) else self._for_head
        try:
            async with asyncio.timeout(patience) as taking:
                answer = await self._session.request(
                    method,
                    url.with_host(target.connect) if target.connect else url,
                    headers=headers,
                    data=self._taken(body, taking) if isinstance(body, AsyncIterator) else body,
                    allow_redirects=False,
                    server_hostname=url.host,
                    ssl=self.peers.asking,
                )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self._audit(target, route, headers, None)
            raise self._no_answer(error, method, target, route) from error
        self._audit(target, route, headers, answer.status)
        return answer

    def _audit(self, target: Target, route: Route, headers: Headers, status: int | None) -> None:
        if target.remote:
            audit.sent(headers, route.service, target.cloud, status, here=self.peers.here)

    async def _taken(
        self, body: AsyncIterator[bytes], taking: asyncio.Timeout
    ) -> AsyncIterator[bytes]:
        """Yield a body, of which each piece is to be taken within the idle timeout.

        So is the answer's head to come behind its end, whatever 1xx (RFC 9110, section 15.2) come
        before it.
        """

        def expect(something: bool) -> None:
            end = asyncio.get_running_loop().time() + self._idle_timeout
            with suppress(RuntimeError):  # there is an answer before the body has ended
                taking.reschedule(end if something else None)

        async for piece in body:
            expect(something=True)
            yield piece
            expect(something=False)
        expect(something=True)

    @asynccontextmanager
    async def send(
        self,
        method: str,
        target: Target,
        route: Route,
        headers: Headers,
        body: AsyncIterator[bytes] | bytes | None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request, give its answer's head; the body is read from it within the context.

        Raises Refusal if there is no answer. It says whether the request may have been executed.
        """
        try:
            response = await self.request(method, target, route, headers, body)
        except NoAnswerError as error:
            status = HTTPStatus(error.status)
            raise Refusal(
                status,
                error.message,
                cloud=target.cloud,
                service=route.service,
                sent=error.sent,
            ) from error
        try:
            yield response
        finally:
            response.release() if response.content.at_eof() else response.close()

    def _no_answer(
        self, error: Exception, method: str, target: Target, route: Route
    ) -> NoAnswerError:
        who = f"{route.service} of {target.cloud}"
        at = f" at {URL(target.url).origin()}" if target.remote else ""
        if target.connect:  # how clouds reach one another is not for everyone
            log.warning("no answer", cloud=target.cloud, connect=target.connect)
        status = HTTPStatus.BAD_GATEWAY
        sent = True
        match error:
            case aiohttp.ConnectionTimeoutError():
                status, sent = HTTPStatus.GATEWAY_TIMEOUT, False
                what = f"{who}{at} could not be reached within {self.connect_timeout:g} s"
            case aiohttp.ClientConnectorError():
                sent = False
                what = f"{who}{at} could not be reached: {_reason(error.os_error)}"
            case asyncio.TimeoutError():
                status = HTTPStatus.GATEWAY_TIMEOUT
                what = f"{who}{at} has not answered for {self._idle_timeout:g} s"
            case aiohttp.ClientResponseError():
                what = f"{who}{at} gave an answer that is not HTTP"
            case _:
                what = f"{who}{at} closed the connection without an answer"
        if sent and method not in SAFE_METHODS:
            advice = "the request may have been carried out; look before you send it again"
        elif target.remote:
            advice = f"try again later, or take {route.service} in another cloud"
        else:
            advice = "try again later"
        return NoAnswerError(f"{what}; {advice}", sent=sent, status=status)


def _reason(error: OSError) -> str:
    """Return why a connection failed, without the address that asyncio's text has."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "no connection"
    return os.strerror(error.errno)
