"""Brings data to copies in this cloud: each by a task of its own, which may take hours.

It is read from other clouds, whichever has it, and uploaded as it comes. The last part is handed
over only once all of it is right: a service never has what another cloud has made up.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog

from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import MAX_PART, Part
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError, Rights
from openstackoid.gateway.replicas.services import Came, Services
from openstackoid.gateway.replicas.sources import NoPartError, Sources
from openstackoid.gateway.reporting.log import fault_of
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.bringing import NOT_BROUGHT, again_at, brought, not_brought
from openstackoid.replication.copy import Copy
from openstackoid.replication.data import FIELD, Checked, Data, WrongDataError
from openstackoid.replication.delivery import RETRIES
from openstackoid.replication.parcel import Resource
from openstackoid.replication.plan import Change

AT_ONCE = 4
"""Uploads of this gateway at one time."""

OF_ONE = 3
"""Of these, uploads of what one cloud's users have made: it may give them slowly."""

TRIES = 5
"""How often an upload is begun that ends otherwise than it should, until somebody has to look."""

HOLD = 300.0
"""Seconds for which an upload stays open while no cloud gives what comes next."""

_REFUSED = frozenset({400, 403, 404, 413, 415})
"""What Glance answers where the same upload is of no use; 409 says that another one may be on."""

_MIB = 2**20

log = structlog.get_logger()


class NoSourceError(Exception):
    """No cloud gives what comes next; the message says why."""


class Transfers:
    """The tasks; `wake` is called with a copy that has to be read again."""

    def __init__(self, memory: Memory, wake: Callable[[str], None]) -> None:
        self.memory = memory
        self.wake = wake
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._slots_of: dict[str, asyncio.Semaphore] = defaultdict(
            partial(asyncio.Semaphore, OF_ONE)
        )
        self._running: dict[str, tuple[_Transfer, asyncio.Task[None]]] = {}
        self.services: Services
        self.rights: Rights
        self.sources: Sources

    def use(self, services: Services, rights: Rights, sources: Sources) -> None:
        """Use what a federation file has made."""
        self.services, self.rights, self.sources = services, rights, sources

    def bring(self, resource: str, order: Change | None) -> None:
        """Bring what an order says, and nothing else, to a copy; with None, nothing."""
        running = self._running.get(resource)
        if running is not None:
            transfer, task = running
            if order is not None and transfer.is_for(order) and not task.done():
                return
            task.cancel()
            del self._running[resource]
        if order is not None:
            transfer = _Transfer(self, resource, order)
            task = asyncio.get_running_loop().create_task(transfer.run())
            self._running[resource] = transfer, task

    @asynccontextmanager
    async def room(self, issuer: str) -> AsyncIterator[None]:
        """Wait until one more upload may begin of what a cloud's users have made."""
        async with self._slots_of[issuer], self._slots:
            yield

    def progress(self, resource: str) -> str | None:
        """Return how far the data of a copy is, None if none is brought."""
        running = self._running.get(resource)
        return None if running is None or running[1].done() else running[0].progress()

    async def close(self) -> None:
        """Break all off; a service keeps nothing of what it has not got whole."""
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Transfer:
    """The data of one copy."""

    def __init__(self, transfers: Transfers, resource: str, order: Change) -> None:
        self._all = transfers
        self._memory = transfers.memory
        self._resource = resource
        self._order = order
        self._data = Data.read(order.values[FIELD, None] or "")
        self._api = APIS[Resource.of(resource).kind]
        self._suspected: Counter[str] = Counter()
        """How often a cloud has given something of what was wrong in the end."""
        self._failed: Counter[str] = Counter()
        self._gave: set[str] = set()
        self._come = 0
        self._why: Came | None = None
        """Why the upload was broken off here."""

    def is_for(self, order: Change) -> bool:
        """Return whether it brings what an order says."""
        return (order.values, order.by) == (self._order.values, self._order.by)

    def progress(self) -> str:
        """Return how far it is."""
        return f"data: {self._come // _MIB} of {-(-self._data.size // _MIB)} MiB"

    @property
    def _copy(self) -> Copy:
        return self._memory.copies.get(self._resource, Copy())

    async def run(self) -> None:
        """Go on until the data is there."""
        wait = again_at(self._copy, self._order) - time.monotonic()
        await asyncio.sleep(max(0.0, wait))
        failures = tries = 0
        while True:
            came = await self._tried()
            if came.status is not None and came.status < 300:
                self._memory.keep(self._resource, brought(self._copy, self._order))
                log.info("data brought", resource=self._resource, size=self._data.size)
                break
            failures += 1
            tries += came.status != 0
            if came.status in _REFUSED or tries >= TRIES:
                status = came.status if came.status in _REFUSED else NOT_BROUGHT
                words = came.words or f"it answers {came.status}"
                now = time.monotonic()
                copy = not_brought(self._copy, self._order, status or NOT_BROUGHT, words, now)
                self._memory.keep(self._resource, copy)
                log.warning("data not brought", resource=self._resource, error=words)
                break
            self._all.wake(self._resource)  # it may be there although nobody has said so
            await asyncio.sleep(RETRIES[min(failures, len(RETRIES)) - 1])
        self._all.wake(self._resource)

    async def _tried(self) -> Came:
        """Upload all of it; the status is 0 where it could not be tried."""
        copy, parcel = self._copy, self._memory.parcel(self._resource, self._order.by)
        if copy.replica is None or parcel is None:
            return Came(0)
        try:
            token = await self._all.rights.token(parcel)
            async with self._all.room(Resource.of(self._resource).issuer):
                self._why = None
                self._gave.clear()
                await self._first()
                path = f"{self._api.path(copy.replica.id)}/file"
                came = await self._all.services.upload(
                    self._api.service, path, self._pieces(), token
                )
        except NoRightError as error:
            return Came(403, words=str(error))
        except (NoAnswerError, NoSourceError) as error:
            return Came(0, words=str(error))
        except Exception as error:  # noqa: BLE001  (it is tried again, and named)
            return Came(None, words=fault_of(error))
        return self._why or came

    async def _first(self) -> None:
        """Begin no upload that nobody gives anything for; raises NoSourceError."""
        if self._data.size:
            self._ahead = await self._next(0)

    async def _pieces(self) -> AsyncIterator[bytes]:
        """Yield the data; breaks off if it is wrong, or does not come any more."""
        checked = Checked(self._data)
        try:
            while not checked.ended:
                part = await self._next(checked.come) if checked.come else self._ahead
                passing = checked.feed(part)
                self._come = checked.come
                if passing:
                    yield passing
            if rest := checked.rest():
                yield rest
        except WrongDataError as error:
            self._suspected.update(self._gave)
            who = " and ".join(sorted(self._gave)) or self._resource
            self._why = Came(None, words=f"what {who} gave is not the data: {error}")
            raise
        except NoSourceError as error:
            self._why = Came(0, words=str(error))
            raise

    async def _next(self, begin: int) -> bytes:
        """Return what comes next, from whichever cloud gives it; raises NoSourceError."""
        part = Part(self._resource, self._data.hash, begin, min(begin + MAX_PART, self._data.size))
        failures, why = 0, "no cloud that has it can be reached"
        with suppress(TimeoutError):
            async with asyncio.timeout(HOLD if begin else None):
                while True:
                    for cloud in self._in_order():
                        try:
                            data = await self._all.sources.part(cloud, part)
                        except NoPartError as error:
                            self._failed[cloud] += 1
                            why = f"{cloud}: {error}"
                        else:
                            self._gave.add(cloud)
                            return data
                    failures += 1
                    if not begin and failures > 1:
                        break
                    await asyncio.sleep(RETRIES[min(failures, 4) - 1])
        raise NoSourceError(why)

    def _in_order(self) -> list[str]:
        """Return the clouds that may have it, first those of which nothing bad is known."""
        members = self._memory.state(self._resource).members
        others = [c for c in members if c != self._memory.here and self._all.sources.is_up(c)]
        return sorted(others, key=lambda one: (self._suspected[one], self._failed[one]))
