"""What a front hands in: one request of a client, and the way back.

The handler knows no more of how requests arrive; `gateway.http` is one front.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

from openstackoid.message import Headers

Pairs: TypeAlias = Iterable[tuple[str, str]]


class Reply(Protocol):
    """An answer on its way; its head is sent with the first piece, or by `flush`."""

    def flush(self) -> None:
        """Send the head now."""

    async def write(self, data: bytes) -> None:
        """Send a piece.

        Raises IdleTimeoutError if the client takes nothing, and ConnectionClosedError.
        """

    def end(self) -> None:
        """Say that this was all; raises ConnectionClosedError."""


class Request(Protocol):
    """A request: its head, its body, and the way back.

    `target` is raw, as are `headers`. `remote` is the address it came from: that of the connection,
    unless somebody knows better. `scheme` is "http" or "https", which the client speaks; None where
    the connection is not the client's, and nobody has said it.
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
    def port(self) -> int:
        """The port it came in by."""

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """What the client has shown, verified (SSLSocket.getpeercert)."""

    @property
    def body_exists(self) -> bool:
        """Whether a body was announced."""

    @property
    def idle_timeout(self) -> float:
        """Seconds in which the client has to take a piece of an answer."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body.

        Raises IdleTimeoutError if the client sends nothing any more, and ConnectionClosedError.
        """

    def abort(self) -> None:
        """Cut the client off."""

    def answer(self, status: int, reason: str, headers: Pairs) -> Reply:
        """Begin the reply."""

    async def respond(self, status: int, headers: Pairs, body: bytes) -> None:
        """Reply with a body that is whole."""
