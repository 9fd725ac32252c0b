"""Brings the copies in this gateway's cloud to what they should be, each by a task of its own."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from openstackoid.gateway.replicas.data import Transfers
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.ownership import Ownership
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError, Rights
from openstackoid.gateway.replicas.services import NotReadError, Services
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.replication import delivery
from openstackoid.replication.apis.api import Owner
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.bringing import apart
from openstackoid.replication.copy import Copy, Order
from openstackoid.replication.delivery import Look, Read, Rest, Send
from openstackoid.replication.desired import Desired
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change, Delete, Replica, Seen, Step, in_full, plan
from openstackoid.replication.references import named, named_in, renamed, sent

AT_ONCE = 8
"""Copies at which this gateway is at one time."""

LATER_AT_ONCE = 4
"""Of these, copies that are read although nothing was ordered: at a start, or if somebody asks."""

LATER = 60.0
"""Seconds after which what is from the future is looked at again."""

AGAIN = 10.0
"""Seconds after which somebody may ask again that a copy is read anew."""

log = structlog.get_logger()


class Trouble(NamedTuple):
    """Why a copy can't be read; with a status, it is refused to whoever has ordered something."""

    words: str
    status: int | None


class Deliveries:
    """The tasks; `changed` is called when something about a copy may have.

    `waiting` says which copies wait for which other resource to be there, `unclear` which were read
    while nobody knew the id here of something that they name.
    """

    def __init__(self, memory: Memory, settle: float, changed: Callable[[str], None]) -> None:
        self.memory = memory
        self.settle = settle
        self._changed = changed
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._later: dict[str, None] = {}
        self._looking: list[asyncio.Task[None]] = []
        self._again: set[str] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tried: dict[str, float] = {}
        self.read: dict[str, Sequence[Step]] = {}
        self.troubles: dict[str, Trouble] = {}
        self.waiting: dict[str, str] = {}
        self.unclear: dict[str, str] = {}
        self.data = Transfers(memory, self.wake)
        self.services: Services
        self.rights: Rights
        self.ownership: Ownership

    def use(self, services: Services, rights: Rights, ownership: Ownership) -> None:
        """Use what a federation file has made; before anything is woken, and after a reload."""
        self.services, self.rights, self.ownership = services, rights, ownership

    def wake_later(self, resources: Iterable[str]) -> None:
        """See what there is to do about copies, a few at a time: what is woken goes before them."""
        self._later |= dict.fromkeys(resources)
        self._looking = [task for task in self._looking if not task.done()]
        for _ in range(len(self._looking), LATER_AT_ONCE):
            self._looking.append(asyncio.get_running_loop().create_task(self._look_later()))

    async def _look_later(self) -> None:
        while self._later:
            resource = next(iter(self._later))
            self.wake(resource)
            await asyncio.wait([self._tasks[resource]])

    def wake(self, resource: str) -> None:
        """See what there is to do about a copy, now."""
        self._later.pop(resource, None)
        if (timer := self._timers.pop(resource, None)) is not None:
            timer.cancel()
        if resource in self._tasks:
            self._again.add(resource)
            return
        task = asyncio.get_running_loop().create_task(self._run(resource))
        self._tasks[resource] = task
        task.add_done_callback(lambda _: self._ended(resource))

    def again(self, resource: str) -> None:
        """Read a copy anew, and try again what was refused; not more often than every AGAIN."""
        now = time.monotonic()
        if now < self._tried.get(resource, -AGAIN) + AGAIN:
            return
        self._tried[resource] = now
        self.read.pop(resource, None)
        if (copy := self.memory.copies.get(resource)) is not None:
            self.memory.keep(resource, delivery.again(copy, now))
        self.wake_later([resource])

    async def close(self) -> None:
        """Begin nothing more; what was handed to a service is looked at at the next start."""
        for timer in self._timers.values():
            timer.cancel()
        tasks = [*self._looking, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.data.close()

    def steps(self, resource: str) -> Sequence[Step] | None:
        """Return what a copy needs by its last reading, None if it was not read yet."""
        return None if resource in self._tasks else self.read.get(resource)

    def _ended(self, resource: str) -> None:
        del self._tasks[resource]
        if resource in self._again:
            self._again.discard(resource)
            self.wake(resource)
        self._changed(resource)
        if self.is_decided(resource):
            for waits in (self.waiting, self.unclear):
                for waiter in [one for one, on in waits.items() if on == resource]:
                    self.wake(waiter)

    def is_decided(self, resource: str) -> bool:
        """Return whether nobody has to wait for a resource: it is there as a whole, or deleted."""
        replica = self.memory.copies.get(resource, Copy()).replica
        if replica is not None:
            return not self._is_brought_later(resource, replica)
        return self.memory.knows(resource) and self.memory.state(resource).generation is None

    def _is_brought_later(self, resource: str, replica: Replica) -> bool:
        """Return whether a copy lacks what is brought by itself: nobody can use it before."""
        brought, written = APIS[Resource.of(resource).kind].kind.brought, replica.written or {}
        if not brought:
            return False
        wanted = self.memory.state(resource).values.items()
        return any(place[0] in brought and written.get(place) != said for place, said in wanted)

    async def _run(self, resource: str) -> None:
        try:
            async with self._slots:
                until = await _Delivery(self, resource).run()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (one resource must not end the others)
            fault = fault_of(error)
            log.error("a copy is not brought further", resource=resource, error=fault)  # noqa: TRY400
            until = time.monotonic() + LATER
        if until is not None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, until - time.monotonic())
            self._timers[resource] = loop.call_later(wait, self.wake, resource)


class _Delivery:
    """One resource that is brought to where nothing more can be done now."""

    def __init__(self, deliveries: Deliveries, resource: str) -> None:
        self._all = deliveries
        self._memory = deliveries.memory
        self._settle = deliveries.settle
        self._resource = resource
        self._name = Resource.of(resource)
        self._api = APIS[self._name.kind]

    @property
    def _copy(self) -> Copy:
        return self._memory.copies.get(self._resource, Copy())

    def _keep(self, copy: Copy) -> None:
        self._memory.keep(self._resource, copy)

    async def run(self) -> float | None:
        """Do all that can be done now; return when to go on, None if that is not known."""
        memory = self._memory
        while True:
            waits = bool(memory.waiting(self._resource))
            state, copy = memory.state(self._resource), self._copy
            if memory.here not in state.members and copy == Copy():
                return time.monotonic() + LATER if waits else None
            now = time.monotonic()
            decided = delivery.before_reading(copy, state, now, memory.life, memory.sure)
            try:
                if isinstance(decided, Read):
                    decided = await self._read(copy, state)
                if self._has_to_wait(decided):
                    decided = Rest(None)
                if isinstance(decided, Look):
                    await self._look(state)
                elif isinstance(decided, Send):
                    await self._send(decided.order)
            except NoRightError as error:
                return self._is_in_trouble(str(error), 403)
            except (NotReadError, NoAnswerError) as error:
                return self._is_in_trouble(str(error))
            self._all.troubles.pop(self._resource, None)
            if isinstance(decided, Rest):
                later = time.monotonic() + LATER if waits else None
                times = [one for one in (decided.until, later) if one is not None]
                return min(times, default=None)

    def _has_to_wait(self, decided: delivery.Next) -> bool:
        """Return whether something has to be there first, and note what."""
        self._all.waiting.pop(self._resource, None)
        if not isinstance(decided, Send):
            return False
        needed = self._needed(decided.order)
        missing = next((one for one in needed if not self._all.is_decided(one)), None)
        if missing is None:
            return False
        self._all.waiting[self._resource] = missing
        return True

    def _ids(self, order: Order) -> dict[str, str | None]:
        """Return the ids here of what an order names, None for what was deleted."""
        return {
            one: None if self._memory.state(one).generation is None else self._memory.id_here(one)
            for one in self._named(order)
        }

    def _needed(self, order: Order) -> Iterator[str]:
        """Yield what has to be there first: what an order names, and what makes that usable."""
        meant = list(self._named(order))
        yield from meant
        if meant and not self._api.completes:
            yield from self._memory.completing(meant)

    def _named(self, order: Order) -> Iterable[str]:
        """Return what an order needs: nothing for what it takes out."""
        every = () if isinstance(order, Delete) else order.values.items()
        needed = ((place, said) for place, said in every if said is not None)
        return named(needed, self._api.references)

    def _is_in_trouble(self, words: str, status: int | None = None) -> float:
        """Note why a copy can't be read, and return when that is tried again.

        `status` is None unless nobody may read it.
        """
        self._all.troubles[self._resource] = Trouble(words, status)
        copy = self._copy
        failures = copy.failures + 1
        pause = delivery.RETRIES[min(failures, len(delivery.RETRIES)) - 1]
        until = time.monotonic() + pause
        self._keep(replace(copy, failures=failures, not_before=until))
        return until

    async def _token(self) -> str:
        """Return a right to read the copy: the latest one that there is."""
        why = "nobody has ordered anything for this cloud"
        for parcel in self._memory.parcels(self._resource):
            try:
                return await self._all.rights.token(parcel)
            except NoRightError as error:
                why = str(error)
        raise NoRightError(why)

    async def _read(self, copy: Copy, state: Desired) -> delivery.Next:
        there: Seen | None = None
        if copy.replica is not None:
            token = await self._token()
            there = await self._all.services.read(self._api, copy.replica.id, token)
        if there is not None:
            references = self._api.references
            self._note_unclear(state)
            ids = {self._memory.id_here(one): one for one in named_in(state, references)}
            assert copy.replica is not None  # noqa: S101  (it was read)
            there = replace(
                there,
                values=renamed(there.values, references, ids),
                elements=renamed(there.elements, references, ids),
            )
            there = in_full(there, copy.replica, state, self._api.kind.unseen)
        copy = delivery.read(self._copy, state, there)
        if self._resource in self._all.troubles:
            copy = replace(copy, failures=0)
        self._keep(copy)
        steps = plan(state, copy.replica, there)
        self._all.read[self._resource] = steps
        brought, others = apart(steps, self._api.kind)
        self._all.data.bring(self._resource, brought)
        return delivery.after_reading(copy, others, time.monotonic()) if others else Rest(None)

    def _note_unclear(self, state: Desired) -> None:
        """Note what the copy names that was not found here yet: it is read again once that is."""
        self._all.unclear.pop(self._resource, None)
        for one in named_in(state, self._api.references):
            if not self._all.is_decided(one) and self._memory.id_here(one) is None:
                self._all.unclear[self._resource] = one
                return

    async def _look(self, state: Desired) -> None:
        token = await self._token()
        numbers = self._copy.number + 1
        found = await self._all.services.look(self._api, self._name.key, state, numbers, token)
        if self._api.owner is Owner.PROJECT:  # others may have given theirs our id, or our mark
            project = await self._all.ownership.project(self._resource)
            found = [one for one in found if one.project in {None, project}]
        # Nobody else creates here: so a service that takes long to answer is not asked for ever.
        now, recognized, memory = time.monotonic(), self._api.kind.recognized, self._memory
        self._keep(
            delivery.looked_for(self._copy, state, found, recognized, now, memory.life, memory.sure)
        )

    async def _send(self, order: Order) -> None:
        """Send an order by the right of who has ordered it; who may not is refused."""
        parcel = self._memory.parcel(self._resource, order.by)
        ids, token, words = self._ids(order), "", ""
        try:
            if parcel is None:
                raise NoRightError("the operation that orders it is not known here")
            if gone := [one for one, its in ids.items() if its is None]:
                raise NoRightError(f"it refers to {gone[0]}, which was deleted")
            token = await self._all.rights.token(parcel)
        except NoRightError as error:
            words = str(error)
        copy = delivery.begun(self._copy, order, time.monotonic(), self._settle)
        attempt = copy.attempt
        assert attempt is not None  # noqa: S101  (it has just begun)
        self._keep(copy)
        if not token:
            now = time.monotonic()
            self._keep(delivery.answered(self._copy, attempt, 403, None, words, now))
            return

        def may_send() -> bool:
            return delivery.may_send(self._copy, attempt, time.monotonic())

        references, replica = self._api.references, copy.replica
        as_here = sent(order, references, ids)
        if replica is not None:
            replica = replace(replica, elements=renamed(replica.elements, references, ids))
        came = await self._all.services.carry_out(
            self._api, self._name.key, as_here, replica, token, may_send, self._settle
        )
        now = time.monotonic()
        self._keep(
            delivery.answered(self._copy, attempt, came.status, came.created, came.words, now)
        )
        overwritten = order.overwritten if isinstance(order, Change) else ()
        log.info(
            "copy written",
            resource=self._resource,
            order=type(order).__name__.lower(),
            status=came.status,
            overwritten=[f"{one.field} {one.key or ''}".rstrip() for one in overwritten] or None,
        )
