"""Heads and headers of HTTP messages, as all other parts use them."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Pairs: TypeAlias = tuple[tuple[str, str], ...]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

JSON = "application/json"

OWN = "/openstackoid/"
"""Behind the frontend of identity, where Keystone has nothing: gateways answer there themselves."""

REPLICAS = f"{OWN}replicas"
"""Where a user asks for what is replicated of his, and gateways each other for operations."""

DATA = f"{REPLICAS}/data"
"""Where gateways ask each other for the data of a copy, part by part."""

UNSETTLED = f"{OWN}unsettled"
"""Where a user asks what is left of his writes to several clouds."""

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
"""Headers that belong to one connection (RFC 9110, section 7.6.1)."""


MAX_WORDS = 64
"""Elements of a comma-separated header that are told apart; real ones have a few."""


class Headers:
    """The headers of one message; `pairs` has them in their order, as received.

    Names are looked up in lower case. Values are decoded as UTF-8 and names as ASCII; a byte that
    cannot be decoded is a lone surrogate (`surrogateescape`).
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)
        values = {name.lower(): [value] for name, value in self.pairs}
        if len(values) != len(self.pairs):  # seldom
            values = {name: [] for name in values}
            for name, value in self.pairs:
                values[name.lower()].append(value)
        self._values = values

    @property
    def names(self) -> Iterable[str]:
        """The names of the headers, in lower case, each once."""
        return self._values

    def first(self, name: str) -> str | None:
        """Return the first value of a header, None if the header is missing."""
        values = self._values.get(name)
        return values[0] if values else None

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a header, `default` if the header is missing."""
        values = self._values.get(name)
        return values[0] if values else default

    def all(self, name: str) -> list[str]:
        """Return all values of a header, in their order."""
        return self._values.get(name, [])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def without(self, names: Set[str]) -> "Headers":
        """Return the headers except those with these names, which are in lower case."""
        if names.isdisjoint(self._values):
            return self
        kept = Headers.__new__(Headers)
        kept.pairs = self.pairs_without(names)
        kept._values = values = self._values.copy()
        for name in names & values.keys():
            del values[name]
        return kept

    def followed_by(self, pairs: Iterable[tuple[str, str]]) -> "Headers":
        """Return the headers with others behind them."""
        more = tuple(pairs)
        if not more:
            return self
        headers = Headers.__new__(Headers)
        headers.pairs = self.pairs + more
        headers._values = values = self._values.copy()
        for name, value in more:
            key = name.lower()
            values[key] = [*values.get(key, ()), value]
        return headers

    def pairs_without(self, names: Set[str]) -> Pairs:
        """Return all headers but those of these names as pairs: they are not looked up any more."""
        if names.isdisjoint(self._values):
            return self.pairs
        return tuple([pair for pair in self.pairs if pair[0].lower() not in names])

    def has_any(self, names: Set[str]) -> bool:
        """Return whether one of these names, which are in lower case, was sent."""
        return not names.isdisjoint(self._values)

    def words(self, name: str) -> frozenset[str]:
        """Return the elements of a comma-separated header, in lower case.

        What follows the first MAX_WORDS elements is one element, commas included.
        """
        values = self._values.get(name)
        if values is None:
            return frozenset()
        text = ",".join(values)
        return _words(text) if len(text) <= _SHORT else _split(text)


def _split(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.lower().split(",", MAX_WORDS)) - {""}


_SHORT = 64
_words = lru_cache(maxsize=256)(_split)
"""`_split` with a cache, for the few short lists that most clients send."""


@dataclass(slots=True)  # not frozen: one is made for each request, and would take twice as long
class Head:
    """Request line and headers as received, and the port of the frontend; treat it as immutable.

    `target` is the raw request target: path and query, still percent-encoded; a byte that is not
    ASCII is a lone surrogate. `body_token` is the token in the body of an authentication request:
    the only place besides the head that can hold a scope. `scheme` is "http" or "https", None if
    it is not known which one the client speaks.
    """

    method: str
    target: str
    headers: Headers
    port: int
    body_token: str | None = None
    scheme: str | None = None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


def connection_headers(headers: Headers) -> frozenset[str]:
    """Return the names of the headers that belong to this connection (RFC 9110, section 7.6.1)."""
    named = headers.words("connection")
    return HOP_BY_HOP if named <= HOP_BY_HOP else HOP_BY_HOP | named


def is_json(headers: Headers) -> bool:
    """Return whether the Content-Type of a message is JSON."""
    kind = headers.get("content-type").partition(";")[0].strip().lower()
    return kind == JSON or kind.endswith(("+json", "-json-patch"))


def is_xml(headers: Headers) -> bool:
    """Return whether the Content-Type of a message is XML (RFC 7303, section 9)."""
    kind = headers.get("content-type").partition(";")[0].strip().lower()
    return kind in {"text/xml", "application/xml"} or kind.endswith("+xml")
