"""The head of a request: all that routing looks at."""

from dataclasses import dataclass, field

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

HOP_BY_HOP = frozenset(
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
"""Headers that end at each connection (RFC 9110, section 7.6.1)."""


@dataclass(slots=True)  # not frozen: one is made for each request, and would take twice as long
class Head:
    """Request line and headers as received, and the port they came in by; nobody changes it.

    `target` is raw: path and query, still percent-encoded. `body_token` is the token that an
    authentication request holds in its body, the one place besides the head with a scope.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    port: int
    body_token: str | None = None
    _values: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values: dict[str, list[str]] = {}
        for name, value in self.headers:
            key = name.lower()
            if key in values:
                values[key].append(value)
            else:
                values[key] = [value]
        self._values = values

    def values(self, name: str) -> list[str]:
        """Return the values of a header, each time it was sent; `name` in lower case."""
        return self._values.get(name, [])

    def value(self, name: str) -> str | None:
        """Return the first value of a header, None if it was not sent."""
        values = self._values.get(name)
        return values[0] if values else None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]
