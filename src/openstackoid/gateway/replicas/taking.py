"""Decides which operations that another gateway gives are kept."""

from collections.abc import Iterable, Mapping

import structlog

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.rights import NoRightError, Rights
from openstackoid.replication.apis.api import is_line
from openstackoid.replication.parcel import Parcel
from openstackoid.replication.validity import MAX_MEMBERS, BadOperationError, check

MAX_OPERATIONS = 1000
"""Operations on one resource that are kept."""

MAX_RESOURCES = 20_000
"""Resources of one cloud's users that are kept."""

log = structlog.get_logger()


class Taking:
    """Takes parcels as the gateway of the cloud `here`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def taken(self, cloud: str, parcels: Iterable[Parcel], rights: Rights) -> list[Parcel]:
        """Return the parcels that are kept of those that a cloud has given.

        What is not is logged: nobody here owes the user anything of it, for nobody has believed it.
        """
        kept = []
        numbers = self._memory.numbers()
        for parcel in parcels:
            at = parcel.operation.at
            try:
                self._check(parcel, rights, numbers)
            except (BadOperationError, NoRightError) as error:
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

    def _check(self, parcel: Parcel, rights: Rights, numbers: Mapping[str, int]) -> None:
        resource = check(parcel.operation)
        known = self._memory.knows(resource.id)
        if len(parcel.rights) > MAX_MEMBERS + 1 or not all(map(is_line, parcel.rights)):
            raise BadOperationError("it has too many rights")
        rights.of(parcel)
        if self._memory.count(resource.id) >= MAX_OPERATIONS:
            raise BadOperationError(f"its resource has {MAX_OPERATIONS} operations already")
        if not known and numbers.get(resource.issuer, 0) >= MAX_RESOURCES:
            raise BadOperationError(f"{MAX_RESOURCES} resources of its cloud are kept already")
