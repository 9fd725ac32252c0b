"""Recognizes copies that a gateway finds in its cloud, and does not know that it has made."""

from collections.abc import Iterable

import msgspec

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.desired import Desired
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.plan import Values, changed


class Found(msgspec.Struct, frozen=True):
    """What may be a copy, as the service lists it.

    `mark` is the create that it says has made it: by a mark, or by an id that was chosen for it.
    `project` is the id of whose it is, None if it is no project's, or the service does not say.
    """

    id: str
    values: Values
    mark: Timestamp | None = None
    project: str | None = None


class Trace(msgspec.Struct, frozen=True):
    """What is, or may be, a copy of the resource in this cloud, by its id.

    `generation` is the create that has surely made it, None if somebody has to look.
    """

    id: str
    generation: Timestamp | None = None


def traces(every: Iterable[Found], state: Desired, recognized: Recognized) -> list[Trace]:
    """Return what of all that was found may be a copy, and which create has made it.

    What is recognized by a mark or an id has one from the moment at which it is made: nothing else
    is a copy, for many things may have the same name.

    What is recognized by its name belongs to the earliest create that goes on and says the same of
    the fixed fields, whoever has made it: there can be one of that name. It never belongs to a
    create that was deleted, for then it would be deleted, too, and somebody may have made it anew.
    """
    if recognized is not Recognized.NAME:
        return [Trace(found.id, found.mark) for found in every if found.mark is not None]
    return [Trace(found.id, _the_same(found, state)) for found in every]


def _the_same(found: Found, state: Desired) -> Timestamp | None:
    same = (
        generation
        for generation, fixed in sorted(state.living.items())
        if all(found.values.get(place) == value for place, value in fixed.items())
    )
    return next(same, None)


def likely(there: Values, state: Desired) -> Values:
    """Return what was written of what is there, if nobody has written that down.

    What nobody has ever ordered was changed by hand, of what was wanted.
    """
    likely = {
        place: value if value in state.said.get(place, ()) else state.values.get(place)
        for place, value in there.items()
    }
    return changed({}, likely)
