"""What users mean by ids of copies."""

import json

from gateway.keystone import message
from gateway.played import Answered
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until
from msgspec.structs import replace

from openstackoid.gateway.replicas.naming import Naming
from openstackoid.replication.apis.network import NETWORK
from openstackoid.replication.apis.subnet import SUBNET

BOTH_FIT = {ONE: "fits", TWO: "fits"}


def id_of(answered: Answered) -> str:
    assert answered.status == 201, message(answered)
    (made,) = json.loads(answered.body).values()
    return str(made["id"])


async def test_a_subnet_is_of_the_network_of_its_own_cloud(replicas: Replicas) -> None:
    """Its user has named the one in his."""
    network = id_of(await replicas.network())
    subnet = id_of(await replicas.subnet(network))
    for neutron in replicas.neutrons.values():
        (one,) = neutron.has["subnets"].values()
        assert one["network_id"] == neutron.networks[0]["id"]
        assert one["gateway_ip"] == "10.0.0.1"
    await replicas.become("s", **BOTH_FIT)
    path = f"/v2.0/subnets/{subnet}"
    changed = await replicas.order(
        "PUT", path, {"subnet": {"enable_dhcp": False}}, service="network"
    )
    assert changed.status == 200, message(changed)
    await replicas.become("s", **BOTH_FIT)
    assert (await replicas.order("DELETE", path, service="network")).status == 204
    await until(lambda: not any(n.has["subnets"] for n in replicas.neutrons.values()))


async def test_what_is_not_replicated_cant_be_meant(replicas: Replicas) -> None:
    """Nobody knows what it is elsewhere; nothing is sent."""
    _, answer = replicas.neutrons[ONE].answered(
        "POST", ["networks"], {}, {"network": {"name": "by hand"}}
    )
    for identifier in (answer["network"]["id"], "nothing"):
        answered = await replicas.subnet(identifier)
        assert answered.status == 400
        assert "is not replicated" in message(answered)
    assert not any(neutron.writes for neutron in replicas.neutrons.values())


async def test_what_has_no_copy_somewhere_cant_be_meant_there(replicas: Replicas) -> None:
    """It would wait for ever."""
    network = id_of(await replicas.network())
    memory = replicas.keeping[ONE].replicator.memory
    (resource,) = memory.resources()
    (known,) = memory.parcels(resource)
    only_here = replace(known.operation, members=(ONE,))
    memory._parcels[resource] = {known.operation.at: replace(known, operation=only_here)}
    memory._states.clear()
    answered = await replicas.subnet(network)
    assert answered.status == 400
    assert f"no copy in {TWO}" in message(answered)


async def test_an_id_in_another_cloud_is_known_from_that_one(replicas: Replicas) -> None:
    """Also after a restart, for it is asked; not for who does not name that cloud."""
    await replicas.network()
    await replicas.stop(ONE)
    await replicas.start(ONE)
    (two,) = replicas.neutrons[TWO].networks
    path, document = f"/v2.0/networks/{two['id']}", {"network": {"name": "new"}}
    assert (await replicas.order("PUT", path, document, service="network")).status == 200
    await replicas.become("new", **BOTH_FIT)
    memory = replicas.keeping[ONE].replicator.memory
    naming, his = Naming(memory), memory.resources()
    assert naming.by_id(NETWORK, his, two["id"], [ONE, TWO]) is not None
    assert naming.by_id(NETWORK, his, two["id"], [ONE]) is None
    assert naming.by_id(SUBNET, his, two["id"], [ONE, TWO]) is None
    assert naming.by_id(NETWORK, [], two["id"], [ONE, TWO]) is None


async def test_a_cloud_does_not_say_what_something_is_here(replicas: Replicas) -> None:
    """An id here is that of the copy here, whatever another cloud says of its own."""
    mine, other = [id_of(await replicas.network(name)) for name in ("mine", "other")]
    memory = replicas.keeping[ONE].replicator.memory
    for resource in memory.resources():
        if memory.id_here(resource) == other:
            memory.has_told(TWO, resource, mine)
    path = f"/v2.0/networks/{mine}"
    assert (await replicas.order("DELETE", path, service="network")).status == 204
    assert [one["id"] for one in replicas.neutrons[ONE].networks] == [other]


async def test_an_id_that_clouds_say_of_two_is_of_none(replicas: Replicas) -> None:
    """One of them lies, and nobody knows which."""
    await replicas.network("mine")
    await replicas.network("other")
    memory = replicas.keeping[ONE].replicator.memory
    for resource, cloud in zip(memory.resources(), (TWO, "CloudSix"), strict=True):
        memory.has_told(cloud, resource, "the-same")
    naming = Naming(memory)
    assert naming.by_id(NETWORK, memory.resources(), "the-same", [TWO]) is not None
    assert naming.by_id(NETWORK, memory.resources(), "the-same", [TWO, "CloudSix"]) is None
