"""What is asked of a service, and where."""

import ssl
from collections.abc import AsyncIterator
from typing import NamedTuple

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods whose requests may be sent again (RFC 9110, section 9.2.1)."""


class Origin(NamedTuple):
    """Where to connect, and as what; `name` is whose certificate is asked for."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    name: str | None = None


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
    def repeatable(self) -> bool:
        """Whether it may be sent once more if nobody knows what became of it."""
        return self.method in SAFE and (self.body is None or isinstance(self.body, bytes))
