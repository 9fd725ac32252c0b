"""Decides which operations that another gateway gives are kept, and remembers which are not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import structlog

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.ownership import Ownership
from openstackoid.gateway.replicas.rights import NoRightError
from openstackoid.gateway.trust.remembered import Remembered
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action
from openstackoid.replication.parcel import Parcel
from openstackoid.replication.validity import BadOperationError, check

MAX_OPERATIONS = 1000
"""Operations on one resource that are kept."""

MAX_RESOURCES = 20_000
"""Resources of one cloud's users that are kept, not deleted."""

MAX_EVER = 100_000
"""Resources of one cloud's users that are kept, with the deleted ones."""

MAX_REFUSED = 1000
"""Resources of which one cloud has given what was not taken, and of which that is remembered."""

MAX_SHOWN = 8
"""Operations on one resource of which it is remembered that they were not taken: the last ones."""

log = structlog.get_logger()


class Taking:
    """Takes parcels as the gateway of the cloud `here`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._refused: dict[str, Remembered[str, dict[Timestamp, str]]] = defaultdict(
            lambda: Remembered(MAX_REFUSED)
        )

    async def taken(
        self, cloud: str, parcels: Iterable[Parcel], ownership: Ownership
    ) -> list[Parcel]:
        """Return the parcels that are kept of those that a cloud has given.

        What is not is logged; if somebody has signed it, it is told to whoever asks what became of
        it. Raises NoAnswerError if nobody can say at present.
        """
        kept: list[Parcel] = []
        parcels = list(parcels)
        numbers = self._memory.numbers() if parcels else {}
        for parcel in parcels:
            signed = False
            try:
                check(parcel.operation)
                signed = ownership.is_signed(parcel)
                await ownership.check(parcel, kept)
                self._check_the_same(parcel, kept)
                self._check_room(parcel, kept, numbers)
            except (BadOperationError, NoRightError) as error:
                if signed:  # else anybody could say that somebody has ordered something
                    self._remember(cloud, parcel, str(error))
                at = parcel.operation.at
                log.warning(
                    "replicas: operation not taken",
                    cloud=cloud,
                    of=at.cloud,
                    at=at.milliseconds,
                    error=str(error),
                )
            else:
                kept.append(parcel)
        return kept

    def refused(self, resource: str) -> Mapping[Timestamp, str]:
        """Return why operations on a resource were not taken, by their times."""
        every = (refused.get(resource) or {} for refused in self._refused.values())
        return {at: why for one in every for at, why in one.items()}

    def has_refused(self, cloud: str, resource: str) -> bool:
        """Return whether an operation on a resource was not taken that a cloud has given."""
        return cloud in self._refused and self._refused[cloud].get(resource) is not None

    def forget(self) -> None:
        """Forget what was not taken: it is decided anew."""
        self._refused.clear()

    def _remember(self, cloud: str, parcel: Parcel, why: str) -> None:
        operation = parcel.operation
        known = {**(self._refused[cloud].get(operation.resource) or {}), operation.at: why}
        self._refused[cloud].put(operation.resource, dict(sorted(known.items())[-MAX_SHOWN:]))

    def _check_the_same(self, parcel: Parcel, kept: Sequence[Parcel]) -> None:
        operation = parcel.operation
        known = self._memory.parcel(operation.resource, operation.at)
        of_its_time = [one.operation for one in kept if one.operation.at == operation.at]
        of_its_time += [] if known is None else [known.operation]
        if any(one != operation for one in of_its_time):
            raise NoRightError("another one of the same time is known: somebody has signed both")

    def _check_room(
        self, parcel: Parcel, kept: Sequence[Parcel], numbers: Mapping[str, int]
    ) -> None:
        resource, cloud = parcel.operation.resource, parcel.operation.at.cloud
        known = self._memory.knows(resource) or any(
            one.operation.resource == resource for one in kept
        )
        if not known and parcel.operation.action is not Action.CREATE:
            raise NoRightError("nothing is known of its resource")
        if self._memory.count(resource) >= MAX_OPERATIONS:
            raise NoRightError(f"its resource has {MAX_OPERATIONS} operations already")
        if not known and numbers.get(cloud, 0) >= MAX_RESOURCES:
            raise NoRightError(f"{MAX_RESOURCES} resources of its cloud are kept already")
        if not known and self._memory.ever(cloud) >= MAX_EVER:
            raise NoRightError(f"{MAX_EVER} resources of its cloud were made already")
