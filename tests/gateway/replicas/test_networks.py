"""Networks have another id in each cloud, and are recognized by their marks."""

import json

from gateway.keystone import message
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until

BOTH_FIT = {ONE: "fits", TWO: "fits"}


async def test_a_network_is_in_both_clouds(replicas: Replicas) -> None:
    """As it was ordered, with another id in each; its user sees that of the first one."""
    answered = await replicas.network(description="mine")
    assert answered.status == 201, message(answered)
    shown = json.loads(answered.body)["network"]
    assert (shown["name"], shown["description"]) == ("n", "mine")
    (one,), (two,) = (replicas.neutrons[cloud].networks for cloud in (ONE, TWO))
    assert shown["id"] == one["id"] != two["id"]
    assert one["tags"] == two["tags"]
    assert (two["name"], two["description"], two["admin_state_up"]) == ("n", "mine", True)
    assert await replicas.states("n") == BOTH_FIT


async def test_it_is_changed_and_deleted_by_the_id_of_the_own_cloud(replicas: Replicas) -> None:
    """The gateway of each cloud knows its own."""
    answered = await replicas.network()
    identifier = json.loads(answered.body)["network"]["id"]
    path = f"/v2.0/networks/{identifier}"
    document = {"network": {"name": "new", "admin_state_up": False}}
    changed = await replicas.order("PUT", path, document, service="network")
    assert changed.status == 200
    assert json.loads(changed.body)["network"]["name"] == "new"
    tagged = await replicas.order("PUT", f"{path}/tags/blue", service="network")
    assert tagged.status == 201
    await replicas.become("new", **BOTH_FIT)
    (two,) = replicas.neutrons[TWO].networks
    assert (two["name"], two["admin_state_up"]) == ("new", False)
    assert "blue" in two["tags"]
    gone = await replicas.order("DELETE", f"{path}/tags/blue", service="network")
    assert gone.status == 204
    assert "blue" not in replicas.neutrons[TWO].networks[0]["tags"]
    deleted = await replicas.order("DELETE", path, service="network")
    assert deleted.status == 204
    await until(lambda: not any(neutron.networks for neutron in replicas.neutrons.values()))


async def test_what_is_made_without_an_answer_is_found_by_its_mark(replicas: Replicas) -> None:
    """And not made twice, though another one has its name."""
    replicas.neutrons[TWO].answered("POST", ["networks"], {}, {"network": {"name": "n"}})
    replicas.neutrons[TWO].silent = {"POST"}
    assert (await replicas.network()).status == 201
    replicas.neutrons[TWO].silent = set()
    await replicas.become("n", **BOTH_FIT)
    posts = [one for one in replicas.neutrons[TWO].writes if one.startswith("POST")]
    assert len(posts) == 1
    by_hand, ours = replicas.neutrons[TWO].networks
    assert (by_hand["tags"], by_hand["description"], ours["description"]) == ([], "", "")
    assert len(ours["tags"]) == 1
