"""Bounds what is held of answers: open ones, and JSON to merge."""

from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.gateway.http import HttpError, Response
from openstackoid.gateway.http.bodies import PIECE
from openstackoid.operators.shapes import Listing, decode, listing
from openstackoid.routing.foreign_ids import UnsafeIdError, has_unsafe_id, without_unsafe_ids

VALUE = 96
"""Bytes of memory that a value takes besides its JSON, be it only `[]`."""

SMALL = 2**16
"""Bytes of an answer of which the values are not counted, as they cannot be many."""

MAX_HELD = 96 * 2**20
"""Bytes that one request may take: those of some 15,000 servers with all details."""

MAX_ALL = 4 * MAX_HELD
"""Bytes that all requests of a gateway may take at once."""


class UnusableError(Exception):
    """What is wrong with the body of an answer."""


class TooLongError(UnusableError):
    """There is more of it than can be held."""

    status = HTTPStatus.BAD_REQUEST


class BusyError(TooLongError):
    """There is more of it than can be held while others hold as much as they do."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class HeldBody(NamedTuple):
    """A body of JSON: decoded, and the bytes that its client gets if it is not merged.

    Both are None if there is no body; `document` alone if it is no JSON, `raw` alone if something
    was left out. `note` is what the report has to say of it. `close` lets go of it.
    """

    document: Any
    raw: bytes | None
    note: str | None
    close: Callable[[], None]


class MemoryBudget:
    """What one request may hold of its answers, until the end of the context."""

    _all = 0

    def __init__(self) -> None:
        self._bytes = 0
        self._open = ExitStack()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        self._hold(-self._bytes)
        self._open.close()
        self._ended = True

    def keep(self, response: Response) -> None:
        """Keep an answer that is not read yet; it is closed at the end, whatever becomes of it."""
        self._open.callback(response.close)

    async def read(self, passing: Passing) -> HeldBody:
        """Return the body of an answer that says it is JSON, as its client may get it.

        Of another cloud's list, items with unsafe ids are left out. Raises UnusableError.
        """
        parts: list[bytes] = []
        size = 0
        foreign, passing.search = passing.search is not None, None  # it is looked at as a whole
        with ExitStack() as holding:
            holding.callback(lambda: self._hold(-size))
            try:
                while not passing.ended:
                    part = await passing.read()
                    values = part.count(b",") if size > SMALL else 0
                    cost = len(part) + PIECE + VALUE * values
                    size += cost
                    self._hold(cost)
                    self._check()
                    parts.append(part)
            except (HttpError, TimeoutError) as error:
                raise UnusableError("broke off") from error
            document, raw, note = _decoded(b"".join(parts), foreign=foreign)
            return HeldBody(document, raw, note, holding.pop_all().close)

    def _hold(self, size: int) -> None:
        if not self._ended:
            self._bytes += size
            MemoryBudget._all += size

    def _check(self) -> None:
        if self._bytes > MAX_HELD:
            raise TooLongError("is longer than can be held; ask for it in smaller pages")
        if MemoryBudget._all > MAX_ALL:
            raise BusyError(
                "is longer than can be held beside what others ask for; try again later"
            )


def _decoded(data: bytes, *, foreign: bool) -> tuple[Any, bytes | None, str | None]:
    """Return the document in a body, the body, and what to say of it; raises UnusableError."""
    if not data:
        return None, None, None
    document: Any = None
    note = None
    try:
        document = decode(data)
    except (ValueError, RecursionError):
        note = "is no JSON, although it says so"
    if not foreign or not has_unsafe_id(data):
        return document, data, note
    left_out = _left_out(document)
    return document, None, f"left out {left_out} with an id that is none"


def _left_out(document: Any) -> int:
    """Take the items with unsafe ids off a list, and return how many they were.

    Raises UnusableError if there are unsafe ids elsewhere.
    """
    found = listing(document)
    kept = [] if found is None else without_unsafe_ids(found.items)
    if found is None or has_unsafe_id(_beside(found)):
        raise UnusableError(str(UnsafeIdError()))
    left_out = len(found.items) - len(kept)
    found.items[:] = kept
    return left_out


def _beside(found: Listing) -> bytes:
    """Return the JSON of what an answer has beside its list."""
    document = found.document
    rest = document if isinstance(document, dict) else {}
    return msgspec.json.encode({key: value for key, value in rest.items() if key != found.key})
