"""Pages of a list that several sources make together: each item once, in order, page by page.

The position in all sources travels in the `next` link (`oid:page`), so that no gateway has to
remember it. Who goes on by the last item's id alone (as openstacksdk does without a link) is
understood as well: whose marker it is, the sources tell.
"""

import base64
import heapq
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from openstackoid.operators.listing import Listing
from openstackoid.operators.order import Order
from openstackoid.operators.request import Request
from openstackoid.operators.runs import Run, decoded
from openstackoid.operators.shapes import marker_of

PAGE = "oid:page"
"""The query's parameter with the position in each source."""

_AS_MARKER = f"{PAGE}:"
"""What a position begins with where an API has no link, and `marker` has it."""

DONE: Literal[False] = False
MAX_DIGITS = 18
"""Of a limit; no service has more items."""

AWAY: Literal[True] = True

Cursor: TypeAlias = str | bool | None
"""Where a source goes on: behind this id, from its beginning (None), or not at all.

DONE: it has no more. AWAY: it could not be asked, and is left out until the end of the list, which
every page says; a list that began without it cannot go on with it in order.
"""


class EndlessError(Exception):
    """A list's items show nothing to go on behind: asked again, it would begin again.

    `cloud` is whose they are, None if that is not known.
    """

    def __init__(self, cloud: str | None = None) -> None:
        super().__init__()
        self.cloud = cloud


def goes_on(cursor: Cursor) -> bool:
    """Tell whether there is something to ask a source for."""
    return not isinstance(cursor, bool)


@dataclass(slots=True)
class Source:
    """One page of one source, and where it goes on behind what was taken of it."""

    cursor: Cursor
    items: list[Any] = field(default_factory=list)
    more: bool = False
    """Whether the source has more behind this page."""
    marker: str | None = None
    """The marker of its next page, None if it is the last item's id."""
    taken: int = 0
    cloud: str | None = None
    """The cloud that all items are of, None if they say it themselves."""

    @property
    def spent(self) -> bool:
        """Whether everything of this page was taken."""
        return self.taken == len(self.items)

    @property
    def last(self) -> Any:
        """The item that was taken last, None if none was."""
        return self.items[self.taken - 1] if self.taken else None

    @property
    def blocked(self) -> bool:
        """Whether nothing may be taken of later sources: this one's next item is not known."""
        return self.spent and self.more

    def take(self, count: int | None = 1) -> Run:
        """Return the next items, so many at most (None: all of this page)."""
        items = self.items[self.taken : None if count is None else self.taken + count]
        self.taken += len(items)
        return Run(self.cloud, items)

    def next_cursor(self) -> Cursor:
        """Return where it goes on."""
        if self.spent and not self.more:
            return DONE
        if self.spent and self.marker is not None:
            return self.marker
        if not self.taken:
            return self.cursor
        if (marker := marker_of(decoded(self.last))) is None:
            raise EndlessError(self.cloud)
        return marker


def limit_of(request: Request) -> int | None:
    """Return the limit asked for, None without one (or with one that is the service's to judge)."""
    value = request.value("limit")
    if value is None or len(value) > MAX_DIGITS or not (value.isascii() and value.isdigit()):
        return None
    return int(value) or None


def has_more(listing: Listing, limit: int | None) -> bool:
    """Tell whether a source has more: it links to it, or the page of a bare list is full."""
    full = limit is not None and len(listing.items) == limit
    return listing.following is not None or (listing.key is None and full)


def take(sources: Sequence[Source], order: Order, limit: int | None) -> list[Run]:
    """Return the next page, and move the sources on."""
    if order:
        return [source.take() for source in itertools.islice(_merged(sources, order), limit)]
    page = []
    left = limit
    for source in sources:
        run = source.take(left)
        if run.items:
            page.append(run)
        if left is not None:
            left -= len(run.items)
        if source.blocked or not source.spent:
            break
    return page


def _merged(sources: Sequence[Source], order: Order) -> Iterator[Source]:
    """Yield the source of each next item, by the sort keys; ties go to the source written first."""
    if any(source.blocked for source in sources):
        return
    heap = [(order.key(s.items[0]), i, s) for i, s in enumerate(sources) if not s.spent]
    heapq.heapify(heap)
    while heap:
        _, index, source = heapq.heappop(heap)
        yield source  # whose next item is taken before it is looked at again
        if source.blocked:
            return
        if not source.spent:
            heapq.heappush(heap, (order.key(source.items[source.taken]), index, source))


def encode(cursors: Sequence[Cursor]) -> str:
    """Return cursors as a query's value."""
    return base64.urlsafe_b64encode(json.dumps(cursors).encode()).decode().rstrip("=")


def decode(value: str, count: int) -> list[Cursor]:
    """Return the cursors of a query's value; raises ValueError if it is not of so many sources."""
    try:
        cursors = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{PAGE} is damaged; start the list again") from error
    if (
        not isinstance(cursors, list)
        or len(cursors) != count
        or not any(map(goes_on, cursors))
        or not all(c is None or isinstance(c, bool | str) for c in cursors)
    ):
        raise ValueError(f"{PAGE} belongs to another list; start the list again")
    return cursors


def as_marker(position: str) -> str:
    """Return what says a position where an API goes on by a marker alone, and has no link."""
    return f"{_AS_MARKER}{position}"


def position_of(request: Request) -> str | None:
    """Return the position that a request asks for, None where it has a bare marker or none."""
    marker = request.value("marker") or ""
    if marker.startswith(_AS_MARKER):
        return marker.removeprefix(_AS_MARKER)
    return request.value(PAGE)
