"""What a gateway has written down of the copy in its cloud."""

from typing import TypeAlias

import msgspec

from openstackoid.replication.plan import Change, Create, Delete, Drift, Replica
from openstackoid.replication.traces import Trace

Order: TypeAlias = Create | Change | Delete
"""What can be sent to a service."""


class Attempt(msgspec.Struct, frozen=True):
    """What was sent to the service, or is about to be, and of which nobody knows what came.

    After `send_before` nobody hands it to the service any more, after `over` it can no longer be
    carried out.
    """

    order: Order
    send_before: float
    over: float


class Refused(msgspec.Struct, frozen=True):
    """The service does not take what was ordered; `words` are its own.

    It is asked again after `until`.
    """

    order: Order
    status: int
    words: str
    until: float


class Copy(msgspec.Struct, frozen=True):
    """What a gateway has written down of the copy in its cloud.

    `leftovers` is what creates have made that were deleted since; it goes. `doubtful` is what may
    be the copy, or a second one: somebody has to look. `not_before` is when something may be tried
    again that has failed `failures` times. `number` is the first of the ids for it that may still
    be free. `looked` is when somebody has last looked for it, and `life` the incarnation of the
    journal in which that was, None if it has to be done again. Until `suspect` it may turn out that
    there are two. `overwritten` is what somebody had changed by hand, and has lost.
    """

    replica: Replica | None = None
    attempt: Attempt | None = None
    refused: tuple[Refused, ...] = ()
    leftovers: tuple[Trace, ...] = ()
    doubtful: tuple[Trace, ...] = ()
    not_before: float = 0.0
    failures: int = 0
    number: int = 0
    looked: float = 0.0
    life: int | None = None
    suspect: float = 0.0
    overwritten: tuple[Drift, ...] = ()
