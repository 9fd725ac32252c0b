"""Servers are made of replicated images, flavors, networks, keypairs and security groups."""

import json
from typing import Any

from gateway.keystone import message
from gateway.played import Answered
from gateway.replicas.glance import created, upload, with_images
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_naming import id_of
from gateway.replicas.test_security_groups import make_group
from journal.keeping import until

BOTH_FIT = {ONE: "fits", TWO: "fits"}
SERVERS = "/v2.1/servers"


async def parts(replicas: Replicas) -> dict[str, Any]:
    """Return what a server is made of."""
    with_images(replicas)
    image = await created(replicas)
    assert (await upload(replicas, image, b"data")).status == 204
    await replicas.become("debian", **BOTH_FIT)
    flavor = await replicas.same_flavor()
    network = id_of(await replicas.network())
    return {"imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}]}


async def order(replicas: Replicas, name: str = "web", **more: Any) -> Answered:
    return await replicas.order("POST", SERVERS, {"server": {"name": name, **more}})


async def test_a_server_is_made_in_both_clouds_of_what_each_has(replicas: Replicas) -> None:
    """Each has its own id, and is made of the ids of its own cloud."""
    of = await parts(replicas)
    await replicas.keypair("k")
    group = await make_group(replicas)
    answered = await order(replicas, **of, key_name="k", security_groups=[{"name": group}])
    assert answered.status == 202, message(answered)
    shown = json.loads(answered.body)["server"]
    assert shown["id"] in replicas.novas[ONE].servers
    await replicas.become("web", **BOTH_FIT)
    (two,) = replicas.novas[TWO].servers.values()
    network, its = replicas.neutrons[TWO].networks[0], replicas.neutrons[TWO].groups[0]
    assert two["asked"]["networks"] == [{"uuid": network["id"]}] != of["networks"]
    assert two["asked"]["security_groups"] == [{"name": its["id"]}]
    assert (two["key_name"], two["asked"]["imageRef"]) == ("k", of["imageRef"])
    deleted = await replicas.order("DELETE", f"{SERVERS}/{shown['id']}")
    assert deleted.status == 204, message(deleted)
    await until(lambda: not any(nova.servers for nova in replicas.novas.values()))


async def test_a_server_is_taken_before_it_runs(replicas: Replicas) -> None:
    """Its user need not wait; until it runs, it is building, and then what has become of it."""
    of = await parts(replicas)
    for nova in replicas.novas.values():
        nova.status = "BUILD"
    answered = await order(replicas, **of)
    assert answered.status == 202, message(answered)
    (report,) = answered.values("X-Scope-Report")
    assert json.loads(report)[1] == {"cloud": TWO, "status": 202}
    assert await replicas.states("web") == {ONE: "building", TWO: "building"}
    for server in replicas.novas[ONE].servers.values():
        server["status"] = "ACTIVE"
    for server in replicas.novas[TWO].servers.values():
        server |= {"status": "ERROR", "fault": {"message": "no valid host"}}
    await replicas.become("web", **{ONE: "fits", TWO: "failed there"})
    (one,) = await replicas.shown("web")
    assert one["clouds"][1]["more"] == ["it failed: no valid host"]


async def test_a_server_waits_for_the_data_of_its_image(replicas: Replicas) -> None:
    """In a cloud that was away: Nova would refuse it before."""
    glances = with_images(replicas)
    flavor = await replicas.same_flavor()
    network = id_of(await replicas.network())
    await replicas.become("n", **BOTH_FIT)
    await replicas.stop(TWO)
    image = await created(replicas)
    assert (await upload(replicas, image, b"data")).status == 204
    of: Any = {"imageRef": image, "flavorRef": flavor, "networks": [{"uuid": network}]}
    assert (await order(replicas, **of)).status == 202
    glances[ONE].given.clear()
    await replicas.start(TWO)
    await replicas.become("web", **{ONE: "fits", TWO: "waiting"})
    (one,) = await replicas.shown("web")
    assert one["clouds"][1]["more"] == ["waiting for image debian"]
    assert not replicas.novas[TWO].servers
    glances[ONE].given.set()
    await replicas.become("web", **BOTH_FIT)


async def test_a_server_waits_for_the_subnets_of_its_network(replicas: Replicas) -> None:
    """Nova would refuse it before; what was deleted nobody waits for."""
    of = await parts(replicas)
    (network,) = of["networks"]
    await replicas.become("n", **BOTH_FIT)
    await replicas.stop(TWO)
    await replicas.subnet(network["uuid"])
    other = id_of(await replicas.subnet(network["uuid"], name="t", cidr="10.1.0.0/24"))
    assert (await order(replicas, **of)).status == 202
    await replicas.order("DELETE", f"/v2.0/subnets/{other}", service="network")
    replicas.neutrons[TWO].fails = {"POST": 503}
    await replicas.start(TWO)
    await replicas.become("web", **{ONE: "fits", TWO: "waiting"})
    (one,) = await replicas.shown("web")
    assert one["clouds"][1]["more"] == ["waiting for subnet s"]
    replicas.neutrons[TWO].fails = {}
    await replicas.become("web", **BOTH_FIT)


async def test_a_server_of_which_the_answer_is_lost_is_found_by_its_mark(
    replicas: Replicas,
) -> None:
    """And not made twice."""
    of = await parts(replicas)
    replicas.novas[TWO].lost = {"POST"}
    assert (await order(replicas, **of)).status == 202
    replicas.novas[TWO].lost = set()
    await replicas.become("web", **BOTH_FIT)
    assert len(replicas.novas[TWO].servers) == 1


async def test_a_server_that_stays_is_not_deleted_again_and_again(replicas: Replicas) -> None:
    """Nova takes the deletion, and fails: there are pauses, until it goes."""
    of = await parts(replicas)
    answered = await order(replicas, **of)
    await replicas.become("web", **BOTH_FIT)
    nova = replicas.novas[TWO]
    nova.stays = True
    await replicas.order("DELETE", f"{SERVERS}/{json.loads(answered.body)['server']['id']}")
    assert (await replicas.states("web"))[TWO] == "pending"
    deletions = [one for one in nova.writes if one.startswith("DELETE")]
    assert 1 <= len(deletions) <= 8
    nova.stays = False
    await until(lambda: not nova.servers)
    await replicas.become("web", **BOTH_FIT)


async def test_a_server_of_what_is_not_replicated_is_refused(replicas: Replicas) -> None:
    """Nobody knows what it is in the other cloud."""
    of = await parts(replicas)
    answered = await order(replicas, **{**of, "networks": [{"uuid": "0" * 36}]})
    assert (answered.status, "is not replicated" in message(answered)) == (400, True)
    answered = await order(replicas, **of, security_groups=[{"name": "default"}])
    assert (answered.status, "is not replicated" in message(answered)) == (400, True)
    assert not any(nova.servers for nova in replicas.novas.values())
