"""What is sent to a cloud, and what comes back; the evaluator knows nothing else of HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Policy(Enum):
    """What `&` needs: every cloud, or whichever can be reached (X-Scope-Policy)."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one service, the same for every cloud but for its query and its body.

    `path` is the part behind the service's prefix, still percent-encoded; `query` its pairs.
    `document` is the body where it is JSON, None where there is none. Any other body is the
    sender's affair; `upload` tells that it can be sent only once.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    document: Any = None
    upload: bool = False

    @classmethod
    def of(
        cls, method: str, target: str, document: Any = None, *, upload: bool = False
    ) -> "Request":
        """Return the request for a target with its query."""
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return cls(method, path, pairs, document, upload)

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def safe(self) -> bool:
        """Whether it changes nothing, and may be sent again."""
        return self.method in SAFE

    def value(self, name: str) -> str | None:
        """Return the last value of a query's parameter."""
        return next((v for n, v in reversed(self.query) if n == name), None)

    def asking(self, **values: str | None) -> "Request":
        """Return the request with other values of these parameters; None leaves one out."""
        kept = [(n, v) for n, v in self.query if n not in values]
        added = [(n, v) for n, v in values.items() if v is not None]
        return replace(self, query=(*kept, *added))


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Answer:
    """One cloud's answer, or one made of several.

    `document` is the body where it is JSON; any other is in `body`, whatever type the sender uses
    for bytes that are only passed on, and `close` lets go of it. `cloud` is None if several had a
    part in the answer. `note` is what the report has to say of an answer that is a success.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    document: Any = None
    cloud: str | None = None
    body: Any = field(default=None, repr=False)
    close: Callable[[], None] = field(default=_nothing, repr=False)
    note: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it is a success: 2xx or 3xx."""
        return 200 <= self.status < 400

    @property
    def did_nothing(self) -> bool:
        """Whether the cloud surely did nothing: it refused, or was not available.

        A gateway also says of its own errors when a request got nowhere (`"sent": false`).
        """
        error = self.document.get("error") if isinstance(self.document, dict) else None
        unsent = isinstance(error, dict) and error.get("sent") is False
        return unsent or 400 <= self.status < 500 or self.status == 503


class NoAnswerError(Exception):
    """A cloud did not answer.

    `sent` tells whether the request may have been carried out all the same, `away` that the cloud
    cannot be reached.
    """

    def __init__(self, message: str, *, sent: bool, status: int = 502, away: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.status = status
        self.away = away


Send: TypeAlias = Callable[[str, Request], Awaitable[Answer]]
"""Sends a request to one cloud; raises NoAnswerError."""
