"""Operations: what users have ordered for a replicated resource."""

from collections.abc import Iterable
from enum import Enum
from functools import total_ordering

import msgspec

from openstackoid.replication.clock import Timestamp, is_from_the_future


class Action(Enum):
    """What an operation does with a resource."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


class Write(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an operation says of a field, or of one key or element of it.

    `value` is JSON, None where the key or element is taken out. `key` is the key of a map or the
    element of a set, None for a field that is joined as a whole.
    """

    field: str
    value: str | None
    key: str | None = None

    @property
    def place(self) -> tuple[str, str | None]:
        """What it writes to: two writes to one place may contradict each other."""
        return self.field, self.key


@total_ordering
class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A create, a change or a deletion of a replicated resource.

    `after` are the latest operations of that resource which its gateway knew when it was made:
    what they say, and what came before them, its user may have seen. `members` are the clouds that
    have a copy; only a create says so.
    """

    at: Timestamp
    resource: str
    kind: str
    action: Action
    after: tuple[Timestamp, ...] = ()
    members: tuple[str, ...] = ()
    writes: tuple[Write, ...] = ()

    def __lt__(self, other: "Operation") -> bool:
        """Order operations as all clouds do: by their time."""
        return self.at < other.at


def in_time(operations: Iterable[Operation], now: int) -> tuple[list[Operation], list[Operation]]:
    """Return the operations that count, and those that have to wait: they are from the future.

    `now` is in milliseconds. What waits is not known to anybody either: no operation comes after
    it, so a cloud whose clock was wrong is rid of what it ordered meanwhile by ordering it again.
    """
    every = list(operations)
    waiting = [one for one in every if is_from_the_future(one.at, now)]
    return [one for one in every if not is_from_the_future(one.at, now)], waiting
