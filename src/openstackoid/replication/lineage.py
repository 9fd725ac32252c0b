"""What came before what: which operations somebody knew when he made another one."""

from collections.abc import Iterable, Mapping

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Operation


class Lineage:
    """The operations of one resource, each with all that came before it."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations: Mapping[Timestamp, Operation] = {one.at: one for one in sorted(operations)}
        self._before: dict[Timestamp, frozenset[Timestamp]] = {}
        for at, one in self.operations.items():  # what is before it is earlier
            known = [earlier for earlier in one.after if earlier < at]
            self._before[at] = frozenset(known).union(
                *(self._before.get(earlier, ()) for earlier in known)
            )

    def knew(self, later: Operation, earlier: Operation) -> bool:
        """Return whether one operation was made by somebody who could see the other."""
        return earlier.at in self._before[later.at]

    def latest(self) -> tuple[Timestamp, ...]:
        """Return the operations that no other one comes after: `after` of the next one."""
        known = frozenset[Timestamp]().union(*self._before.values())
        return tuple(at for at in self.operations if at not in known)
