"""Tells what is brought to a copy by itself from what requests write, and notes what came of it."""

from collections.abc import Sequence

from msgspec.structs import replace

from openstackoid.replication.copy import Copy, Refused
from openstackoid.replication.delivery import REFUSED
from openstackoid.replication.kinds import Kind
from openstackoid.replication.plan import Change, Step

NOT_BROUGHT = 502
"""The status that says of what is brought that nobody has refused it, and it does not come."""


def apart(steps: Sequence[Step], kind: Kind) -> tuple[Change | None, list[Step]]:
    """Return the step that is brought, None if there is none, and the others."""
    brought = [step for step in steps if isinstance(step, Change) and _is_brought(step, kind)]
    return next(iter(brought), None), [step for step in steps if step not in brought]


def _is_brought(change: Change, kind: Kind) -> bool:
    return any(field in kind.brought for field, _ in change.values)


def not_brought(copy: Copy, order: Change, status: int, words: str, now: float) -> Copy:
    """Return what is written down when it has failed; it is tried again later."""
    refused = Refused(order, status, words, now + REFUSED)
    return replace(copy, refused=(*_others(copy, order), refused))


def brought(copy: Copy, order: Change) -> Copy:
    """Return what is written down when the service has taken it."""
    return replace(copy, refused=_others(copy, order))


def again_at(copy: Copy, order: Change) -> float:
    """Return from when on it may be tried."""
    return next((one.until for one in copy.refused if one.order == order), 0.0)


def _others(copy: Copy, order: Change) -> tuple[Refused, ...]:
    """Return the refusals but for what is brought: there is one such thing at a time."""
    return tuple(
        one
        for one in copy.refused
        if not (isinstance(one.order, Change) and one.order.values.keys() == order.values.keys())
    )
