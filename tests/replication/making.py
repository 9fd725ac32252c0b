"""Gateways that are cut off from each other now and then, and what their users order meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from openstackoid.replication.clock import Clock, Timestamp
from openstackoid.replication.kinds import Joined, Kind, Recognized
from openstackoid.replication.lineage import Lineage
from openstackoid.replication.operation import Action, Operation, Write

CLOUDS = ("Paris", "Marseille", "Corte")

FLAVOR = Kind(
    "flavor",
    Recognized.NAME,
    fields={
        "ram": Joined.FIXED,
        "description": Joined.WHOLE,
        "access": Joined.BY_ELEMENT,
        "specs": Joined.BY_KEY,
    },
    afterwards=frozenset({"specs"}),
)


@dataclass
class Gateway:
    """One cloud's gateway: what it knows of one resource."""

    clock: Clock
    known: dict[Timestamp, Operation] = field(default_factory=dict)

    @classmethod
    def of(cls, cloud: str) -> "Gateway":
        """Return a gateway that knows nothing yet."""
        return cls(Clock(cloud, 1))

    def order(self, action: Action, *writes: Write, now: int = 1000) -> Operation:
        """Let a user order something, who may see all that this gateway knows."""
        latest = Lineage(self.known.values()).latest()
        one = Operation(
            self.clock.next(now, latest),
            "flavor:m1.big",
            "flavor",
            action,
            after=latest,
            members=CLOUDS if action is Action.CREATE else (),
            writes=writes,
        )
        self.known[one.at] = one
        return one

    def hear(self, other: "Gateway") -> None:
        """Get to know what another gateway knows."""
        self.known.update(other.known)


def ram(size: int) -> Write:
    """Return what a create says that cannot be changed."""
    return Write("ram", str(size))


_WRITES = st.one_of(
    st.builds(Write, st.just("description"), st.sampled_from(["1", "2", "3"])),
    st.builds(
        Write,
        st.just("access"),
        st.sampled_from(["true", None]),
        st.sampled_from(["alice", "bob"]),
    ),
    st.builds(
        Write, st.just("specs"), st.sampled_from(["1", "2", None]), st.sampled_from(["k", "l"])
    ),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Return what was ordered at three gateways that heard of each other now and then."""
    gateways = [Gateway.of(cloud) for cloud in CLOUDS]
    made: list[Operation] = []
    for _ in range(draw(st.integers(1, 12))):
        gateway = draw(st.sampled_from(gateways))
        what = draw(
            st.sampled_from(["hear", "hear", Action.CREATE, *(3 * [Action.CHANGE]), Action.DELETE])
        )
        now = draw(st.integers(1000, 1003))
        if what == "hear":
            gateway.hear(draw(st.sampled_from(gateways)))
        elif isinstance(what, Action):
            writes: Sequence[Write] = ()
            if what is not Action.DELETE:
                writes = draw(st.lists(_WRITES, max_size=3, unique_by=lambda write: write.place))
            if what is Action.CREATE:
                writes = (ram(draw(st.integers(1, 2))), *writes)
            made.append(gateway.order(what, *writes, now=now))
    return made
