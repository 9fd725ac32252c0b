"""What came before what: which operations somebody knew when he made another one."""

from collections.abc import Iterable, Mapping

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Operation


class Lineage:
    """The operations of one resource, each with all that came before it."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations: Mapping[Timestamp, Operation] = {one.at: one for one in sorted(operations)}
        # A set of operations is an integer with a bit for each: a thousand are joined at once.
        self._bits = {at: 1 << number for number, at in enumerate(self.operations)}
        self._before: dict[Timestamp, int] = {}
        for at, one in self.operations.items():  # what is before it is earlier
            before = 0
            for earlier in one.after:
                if earlier < at:
                    before |= self._bits.get(earlier, 0) | self._before.get(earlier, 0)
            self._before[at] = before

    def knew(self, later: Operation, earlier: Operation) -> bool:
        """Return whether one operation was made by somebody who could see the other."""
        return bool(self._before[later.at] & self._bits[earlier.at])

    def unknown_to(self, later: Iterable[Operation], these: Iterable[Operation]) -> set[Timestamp]:
        """Return the times of those of these that none of the later ones could see."""
        known = 0
        for one in later:
            known |= self._before[one.at]
        return {one.at for one in these if not known & self._bits[one.at]}

    def latest(self) -> tuple[Timestamp, ...]:
        """Return the operations that no other one comes after: `after` of the next one."""
        known = 0
        for before in self._before.values():
            known |= before
        return tuple(at for at, bit in self._bits.items() if not known & bit)
