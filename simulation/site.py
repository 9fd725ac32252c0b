"""A cloud: its gateway with two processes, its journal and its service."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from openstackoid.replication import delivery
from openstackoid.replication.clock import Clock
from openstackoid.replication.copy import Copy, Order
from openstackoid.replication.delivery import Look, Read, Rest, Send
from openstackoid.replication.desired import Desired, desired
from openstackoid.replication.heard import Heard, start
from openstackoid.replication.kinds import Kind
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation, Write, in_time
from openstackoid.replication.plan import Step, plan
from simulation.service import NO_ANSWER, Request, Service

SETTLE = 60.0
"""Seconds until what was handed to a service can't be carried out any more."""


COPIED = 0.3
"""How often somebody copies a journal just before something is sent."""


class Journal(msgspec.Struct, frozen=True):
    """What a gateway has on its disk; a commit makes a new one.

    `log` are the operations in the order in which they were written down, each with the
    incarnation that did it. `version` changes with each commit of the copy.
    """

    log: tuple[tuple[int, Operation], ...] = ()
    heard: Mapping[str, Heard] = msgspec.field(default_factory=dict)
    copy: Copy = Copy()
    version: int = 0


@dataclass
class Time:
    """What time it really is, in seconds."""

    now: float


@dataclass
class Site:
    """One cloud of a schedule."""

    name: str
    kind: Kind
    service: Service
    world: Time
    journal: Journal = field(default_factory=Journal)
    before: Journal = field(default_factory=Journal)
    """The journal before its last commit."""
    kept: Journal | None = None
    """A copy of the journal that somebody has made."""
    offset: float = 0.0
    """Seconds by which the machine's clock is wrong."""
    up: bool = True
    restored: bool = False
    """Its journal has lost something."""
    taken: set[str] = field(default_factory=set)
    """What its gateway has ever taken for the copy."""
    set_back: bool = False
    """Its clock was set back: what it has ordered and carried out is from the future now."""
    was_partial: bool = False
    """Its service has listed only a part of what is there."""
    incarnation: int = 0
    life: int = 0
    """The incarnation since which its journal has surely lost nothing."""
    sure: float = 0.0
    booted: float = 0.0
    """When the machine was started."""
    processes: list[Generator[str]] = field(default_factory=list)
    _clock: Clock = field(default_factory=lambda: Clock("", 0))
    _known: tuple[tuple[Operation, ...], Desired] | None = None

    @property
    def milliseconds(self) -> int:
        """What the machine's clock says."""
        return int((self.world.now + self.offset) * 1000)

    @property
    def time(self) -> float:
        """What the clock says that nobody sets."""
        return self.world.now - self.booted

    def set_clock(self, offset: float) -> None:
        """Set the clock of the machine."""
        self.set_back |= offset < self.offset
        self.offset = offset

    def begin(self, incarnation: int) -> None:
        """Start the gateway; `incarnation` is a random number."""
        self.incarnation = incarnation
        if not self.life:
            self.life = incarnation
            self.sure = self.time + delivery.SENDING + SETTLE
        self._clock = Clock(self.name, incarnation)
        self._commit(
            copy=delivery.started(self.journal.copy, self.time, SETTLE),
            version=self.journal.version + 1,
        )
        self.up = True
        self.processes = [self._deliver(), self._deliver()]

    def end(self) -> None:
        """Kill the gateway; what its service was handed goes on."""
        self.up = False
        self.processes = []

    def replace_process(self, number: int) -> None:
        """Kill one of the processes; another one takes its place."""
        self.processes[number] = self._deliver()

    def lose(self, journal: Journal) -> None:
        """Put another journal in the place of the one there is, as the gateway is down."""
        self.journal = self.before = journal
        self.restored = True
        self.life = 0

    def power_off(self) -> None:
        """Switch the machine off and on; the last commit was not on the disk yet."""
        self.end()
        self.lose(self.before)
        self.booted = self.world.now

    # What is known

    def operations(self) -> list[Operation]:
        """Return the operations that count now."""
        return in_time((one for _, one in self.journal.log), self.milliseconds)[0]

    def state(self) -> Desired:
        """Return what should be there."""
        known = tuple(self.operations())
        if self._known is None or self._known[0] != known:
            self._known = known, desired(known, self.kind)
        return self._known[1]

    def order(self, action: Action, members: tuple[str, ...], *writes: Write) -> Operation:
        """Let a user order something, who may see all that this gateway knows."""
        latest = Lineage(self.operations()).latest()
        one = Operation(
            self._clock.next(self.milliseconds, latest),
            f"{self.kind.name}:m1.big",
            self.kind.name,
            action,
            after=latest,
            members=members if action is Action.CREATE else (),
            writes=writes,
        )
        self._commit(log=(*self.journal.log, (self.incarnation, one)))
        return one

    def hear(self, other: "Site") -> int:
        """Ask another gateway what it has got to know since the last time; return how much."""
        theirs = other.journal.log
        last = {incarnation: number for number, (incarnation, _) in enumerate(theirs, 1)}
        begin = start(self.journal.heard.get(other.name), last)
        mine = {one.at for _, one in self.journal.log}
        new = [one for _, one in theirs[begin:] if one.at not in mine]
        if len(theirs) > begin:
            position = Heard(theirs[-1][0], len(theirs))
            self._commit(
                log=(*self.journal.log, *((self.incarnation, one) for one in new)),
                heard={**self.journal.heard, other.name: position},
            )
        return len(new)

    def _commit(self, **changes: object) -> None:
        self.before, self.journal = self.journal, replace(self.journal, **changes)

    # What a process does

    def steps(self) -> Sequence[Step]:
        """Return what the copy needs, whatever keeps it from that."""
        replica = self.journal.copy.replica
        return plan(self.state(), replica, self.service.read(replica.id) if replica else None)

    def _deliver(self) -> Generator[str]:
        """Do what a process does; at each `yield` it may be stopped for long, or die."""
        while True:
            yield "looks what there is to do"
            version, copy = self.journal.version, self.journal.copy
            state = self.state()
            begun = self.time
            decided = delivery.before_reading(copy, state, begun, self.life, self.sure)
            if isinstance(decided, Read):
                yield "reads"
                there = self.service.read(copy.replica.id) if copy.replica else None
                yield "has read"
                if not self._write(version, was_read := delivery.read(copy, state, there)):
                    continue
                version, copy = self.journal.version, was_read
                steps = plan(state, copy.replica, there)
                decided = delivery.after_reading(copy, steps, self.time)
            if isinstance(decided, Look):
                yield from self._look(version, copy, state)
            elif isinstance(decided, Send):
                yield from self._send(version, copy, decided.order)
            elif isinstance(decided, Rest):
                yield "rests"

    def _look(self, version: int, copy: Copy, state: Desired) -> Generator[str]:
        begun = self.time
        yield "looks for copies"
        found = self.service.list()
        yield "has looked"
        recognized = self.kind.recognized
        looked = delivery.looked_for(copy, state, found, recognized, begun, self.life, self.sure)
        self._write(version, looked)

    def _send(self, version: int, copy: Copy, order: Order) -> Generator[str]:
        if self.service.chance.random() < COPIED:
            self.kept = self.journal
        begun = delivery.begun(copy, order, self.time, SETTLE)
        attempt = begun.attempt
        if attempt is None or not self._write(version, begun):
            return
        yield "is about to send"
        if not delivery.may_send(self.journal.copy, attempt, self.time):
            return
        identifier = copy.replica.id if copy.replica else ""
        request = Request(order, identifier, self.world.now + SETTLE)
        self.service.receive(request)
        while request.status is None:
            yield "waits for the answer"
        status = None if request.status == NO_ANSWER else request.status
        copy, now = self.journal.copy, self.time
        answered = delivery.answered(copy, attempt, status, request.created, "no", now)
        self._write(self.journal.version, answered)

    def _write(self, version: int, copy: Copy) -> bool:
        """Commit what is known of the copy, unless another process has done so meanwhile."""
        if self.journal.version != version:
            return False
        if copy != self.journal.copy:
            self._commit(copy=copy, version=version + 1)
            if copy.replica is not None:
                self.taken.add(copy.replica.id)
        return True
