"""How far clouds have heard of each other's operations: each asks the others "what since …?".

A gateway numbers what it gets to know, in the order in which it writes it down, and says with each
number in which incarnation of its journal that was.
"""

from collections.abc import Mapping

import msgspec


class Heard(msgspec.Struct, frozen=True):
    """The last thing that somebody has heard of what a gateway knows."""

    incarnation: int
    number: int


def start(asked: Heard | None, last: Mapping[int, int]) -> int:
    """Return the number after which a gateway's answer begins, 0 if it has to say everything.

    `asked` is what the other one says it has heard, `last` the last number of each incarnation
    here. What was written down by an incarnation and then lost, as the journal was restored from a
    copy, has numbers that other things have now: so what counts is what both have of it.
    """
    return 0 if asked is None else min(asked.number, last.get(asked.incarnation, 0))
