"""The process that keeps replicas, without its socket: what it knows, does, and answers."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
import structlog

from openstackoid.federation import Federation
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Origin
from openstackoid.gateway.replicas.deliveries import Deliveries
from openstackoid.gateway.replicas.holding import fetched, placed
from openstackoid.gateway.replicas.making import Making
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import (
    MOST_ASKED,
    Answer,
    Ask,
    Asked,
    Fetch,
    Make,
    Order,
    Ordered,
    Question,
    Refused,
    Said,
    Show,
    Shown,
    Told,
    Translate,
    Upload,
)
from openstackoid.gateway.replicas.ordering import Ordering
from openstackoid.gateway.replicas.ownership import Ownership
from openstackoid.gateway.replicas.peers import Peers
from openstackoid.gateway.replicas.rights import NoAnswerError, Rights
from openstackoid.gateway.replicas.services import Services
from openstackoid.gateway.replicas.showing import Showing, not_known
from openstackoid.gateway.replicas.sources import Sources
from openstackoid.gateway.replicas.taking import Taking
from openstackoid.gateway.replicas.telling import AWAY, READING, Telling, is_done, is_settled
from openstackoid.gateway.replicas.translating import Translating
from openstackoid.gateway.replicas.users import Users
from openstackoid.gateway.trust.assertions import Assertions
from openstackoid.journal.store import FullError, JournalError
from openstackoid.replication.apis.api import Api, NotReplicatedError
from openstackoid.replication.apis.table import asked
from openstackoid.replication.desired import Lost
from openstackoid.replication.explained import State
from openstackoid.replication.operation import Action
from openstackoid.replication.parcel import Parcel, Resource
from openstackoid.routing import Refusal, Route
from openstackoid.services import IDENTITY

WAIT = 5.0
"""Seconds that whoever orders something waits for the clouds that can be reached."""

PAUSE = 0.2
"""Seconds between two questions for the state of one copy."""

MARGIN = 0.5
"""Seconds that the answer of another cloud takes at most, beside those that it waits."""

MAX_WAIT = 5.0
"""Seconds that another gateway may wait for the states of copies."""

log = structlog.get_logger()


class Surroundings(NamedTuple):
    """What a federation file makes of a gateway, as far as it is needed here.

    `origins` returns the addresses of another cloud's services.
    """

    federation: Federation
    upstream: Upstream
    assertions: Assertions
    origins: Callable[[str], set[Origin]]


class Replicator:
    """Keeps the replicas of one cloud; needs a running event loop."""

    def __init__(self, memory: Memory, settle: float) -> None:
        self.memory = memory
        self._changes = asyncio.Condition()
        self._telling_of: set[asyncio.Task[None]] = set()
        self._deliveries = Deliveries(memory, settle, self._changed)
        self.peers = Peers(memory, self.took)
        self._taking = Taking(memory)
        self._telling = Telling(memory, self._taking, self._deliveries, self.peers)

    def use(self, surroundings: Surroundings) -> None:
        """Begin, or go on, by a federation file."""
        here = self.memory.here
        federation, upstream, assertions, origins = surroundings
        self._rights = Rights(assertions.accepting, here)
        services = Services(federation, here, upstream)
        self.ownership = Ownership(self.memory, self._rights, assertions.answering)
        self._deliveries.use(services, self._rights, self.ownership)
        sources = Sources(federation, here, upstream, self.peers.is_up)
        self._deliveries.data.use(services, self._rights, sources)
        self.ordering = Ordering(self.memory, federation, assertions.issuing, self.ownership)
        self.users = Users(here, assertions.issuing, assertions.accepting.tokens)
        self._showing = Showing(
            self.users, self.ownership, self.ordering, self._telling, self._read, self._learn
        )
        self._making = Making(
            self.memory,
            self.users,
            services,
            self.ownership,
            self.ordering,
            self._telling,
            self._learn,
            self._outcome,
        )
        self._translating = Translating(
            self.memory, self.users, self.ownership, self._telling, self.peers.is_up
        )
        self.memory.hear_again()
        self._taking.forget()
        self.peers.use(federation, upstream, origins)
        self._deliveries.wake_later(reversed(self.memory.resources()))

    async def close(self) -> None:
        """End all that is under way."""
        await self.peers.close()
        await self._deliveries.close()
        await asyncio.gather(*self._telling_of, return_exceptions=True)

    async def answer(self, message: Asked) -> Said:
        """Answer a message."""
        try:
            match message:
                case Order():
                    return await self._ordered(message)
                case Show():
                    return await self._showing.shown(message)
                case Ask():
                    return Shown(await self._asked(message))
                case Upload():
                    return await self._placed(message)
                case Make():
                    return await self._made(message)
                case Translate():
                    return await self._translating.translated(message)
                case Fetch():
                    return await fetched(self.memory, self._rights, message)
        except Refusal as refusal:
            return Refused(refusal.status, refusal.message)
        except FullError as error:
            return Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"nothing was ordered: {error}")
        except JournalError as error:
            log.error("replicas: not written", error=str(error))  # noqa: TRY400
            return Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, "the journal can't be used now; its log says why"
            )

    # What other gateways say and ask

    async def took(self, cloud: str, answer: Answer) -> None:
        """Keep what another gateway has given, and carry it out; raises NoAnswerError."""
        kept = await self._taking.taken(cloud, answer.parcels, self.ownership)
        own = [one for one in kept if one.operation.at.cloud == self.memory.here]
        if any(not self.memory.knows(p.operation.resource, p.operation.at) for p in own):
            log.warning("replicas: the journal has lost something; all copies are looked for")
            self.memory.live_anew()
        self._learn(kept)

    def _learn(self, parcels: list[Parcel]) -> None:
        """Write down what is new, tell of losers, and carry it out."""
        touched = self.memory.learn(parcels)
        for resource, lost in touched.items():
            _tell_of(resource, lost)
            self._deliveries.wake(resource)
        if touched:
            self.peers.spread()

    async def _asked(self, message: Ask) -> bytes:
        """Answer another gateway; raises Refusal."""
        here, cloud = self.memory.here, message.cloud
        try:
            question = msgspec.json.decode(message.question, type=Question)
        except (ValueError, RecursionError):
            question = None
        if question is None or len(question.states) > MOST_ASKED:
            text = "it is not a question as gateways write them"
            raise Refusal(HTTPStatus.BAD_REQUEST, text, cloud=here, service=IDENTITY, sent=False)
        self.peers.heard(cloud, question)
        if question.again:
            for one in filter(partial(self.memory.may_see, cloud), question.states):
                self._deliveries.again(one)
        await self._wait_for(question.states, min(question.wait, MAX_WAIT))
        states = {
            one: self._telling.told(one, at)
            if self.memory.may_see(cloud, one)
            else self._telling.not_taken(one, at)
            for one, at in question.states.items()
            if self.memory.may_see(cloud, one) or self._taking.has_refused(cloud, one)
        }
        parcels, position, more = self.memory.since(question.since, cloud)
        return msgspec.json.encode(Answer(tuple(parcels), position, more, states))

    async def _read(self, resources: list[str]) -> None:
        """Read copies here anew."""
        for one in resources:
            self._deliveries.again(one)
        await self._wait_for(dict.fromkeys(resources), READING)

    async def _wait_for(self, resources: Mapping[str, Any], seconds: float) -> None:
        """Wait until the copies here are settled, some seconds at most."""

        def settled() -> bool:
            return all(is_settled(self._telling.told(one, at)) for one, at in resources.items())

        try:
            async with asyncio.timeout(max(0.0, seconds)), self._changes:
                await self._changes.wait_for(settled)
        except TimeoutError:
            return

    def _changed(self, resource: str) -> None:  # noqa: ARG002
        async def notify() -> None:
            async with self._changes:
                self._changes.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._telling_of.add(task)
        task.add_done_callback(self._telling_of.discard)

    # What users order and ask

    async def _ordered(self, order: Order) -> Said:
        """Carry out what a user orders; raises Refusal."""
        here = self.memory.here
        route = self.users.route(order.service, order.path)
        try:
            document = msgspec.json.decode(order.document) if order.document else None
            api, draft = asked(order.service, order.method, order.path, document)
        except NotReplicatedError as error:
            return Refused(400, f"{error}; nothing was sent to any cloud")
        except (ValueError, RecursionError):
            return Refused(400, "the body is not JSON; mend it, nothing was sent to any cloud")
        token = await self.users.ordering(order.token, order.method, order.path, route)
        try:
            unknown = await self.ordering.unknown(order, api, draft, token)
            await self._telling.everywhere(unknown)
            parcel = await self.ordering.parcel(order, api, draft, token, route)
        except NoAnswerError as error:
            raise not_known(error, here, route) from error
        self._learn([parcel])
        told = await self._outcome(parcel)
        creates = draft.action is Action.CREATE
        if creates and (refused := self._refused_by(told)):
            self._learn([self.ordering.withdrawal(parcel, token, route)])
            return _refusal(*refused, told)
        first = next((c for c in self._in_order(order, told) if is_done(told[c])), None)
        if first is None:
            return self._not_yet(parcel, creates, told, token, route)
        identifier = told[first].id or self._chosen(api, parcel)
        return Ordered(parcel.operation.resource, first, identifier, told)

    async def _made(self, message: Make) -> Said:
        """Have something replicated that exists; raises Refusal."""
        try:
            return await self._making.made(message)
        except NoAnswerError as error:
            route = self.users.route(IDENTITY, "/")
            raise not_known(error, self.memory.here, route) from error

    async def _placed(self, upload: Upload) -> Said:
        """Say which copy takes what a user uploads; raises Refusal."""
        route = self.users.route(upload.service, upload.path)
        token = await self.users.ordering(upload.token, upload.method, upload.path, route)
        try:
            resource = await self.ordering.image(upload, token, route)
        except NoAnswerError as error:
            raise not_known(error, self.memory.here, route) from error
        return await placed(self.memory, self._telling, upload, resource)

    async def _outcome(self, parcel: Parcel) -> Mapping[str, Told]:
        """Return the states of the copies, once they are settled or the time is over."""
        operation = parcel.operation
        resource, here = operation.resource, self.memory.here
        members = self.memory.state(resource).members
        others = [c for c in members if c != here and self.peers.is_up(c)]
        told = {c: self._telling.silent(c) for c in members}
        until = time.monotonic() + WAIT
        asking = [self._told_by(c, resource, operation.at, until) for c in others]
        if here in members:
            asking.append(self._told_here(resource, operation.at))
        return {**told, **dict(await asyncio.gather(*asking))}

    async def _told_here(self, resource: str, at: Any) -> tuple[str, Told]:
        await self._wait_for({resource: at}, WAIT)
        return self.memory.here, self._telling.told(resource, at)

    async def _told_by(self, cloud: str, resource: str, at: Any, until: float) -> tuple[str, Told]:
        """Return what another cloud says, asked until it is settled or the time is over."""
        said = Told(State.PENDING.value, knows=False)
        while (left := until - time.monotonic()) > 0:
            told = await self._telling.of(cloud, {resource: at}, left, left - MARGIN)
            said = told.get(resource, said)
            if is_settled(said) or said.state == AWAY:
                break
            await asyncio.sleep(min(PAUSE, max(0.0, left)))
        return cloud, said

    def _in_order(self, order: Order, told: Mapping[str, Told]) -> list[str]:
        return list(dict.fromkeys((*(c for c in order.clouds if c in told), *told)))

    def _refused_by(self, told: Mapping[str, Told]) -> tuple[str, Told] | None:
        refused = ((c, t) for c, t in told.items() if t.knows and t.state == State.REFUSED.value)
        return next(refused, None)

    def _chosen(self, api: Api, parcel: Parcel) -> str:
        """Return the id that a copy has where none says it: of what is deleted, say."""
        resource = parcel.operation.resource
        values = self.memory.state(resource).values
        return api.number(Resource.of(resource).key, values, 0) or ""

    def _not_yet(
        self,
        parcel: Parcel,
        creates: bool,
        told: Mapping[str, Told],
        token: dict[str, Any],
        route: Route,
    ) -> Refused:
        """Answer where no cloud has carried it out: a create is withdrawn, all else stays."""
        if (refused := self._refused_by(told)) is not None:
            return _refusal(*refused, told, "; the others have not carried it out yet")
        if creates:
            self._learn([self.ordering.withdrawal(parcel, token, route)])
            text = (
                f"no cloud has carried it out within {WAIT:g} s, so it is withdrawn: nothing of it "
                "stays. Try again later, or with fewer clouds"
            )
            return Refused(504, text, told)
        text = (
            f"no cloud has carried it out within {WAIT:g} s; it is ordered, and will be. openstack "
            "replica show says how far it is"
        )
        return Refused(504, text, told)


def _refusal(cloud: str, said: Told, told: Mapping[str, Told], more: str = "") -> Refused:
    """Return the answer where a cloud refuses, in its own words."""
    words = f": {said.words}" if said.words else ""
    status = said.status or HTTPStatus.CONFLICT
    return Refused(status, f"{cloud} refuses it{words}{more}", told)


def _tell_of(resource: str, lost: tuple[Lost, ...]) -> None:
    """Log who has lost, without what he has said."""
    for one in lost:
        log.warning(
            "operation lost",
            resource=resource,
            field=one.field or None,
            cloud=one.at.cloud,
            at=one.at.milliseconds,
            to=one.to.cloud,
        )
