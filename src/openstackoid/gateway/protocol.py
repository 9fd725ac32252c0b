"""aiohttp's server, made to say no more and no less than a relay should."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from aiohttp import StreamReader, hdrs, web
from multidict import CIMultiDictProxy

from openstackoid.gateway.errors import CONTENT_TYPE, body_of, unreadable
from openstackoid.gateway.limits import Connections

MAX_HEADER = 65_536
"""Bytes of one header: a token, its scope (4 KB), and some room."""

MAX_HEAD = 2 * MAX_HEADER
"""Bytes of all headers together, which aiohttp does not limit."""

KEEP_ALIVE = 75.0
"""Seconds a client's connection may wait for its next request (aiohttp: an hour)."""

HEAD_TIMEOUT = 15.0
"""Seconds in which the first head has to come, and each later one from its first byte on."""

OWN_HEADERS = (hdrs.CONTENT_TYPE, hdrs.DATE, hdrs.SERVER)
"""Headers that aiohttp adds to an answer that lacks them."""


_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class RelayedRequest(web.BaseRequest):
    """A request whose answer is relayed with the headers it came with, and no others."""

    @property
    def keep_alive(self) -> bool:
        """Whether another request may follow on this connection; none does after chunks.

        aiohttp's parser takes the trailers of a chunked body for headers of the next request, which
        behind a proxy may be another client's.
        """
        return super().keep_alive and hdrs.TRANSFER_ENCODING not in self.headers

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        if isinstance(response, RelayedResponse):
            for name in OWN_HEADERS:
                if name not in response.relayed:
                    response.headers.popall(name, None)


class RelayedResponse(web.StreamResponse):
    """An answer of a service, on its way to the client."""

    def __init__(self, status: int, reason: str, headers: list[tuple[str, str]]) -> None:
        super().__init__(status=status, reason=reason)
        self.headers.extend(headers)
        self.relayed = frozenset(name.title() for name, _ in headers)


Handler: TypeAlias = Callable[[RelayedRequest], Awaitable[web.StreamResponse]]


class Protocol(web.RequestHandler):
    """Answers what is not HTTP with an error in OpenStack's shape, and bounds what it keeps."""

    __slots__ = ("_address", "_cloud", "_connections", "_deadline", "_head", "body")

    def __init__(
        self, manager: "Server", cloud: str, connections: Connections, **kwargs: Any
    ) -> None:
        super().__init__(manager, **kwargs)
        self._cloud = cloud
        self._connections = connections
        self._address: str | None = None
        self._head = 0
        self._deadline: asyncio.TimerHandle | None = None
        self.body: StreamReader | None = None
        """That of the last request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or end it where its address has too many."""
        address = (transport.get_extra_info("peername") or ("",))[0]
        if not self._connections.opened(address):
            self.force_close()
            transport.abort()  # type: ignore[attr-defined] # a Transport, says asyncio
            return
        self._address = address
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget a connection."""
        if self._address is not None:
            self._connections.closed(self._address)
        self._expect_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a piece from the client, who is cut off if a head grows too long.

        So is one whose body is malformed: aiohttp's parser says it behind the request, not to whom
        reads the body, who would wait for the rest.
        """
        in_head = self._in_head()  # before: this piece may be the last of a body
        super().data_received(data)
        self._head = self._head + len(data) if in_head and self._in_head() else 0
        if not self._head:
            self._expect_no_head()
        elif self._deadline is None and data.strip():  # some clients end a body with a line
            self._expect_head()
        if self._head > MAX_HEAD and self.transport is not None:
            self.logger.warning("the head of a request is longer than %d bytes", MAX_HEAD)
            self.transport.abort()
        if self._messages and self._in_body() and self.transport is not None:
            self.logger.warning("the body of a request is malformed")
            self.transport.abort()

    def _expect_head(self) -> None:
        self._deadline = self._loop.call_later(HEAD_TIMEOUT, self._late)

    def _expect_no_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        if self._request_in_progress:  # its answer is not cut off for the sake of the next head
            self._expect_head()
        elif self.transport is not None:
            self.transport.abort()

    def _in_head(self) -> bool:
        return not self._messages and not self._in_body()

    def _in_body(self) -> bool:
        return self.body is not None and not self.body.is_eof()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  (it quotes the client's bytes)
    ) -> web.StreamResponse:
        """Return the answer; aiohttp calls it for requests that it could not parse."""
        self.log_exception("unreadable request from %s", request.remote, exc_info=exc)
        body = body_of(unreadable(status, self._cloud))
        response = web.Response(status=status, body=body, content_type=CONTENT_TYPE)
        response.force_close()
        return response


class Server(web.Server):
    """A low-level server: one handler for every request, whatever its path.

    The handler is called with a RelayedRequest and returns the response, finished or not. It is
    cancelled when the client leaves.
    """

    def __init__(self, handler: Handler, cloud: str, connections: Connections) -> None:
        super().__init__(
            handler,  # type: ignore[arg-type] # typed for BaseRequest; the factory makes ours
            request_factory=_request,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=KEEP_ALIVE,
            auto_decompress=False,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
        )
        self._cloud = cloud
        self._counted = connections

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return Protocol(self, self._cloud, self._counted, loop=self._loop, **self._kwargs)


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> RelayedRequest:
    protocol.body = payload
    return RelayedRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())


def connection_headers(headers: CIMultiDictProxy[str]) -> frozenset[str]:
    """Return the names of headers that end at this connection (RFC 9110, section 7.6.1)."""
    named = ",".join(headers.getall(hdrs.CONNECTION, ()))
    return _HOP_BY_HOP | {name.strip().lower() for name in set(named.split(","))}


def decoded(raw: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as text that aiohttp encodes to the same bytes again, if they are UTF-8.

    Of others it leaves out the bytes that are not; here they are lone surrogates.
    """
    return [(n.decode("latin-1"), v.decode("utf-8", "surrogateescape")) for n, v in raw]


def is_json(headers: CIMultiDictProxy[str]) -> bool:
    """Tell whether a message's body is JSON."""
    kind = headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    return kind == CONTENT_TYPE or kind.endswith(("+json", "-json-patch"))
