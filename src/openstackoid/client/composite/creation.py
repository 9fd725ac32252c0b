"""What a command creates, as far as it has to be known to remove it again."""

from argparse import Namespace
from dataclasses import dataclass

from openstackoid.client.composite.service import Known
from openstackoid.operators import rules
from openstackoid.services import CHOSEN, special

_CHOSEN_IDS = frozenset(chosen.command for chosen in CHOSEN)
_COUNTS = ("min", "max")
"""The options of commands that can create several things."""


@dataclass(frozen=True)
class Creation:
    """What a command creates, if it does.

    `chosen` is an id that we gave it, so that nothing else can have it. `several` tells whether it
    is more than one thing, of which only the first is named in the answer.
    """

    known: Known
    chosen: str | None = None
    several: bool = False

    @classmethod
    def of(cls, known: Known, arguments: Namespace) -> "Creation":
        """Return what a command with these arguments creates, the id still left to the cloud."""
        counted = special(known.service or "").counted
        counts = _COUNTS if counted and counted.command == known.name else ()
        return cls(known, several=rules.are_several(getattr(arguments, c, None) for c in counts))

    @property
    def noun(self) -> str:
        """What it is, e.g. `security group`."""
        return self.known.noun


def with_one_id(creation: Creation, arguments: Namespace) -> tuple[Creation, Namespace]:
    """Give what is created the same id in every cloud, where that can be chosen.

    An id of the user's stays, and is not ours: what has it may be older than the command. Of a
    volume's image Cinder chooses it.
    """
    if creation.known.name not in _CHOSEN_IDS or not rules.is_left_open(arguments.id):
        return creation, arguments
    if getattr(arguments, "volume", None):
        return creation, arguments
    chosen = rules.new_id()
    return Creation(creation.known, chosen), Namespace(**{**vars(arguments), "id": chosen})
