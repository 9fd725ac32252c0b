"""Marks: what says, in a field that a service keeps, which create has made a copy.

Nobody can guess one: it comes from a timestamp, which has a random number of 48 bits.
"""

import hashlib
from collections.abc import Iterable

import msgspec

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired

PREFIX = "openstackoid:"
"""What every mark begins with: users may write nothing that does."""


def mark(generation: Timestamp) -> str:
    """Return the mark of what a create makes: short enough for a tag of any release of Neutron."""
    return PREFIX + hashlib.sha256(msgspec.json.encode(generation)).hexdigest()[:40]


def is_marked(value: object) -> bool:
    """Return whether a value has the form of a mark, whoever has written it."""
    return isinstance(value, str) and value.startswith(PREFIX)


MOST = 8
"""Creates that go on, and deleted ones, that are looked for: what users order has one create."""


def generations(state: Desired) -> list[Timestamp]:
    """Return the creates of a resource, those that go on first: the first ones, and the last ended.

    Whoever orders more than MOST of each may leave copies behind that nobody finds, of his own.
    """
    return [*sorted(state.living)[:MOST], *sorted(state.ended)[-MOST:]]


def marked(values: Iterable[object], state: Desired) -> Timestamp | None:
    """Return the create of which one of some values is the mark, None if there is none."""
    texts = {one for one in values if isinstance(one, str)}
    return next((one for one in generations(state) if mark(one) in texts), None)
