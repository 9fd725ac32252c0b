"""What is asked of a service, and where."""

import ssl
from collections.abc import AsyncIterator
from typing import NamedTuple

from openstackoid.message import SAFE_METHODS


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
        return self.method in SAFE_METHODS and (self.body is None or isinstance(self.body, bytes))
