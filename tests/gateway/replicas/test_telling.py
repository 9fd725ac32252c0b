"""In what words the states of copies are told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gateway.replicas.parcels import CREATE, ID, ONE, TWO, at, change, parcel
from journal.keeping import SECRET
from msgspec.structs import replace

from openstackoid.gateway.replicas.deliveries import Deliveries, Trouble
from openstackoid.gateway.replicas.memory import Memory
from openstackoid.gateway.replicas.messages import Told
from openstackoid.gateway.replicas.peers import Peers
from openstackoid.gateway.replicas.taking import Taking
from openstackoid.gateway.replicas.telling import AWAY, Telling, is_settled, when
from openstackoid.journal.records import Records
from openstackoid.journal.store import Store
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.copy import Copy, Refused
from openstackoid.replication.operation import Action
from openstackoid.replication.plan import (
    Change,
    Conflicting,
    Create,
    Drift,
    Failed,
    Fits,
    Replica,
    Step,
)
from openstackoid.replication.traces import Trace

CHANGE = Change({("description", None): '"d"'}, at(2))
DRIFT = Drift("description", None, '"x"')
COPY = Copy(Replica("42", at(1), {}))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Memory, Deliveries, Telling]]:
    store = Store(tmp_path, [SECRET])
    memory = Memory(Records(store), ONE, 7, 60.0)
    deliveries = Deliveries(memory, 60.0, lambda _: None)

    async def took(*_: object) -> None:
        """Take nothing."""

    yield memory, deliveries, Telling(memory, Taking(memory), deliveries, Peers(memory, took))
    store.close()


@pytest.mark.parametrize(
    ("copy", "steps", "told"),
    [
        (COPY, (Fits(),), Told("fits", id="42")),
        (COPY, None, Told("pending", id="42")),
        (COPY, (CHANGE,), Told("pending", id="42")),
        (
            COPY,
            (Fits((DRIFT, Drift("specs", "k", None))),),
            Told("drifted", id="42", drift=(DRIFT, Drift("specs", "k", None))),
        ),
        (
            replace(COPY, refused=(Refused(CHANGE, 403, "no", 0.0),)),
            (CHANGE,),
            Told("refused", id="42", status=403, words="no"),
        ),
        (COPY, (Failed("no host"),), Told("failed there", id="42", more=("it failed: no host",))),
        (
            COPY,
            (Conflicting(at(1, TWO)),),
            Told(
                "conflicting",
                id="42",
                more=(f"made otherwise at {when(at(1, TWO))} in {TWO}",),
            ),
        ),
        (
            Copy(doubtful=(Trace("8"),), leftovers=(Trace("9", at(1)),)),
            (Create(at(1), {}),),
            Told("in doubt", more=("may be a copy: 8", "goes: 9")),
        ),
    ],
)
def test_a_state_is_told(
    world: tuple[Memory, Deliveries, Telling],
    copy: Copy,
    steps: tuple[Step, ...] | None,
    told: Told,
) -> None:
    """With what its user has to know to act."""
    memory, deliveries, telling = world
    memory.learn([parcel()])
    memory.keep(ID, copy)
    if steps is not None:
        deliveries.read[ID] = steps
    assert telling.told(ID) == told


def test_what_nobody_may_read_is_refused(world: tuple[Memory, Deliveries, Telling]) -> None:
    """And what can't be read at present is pending."""
    memory, deliveries, telling = world
    memory.learn([parcel()])
    deliveries.read[ID] = (Fits(),)
    deliveries.troubles[ID] = Trouble("revoked", 403)
    told = telling.told(ID)
    assert (told.state, told.status, told.words) == ("refused", 403, "revoked")
    deliveries.troubles[ID] = Trouble("500", None)
    assert telling.told(ID) == Told("pending", more=("it can't be read: 500",))


def test_what_is_not_known_is_pending(world: tuple[Memory, Deliveries, Telling]) -> None:
    """The whole resource, or the operation that somebody asks about."""
    memory, deliveries, telling = world
    assert telling.told(ID) == Told("pending", knows=False)
    memory.learn([parcel()])
    deliveries.read[ID] = (Fits(),)
    assert telling.told(ID, at(2)) == Told("fits", knows=False)
    assert not is_settled(telling.told(ID, at(2)))
    assert is_settled(telling.told(ID, at(1)))
    assert not is_settled(Told(AWAY))


def test_a_cloud_without_a_copy_says_so(world: tuple[Memory, Deliveries, Telling]) -> None:
    """It may know of what its users have in others."""
    memory, _, telling = world
    memory.learn([parcel(members=(TWO,))])
    assert telling.told(ID) == Told("no member")


def test_losers_and_conflicts_are_shown(world: tuple[Memory, Deliveries, Telling]) -> None:
    """Also what waits, for it is from the future."""
    memory, deliveries, telling = world
    late = parcel(
        at=Timestamp(10**15, 1, TWO, 1), action=Action.DELETE, members=(), writes=(), after=(at(1),)
    )
    other = replace(CREATE, at=at(2, TWO), writes=(replace(CREATE.writes[0], value="2"),))
    memory.learn(
        [parcel(), parcel(other), change(3, "a", at(1)), change(4, "b", at(1), cloud=TWO), late]
    )
    deliveries.read[ID] = (Fits(),)
    (document,) = telling.documents([ID], {ID: {ONE: telling.told(ID)}})
    assert document["name"] == "m1.big"
    assert {lost["value"] for lost in document["lost"]} >= {'"a"'}
    assert document["conflicts"][0]["field"] == "ram"
    assert "from the future: delete" in document["clouds"][0]["more"][-1]
    assert telling.names(ID) == {ID, "m1.big"}


def test_a_strange_time_is_shown(world: tuple[Memory, Deliveries, Telling]) -> None:
    """Whatever a hostile cloud says."""
    assert when(Timestamp(0, 1, ONE, 1)) == "1970-01-01T00:00:00.000+00:00"
    assert when(Timestamp(10**18, 1, ONE, 1)) == f"{10**18} ms"
