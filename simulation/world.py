"""Some clouds, and one schedule of what happens in them."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from openstackoid.replication.clock import Timestamp
from openstackoid.replication.delivery import REFUSED
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.operation import Action, Operation, Write
from simulation.service import Service
from simulation.site import Site, Time

CLOUDS = ("Paris", "Marseille", "Corte", "Nice", "Lyon", "Brest", "Nantes")

OFFSETS = (*(8 * [0.0]), *(3 * [300.0]), *(3 * [-300.0]), 2.3e9)
"""By how many seconds the clocks of machines may be wrong: the last one is decades ahead."""

POWERLESS = 0.05
"""How often a user may not do in a cloud what he orders."""

PARTIAL = 0.3
"""How often a service lists only a part from the beginning."""

RESTLESS = 500
"""Steps within which a process has done all that it can do at one time."""

HEALED = 12
"""How many times, in the end, all is well and everybody does all that is to be done."""

_SHORT: Sequence[float] = (0.0, 0.01, 0.01, 0.3)
_LONG: Sequence[float] = (0.01, 0.3, 2.0, 15.0, 70.0)

UP = 1e6
"""For how many seconds all machines have been up when a schedule begins."""

FIELDS = {
    "ram": Joined.FIXED,
    "description": Joined.WHOLE,
    "access": Joined.BY_ELEMENT,
    "specs": Joined.BY_KEY,
}


class World:
    """The clouds of one seed, and what happened in them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # to be reproduced
        self.clock = Time(UP)
        self.kind = Kind(
            "flavor",
            self.chance.choice((*Recognized, Recognized.MARK)),
            FIELDS,
            frozenset({"specs"}),
        )
        names = CLOUDS[: self.chance.choice((2, 3, 3, 4, 5, 7))]
        self.sites = {name: self._site(name) for name in names}
        self.cut: set[frozenset[str]] = set()
        self.ordered: dict[Timestamp, tuple[Operation, frozenset[Timestamp]]] = {}
        """What was ordered, and what its user could see: the judge does not believe `after`."""
        self.made: dict[Timestamp, int] = {}
        """What the clock said of the machine that made it, in milliseconds."""
        self.told: list[str] = []
        self.restless: set[str] = set()
        """Clouds whose gateways never come to rest."""

    def _site(self, name: str) -> Site:
        site = Site(name, self.kind, Service(self.kind.recognized, self.chance), self.clock)
        site.offset = self.chance.choice(OFFSETS)
        if self.chance.random() < PARTIAL:
            site.service.partial = site.was_partial = True
        site.begin(self._incarnation())
        return site

    def _incarnation(self) -> int:
        return self.chance.getrandbits(48)

    def tell(self, text: str) -> None:
        """Note what happens."""
        self.told.append(f"{self.clock.now:9.2f}  {text}")

    def run(self, steps: int) -> None:
        """Let so much happen, then heal everything, and let all come to rest."""
        self._create(next(iter(self.sites.values())))
        events, weights = list(_EVENTS), list(_EVENTS.values())
        every = list(self.sites.values())
        pauses, busiest = _SHORT, every[0]
        for event in self.chance.choices(events, weights, k=steps):
            if self.chance.random() < 0.1:
                pauses, busiest = self.chance.choice((_SHORT, _LONG)), self.chance.choice(every)
            self.clock.now += self.chance.choice(pauses)
            event(self, busiest if self.chance.random() < 0.6 else self.chance.choice(every))
        self._heal()
        for again in range(HEALED):
            self.clock.now += REFUSED if again % 4 == 3 else 70.0
            for site in self.sites.values():
                self._settle(site)

    def _heal(self) -> None:
        self.tell("everything is healed")
        self.cut.clear()
        for site in self.sites.values():
            site.set_clock(0.0)
            site.service.partial = site.service.refuses = False
            if not site.up:
                site.begin(self._incarnation())

    def _settle(self, site: Site) -> None:
        """Let a site hear of everything, and do all that it can do now."""
        for other in self.sites.values():
            if other is not site:
                site.hear(other)
        said = {"rests", "waits for the answer"}
        for number, process in enumerate(site.processes):
            left = RESTLESS
            while (doing := next(process)) not in said or site.service.waiting:
                left -= 1
                if not left:
                    self.restless.add(site.name)
                    return
                self.tell(f"{site.name}: process {number} {doing}")
                while came := site.service.carry_out(self.clock.now, well=True):
                    self.tell(f"{site.name}: its service carries out {came}")

    # What users order

    def order(self, site: Site) -> None:
        """Let a user order something where he is."""
        if not site.up:
            return
        if site.state().generation is None:
            self._create(site)
        elif self.chance.random() < 0.15:
            self._ordered(site, Action.DELETE)
        else:
            number = str(self.chance.randint(1, 9))
            write = self.chance.choice(
                [
                    Write("description", number),
                    Write("access", self.chance.choice(["true", None]), "alice"),
                    Write("specs", self.chance.choice([number, None]), "k"),
                ]
            )
            self._ordered(site, Action.CHANGE, write)

    def _create(self, site: Site) -> None:
        size = str(self.chance.randint(1, 2))
        self._ordered(site, Action.CREATE, Write("ram", size), Write("specs", "0", "k"))

    def _ordered(self, site: Site, action: Action, *writes: Write) -> None:
        saw = frozenset(one.at for one in site.operations())
        one = site.order(action, tuple(self.sites), *writes)
        self.ordered[one.at] = one, saw
        self.made[one.at] = site.milliseconds
        for other in self.sites.values():
            if self.chance.random() < POWERLESS:
                other.service.powerless.add(one.at)
        what = ", ".join(f"{w.field} {w.key or ''}={w.value}" for w in writes)
        self.tell(f"{site.name}: a user orders {action.value} {what}, as {named(one.at)}")

    # What happens

    def exchange(self, site: Site) -> None:
        """Let a gateway ask another one, if the link is up."""
        other = self.chance.choice([one for one in self.sites.values() if one is not site])
        if site.up and other.up and frozenset({site.name, other.name}) not in self.cut:
            new = site.hear(other)
            self.tell(f"{site.name}: hears {new} operations of {other.name}")

    def link(self, site: Site) -> None:
        """Cut a link, or heal it."""
        other = self.chance.choice([one for one in self.sites.values() if one is not site])
        self.cut ^= {frozenset({site.name, other.name})}
        self.tell(f"the link {site.name} to {other.name} is cut or healed")

    def act(self, site: Site) -> None:
        """Let a process of a gateway go on a bit; the other one is stopped."""
        if site.up:
            number = self.chance.randrange(len(site.processes))
            for _ in range(self.chance.randint(1, 8)):
                doing = next(site.processes[number])
                self.tell(f"{site.name}: process {number} {doing}")

    def serve(self, site: Site) -> None:
        """Let a service get to what waits."""
        if (came := site.service.carry_out(self.clock.now, well=False)) is not None:
            self.tell(f"{site.name}: its service carries out {came}")

    def kill(self, site: Site) -> None:
        """Kill a process of a gateway, the whole one, or its machine; or start it again."""
        if not site.up:
            self.tell(f"{site.name}: the gateway is started")
            site.begin(self._incarnation())
            return
        luck = self.chance.random()
        if luck < 0.5:
            self.tell(f"{site.name}: a process is killed")
            site.replace_process(self.chance.randrange(len(site.processes)))
        elif luck < 0.9:
            self.tell(f"{site.name}: the gateway is killed")
            site.end()
        else:
            self.tell(f"{site.name}: the power is off, and a commit lost")
            site.power_off()

    def keep(self, site: Site) -> None:
        """Copy the journal of a gateway."""
        site.kept = site.journal
        self.tell(f"{site.name}: its journal is copied")

    def restore(self, site: Site) -> None:
        """Put a copy in the place of a gateway's journal."""
        if site.kept is not None:
            self.tell(f"{site.name}: its journal is restored from a copy")
            site.end()
            site.lose(site.kept)
            if self.chance.random() < 0.7:
                site.begin(self._incarnation())

    def by_hand(self, site: Site) -> None:
        """Let somebody in a cloud do something there alone."""
        replica = site.journal.copy.replica
        did = site.service.change_by_hand(None if replica is None else replica.id)
        self.tell(f"{site.name}: by hand: {did}")

    def moody(self, site: Site) -> None:
        """Let a service refuse everything, or list a part alone, for a while."""
        if self.chance.random() < 0.5:
            site.service.refuses = not site.service.refuses
        else:
            site.service.partial = not site.service.partial
            site.was_partial = True
        self.tell(f"{site.name}: refuses {site.service.refuses}, partial {site.service.partial}")

    def set_clock(self, site: Site) -> None:
        """Set the clock of a machine."""
        site.set_clock(self.chance.choice(OFFSETS))
        self.tell(f"{site.name}: its clock is {site.offset} s ahead")


def named(at: Timestamp) -> str:
    """Return how a timestamp is shown."""
    return f"{at.cloud}#{at.count} of {at.incarnation % 1000}"


Event: TypeAlias = Callable[[World, Site], None]

_EVENTS: Mapping[Event, int] = {
    World.order: 6,
    World.exchange: 12,
    World.link: 3,
    World.act: 24,
    World.serve: 12,
    World.kill: 5,
    World.by_hand: 3,
    World.keep: 5,
    World.restore: 3,
    World.moody: 4,
    World.set_clock: 2,
}
