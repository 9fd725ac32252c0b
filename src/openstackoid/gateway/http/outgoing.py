"""What is asked of a service, and where."""

import ssl
from collections.abc import AsyncIterator
from typing import NamedTuple

from openstackoid.gateway.http.heads import encoded
from openstackoid.message import SAFE_METHODS


class Origin(NamedTuple):
    """Where to connect, and as what; `name` is whose certificate is asked for.

    `lenient` tells that the service is an own one, whose answers are read by `heads.LENIENT`.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str | None = None
    lenient: bool = False


class Outgoing(NamedTuple):
    """A request to send. Without a Content-Length, a body that streams goes in chunks.

    `wait` is for how many seconds a body waits for `100 Continue`, None if nobody expects it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes] | bytes | None
    wait: float | None = None

    @property
    def chunked(self) -> bool:
        """Whether its body streams, and how long it is nobody says."""
        streams = self.body is not None and not isinstance(self.body, bytes)
        return streams and all(name.lower() != "content-length" for name, _ in self.headers)

    @property
    def head(self) -> bytes:
        """What is sent before the body; raises ValueError if a header has a line end."""
        framing = (("Transfer-Encoding", "chunked"),) if self.chunked else ()
        return encoded(f"{self.method} {self.target} HTTP/1.1", (*self.headers, *framing))

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent once more if nobody knows what became of it."""
        return self.method in SAFE_METHODS and (self.body is None or isinstance(self.body, bytes))
