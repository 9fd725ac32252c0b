"""Decides what is left of a write to several clouds, from what each cloud has done.

All functions are pure.
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from openstackoid.journal.intent import Intent, Part, State
from openstackoid.operators import rules
from openstackoid.operators.report import Outcome
from openstackoid.scope import All, Any, CloudRef, Expression, parse

AGAIN = (1, 5, 60)
"""Settle times after the end of a write at which what is left of it is looked at again."""


def parts_of(outcomes: Sequence[Outcome]) -> tuple[Part, ...]:
    """Return what clouds have done, as the journal keeps it."""
    return tuple(Part(o.cloud, o.status, o.created, o.unknown, o.undone, o.error) for o in outcomes)


def acted(part: Part) -> bool:
    """Return whether a cloud has carried out a write, or may have."""
    return part.unknown or (part.error is None and rules.succeeded(part.status))


def is_left(part: Part) -> bool:
    """Return whether something of a write that failed is, or may be, left in a cloud."""
    return not rules.nothing_left(acted=acted(part), there=not part.unknown, undone=part.undone)


def fulfilled(expression: Expression, having: Collection[str]) -> bool:
    """Return whether a write has succeeded as an expression wants it, where some clouds have it."""
    match expression:
        case CloudRef(name):
            return name in having
        case Any(operands):
            return any(fulfilled(operand, having) for operand in operands)
        case All(operands):
            return all(fulfilled(operand, having) for operand in operands)


def has_failed(intent: Intent) -> bool:
    """Return whether what clouds have done of a write must not stay.

    A deletion is done in a cloud, too, that did not have what was deleted.
    """
    expression = parse(intent.scope).resolve(intent.service)
    assert expression is not None  # noqa: S101  (a completed scope has one for each service)
    having = {part.cloud for part in intent.parts if _has(part, intent.method)}
    return intent.every and not fulfilled(expression, having)


def _has(part: Part, method: str) -> bool:
    deletes = method == "DELETE"
    does_without = rules.does_without(part.status, deletes=deletes, shows=False)
    return (acted(part) and not part.unknown) or (part.error is None and does_without)


def to_see_to(intent: Intent, *, failed: bool) -> tuple[Part, ...]:
    """Return the parts of a write of which something is left, or nobody knows whether it is."""
    return tuple(part for part in intent.parts if (is_left(part) if failed else part.unknown))


def state_after(parts: Sequence[Part], *, failed: bool) -> State:
    """Return the state of a write that has ended: unsettled if somebody has to look.

    After a success only what is unknown has to be looked at.
    """
    left = any(is_left(part) if failed else part.unknown for part in parts)
    return State.UNSETTLED if left else State.DONE


def look_again(
    parts: Sequence[Part], name: str | None, landed: float, now: float, settle: float
) -> float | None:
    """Return when what is left should be looked at again; None if that is of no use.

    `landed` is when the last request of the write had ended; `settle` seconds later it can, as a
    rule, no longer arrive. What has neither an id nor a name can't be looked for; and a user's
    token does not live for ever.
    """
    if not any(is_left(part) and (part.created or (part.unknown and name)) for part in parts):
        return None
    times = (landed + settle * often for often in AGAIN)
    return next((when for when in times if when > now), None)


def is_last_look(intent: Intent, now: float, settle: float) -> bool:
    """Return whether a write is looked at for the last time: what is not there will not come."""
    return intent.landed is not None and now >= intent.landed + settle * AGAIN[-1]


def removed(part: Part, status: int | None, *, last: bool) -> Part:
    """Return a part after a DELETE of what it created was answered with this status.

    That nothing is there settles what is unknown only at the `last` look. What a cloud has said
    that it created, and is not there any more, was removed before.
    """
    did = rules.is_gone(status, there=True)
    gone = did or status == 404
    return replace(part, undone=gone, unknown=part.unknown and not did and not (gone and last))


def looked_for(part: Part, ids: Sequence[str], *, seen_all: bool, last: bool) -> Part:
    """Return a part after what may have been created was looked for by its name.

    `seen_all`: no other can have that name. What is found may be somebody's, and stays.
    """
    return replace(part, found=tuple(ids), unknown=bool(ids) or not (seen_all and last))


def told(part: Part) -> str:
    """Say what a cloud has of a write, and what is to be done there."""
    if part.found:
        return f"may have created {' or '.join(part.found)}: look there"
    if part.undone:
        return "not there when it was looked for" if part.unknown else "removed again"
    if part.created and part.undone is False:
        return f"{part.created} could not be removed: delete it there"
    if part.unknown:
        return "may have carried it out: look there"
    if part.error is None and rules.succeeded(part.status):
        return f"created {part.created}" if part.created else "carried it out"
    return f"answered {part.status}" if part.status else "did not carry it out"
