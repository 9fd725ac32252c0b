"""Copies are brought to what they should be, whatever services answer."""

import asyncio
import io
import json

import pytest
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import deliveries as module
from openstackoid.gateway.replicas.services import Services
from openstackoid.replication import delivery
from openstackoid.replication.marks import mark


async def test_what_cant_be_read_is_said_and_tried_again(replicas: Replicas) -> None:
    """With the words of the service."""
    await replicas.flavor()
    replicas.novas[TWO].fails["GET"] = 500
    (identifier,) = replicas.novas[ONE].flavors
    changed = await replicas.order(
        "PUT", f"/v2.1/flavors/{identifier}", {"flavor": {"description": "d"}}
    )
    assert changed.status == 200
    (one,) = await replicas.shown("m1.big")
    two = one["clouds"][1]
    assert two["state"] == "pending"
    assert "it can't be read: 500" in two["more"][0]
    replicas.novas[TWO].fails.clear()
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})


async def test_a_copy_that_was_made_by_hand_is_no_copy(replicas: Replicas) -> None:
    """If it differs in what can't be changed: somebody has to look."""
    await replicas.stop(TWO)
    await replicas.keypair()
    replicas.novas[TWO].keypairs["k"] = {"name": "k", "public_key": "mine", "type": "ssh"}
    await replicas.start(TWO)
    await replicas.become("k", **{ONE: "fits", TWO: "in doubt"})
    (one,) = await replicas.shown("k")
    assert one["clouds"][1]["more"] == ["may be a copy: k"]
    assert replicas.novas[TWO].writes == []


async def test_a_fault_of_ours_ends_no_other_copy(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """It is logged without its text, and tried again later."""
    before = Services.look

    async def fails(self: Services, api: object, key: str, *more: object) -> object:
        if key == "bad":
            raise RuntimeError("secret")
        return await before(self, api, key, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(Services, "look", fails)
    monkeypatch.setattr(module, "LATER", 0.05)
    await replicas.keypair("bad")
    assert (await replicas.keypair("good")).status == 200
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert any(line["event"] == "a copy is not brought further" for line in lines)
    assert "secret" not in logged.getvalue()
    monkeypatch.setattr(Services, "look", before)
    await replicas.become("bad", **{ONE: "fits", TWO: "fits"})


async def test_a_refusal_is_tried_again_some_time(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what a quota does not let through today, it may in three days."""
    identifier = await replicas.same_flavor()
    monkeypatch.setattr(delivery, "REFUSED", 0.1)
    replicas.novas[TWO].fails["PUT"] = 413
    await replicas.order("PUT", f"/v2.1/flavors/{identifier}", {"flavor": {"description": "d"}})
    replicas.novas[TWO].fails.clear()
    flavor = replicas.novas[TWO].flavors[identifier]
    await until(lambda: flavor["description"] == "d")
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})


async def test_what_one_user_may_not_do_holds_up_nobody_else(replicas: Replicas) -> None:
    """What is ordered later is written all the same."""
    identifier = await replicas.same_flavor()
    path = f"/v2.1/flavors/{identifier}"
    replicas.novas[TWO].fails["PUT"] = 403
    await replicas.order("PUT", path, {"flavor": {"description": "d"}})
    await replicas.order("POST", f"{path}/os-extra_specs", {"extra_specs": {"a": "1"}})
    await until(lambda: replicas.novas[TWO].flavors[identifier]["extra_specs"] == {"a": "1"})
    assert replicas.novas[TWO].flavors[identifier]["description"] is None


async def test_what_is_ordered_goes_before_what_is_read_at_a_start(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many copies there are, and however long they take to be read."""
    begun, go_on = list[str](), asyncio.Event()

    async def run(self: module._Delivery) -> None:
        begun.append(self._resource)
        if self._resource != "flavor:::new":
            await go_on.wait()

    monkeypatch.setattr(module._Delivery, "run", run)
    old = [f"flavor:::{number}" for number in range(20)]
    deliveries = module.Deliveries(replicas.keeping[ONE].replicator.memory, 1.0, lambda _: None)
    deliveries.wake_later(old)
    await until(lambda: len(begun) == module.LATER_AT_ONCE)
    deliveries.wake("flavor:::new")
    deliveries.wake(old[-1])
    await until(lambda: begun[module.LATER_AT_ONCE :] == ["flavor:::new", old[-1]])
    go_on.set()
    await until(lambda: sorted(begun) == sorted([*old, "flavor:::new"]))
    await deliveries.close()


async def test_what_is_another_projects_is_no_copy(replicas: Replicas) -> None:
    """Somebody has seen the mark of an order, and given it to a network of his, which he shares."""
    await replicas.stop(TWO)
    await replicas.network()
    (resource,) = replicas.keeping[ONE].replicator.memory.resources()
    state = replicas.keeping[ONE].replicator.memory.state(resource)
    assert state.generation is not None
    neutron = replicas.neutrons[TWO]
    body = {"network": {"name": "his", "project_id": "f" * 32, "shared": True}}
    his = neutron.answered("POST", ["networks"], {}, body)[1]["network"]
    his["tags"] = [mark(state.generation)]
    await replicas.start(TWO)
    await replicas.become("n", **{ONE: "fits", TWO: "fits"})
    assert sorted(one["name"] for one in neutron.networks) == ["his", "n"]
