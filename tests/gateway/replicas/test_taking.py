"""Which operations that another gateway gives are kept."""

import json
import time
from typing import Any

import msgspec
import pytest
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_rights import issued
from msgspec.structs import replace

from openstackoid.gateway.replicas import taking
from openstackoid.gateway.replicas.messages import Answer, Ask, Question, Told
from openstackoid.message import Head, Headers
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel
from openstackoid.routing import Refusal


def parcels(replicas: Replicas) -> list[Parcel]:
    """Return what CloudOne's gateway knows."""
    memory = replicas.keeping[ONE].replicator.memory
    return [one for resource in memory.resources() for one in memory.parcels(resource)]


def known(replicas: Replicas) -> list[str]:
    """Return what CloudTwo's gateway knows."""
    return replicas.keeping[TWO].replicator.memory.resources()


async def given(replicas: Replicas, *given: Parcel) -> None:
    """Let a gateway give something to CloudTwo's."""
    await replicas.keeping[TWO].replicator.took("CloudOne", Answer(given))


@pytest.fixture
async def one(replicas: Replicas) -> Parcel:
    """Return what alice has ordered, which CloudTwo has not heard of."""
    await replicas.stop(TWO)
    await replicas.flavor()
    (parcel,) = parcels(replicas)
    await replicas.start(TWO)
    for peers in (replicas.keeping[TWO].replicator.peers, replicas.keeping[ONE].replicator.peers):
        await peers.close()
    return parcel


def forged(parcel: Parcel, **changes: Any) -> Parcel:
    return Parcel(replace(parcel.operation, **changes), parcel.rights)


async def test_what_a_user_has_ordered_is_kept(replicas: Replicas, one: Parcel) -> None:
    """Whoever brings it, and once."""
    await given(replicas, one, one)
    await given(replicas, one)
    assert known(replicas) == [one.operation.resource]
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    assert len(replicas.novas[TWO].flavors) == 1


async def test_nothing_else_is(replicas: Replicas, one: Parcel) -> None:
    """Another cloud's operator makes no operation that no user has ordered."""
    operation = one.operation
    forgeries = [
        forged(one, at=Timestamp(operation.at.milliseconds + 1, 9, ONE, 1)),
        forged(one, members=(ONE, TWO, "CloudThree")),
        forged(one, writes=(*operation.writes, Write("specs", '"x"', "k"))),
        forged(one, action=Action.DELETE, members=(), writes=()),
        forged(one, resource="flavor:::m1.other"),
        forged(one, resource=f"flavor:{TWO}:1:m1.big"),
        forged(one, at=Timestamp(operation.at.milliseconds, 1, TWO, 1)),
        Parcel(operation, {}),
        Parcel(operation, {TWO: one.rights[ONE]}),
        Parcel(operation, {TWO: one.rights[TWO][:-4] + "AAAA"}),
        Parcel(operation, {TWO: "no assertion"}),
        Parcel(operation, {**one.rights, **{f"C{n}": "x" for n in range(130)}}),
    ]
    await given(replicas, *forgeries)
    assert known(replicas) == []


async def test_what_nobody_has_signed_is_no_refusal(replicas: Replicas, one: Parcel) -> None:
    """Else a gateway could say of any resource that somebody has ordered something in vain."""
    replicator = replicas.keeping[TWO].replicator
    await given(replicas, Parcel(one.operation, {}))
    assert not replicator._taking.has_refused(ONE, one.operation.resource)
    await given(replicas, one)
    await given(replicas, forged(one, at=Timestamp(2**50, 1, ONE, 1)))
    assert replicator._telling.told(one.operation.resource).state != "refused"


async def test_who_is_told_of_a_refusal_is_told_nothing_else(
    replicas: Replicas, one: Parcel
) -> None:
    """The copy may be one that he must not know of."""
    replicator = replicas.keeping[TWO].replicator
    operation = one.operation
    replicator._taking._remember("CloudSix", one, "no")
    states = {operation.resource: operation.at}
    asked = Ask("CloudSix", msgspec.json.encode(Question(states=states)))
    answer = msgspec.json.decode(await replicator._asked(asked), type=Answer)
    assert answer.states == {operation.resource: Told("refused", status=403, words="no")}
    other = Ask("CloudSix", msgspec.json.encode(Question(states=dict.fromkeys(states))))
    answer = msgspec.json.decode(await replicator._asked(other), type=Answer)
    assert answer.states == {operation.resource: Told("pending", knows=False)}


async def test_nothing_is_kept_of_what_was_never_created(replicas: Replicas, one: Parcel) -> None:
    """So whoever orders something has to have made it, and is counted."""
    changed = replace(
        one.operation, action=Action.CHANGE, members=(), writes=(Write("description", '"d"'),)
    )
    change = Parcel(changed, issued(replicas, changed, ONE, TWO))
    await given(replicas, change)
    assert known(replicas) == []
    await given(replicas, one, change)
    assert known(replicas) == [one.operation.resource]


async def test_a_right_is_good_for_no_request(replicas: Replicas, one: Parcel) -> None:
    """Whoever has seen it can neither read nor write anything else by it."""
    scope = json.dumps({"*": ONE, "identity": ONE, "compute": TWO})
    answered = await replicas.clouds.ask(
        TWO, "compute", "/v2.1/servers", f"X-Auth-Token: {one.rights[TWO]}@{scope}"
    )
    assert answered.status == 401
    # A gateway that knows no assertions would ask its user's cloud whose it is.
    answering = replicas.keeping[ONE].site.assertions.answering
    head = Head("GET", "/v3/auth/tokens", Headers([("X-Subject-Token", one.rights[TWO])]), 0)
    route = replicas.keeping[ONE].replicator.users.route("identity", "/v3/auth/tokens")
    with pytest.raises(Refusal, match="no request"):
        await answering.answer(head, route._replace(sender=TWO), proven=True)


async def test_there_is_an_end_to_what_is_kept(
    replicas: Replicas, one: Parcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one resource, and of one cloud's users."""
    monkeypatch.setattr(taking, "MAX_RESOURCES", 0)
    await given(replicas, one)
    assert known(replicas) == []
    monkeypatch.setattr(taking, "MAX_RESOURCES", 1)
    monkeypatch.setattr(taking, "MAX_EVER", 0)
    await given(replicas, one)
    assert known(replicas) == []
    monkeypatch.setattr(taking, "MAX_EVER", 1)
    monkeypatch.setattr(taking, "MAX_OPERATIONS", 0)
    await given(replicas, one)
    assert known(replicas) == []


async def test_a_gateway_that_gets_its_own_back_has_lost_it(replicas: Replicas) -> None:
    """So it looks for all copies again: its journal was restored."""
    await replicas.flavor()
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    await replicas.stop(ONE)
    for file in replicas.directory(ONE).iterdir():
        file.unlink()
    await replicas.start(ONE)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    memory = replicas.keeping[ONE].replicator.memory
    assert memory.life == memory.incarnation
    assert len(replicas.novas[ONE].flavors) == 1
    assert sum(line.startswith("POST") for line in replicas.novas[ONE].writes) == 1


async def test_what_is_from_the_future_waits(replicas: Replicas, one: Parcel) -> None:
    """It is kept, and moves no clock."""
    later = time.time_ns() // 1_000_000 + 10**9
    operation = Operation(
        Timestamp(later, 5, ONE, 1),
        one.operation.resource,
        "flavor",
        Action.DELETE,
        after=(one.operation.at,),
    )
    replicator = replicas.keeping[ONE].replicator
    document = msgspec.json.decode(msgspec.json.encode(replicas.keystones[ONE].document))
    parcel = replicator.ordering.with_rights(
        operation, (ONE, TWO), document, replicator.users.route("compute", "/")
    )
    await given(replicas, one, parcel)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    (shown,) = await replicas.shown("m1.big")
    assert "from the future: delete" in shown["clouds"][1]["more"][0]


async def test_two_operations_of_one_time_are_named(replicas: Replicas) -> None:
    """Somebody has signed both, and given one here and one there: the first one counts here."""
    await replicas.network()
    await replicas.become("n", **{ONE: "fits", TWO: "fits"})
    (parcel,) = parcels(replicas)
    operation = parcel.operation
    other = replace(operation, writes=(Write("name", '"m"'), *operation.writes[1:]))
    twin = Parcel(other, issued(replicas, other, ONE, TWO))
    await given(replicas, parcel, twin)
    assert replicas.neutrons[TWO].networks[0]["name"] == "n"
    (one,) = await replicas.shown("n", at=ONE)
    (line,) = one["clouds"][1]["more"]
    assert line.startswith("not taken: ordered at")
