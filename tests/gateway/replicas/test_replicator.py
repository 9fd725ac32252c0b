"""What users order arrives in each cloud, and whoever loses is told."""

import json

import pytest
from gateway.keystone import message
from gateway.replicas.playing import ONE, PUBLIC, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import rights

BOTH_FIT = {ONE: "fits", TWO: "fits"}


async def test_what_is_ordered_is_in_both_clouds(replicas: Replicas) -> None:
    """Its user sees what the first one has, and what the other one has in the report."""
    answered = await replicas.keypair()
    assert answered.status == 200
    assert json.loads(answered.body)["keypair"]["public_key"] == PUBLIC
    (report,) = answered.values("X-Scope-Report")
    assert json.loads(report) == [
        {"cloud": ONE, "status": 200, "answer": True},
        {"cloud": TWO, "status": 200},
    ]
    for nova in replicas.novas.values():
        assert nova.keypairs["k"]["public_key"] == PUBLIC
        assert len(nova.writes) == 1
    assert await replicas.states("k") == BOTH_FIT


async def test_it_is_deleted_in_both(replicas: Replicas) -> None:
    """By whichever id it has."""
    await replicas.keypair()
    assert (await replicas.order("DELETE", "/v2.1/os-keypairs/k")).status == 202
    assert not any(nova.keypairs for nova in replicas.novas.values())
    assert await replicas.states("k") == BOTH_FIT


async def test_each_cloud_gets_it_by_a_right_of_its_own(replicas: Replicas) -> None:
    """No service sees the user's token, nor what another cloud was given."""
    await replicas.keypair()
    one, two = (set(replicas.novas[cloud].tokens) for cloud in (ONE, TWO))
    of_orders = {token for token in two if token.startswith("oid1.")}
    assert of_orders
    assert not of_orders & one


async def test_what_a_cloud_misses_arrives_when_it_is_back(replicas: Replicas) -> None:
    """A create, a change and a deletion, in their right order."""
    await replicas.flavor()
    await replicas.keypair("old")
    await replicas.stop(TWO)
    answered = await replicas.flavor(name="m1.new")
    assert answered.status == 200
    pending = json.loads(answered.values("X-Scope-Report")[0])[1]
    assert pending["pending"]
    identifier = next(iter(replicas.novas[ONE].flavors))
    path = f"/v2.1/flavors/{identifier}"
    changed = await replicas.order("POST", f"{path}/os-extra_specs", {"extra_specs": {"a": "1"}})
    assert json.loads(changed.body) == {"extra_specs": {"a": "1"}}
    assert (await replicas.order("DELETE", "/v2.1/os-keypairs/old")).status == 202
    assert (await replicas.states("m1.new"))[TWO] == "unreachable"
    await replicas.start(TWO)
    await replicas.become("m1.new", **BOTH_FIT)
    await replicas.become("m1.big", **BOTH_FIT)
    await replicas.become("old", **BOTH_FIT)
    assert replicas.novas[ONE].flavors == replicas.novas[TWO].flavors
    assert not replicas.novas[TWO].keypairs


async def test_a_gateway_that_begins_anew_has_what_it_had(replicas: Replicas) -> None:
    """And writes nothing again."""
    await replicas.keypair()
    await replicas.stop(ONE)
    await replicas.start(ONE)
    await replicas.become("k", **BOTH_FIT)
    assert [len(nova.writes) for nova in replicas.novas.values()] == [1, 1]


async def test_a_cloud_that_refuses_a_create_ends_it(replicas: Replicas) -> None:
    """Before the answer: nothing of it stays anywhere, and the answer is the refusal."""
    replicas.novas[TWO].fails["POST"] = 403
    answered = await replicas.keypair()
    assert answered.status == 403
    assert "the quota is used up" in message(answered)
    await until(lambda: not replicas.novas[ONE].keypairs)
    del replicas.novas[TWO].fails["POST"]
    assert (await replicas.keypair()).status == 200


async def test_a_change_that_one_cloud_refuses_stays_in_the_other(replicas: Replicas) -> None:
    """And the report names the refusal."""
    identifier = await replicas.same_flavor()
    replicas.novas[TWO].fails["PUT"] = 403
    path = f"/v2.1/flavors/{identifier}"
    answered = await replicas.order("PUT", path, {"flavor": {"description": "d"}})
    assert answered.status == 200
    refused = json.loads(answered.values("X-Scope-Report")[0])[1]
    assert (refused["status"], refused["message"]) == (403, "the quota is used up")
    assert await replicas.states("m1.big") == {ONE: "fits", TWO: "refused"}
    (one,) = await replicas.shown("m1.big")
    assert one["clouds"][1]["words"] == "the quota is used up"


async def test_a_change_that_all_refuse_is_refused(replicas: Replicas) -> None:
    """In the words of the first."""
    identifier = await replicas.same_flavor()
    for nova in replicas.novas.values():
        nova.fails["PUT"] = 403
    answered = await replicas.order(
        "PUT", f"/v2.1/flavors/{identifier}", {"flavor": {"description": "d"}}
    )
    assert answered.status == 403


async def test_what_was_changed_by_hand_stays_and_is_named(replicas: Replicas) -> None:
    """Until something else is ordered there."""
    identifier = await replicas.same_flavor()
    path = f"/v2.1/flavors/{identifier}"
    replicas.novas[TWO].flavors[identifier]["description"] = "mine"
    await replicas.order("POST", f"{path}/os-extra_specs", {"extra_specs": {"a": "1"}})
    await replicas.become("m1.big", **{ONE: "fits", TWO: "drifted"})
    (one,) = await replicas.shown("m1.big")
    assert one["clouds"][1]["more"] == ['changed by hand: description is "mine"']
    await replicas.order("PUT", path, {"flavor": {"description": "ours"}})
    await replicas.become("m1.big", **BOTH_FIT)
    assert replicas.novas[TWO].flavors[identifier]["description"] == "ours"


async def test_what_was_deleted_by_hand_is_not_made_again(replicas: Replicas) -> None:
    """Somebody has deleted it on purpose."""
    identifier = await replicas.same_flavor()
    replicas.novas[TWO].flavors.clear()
    await replicas.order("PUT", f"/v2.1/flavors/{identifier}", {"flavor": {"description": "d"}})
    assert await replicas.states("m1.big") == {ONE: "fits", TWO: "deleted by hand"}


async def test_an_answer_that_is_lost_makes_nothing_twice(replicas: Replicas) -> None:
    """It is looked for what came of it, once it can't be carried out any more."""
    replicas.novas[TWO].silent = True
    assert (await replicas.keypair()).status == 200
    replicas.novas[TWO].silent = False
    await replicas.become("k", **BOTH_FIT)
    assert replicas.novas[TWO].writes == ["POST /v2.1/os-keypairs"]


async def test_a_create_that_nobody_carries_out_is_withdrawn(replicas: Replicas) -> None:
    """And its user is told so."""
    for nova in replicas.novas.values():
        nova.fails["POST"] = 503
    answered = await replicas.keypair()
    assert answered.status == 504
    assert "withdrawn" in message(answered)
    for nova in replicas.novas.values():
        nova.fails.clear()
    await replicas.become("k", **BOTH_FIT)
    assert not any(nova.keypairs for nova in replicas.novas.values())


async def test_a_deletion_that_nobody_carries_out_stays_ordered(replicas: Replicas) -> None:
    """It will be, as it was ordered."""
    await replicas.keypair()
    for nova in replicas.novas.values():
        nova.fails["DELETE"] = 503
    answered = await replicas.order("DELETE", "/v2.1/os-keypairs/k")
    assert answered.status == 504
    assert "it is ordered" in message(answered)
    for nova in replicas.novas.values():
        nova.fails.clear()
    await replicas.become("k", **BOTH_FIT)
    assert not any(nova.keypairs for nova in replicas.novas.values())


async def test_a_revoked_user_changes_nothing_more(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What he has ordered before is not carried out once his cloud says that he may not."""
    await replicas.stop(TWO)
    await replicas.keypair()
    replicas.keystones[ONE].enabled = False
    monkeypatch.setattr(rights, "RECENT", -1)  # it was some time ago
    await replicas.start(TWO)
    await replicas.become("k", **{ONE: "fits", TWO: "refused"})
    (one,) = await replicas.shown("k")
    assert "revoked" in one["clouds"][1]["words"]
    assert not replicas.novas[TWO].keypairs


async def test_a_cloud_that_is_taken_out_gets_nothing_and_is_named(replicas: Replicas) -> None:
    """With something pending for it; if it comes back, it gets what it has missed."""
    await replicas.stop(TWO)
    await replicas.flavor()
    await replicas.become("m1.big", **{ONE: "fits", TWO: "unreachable"})
    known = replicas.clouds.document["clouds"]
    left, trust = known.pop(TWO), known[ONE]["trust"].pop(TWO)
    replicas.clouds.save()
    await replicas.stop(ONE)
    await replicas.start(ONE)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "taken out"})
    known[TWO], known[ONE]["trust"][TWO] = left, trust
    replicas.clouds.save()
    await replicas.stop(ONE)
    await replicas.start(ONE)
    await replicas.start(TWO)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
