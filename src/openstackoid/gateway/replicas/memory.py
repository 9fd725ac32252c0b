"""Holds what this gateway knows of replicated resources, and writes it down before it counts."""

import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from openstackoid.gateway.replicas.messages import MAX_ANSWER
from openstackoid.journal.records import Known, Records
from openstackoid.replication import delivery
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.clock import Clock, Timestamp
from openstackoid.replication.copy import Copy
from openstackoid.replication.desired import Desired, Lost, desired
from openstackoid.replication.heard import Heard, start
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation, Write, in_time
from openstackoid.replication.parcel import Parcel, Resource
from openstackoid.replication.references import named

PAGE = 256
"""Operations in one answer to another gateway at most."""

_PAGE_BYTES = MAX_ANSWER // 4
"""Bytes of these at most, but for the last one."""


class Memory:
    """All that the gateway of the cloud `here` knows; `incarnation` is a random number.

    `settle` is how long a service may take until what it was handed can't be carried out any more.
    Raises JournalError, as all methods that write do.
    """

    def __init__(self, records: Records, here: str, incarnation: int, settle: float) -> None:
        kept = records.read()
        self.here = here
        self.incarnation = incarnation
        self._records = records
        self._clock = Clock(here, incarnation)
        self._settle = settle
        self._log: list[Known] = []
        self._last: dict[int, int] = {}
        self._parcels: dict[str, dict[Timestamp, Parcel]] = {}
        self._clouds: dict[str, dict[str, None]] = {}
        self._made: Counter[str] = Counter()
        self._states: dict[str, tuple[int, Desired]] = {}
        self._heard: dict[str, Heard] = {}
        self._told: dict[str, dict[str, str]] = {}
        self._by_id: dict[str, set[str]] = defaultdict(set)
        now = time.monotonic()
        self.copies = {
            resource: delivery.started(copy, now, settle) for resource, copy in kept.copies.items()
        }
        for resource in self.copies:
            self._index(resource, self.id_here(resource))
        records.keep(self.copies)
        self._take(kept.known)
        self.life, self.sure = kept.life or 0, now
        if kept.life is None:
            self.live_anew()

    def live_anew(self) -> None:
        """Note that the journal is new, or has lost something: all copies are looked for again."""
        self.life = self.incarnation
        self.sure = time.monotonic() + delivery.SENDING + self._settle
        self._records.live(self.life)

    # Operations

    def resources(self) -> list[str]:
        """Return all resources, in the order in which they got known."""
        return list(self._parcels)

    def numbers(self) -> Mapping[str, int]:
        """Return how many resources that each cloud's users have made are there, not deleted."""
        generations = (self.state(one).generation for one in self._parcels)
        return Counter(one.cloud for one in generations if one is not None)

    def ever(self, cloud: str) -> int:
        """Return how many resources are known that a cloud's users have made, also deleted ones."""
        return self._made[cloud]

    def knows(self, resource: str, at: Timestamp | None = None) -> bool:
        """Return whether a resource is known, and an operation on it."""
        return resource in self._parcels and (at is None or at in self._parcels[resource])

    def latest(self, resource: str) -> Timestamp | None:
        """Return the time of the latest operation on a resource, None if none is known."""
        return max(self._parcels.get(resource, ()), default=None)

    def count(self, resource: str) -> int:
        """Return how many operations on a resource are known."""
        return len(self._parcels.get(resource, ()))

    def parcel(self, resource: str, at: Timestamp) -> Parcel | None:
        """Return the parcel of an operation, None if it is not known."""
        return self._parcels.get(resource, {}).get(at)

    def parcels(self, resource: str) -> list[Parcel]:
        """Return the parcels of a resource whose time has come, the latest first."""
        now = _milliseconds()
        known = self._parcels.get(resource, {}).values()
        counting = {one.at for one in in_time((p.operation for p in known), now)[0]}
        every = (one for one in known if one.operation.at in counting)
        return sorted(every, key=lambda one: one.operation.at, reverse=True)

    def waiting(self, resource: str) -> list[Operation]:
        """Return the operations on a resource that are from the future."""
        known = self._parcels.get(resource, {}).values()
        return in_time((one.operation for one in known), _milliseconds())[1]

    def state(self, resource: str) -> Desired:
        """Return what each member should have of a resource that is known."""
        known = self._parcels[resource].values()
        operations, _ = in_time((one.operation for one in known), _milliseconds())
        cached = self._states.get(resource)
        if cached is None or cached[0] != len(operations):
            kind = APIS[Resource.of(resource).kind].kind
            cached = self._states[resource] = len(operations), desired(operations, kind)
        return cached[1]

    def completing(self, resources: Collection[str]) -> list[str]:
        """Return what has to be there, too, before others can use some resources."""
        found = []
        for one in self._parcels:
            api = APIS[Resource.of(one).kind]
            if not api.completes or (state := self.state(one)).generation is None:
                continue
            values = (item for item in state.values.items() if item[0][0] in api.completes)
            if named(values, api.references).keys() & set(resources):
                found.append(one)
        return found

    def next(
        self,
        resource: Resource,
        action: Action,
        members: tuple[str, ...] = (),
        writes: tuple[Write, ...] = (),
    ) -> Operation:
        """Return a new operation, after all that is known of its resource; it is not kept yet."""
        known = [parcel.operation for parcel in self.parcels(resource.id)]
        latest = Lineage(known).latest()
        at = self._clock.next(_milliseconds(), latest)
        return Operation(at, resource.id, resource.kind, action, latest, members, writes)

    def learn(self, parcels: Sequence[Parcel]) -> dict[str, tuple[Lost, ...]]:
        """Write down durably what is new.

        Return the resources with something new, each with what has lost by it.
        """
        new = {one.operation.at: one for one in parcels}
        new = {at: p for at, p in new.items() if not self.knows(p.operation.resource, at)}
        if not new:
            return {}
        touched = {one.operation.resource for one in new.values()}
        before = {one: self._lost(one) for one in touched}
        self._take(self._records.learn(self.incarnation, list(new.values())))
        return {one: tuple(sorted(self._lost(one) - before[one])) for one in sorted(touched)}

    def _lost(self, resource: str) -> set[Lost]:
        return set(self.state(resource).lost) if resource in self._parcels else set()

    def _take(self, known: Iterable[Known]) -> None:
        for one in known:
            self._log.append(one)
            self._last[one.incarnation] = one.number
            operation = one.parcel.operation
            if operation.resource not in self._parcels:
                self._made[operation.at.cloud] += 1
            of_resource = self._parcels.setdefault(operation.resource, {})
            clouds = self._clouds.setdefault(operation.resource, {})
            clouds |= dict.fromkeys((*operation.members, operation.at.cloud))
            of_resource[operation.at] = one.parcel
            self._states.pop(operation.resource, None)

    # Other gateways

    def heard(self, cloud: str) -> Heard | None:
        """Return what this gateway has heard of the operations that another one knows."""
        return self._heard.get(cloud)

    def has_heard(self, cloud: str, position: Heard | None) -> None:
        """Note how far the operations that another gateway knows were heard."""
        if position is not None:
            self._heard[cloud] = position

    def hear_again(self) -> None:
        """Hear everything again: what could not be believed before may be by now."""
        self._heard.clear()

    def may_see(self, cloud: str, resource: str) -> bool:
        """Return whether another gateway may know of a resource."""
        return cloud in self._clouds.get(resource, ())

    def clouds(self, resource: str) -> list[str]:
        """Return the clouds that may know of a resource: its members, and those of its users."""
        return list(self._clouds.get(resource, ()))

    def since(self, asked: Heard | None, cloud: str) -> tuple[list[Parcel], Heard | None, bool]:
        """Return what another gateway may know and has not heard.

        Also return where it stands then, and whether more follows.
        """
        page: list[Parcel] = []
        position, size = asked, 0
        for one in self._log[self._begin(asked) :]:
            if len(page) == PAGE or size > _PAGE_BYTES:
                return page, position, True
            position = Heard(one.incarnation, one.number)
            if self.may_see(cloud, one.parcel.operation.resource):
                page.append(one.parcel)
                size += _size(one.parcel)
        return page, position, False

    def has_news(self, asked: Heard | None, cloud: str) -> bool:
        """Return whether another gateway has not heard of something that it may know."""
        later = {one.parcel.operation.resource for one in self._log[self._begin(asked) :]}
        return any(self.may_see(cloud, resource) for resource in later)

    def _begin(self, asked: Heard | None) -> int:
        """Return where in the log begins what another gateway has not heard."""
        return bisect_right(self._log, start(asked, self._last), key=lambda one: one.number)

    def has_told(self, cloud: str, resource: str, identifier: str) -> None:
        """Note the id that another cloud says its copy of a resource has."""
        before = self.told(resource).get(cloud)
        self._told.setdefault(resource, {})[cloud] = identifier
        self._index(resource, identifier, before)

    def told(self, resource: str) -> Mapping[str, str]:
        """Return the ids of copies in other clouds, as far as these have said them, by cloud."""
        return self._told.get(resource, {})

    # Copies

    def having(self, identifier: str) -> list[str]:
        """Return the resources of which a copy has an id, here or as another cloud has said."""
        return sorted(self._by_id.get(identifier, ()))

    def _index(self, resource: str, identifier: str | None, before: str | None = None) -> None:
        """Note that a copy has an id, and maybe no longer another one."""
        known = {self.id_here(resource), *self.told(resource).values()}
        if before is not None and before not in known:
            self._by_id[before].discard(resource)
            if not self._by_id[before]:
                del self._by_id[before]
        if identifier is not None:
            self._by_id[identifier].add(resource)

    def id_here(self, resource: str) -> str | None:
        """Return the id of the copy of a resource here, None if there is none yet."""
        replica = self.copies.get(resource, Copy()).replica
        return replica.id if replica is not None else None

    def keep(self, resource: str, copy: Copy) -> None:
        """Write down durably what is known of the copy of a resource here."""
        if self.copies.get(resource, Copy()) != copy:
            self._records.keep({resource: copy})
            before = self.id_here(resource)
            self.copies[resource] = copy
            self._index(resource, self.id_here(resource), before)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


def _size(parcel: Parcel) -> int:
    return len(msgspec.json.encode(parcel))
