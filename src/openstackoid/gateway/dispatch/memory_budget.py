"""Limits the memory for the answers of a composite request, per request and per worker."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from openstackoid.gateway.forwarding.downstream import Passing
from openstackoid.gateway.http import HttpError, Response
from openstackoid.gateway.http.bodies import PIECE
from openstackoid.operators.listing import decode, listing
from openstackoid.routing.foreign_ids import Search, UnsafeIdError, has_unsafe_id

VALUE = 96
"""Bytes of memory that each JSON value takes once it is decoded, even `[]`."""

SMALL = 2**16
"""Bytes of an answer up to which its values are not counted, as they are few."""

MAX_HELD = 96 * 2**20
"""Bytes that the answers of one request may take: about 15,000 servers with all details."""

MAX_ALL = 4 * MAX_HELD
"""Bytes that the answers of all requests of a worker may take at the same time."""

MAX_OF_CLOUD = MAX_ALL // 2
"""Bytes of these that the answers of one cloud may take: else it could keep all others out."""


_AT_ONCE = 2**16
"""Bytes that are searched for unsafe ids at once."""

HELD_BODY_TIMEOUT = 60.0
"""Seconds in which an answer that is held in memory has to arrive completely."""

NO_JSON = "is no JSON, although it says so"
"""The note of a body that cannot be decoded."""


class UnusableError(Exception):
    """The body of an answer cannot be used; the message says why, after the answer's name."""


class TooLongError(UnusableError):
    """The body does not fit into the budget of one request."""

    status = HTTPStatus.BAD_REQUEST


class BusyError(TooLongError):
    """The body does not fit beside the answers of other requests."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class HeldBody(NamedTuple):
    """A JSON body in memory: decoded, and its bytes for the client if it is not merged.

    Both are None if the body is empty. Only `document` is None if the body is not JSON, only `raw`
    if items were left out. `note` is a remark for the report. `close` returns its bytes to the
    budget.
    """

    document: Any
    raw: bytes | None
    note: str | None
    close: Callable[[], None]


class MemoryBudget:
    """A context that counts the memory for one request's answers, and frees all at its end."""

    _all: ClassVar[Counter[str]] = Counter()
    """Bytes of all requests by the cloud that answers."""

    def __init__(self) -> None:
        self.read_in_all = 0
        """Bytes that all answers have taken until now, also those that were freed."""
        self._bytes: Counter[str] = Counter()
        self._open = ExitStack()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        for cloud, size in list(self._bytes.items()):
            self._charge(cloud, -size)
        self._open.close()
        self._ended = True

    def keep(self, response: Response) -> None:
        """Close an answer at the end of the context, unless it is closed before."""
        self._open.callback(response.close)

    async def read(self, passing: Passing) -> HeldBody:
        """Read and decode the body of an answer whose content type is JSON.

        Items with unsafe ids are left out of another cloud's list. Raises UnusableError, also if
        the body is not whole after HELD_BODY_TIMEOUT: each piece alone may take the idle timeout.
        """
        parts: list[bytes] = []
        size = 0
        cloud = passing.cloud
        search, passing.search = passing.search, None  # what it finds may be left out
        unsafe = False
        with ExitStack() as charged:
            charged.callback(lambda: self._charge(cloud, -size))
            try:
                async with asyncio.timeout(HELD_BODY_TIMEOUT):
                    while not passing.ended:
                        part = await passing.read()
                        values = part.count(b",") if size > SMALL else 0
                        cost = len(part) + PIECE + VALUE * values
                        size += cost
                        self.read_in_all += cost
                        self._charge(cloud, cost)
                        self._check(cloud)
                        parts.append(part)
                        if search is not None and not unsafe:
                            unsafe = _is_unsafe(search, part, last=passing.ended)
                            await asyncio.sleep(0)  # others go on: a search may take long
            except (HttpError, TimeoutError) as error:
                raise UnusableError("broke off") from error
            document, raw, note = _decoded(b"".join(parts))
            if unsafe:
                left_out = await _left_out(document)
                raw, note = None, f"left out {left_out} with an id that is none"
            return HeldBody(document, raw, note, charged.pop_all().close)

    def _charge(self, cloud: str, size: int) -> None:
        if not self._ended:
            self._bytes[cloud] += size
            self._all[cloud] += size
            if not self._all[cloud]:
                del self._all[cloud]

    def _check(self, cloud: str) -> None:
        if self._bytes.total() > MAX_HELD:
            raise TooLongError("is longer than can be held; ask for it in smaller pages")
        if self._all[cloud] > MAX_OF_CLOUD:
            raise BusyError(
                f"is longer than can be held beside what else {cloud} answers; try again later"
            )
        if self._all.total() > MAX_ALL:
            raise BusyError(
                "is longer than can be held beside what others ask for; try again later"
            )


def _is_unsafe(search: Search, part: bytes, *, last: bool) -> bool:
    """Search the next part of a body; return whether an unsafe id is in it."""
    try:
        search.feed(part)
        if last:
            search.end()
    except UnsafeIdError:
        return True
    return False


def _decoded(data: bytes) -> tuple[Any, bytes | None, str | None]:
    """Return document, raw body and note, as in HeldBody."""
    if not data:
        return None, None, None
    try:
        return decode(data), data, None
    except (ValueError, RecursionError):
        return None, data, NO_JSON


async def _left_out(document: Any) -> int:
    """Remove the items with unsafe ids from a list, and return their number.

    Raises UnusableError if there are unsafe ids outside of the items.
    """
    found = listing(document)
    if found is None or await _searched(msgspec.json.encode(found.beside)):
        raise UnusableError(str(UnsafeIdError()))
    kept = [item for item in found.items if not await _searched(_encoded(item))]
    left_out = len(found.items) - len(kept)
    found.items[:] = kept
    return left_out


async def _searched(data: bytes) -> bool:
    """Return whether there is an unsafe id in a JSON text; others go on meanwhile."""
    await asyncio.sleep(0)
    if len(data) <= _AT_ONCE:
        return has_unsafe_id(data)
    search = Search()
    for start in range(0, len(data), _AT_ONCE):
        end = start + _AT_ONCE
        if _is_unsafe(search, data[start:end], last=end >= len(data)):
            return True
        await asyncio.sleep(0)
    return False


def _encoded(item: Any) -> bytes:
    return bytes(item) if isinstance(item, msgspec.Raw) else msgspec.json.encode(item)
