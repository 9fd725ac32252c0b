"""What users may order."""

import json
from typing import Any

import pytest
from gateway.keystone import message
from gateway.replicas.playing import ALICE, ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import ordering as module


async def test_a_keypair_is_its_users_and_a_flavor_nobodys(replicas: Replicas) -> None:
    """As their ids say."""
    await replicas.keypair()
    await replicas.flavor()
    ids = [one["id"] for one in await replicas.shown()]
    assert ids == [f"keypair:{ONE}:{'0' * 32}:k", "flavor:::m1.big"]


async def test_flavors_are_ordered_by_administrators_alone(replicas: Replicas) -> None:
    """As no project owns them."""
    member = {**ALICE["token"], "roles": [{"id": "r1", "name": "member"}]}
    replicas.keystones[ONE].document = {"token": member}
    answered = await replicas.flavor()
    assert answered.status == 403
    assert "whoever has the role admin orders it" in message(answered)
    assert (await replicas.keypair()).status == 200


async def test_what_waits_for_a_cloud_is_not_made_a_second_time(replicas: Replicas) -> None:
    """Neither while that is away, nor afterwards."""
    await replicas.stop(TWO)
    await replicas.flavor()
    memory = replicas.keeping[ONE].replicator.memory
    ((first,),) = (memory.parcels(one) for one in memory.resources())
    assert first.operation.members == (ONE, TWO)
    await replicas.start(TWO)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    assert (await replicas.flavor()).status == 409


async def test_it_can_be_made_again_once_it_is_deleted(replicas: Replicas) -> None:
    """With other values."""
    identifier = await replicas.same_flavor()
    await replicas.order("DELETE", f"/v2.1/flavors/{identifier}")
    assert (await replicas.flavor(ram=1024)).status == 200
    await until(lambda: len(replicas.novas[TWO].flavors) == 1)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    assert replicas.novas[TWO].flavors[identifier]["ram"] == 1024


@pytest.mark.parametrize(
    ("limit", "words"),
    [("MAX_RESOURCES", "are replicated already"), ("MAX_MEMBERS", "copies in 0 clouds")],
)
async def test_there_is_an_end_to_what_one_orders(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    """With what to do about it."""
    monkeypatch.setattr(module, limit, 0)
    answered = await replicas.keypair()
    assert answered.status in {400, 403}
    assert words in message(answered)


async def test_a_resource_is_not_changed_for_ever(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change is kept by all its clouds."""
    identifier = await replicas.same_flavor()
    monkeypatch.setattr(module, "MAX_OPERATIONS", 1)
    answered = await replicas.order("DELETE", f"/v2.1/flavors/{identifier}")
    assert answered.status == 413


async def test_too_much_at_once_is_refused(replicas: Replicas) -> None:
    """As no gateway would take it."""
    identifier = await replicas.same_flavor()
    specs = {f"k{n}": "1" for n in range(300)}
    answered = await replicas.order(
        "POST", f"/v2.1/flavors/{identifier}/os-extra_specs", {"extra_specs": specs}
    )
    assert answered.status == 400
    assert "writes too much" in message(answered)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"gateway": False}, "no gateway with keys"), ({"keys": None}, "no gateway with keys")],
)
async def test_a_cloud_without_a_gateway_takes_no_part(
    replicas: Replicas, changes: dict[str, Any], words: str
) -> None:
    """Nobody there would bring its copy up to date."""
    replicas.clouds.document["clouds"]["CloudThree"] = {
        "frontends": {"compute": "http://three:1", "identity": "http://three:2"},
        "insecure": True,
    } | {key: value for key, value in changes.items() if value is not None}
    await reload(replicas)
    answered = await replicas.order(
        "POST",
        "/v2.1/os-keypairs",
        {"keypair": {"name": "k", "public_key": "ssh-ed25519 AAAA"}},
        scope=f"{ONE} & CloudThree",
    )
    assert answered.status == 400
    assert words in message(answered)


async def test_a_cloud_without_the_service_takes_no_part(replicas: Replicas) -> None:
    """Which is said before anything is sent."""
    del replicas.clouds.document["clouds"][TWO]["frontends"]["compute"]
    del replicas.clouds.document["clouds"][TWO]["backends"]["compute"]
    replicas.clouds.save()
    replicas.keeping[ONE].reload()
    answered = await replicas.keypair()
    assert answered.status == 400
    assert "no service compute" in message(answered)


async def test_a_right_that_is_not_his_own_orders_nothing(replicas: Replicas) -> None:
    """What is delegated, or restricted to some requests, is no right to do something later."""
    token = replicas.keystones[ONE].document["token"]
    for more in (
        {"OS-TRUST:trust": {"id": "t"}},
        {"application_credential": {"id": "c", "access_rules": []}},
    ):
        replicas.keystones[ONE].document = {"token": {**token, **more}}
        answered = await replicas.order(
            "POST", "/v2.1/os-keypairs", {"keypair": {"name": "k", "public_key": "ssh"}},
            f"X-Nothing: {json.dumps(more)}",
        )  # fmt: skip
        await replicas.stop(ONE)  # what it remembers of the token ends with it
        await replicas.start(ONE)
        assert answered.status == 401, message(answered)


async def reload(replicas: Replicas) -> None:
    """Let all processes read the file as it is now."""
    replicas.clouds.save()
    for gateway in replicas.clouds.gateways.values():
        await gateway.reload()
    for keeping in replicas.keeping.values():
        keeping.reload()
