"""Rules are added to, and taken out of, the copies of a security group."""

import json

from gateway.keystone import message
from gateway.played import Answered
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_naming import id_of
from journal.keeping import until

BOTH_FIT = {ONE: "fits", TWO: "fits"}
RULES = "/v2.0/security-group-rules"


async def make_group(replicas: Replicas, name: str = "g") -> str:
    document = {"security_group": {"name": name}}
    path = "/v2.0/security-groups"
    answered = await replicas.order("POST", path, document, service="network")
    assert answered.status == 201, message(answered)
    return id_of(answered)


async def add(replicas: Replicas, group: str, port: int, at: str = ONE, **more: object) -> Answered:
    rule = {
        "security_group_id": group,
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": port,
        "port_range_max": port,
        **more,
    }
    document = {"security_group_rule": rule}
    return await replicas.order("POST", RULES, document, at=at, service="network")


def ports(replicas: Replicas, cloud: str, group: int = 0) -> set[int | None]:
    """Return the ports that a group lets in."""
    rules = replicas.neutrons[cloud].groups[group]["security_group_rules"]
    return {one["port_range_min"] for one in rules if one["direction"] == "ingress"}


async def test_a_rule_is_in_both_clouds_and_taken_out_of_both(replicas: Replicas) -> None:
    """Each has another id for it: the user knows that of his own cloud."""
    group = await make_group(replicas)
    added = await add(replicas, group, 22)
    assert added.status == 201, message(added)
    rule = json.loads(added.body)["security_group_rule"]
    assert (rule["port_range_min"], rule["security_group_id"]) == (22, group)
    await replicas.become("g", **BOTH_FIT)
    assert ports(replicas, TWO) == {22}
    gone = await replicas.order("DELETE", f"{RULES}/{rule['id']}", service="network")
    assert gone.status == 204, message(gone)
    await replicas.become("g", **BOTH_FIT)
    assert ports(replicas, ONE) == ports(replicas, TWO) == set()
    again = await replicas.order("DELETE", f"{RULES}/{rule['id']}", service="network")
    assert (again.status, "no cloud of the scope" in message(again)) == (404, True)


async def test_the_rules_that_neutron_makes_are_no_drift_and_can_be_taken_out(
    replicas: Replicas,
) -> None:
    """In both clouds, by the id of one."""
    await make_group(replicas)
    await replicas.become("g", **BOTH_FIT)
    (one,) = replicas.neutrons[ONE].groups
    rule = one["security_group_rules"][0]["id"]
    assert (await replicas.order("DELETE", f"{RULES}/{rule}", service="network")).status == 204
    await replicas.become("g", **BOTH_FIT)
    (two,) = replicas.neutrons[TWO].groups
    left = [rule["ethertype"] for rule in two["security_group_rules"]]
    assert left == ["IPv6"]


async def test_a_rule_added_here_and_taken_out_there_stays(replicas: Replicas) -> None:
    """Added beats taken out: whoever took it out did not know that it was added again."""
    group = await make_group(replicas)
    rule = json.loads((await add(replicas, group, 22)).body)["security_group_rule"]
    await replicas.become("g", **BOTH_FIT)
    await replicas.stop(TWO)
    await replicas.order("DELETE", f"{RULES}/{rule['id']}", service="network")
    await add(replicas, group, 22)
    await add(replicas, group, 80)
    await replicas.start(TWO)
    await replicas.become("g", **BOTH_FIT)
    assert ports(replicas, ONE) == ports(replicas, TWO) == {22, 80}


async def test_a_rule_refers_to_a_group_by_the_id_of_its_copy(replicas: Replicas) -> None:
    """In each cloud by its own."""
    group, other = await make_group(replicas), await make_group(replicas, "other")
    added = await add(replicas, group, 22, remote_group_id=other)
    assert added.status == 201, message(added)
    await replicas.become("g", **BOTH_FIT)
    mine, its = replicas.neutrons[TWO].groups
    rule = next(one for one in mine["security_group_rules"] if one["direction"] == "ingress")
    assert rule["remote_group_id"] == its["id"] != other
    found = json.loads(added.body)["security_group_rule"]["id"]
    assert (await replicas.order("DELETE", f"{RULES}/{found}", service="network")).status == 204
    await replicas.become("g", **BOTH_FIT)
    assert ports(replicas, TWO) == set()


async def test_a_rule_is_not_deleted_while_nobody_says_what_it_is(replicas: Replicas) -> None:
    """Nothing is ordered then."""
    await make_group(replicas)
    replicas.neutrons[ONE].fails = {"GET": 503}
    answered = await replicas.order("DELETE", f"{RULES}/7", service="network")
    assert (answered.status, f"{ONE} does not say" in message(answered)) == (503, True)
    replicas.neutrons[ONE].fails = {}
    replicas.neutrons[ONE].silent = {"GET"}
    answered = await replicas.order("DELETE", f"{RULES}/7", service="network")
    assert (answered.status, f"{ONE} does not say" in message(answered)) == (503, True)
    assert not [one for one in replicas.neutrons[ONE].writes if one.startswith("DELETE")]


async def test_another_cloud_cannot_say_what_a_rule_of_the_own_one_is(replicas: Replicas) -> None:
    """Of what the own cloud knows, nobody else is asked."""
    group = await make_group(replicas)
    rule = json.loads((await add(replicas, group, 22)).body)["security_group_rule"]
    await add(replicas, group, 443)
    await replicas.become("g", **BOTH_FIT)
    theirs = replicas.neutrons[TWO].groups[0]["security_group_rules"]
    other = next(one for one in theirs if one["port_range_min"] == 443)
    theirs.append({**other, "id": rule["id"], "security_group_id": group})
    scope = f"{TWO} & {ONE}"
    path = f"{RULES}/{rule['id']}"
    gone = await replicas.order("DELETE", path, scope=scope, service="network")
    assert gone.status == 204
    await until(lambda: ports(replicas, ONE) == {443})
