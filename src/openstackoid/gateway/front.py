"""The interface between a front and the handler: a client's request, and the reply to it.

`gateway.http` is one front.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from openstackoid.message import Headers

Pairs: TypeAlias = Iterable[tuple[str, str]]


class Reply(Protocol):
    """A reply that is being sent; its head is sent with the first piece, or by `flush`."""

    def flush(self) -> None:
        """Send the head now."""

    async def write(self, data: bytes) -> None:
        """Send a piece of the body.

        Raises IdleTimeoutError if the client does not read it, and ConnectionClosedError.
        """

    def end(self) -> None:
        """End the body; raises ConnectionClosedError."""


class Request(Protocol):
    """A client's request: its head, its body, and the methods to reply.

    `target` and `headers` are as received. `remote` is the client's address: at first the
    connection's, which the handler replaces by what a trusted proxy says. `scheme` is "http" or
    "https" as the client speaks it; None if a proxy ends the connection and does not say it.
    """

    remote: str
    scheme: str | None

    @property
    def method(self) -> str:
        """The method."""

    @property
    def target(self) -> str:
        """The request target: path and query, still percent-encoded."""

    @property
    def headers(self) -> Headers:
        """The headers."""

    @property
    def head_size(self) -> int:
        """The bytes of the head."""

    @property
    def port(self) -> int:
        """The local port of the connection."""

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """The client's verified certificate (SSLSocket.getpeercert), None without one."""

    @property
    def body_exists(self) -> bool:
        """Whether the head announces a body."""

    @property
    def idle_timeout(self) -> float:
        """Seconds in which the client has to read a piece of the reply."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises IdleTimeoutError if the client stops sending, and ConnectionClosedError.
        """

    def abort(self) -> None:
        """Cut the connection to the client."""

    def answer(self, status: int, reason: str, headers: Pairs) -> Reply:
        """Begin a reply; the body is then written to it."""

    async def respond(self, status: int, headers: Pairs, body: bytes) -> None:
        """Send a reply with a body in memory."""
