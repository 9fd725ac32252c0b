"""A request of the HTTP client, and the origin that it is sent to."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

from openstackoid.gateway.http.heads import encoded
from openstackoid.gateway.http.resolver import Resolve
from openstackoid.message import SAFE_METHODS

Permit: TypeAlias = Callable[[str, int, Resolve], Awaitable[Sequence[str]]]
"""Resolves the host of an origin, and returns the IP addresses that may be connected to at a port.

Raises ForbiddenAddressError, and OSError as the resolver does.
"""


class Origin(NamedTuple):
    """Where to connect; `tls` is None for http, `name` is the host name in the certificate.

    `lenient`: the service is this cloud's own, and its responses are read by `heads.LENIENT`.
    `permit` decides at each connect; without one, the host may lead anywhere.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str | None = None
    lenient: bool = False
    permit: Permit | None = None


class Outgoing(NamedTuple):
    """A request to send; a streamed body without a Content-Length is sent in chunks.

    `wait` is the seconds to wait for `100 Continue` before the body, None not to wait. `end` is
    when it may be sent for the last time, in seconds since 1970. `probe` is a request that the
    server answers at once, by which it is seen whether it hangs; None without.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes] | bytes | None
    wait: float | None = None
    end: float | None = None
    probe: "Outgoing | None" = None

    @property
    def chunked(self) -> bool:
        """Whether the body is streamed and its length unknown."""
        streams = self.body is not None and not isinstance(self.body, bytes)
        return streams and all(name.lower() != "content-length" for name, _ in self.headers)

    @property
    def head(self) -> bytes:
        """The encoded head; raises ValueError if a header has a line end."""
        framing = (("Transfer-Encoding", "chunked"),) if self.chunked else ()
        return encoded(f"{self.method} {self.target} HTTP/1.1", (*self.headers, *framing))

    @property
    def repeatable(self) -> bool:
        """Whether the request may be sent again if it is not known what became of it."""
        return self.method in SAFE_METHODS and (self.body is None or isinstance(self.body, bytes))
