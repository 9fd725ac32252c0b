"""Says in what state a copy is, in words that users and operators are shown."""

from collections.abc import Sequence
from enum import Enum

from msgspec.structs import replace

from openstackoid.replication.bringing import NOT_BROUGHT
from openstackoid.replication.copy import Copy, Refused
from openstackoid.replication.delivery import IN_USE
from openstackoid.replication.plan import (
    Busy,
    Change,
    Conflicting,
    Create,
    Delete,
    Failed,
    Fits,
    Gone,
    Step,
    Unknown,
)


class State(Enum):
    """The state of one copy; all but the first have something to show."""

    FITS = "fits"
    """It is as it should be, or is not there and should not be."""
    DRIFTED = "drifted"
    """Somebody has changed it in its cloud alone."""
    PENDING = "pending"
    """It is being brought to what it should be."""
    BUILDING = "building"
    """The cloud has taken it, and is still making it."""
    WAITING = "waiting"
    """It is made as soon as something is there that it refers to."""
    REFUSED = "refused"
    """The cloud does not take it, in its own words."""
    IN_DOUBT = "in doubt"
    """Something is there that may be a copy, or is one of nobody knows what: somebody looks."""
    CONFLICTING = "conflicting"
    """It was created differently elsewhere, and cannot become the same: somebody chooses."""
    DELETED_BY_HAND = "deleted by hand"
    """Somebody has deleted it in its cloud alone."""
    DATA_FAILED = "data failed"
    """What it should have of data can't be brought there; that is tried again."""
    FAILED_THERE = "failed there"
    """The cloud took it, and failed later."""


def refusal(copy: Copy, steps: Sequence[Step]) -> Refused | None:
    """Return what a cloud does not take of what its copy still needs.

    None as long as there is something that it has not refused.
    """
    needed = [
        replace(step, number=copy.number) if isinstance(step, Create) else step for step in steps
    ]
    refused = [one for one in copy.refused if one.order in needed]
    orders = [step for step in needed if isinstance(step, Create | Change | Delete)]
    if orders and len(refused) == len(orders):
        return refused[0]
    if orders:
        return None
    left = {one.id for one in copy.leftovers}
    return next(
        (one for one in copy.refused if isinstance(one.order, Delete) and one.order.id in left),
        None,
    )


def is_in_use(refused: Refused) -> bool:
    """Return whether a refusal is tried again soon: something can't be deleted yet."""
    return isinstance(refused.order, Delete) and refused.status == IN_USE


def explained(copy: Copy, steps: Sequence[Step]) -> State:
    """Return the state of a copy; `steps` are what it needs by its last reading."""
    if copy.doubtful:
        return State.IN_DOUBT
    if (refused := refusal(copy, steps)) is not None:
        if refused.status == NOT_BROUGHT:
            return State.DATA_FAILED
        return State.PENDING if is_in_use(refused) else State.REFUSED
    if copy.attempt is not None or copy.leftovers:
        return State.PENDING
    match steps[0]:
        case Fits(drift):
            return State.DRIFTED if drift else State.FITS
        case Busy(going=False):
            return State.BUILDING
        case Create() | Change() | Delete() | Busy():
            return State.PENDING
        case Gone():
            return State.DELETED_BY_HAND
        case Conflicting():
            return State.CONFLICTING
        case Failed():
            return State.FAILED_THERE
        case Unknown():
            return State.IN_DOUBT
