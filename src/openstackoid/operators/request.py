"""What is sent to a cloud, and what comes back; the evaluator knows nothing else of HTTP."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from openstackoid.message import SAFE_METHODS
from openstackoid.operators import rules


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one service, the same for every cloud but for its query and its body.

    `path` is the part behind the service's prefix, still percent-encoded; `query` its pairs, of
    which bytes that are not UTF-8 are lone surrogates. `body` are the bytes to send, None where
    there is no body, and `document` what they decode to, None if that is nothing. An `upload` is
    the sender's affair: it can be sent only once. `chosen` is an id that we have chosen for what is
    created.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    document: Any = None
    upload: bool = False
    chosen: str | None = None
    _written: str | None = None

    @classmethod
    def of(
        cls, method: str, target: str, body: bytes | None = None, *, upload: bool = False
    ) -> "Request":
        """Return the request for a target with its query."""
        path, _, query = target.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
        return cls(method, path, pairs, body, _document(body), upload, _written=query)

    @property
    def target(self) -> str:
        """The path with the query, as it came where nothing of it is another."""
        query = self._written
        if query is None:
            query = urlencode(self.query, errors="surrogateescape")
        return f"{self.path}?{query}" if query else self.path

    @property
    def safe(self) -> bool:
        """Whether it changes nothing, and may be sent again."""
        return self.method in SAFE_METHODS

    def value(self, name: str) -> str | None:
        """Return the last value of a query's parameter."""
        return next((v for n, v in reversed(self.query) if n == name), None)

    def asking(self, **values: str | None) -> "Request":
        """Return the request with other values of these parameters; None leaves one out."""
        kept = tuple((n, v) for n, v in self.query if n not in values)
        added = [(n, v) for n, v in values.items() if v is not None]
        if not added and kept == self.query:
            return self
        return replace(self, query=(*kept, *added), _written=None)

    def having(self, document: Any) -> "Request":
        """Return the request with another document for its body."""
        return replace(self, document=document, body=json.dumps(document).encode())


def _document(body: bytes | None) -> Any:
    """Return what a body decodes to, None if it is no JSON."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Answer:
    """One cloud's answer, or one made of several.

    `document` is the body where it is JSON, `raw` the bytes that it was decoded from: they are what
    is passed on, unless the document is made of several. Any other body is in `body`, whatever type
    the sender uses for bytes that are only passed on, and `close` lets go of it. `cloud` is None if
    several had a part in the answer. `note` is what the report has to say of a success.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    document: Any = None
    cloud: str | None = None
    body: Any = field(default=None, repr=False)
    close: Callable[[], None] = field(default=_nothing, repr=False)
    note: str | None = None
    raw: bytes | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        """Whether it is a success: 2xx or 3xx."""
        return rules.succeeded(self.status)


class NoAnswerError(Exception):
    """A cloud did not answer.

    `sent` tells whether the request may have been carried out all the same, `away` that the cloud
    cannot be reached, `hung` that the service answers nobody.
    """

    def __init__(
        self,
        message: str,
        *,
        sent: bool,
        status: int = 502,
        away: bool = False,
        hung: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent
        self.status = status
        self.away = away
        self.hung = hung


Send: TypeAlias = Callable[[str, Request], Awaitable[Answer]]
"""Sends a request to one cloud; raises NoAnswerError."""
