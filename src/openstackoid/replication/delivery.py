"""Brings one copy to what it should be, although answers get lost and processes die.

A gateway writes down what it is about to send (`begun`), sends it, and writes down what came of it
(`answered`). It never sends anything while something else may still be carried out: if it does not
know what came of it, it waits until that can't be any more. It creates nothing before it has looked
whether it is there (`looked_for`): its journal may have been restored from a copy that knows less.

All times are in seconds of a clock that nobody sets, which begins anew with the machine.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from openstackoid.replication.copy import Attempt, Copy, Order, Refused
from openstackoid.replication.desired import Desired, Place
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.plan import (
    Busy,
    Change,
    Create,
    Delete,
    Replica,
    Seen,
    Step,
    changed,
)
from openstackoid.replication.traces import Found, Trace, likely, traces

DECIDED = frozenset({400, 403, 404, 405, 409, 410, 413, 415, 422})
"""What a service itself answers when trying again is of no use before something has changed."""

IN_USE = 409
"""What a service answers when it deletes something only after what uses it: that is tried again."""

SENDING = 5.0
"""Seconds after it was written down for which an order may be handed to the service."""

RETRIES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until something is tried again, by how often it has failed; then always the last."""

FRESH = 5.0
"""Seconds for which nothing is there because nothing was there when somebody looked."""

BUSY = 1.0
"""Seconds until a service is read again that is still at it."""

REFUSED = 3600.0
"""Seconds until a cloud is asked again that has refused, or what is in doubt is looked for."""

SUSPECT = 24 * 3600.0
"""Seconds for which copies are looked for now and then that may be there although none was found.

Some services list less than there is while a part of them is away.
"""

MOST_LOST = 16
"""Values that were changed by hand and overwritten, and are kept for a copy: the last ones."""

MOST_REFUSED = 1024
"""Refusals of one cloud that are kept for a copy: of more orders than there can be operations."""

_NOTHING = ""
"""No value: each is JSON, which is not empty."""

NUMBERS = 5
"""How many ids are tried for one copy where a service may have used them up."""


class Send(msgspec.Struct, frozen=True):
    """Write down that this is begun; once that is durable, send it."""

    order: Order


class Look(msgspec.Struct, frozen=True):
    """Look for all that may be a copy of the resource: by marks, chosen ids and its name."""


class Read(msgspec.Struct, frozen=True):
    """Read the copy, or find out that it is not there, and decide again."""


class Rest(msgspec.Struct, frozen=True):
    """There is nothing to do before that time, None: until something changes.

    `step` says why.
    """

    until: float | None
    step: Step | None = None


Next: TypeAlias = Send | Look | Read | Rest


def started(copy: Copy, now: float, settle: float) -> Copy:
    """Return what is written down when a gateway starts: its times may be of an earlier clock.

    What may be under way has as long as if it had been handed to the service just now.
    """
    attempt = copy.attempt
    if attempt is not None:
        attempt = Attempt(attempt.order, now, now + SENDING + settle)
    suspect = now + SUSPECT if copy.suspect else 0.0
    return replace(again(copy, now), attempt=attempt, suspect=suspect)


def again(copy: Copy, now: float) -> Copy:
    """Return what is written down when everything is to be tried again that waits for its time."""
    refused = tuple(replace(one, until=now) for one in copy.refused)
    return replace(copy, refused=refused, not_before=now, looked=now - REFUSED)


def before_reading(copy: Copy, state: Desired, now: float, life: int, sure: float) -> Next:
    """Return what has to be done before anybody can decide what the copy needs.

    `life` is the incarnation of the journal in which it has surely lost nothing since. From `sure`
    on nothing can be carried out any more that was sent before that, and which it does not know of.
    """
    if copy.attempt is not None:
        if now < copy.attempt.over:
            return Rest(copy.attempt.over)
        return Look() if isinstance(copy.attempt.order, Create) else Read()
    if now < copy.not_before:
        return Rest(copy.not_before)
    for order in removals(copy, state):
        if _refusal(copy, order, now) is None:
            return Send(order)
    if _has_to_look(copy, state, now, life):
        return Look() if now >= sure else Rest(sure)
    return Read()


def removals(copy: Copy, state: Desired) -> list[Delete]:
    """Return the orders to delete what deleted creates have left."""
    return [
        Delete(one.id, by)
        for one in copy.leftovers
        if one.generation is not None
        for by in state.ended.get(one.generation, ())
    ]


def _has_to_look(copy: Copy, state: Desired, now: float, life: int) -> bool:
    """Return whether there may be copies that nobody has written down."""
    if copy.life != life:
        return True
    if {one.generation for one in copy.doubtful} & (state.living.keys() | state.ended):
        return True
    return bool(copy.doubtful or now < copy.suspect) and not 0 <= now - copy.looked < REFUSED


def after_reading(copy: Copy, steps: Sequence[Step], now: float) -> Next:
    """Return what to do about what `plan` says that the copy needs."""
    refused: list[Refused] = []
    for step in steps:
        if isinstance(step, Busy):
            return Rest(now + BUSY, step)
        if not isinstance(step, Create | Change | Delete):
            return Rest(None, step)
        order = replace(step, number=copy.number) if isinstance(step, Create) else step
        refusal = _refusal(copy, order, now)
        if refusal is None:
            return _before_sending(copy, order, now)
        refused.append(refusal)
    return Rest(min(one.until for one in refused), steps[0])


def _before_sending(copy: Copy, step: Order, now: float) -> Next:
    """Return what to do before an order is sent, or that it is to be sent now."""
    if isinstance(step, Create):
        if copy.doubtful:
            return Rest(copy.looked + REFUSED, step)
        if not 0 <= now - copy.looked < FRESH:
            return Look()
    return Send(step)


def _refusal(copy: Copy, order: Order, now: float) -> Refused | None:
    """Return the refusal that makes an order wait."""
    return next((one for one in copy.refused if one.order == order and now < one.until), None)


def begun(copy: Copy, order: Order, now: float, settle: float) -> Copy:
    """Return what is written down before an order is sent.

    `settle` is how long what was handed to the service can take until it is carried out.
    """
    return replace(copy, attempt=Attempt(order, now + SENDING, now + SENDING + settle))


def may_send(copy: Copy, attempt: Attempt, now: float) -> bool:
    """Return whether the process that has begun an attempt may still hand it to the service.

    It may have been stopped meanwhile, and another one may have gone on.
    """
    return copy.attempt == attempt and now < attempt.send_before


def answered(
    copy: Copy, attempt: Attempt, status: int | None, created: str | None, words: str, now: float
) -> Copy:
    """Return what is written down when the service has answered; `status` is None if it has not.

    Whatever is not decided is tried again; first somebody has to find out what came of it. An
    answer to what is no longer waited for changes nothing.
    """
    if copy.attempt != attempt:
        return copy
    order = attempt.order
    deleted = isinstance(order, Delete) and status == 404
    if status is not None and (status < 300 or deleted):
        return _carried_out(copy, order, created, now)
    if status is not None and status in DECIDED:
        others = tuple(one for one in copy.refused if not _is_instead_of(order, one.order))
        in_use = isinstance(order, Delete) and status == IN_USE
        failures = copy.failures + 1 if in_use else 0
        refused = Refused(order, status, words, now + (_pause(failures) if in_use else REFUSED))
        there = isinstance(order, Create) and status == 409
        return replace(
            copy,
            attempt=None,
            refused=(*others[1 - MOST_REFUSED :], refused),
            failures=failures,
            life=None if there else copy.life,
        )
    failures = copy.failures + 1
    return replace(copy, failures=failures, not_before=now + _pause(failures))


def _pause(failures: int) -> float:
    return RETRIES[min(failures, len(RETRIES)) - 1]


def _is_instead_of(order: Order, earlier: Order) -> bool:
    """Return whether nobody needs to know any more that the earlier order was refused."""
    if isinstance(order, Delete) and isinstance(earlier, Delete):
        return (order.id, order.by) == (earlier.id, earlier.by)
    return type(order) is type(earlier) and order.by == earlier.by


def _carried_out(copy: Copy, order: Order, created: str | None, now: float) -> Copy:
    """Return what is written down when an order surely was carried out.

    What a service takes long to delete may stay: it is not told so again and again at once.
    """
    others = tuple(one for one in copy.refused if not _is_instead_of(order, one.order))
    before = copy.failures
    copy = replace(copy, attempt=None, refused=others, not_before=0.0, failures=0)
    match order:
        case Create(generation, values) if created is not None:
            by = dict.fromkeys(values, generation)
            return replace(copy, replica=Replica(created, generation, values, by))
        case Change(values, by) if (replica := copy.replica) is not None:
            written = changed(replica.written or {}, values)
            by = {**replica.by, **dict.fromkeys(values, by)}
            copy = _overwritten(copy, order)
            return replace(copy, replica=replace(replica, written=written, by=by))
        case Delete(identifier):
            left = tuple(one for one in copy.leftovers if one.id != identifier)
            if copy.replica is not None and copy.replica.id == identifier:
                not_before = now + _pause(before) if before else 0.0
                copy = replace(copy, failures=before + 1, not_before=not_before)
            return replace(copy, leftovers=left)
        case _:  # without an id, what was created is to be looked for
            return replace(copy, life=None)


def _overwritten(copy: Copy, change: Change) -> Copy:
    """Return what is written down of values that a change has overwritten."""
    return replace(copy, overwritten=(*copy.overwritten, *change.overwritten)[-MOST_LOST:])


def looked_for(
    copy: Copy,
    state: Desired,
    found: Sequence[Found],
    recognized: Recognized,
    now: float,
    life: int,
    sure: float,
) -> Copy:
    """Return what is written down when all traces of the resource in this cloud were looked for.

    What a deleted create has made goes. Of what the others have made, the earliest is the copy,
    with whatever values; somebody has to look at the rest, and at what bears no mark, or one that
    nobody knows: of an operation that was lost with a journal.
    """
    candidates = traces(found, state, recognized)
    replica = copy.replica
    if copy.life not in {None, life}:  # the journal may have lost what it knew of the copy
        replica = replica and replace(replica, written=None)
    if copy.life != life and (copy.life is not None or now < sure + SUSPECT):  # or even all of it
        copy = replace(copy, suspect=now + SUSPECT)
    here = {one.id for one in candidates}
    if replica is not None and replica.id not in here:
        replica = replica if replica.generation not in state.ended else None
    others = [one for one in candidates if replica is None or one.id != replica.id]
    left = tuple(one for one in others if one.generation in state.ended)
    made = sorted(
        (generation, one.id)
        for one in others
        if (generation := one.generation) is not None and generation in state.living
    )
    if made and (replica is None or replica.id not in here):
        (generation, identifier), *made = made
        replica = Replica(identifier, generation, None)
    known = state.living.keys() | state.ended
    unknown = [one for one in others if one.generation not in known]
    return replace(
        _settled(copy, recognized, now, is_there=replica is not None),
        replica=replica,
        attempt=None,
        leftovers=left,
        doubtful=(*(Trace(identifier) for _, identifier in made), *unknown),
        looked=now,
        life=life,
    )


def _settled(copy: Copy, recognized: Recognized, now: float, *, is_there: bool) -> Copy:
    """Return what follows from looking for the earlier creates of which nobody knew enough."""
    creates = [one for one in copy.refused if isinstance(one.order, Create)]
    others = tuple(one for one in copy.refused if one not in creates)
    if is_there:
        return replace(copy, refused=others)
    if copy.attempt is not None and isinstance(copy.attempt.order, Create):
        copy = replace(copy, suspect=now + SUSPECT)
    used_up = any(one.status == 409 for one in creates) and recognized is Recognized.ID
    if used_up and copy.number + 1 < NUMBERS:
        return replace(copy, refused=others, number=copy.number + 1)
    return copy


def read(copy: Copy, state: Desired, there: Seen | None) -> Copy:
    """Return what is written down when the copy was read, and nothing can be under way any more.

    What is there as it is wanted counts as written by us, whoever has written it. So does what a
    change has written of which nobody knew what came of it.
    """
    attempt, copy = copy.attempt, replace(copy, attempt=None)
    replica = copy.replica
    if replica is None:
        return copy
    if there is None:
        if replica.generation not in state.ended:
            return copy
        return replace(copy, replica=None, failures=0)
    sent = attempt.order if attempt and isinstance(attempt.order, Change) else None
    values, found = sent.values if sent else {}, replica.written is None
    written = likely(there.values, state) if found else replica.written or {}
    seen: dict[Place, str | None] = {
        place: there.values.get(place)
        for place in {*there.values, *written, *values}
        if there.values.get(place) in {state.values.get(place), values.get(place, _NOTHING)}
    }
    by = {**replica.by, **{place: sent.by for place in seen if sent and place in values}}
    known = written if found else there.values
    by |= {p: at for p, at in state.winners.items() if known.get(p) == state.values.get(p)}
    if sent and values.keys() <= seen.keys():
        copy = _overwritten(copy, sent)
    elements = there.elements
    written = changed(written, seen)
    return replace(copy, replica=replace(replica, written=written, by=by, elements=elements))
