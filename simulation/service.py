"""A service that behaves as badly as real ones."""

import random
from dataclasses import dataclass, field

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.copy import Order
from openstackoid.replication.desired import Place
from openstackoid.replication.kinds import Recognized
from openstackoid.replication.plan import Change, Create, Delete, Seen
from openstackoid.replication.traces import Found

NO_ANSWER = -1
"""The status of a request that the service will never answer."""

Values = dict[Place, str]


@dataclass
class Thing:
    """What the service has made of a create; `by_hand`: somebody in its cloud has made it."""

    values: Values
    mark: Timestamp | None
    by_hand: bool = False
    busy: int = 0
    """How often it still has to be read until it is ready."""
    fails: bool = False
    """It will not become ready."""


@dataclass
class Request:
    """What was handed to the service, and what it answers once it has got to it."""

    order: Order
    id: str
    over: float
    """After that it is not carried out: whoever has it has given up."""
    status: int | None = None
    created: str | None = None


@dataclass
class Service:
    """The service of one cloud; it lists one resource alone, with all that may be its copy."""

    recognized: Recognized
    chance: random.Random
    things: dict[str, Thing] = field(default_factory=dict)
    used_up: set[str] = field(default_factory=set)
    waiting: list[Request] = field(default_factory=list)
    deletions: list[tuple[str, bool]] = field(default_factory=list)
    """What was deleted over the network: its id, and whether somebody had made it by hand."""
    handed: list[Request] = field(default_factory=list)
    """All that was ever handed to it."""
    creates: list[tuple[Timestamp, frozenset[Timestamp]]] = field(default_factory=list)
    """What was created over the network, and the marks of what was there already."""
    deleted_by_hand: int = 0
    deleted_unseen: int = 0
    """How many of them before its gateway knew that they were there."""
    failed: int = 0
    refuses: bool = False
    powerless: set[Timestamp] = field(default_factory=set)
    """Operations whose users may not do here what they have ordered."""
    partial: bool = False
    """It lists only a part of what is there."""
    _ids: int = 0

    def receive(self, request: Request) -> None:
        """Take a request; `carry_out` gets to it some time."""
        self.waiting.append(request)
        self.handed.append(request)

    def carry_out(self, now: float, *, well: bool) -> str | None:
        """Get to a request that waits, whichever; `well`: without any of its faults.

        Return what came of it, None if nothing waits.
        """
        if not self.waiting:
            return None
        request = self.waiting.pop(0 if well else self.chance.randrange(len(self.waiting)))
        if now >= request.over:
            request.status = NO_ANSWER
            return "too late"
        luck = 1.0 if well else self.chance.random()
        if self.refuses or request.order.by in self.powerless:
            request.status = 403
        elif luck < 0.1:
            request.status = self.chance.choice((409, 409, 429, 500, 503))
        else:
            request.status, request.created = self._done(request)
        if not well and self.chance.random() < 0.5:
            request.status = self.chance.choice((NO_ANSWER, NO_ANSWER, 500))
        return f"{type(request.order).__name__}: {request.status} {request.created or ''}"

    def _done(self, request: Request) -> tuple[int, str | None]:
        match request.order:
            case Create():
                return self._create(request.order)
            case Change(values):
                thing = self.things.get(request.id)
                if thing is None:
                    return 404, None
                if ("ram", None) in values:
                    return 400, None
                merged = {**thing.values, **values}
                thing.values = {place: v for place, v in merged.items() if v is not None}
                return 200, None
            case Delete(identifier):
                gone = self.things.pop(identifier, None)
                if gone is None:
                    return 404, None
                self.deletions.append((identifier, gone.by_hand))
                return 204, None

    def _create(self, order: Create) -> tuple[int, str | None]:
        if self.recognized is Recognized.NAME and self.things:
            return 409, None
        identifier = self._new_id()
        if self.recognized is Recognized.ID:
            at = order.generation
            identifier = f"{at.cloud}-{at.incarnation}-{at.count}-{order.number}"
            if identifier in self.used_up:
                return 409, None
            self.used_up.add(identifier)
        mark = None if self.recognized is Recognized.NAME else order.generation
        there = frozenset(thing.mark for thing in self.things.values() if thing.mark is not None)
        self.creates.append((order.generation, there))
        busy = self.chance.choice((0, 0, 0, 1, 2))
        fails = self.chance.random() < 0.02
        self.failed += fails
        self.things[identifier] = Thing(dict(order.values), mark, busy=busy, fails=fails)
        return 202, identifier

    def _new_id(self) -> str:
        self._ids += 1
        return str(self._ids)

    def read(self, identifier: str) -> Seen | None:
        """Return what a copy is, None if it is not there."""
        thing = self.things.get(identifier)
        if thing is None:
            return None
        if thing.busy:
            thing.busy -= 1
            return Seen(thing.values, busy=True)
        return Seen(thing.values, failed="no host" if thing.fails else None)

    def list(self) -> list[Found]:
        """Return what may be a copy."""
        every = [Found(i, thing.values, thing.mark) for i, thing in self.things.items()]
        return [one for one in every if not self.partial or self.chance.random() < 0.4]

    def change_by_hand(self, known: str | None) -> str:
        """Let somebody who knows of no federation change, delete or make something.

        `known` is what its gateway takes for the copy.
        """
        if self.things and self.chance.random() < 0.8:
            identifier = self.chance.choice(list(self.things))
            if self.chance.random() < 0.25:
                del self.things[identifier]
                self.deleted_by_hand += 1
                self.deleted_unseen += identifier != known
                return f"deleted {identifier}"
            self.things[identifier].values["description", None] = "by hand"
            return f"changed {identifier}"
        if self.recognized is Recognized.NAME and self.things:
            return "nothing"
        identifier = self._new_id()
        size = str(self.chance.randint(1, 2))
        self.things[identifier] = Thing({("ram", None): size}, None, by_hand=True)
        return f"made {identifier}"
