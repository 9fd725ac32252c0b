"""Users name copies by the id of any cloud; each cloud is asked by its own."""

import json
from typing import Any

import pytest
from gateway.keystone import message
from gateway.played import TOKEN, Answered
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_naming import id_of
from gateway.replicas.test_security_groups import add, make_group

from openstackoid.gateway.replicas.messages import Translate, Translated

BOTH = f"{ONE} & {TWO}"
NETWORKS = "/v2.0/networks"


async def ask(
    replicas: Replicas, method: str, path: str, scope: str, document: Any = None, at: str = ONE
) -> Answered:
    """Let alice ask without the policy eventual."""
    scoped = json.dumps({"*": at, "network": scope})
    body = b"" if document is None else json.dumps(document).encode()
    about = ("Content-Type: application/json",) if body else ()
    return await replicas.clouds.ask(
        at, "network", path, f"X-Auth-Token: {TOKEN}", f"X-Scope: {scoped}", *about,
        method=method, body=body,
    )  # fmt: skip


async def test_a_network_is_shown_by_another_cloud_by_the_id_of_the_own_one(
    replicas: Replicas,
) -> None:
    """And by its own, as before."""
    here = id_of(await replicas.network())
    (two,) = replicas.neutrons[TWO].networks
    for one in (here, two["id"]):
        shown = await ask(replicas, "GET", f"{NETWORKS}/{one}?fields=id", TWO)
        assert shown.status == 200, message(shown)
        assert json.loads(shown.body)["network"]["id"] == two["id"]


async def test_both_clouds_are_asked_by_their_own_ids(replicas: Replicas) -> None:
    """With `&` and with `|`."""
    here = id_of(await replicas.network())
    (two,) = replicas.neutrons[TWO].networks
    shown = await ask(replicas, "GET", f"{NETWORKS}/{here}", f"{TWO} | {ONE}")
    assert json.loads(shown.body)["network"]["id"] == two["id"]
    shown = await ask(replicas, "GET", f"{NETWORKS}/{two['id']}", BOTH)
    assert shown.status == 200, message(shown)
    assert json.loads(shown.body)["network"]["id"] in {here, two["id"]}


async def test_a_body_names_the_copy_of_the_cloud_that_it_goes_to(replicas: Replicas) -> None:
    """In the fields that the table knows."""
    here = id_of(await replicas.network())
    (two,) = replicas.neutrons[TWO].networks
    subnet = {"network_id": here, "name": here, "ip_version": 4, "cidr": "10.0.0.0/24"}
    made = await ask(replicas, "POST", "/v2.0/subnets", TWO, {"subnet": subnet})
    assert made.status == 201, message(made)
    shown = json.loads(made.body)["subnet"]
    assert (shown["network_id"], shown["name"]) == (two["id"], here)


async def test_a_rule_is_added_in_one_cloud_by_the_id_of_the_own_one(replicas: Replicas) -> None:
    """In that cloud alone: it is drift there."""
    group = await make_group(replicas)
    await add(replicas, group, 22)
    document = {
        "security_group_rule": {"security_group_id": group, "direction": "ingress", "protocol": "6"}
    }
    made = await ask(replicas, "POST", "/v2.0/security-group-rules", TWO, document)
    assert made.status == 201, message(made)
    assert len(replicas.neutrons[TWO].groups[0]["security_group_rules"]) == 4


async def test_an_id_of_nothing_that_is_replicated_stays(replicas: Replicas) -> None:
    """It is not found there, or is that cloud's own."""
    await replicas.network()
    _, by_hand = replicas.neutrons[TWO].answered("POST", ["networks"], {}, {"network": {}})
    own = by_hand["network"]["id"]
    assert (await ask(replicas, "GET", f"{NETWORKS}/{own}", TWO)).status == 200
    assert (await ask(replicas, "GET", f"{NETWORKS}/{'0' * 36}", TWO)).status == 404


async def test_another_project_names_nothing_of_this_one(replicas: Replicas) -> None:
    """Its ids go on as they are: nobody learns whose they are."""
    here = id_of(await replicas.network())
    known = replicas.keystones[ONE].document["token"]
    known["project"] = {**known["project"], "id": "c" * 32, "name": "other"}
    await replicas.stop(ONE)
    await replicas.start(ONE)
    assert (await ask(replicas, "GET", f"{NETWORKS}/{here}", TWO)).status == 404


async def test_a_cloud_is_asked_for_its_id_once_nobody_remembers_it(replicas: Replicas) -> None:
    """A gateway that has started again knows its own copies alone."""
    here = id_of(await replicas.network())
    await replicas.stop(ONE)
    await replicas.start(ONE)
    shown = await ask(replicas, "GET", f"{NETWORKS}/{here}", TWO)
    assert shown.status == 200, message(shown)


async def test_without_what_keeps_replicas_ids_stay(replicas: Replicas) -> None:
    """The request goes on as it is."""
    here = id_of(await replicas.network())
    (two,) = replicas.neutrons[TWO].networks
    await replicas.stop(ONE)
    assert (await ask(replicas, "GET", f"{NETWORKS}/{two['id']}", TWO)).status == 200
    assert (await ask(replicas, "GET", f"{NETWORKS}/{here}", TWO)).status == 404


async def test_an_id_that_is_a_path_is_never_put_in(replicas: Replicas) -> None:
    """Whatever another cloud says that its copy is called."""
    here = id_of(await replicas.network())
    memory = replicas.keeping[ONE].replicator.memory
    (resource,) = memory.having(here)
    memory.has_told(TWO, resource, "../ports")
    seen = len(replicas.clouds.backends[TWO]["network"].requests)
    assert (await ask(replicas, "GET", f"{NETWORKS}/{here}", TWO)).status == 404
    (*_, received) = replicas.clouds.backends[TWO]["network"].requests[seen:]
    assert received.line.split(" ")[1].endswith(f"{NETWORKS}/{here}")


async def test_another_cloud_cannot_say_what_an_id_of_the_own_one_means(
    replicas: Replicas,
) -> None:
    """It says that another network of the user's has the id of this one."""
    here = id_of(await replicas.network())
    await replicas.network("other")
    memory = replicas.keeping[ONE].replicator.memory
    mine, other = (replicas.neutrons[TWO].networks[n]["id"] for n in (0, 1))
    (resource,) = memory.having(other)
    memory.has_told(TWO, resource, here)
    shown = await ask(replicas, "GET", f"{NETWORKS}/{here}", TWO)
    assert json.loads(shown.body)["network"]["id"] == mine


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Content-Type: application/json", "Content-Length: 0"), b""),
        (("Content-Type: text/plain",), b'{"subnet": {}}'),
        (("Content-Type: application/json",), b'{"subnet": '),
    ],
)
async def test_a_body_that_names_nothing_goes_on_as_it_is(
    replicas: Replicas, headers: tuple[str, ...], body: bytes
) -> None:
    """None, or one that is no JSON: what to say of it is the service's affair."""
    await replicas.network()
    replicas.neutrons[TWO].fails = {"POST": 400}
    scoped = json.dumps({"*": ONE, "network": TWO})
    answered = await replicas.clouds.ask(
        ONE, "network", "/v2.0/subnets", f"X-Auth-Token: {TOKEN}", f"X-Scope: {scoped}",
        *headers, method="POST", body=body,
    )  # fmt: skip
    assert answered.status == 400
    (*_, received) = replicas.clouds.backends[TWO]["network"].requests
    assert received.line.startswith("POST")
    assert received.body == body


async def test_nobody_is_told_what_is_somebodys(replicas: Replicas) -> None:
    """Whose token the Keystone here does not know learns nothing, and his request goes on."""
    here = id_of(await replicas.network())
    message = Translate("of nobody", (("network", here),), (TWO,))
    replicas.keystones[ONE].status = "404 Not Found"
    said = await replicas.keeping[ONE].replicator.answer(message)
    assert said == Translated()
