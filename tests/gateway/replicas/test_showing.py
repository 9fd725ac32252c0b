"""What is replicated of a user's is shown, read anew, and mended."""

import json
from typing import Any

import pytest
from gateway.keystone import message
from gateway.played import TOKEN
from gateway.replicas.playing import BOB, ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.replicas import deliveries as module
from openstackoid.message import REPLICAS


async def looked(replicas: Replicas, how: str, name: str = "m1.big", at: str = ONE) -> Any:
    """Let somebody have his copies read anew; return the states of one, by cloud."""
    answered = await replicas.clouds.ask(
        at, "identity", f"{REPLICAS}/{how}?id={name}", f"X-Auth-Token: {TOKEN}", method="POST"
    )
    assert answered.status == 200, message(answered)
    (one,) = json.loads(answered.body)["replicas"]
    return {copy["cloud"]: (copy["state"], copy["more"]) for copy in one["clouds"]}


@pytest.fixture
async def flavor(replicas: Replicas, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the id of a flavor that is the same in both clouds."""
    monkeypatch.setattr(module, "AGAIN", 0.0)
    return await replicas.same_flavor()


async def test_what_was_changed_by_hand_is_found(replicas: Replicas, flavor: str) -> None:
    """In each cloud, and is left as it is."""
    replicas.novas[ONE].flavors[flavor]["description"] = "here"
    replicas.novas[TWO].flavors[flavor]["extra_specs"]["k"] = "there"
    assert await replicas.states("m1.big") == {ONE: "fits", TWO: "fits"}
    assert await looked(replicas, "check") == {
        ONE: ("drifted", ['changed by hand: description is "here"']),
        TWO: ("drifted", ['changed by hand: specs k is "there"']),
    }
    assert replicas.novas[ONE].flavors[flavor]["description"] == "here"


async def test_it_is_ordered_anew(replicas: Replicas, flavor: str) -> None:
    """What was added is taken out, and what was changed is as it was ordered."""
    path = f"/v2.1/flavors/{flavor}"
    await replicas.order("PUT", path, {"flavor": {"description": "wanted"}})
    replicas.novas[ONE].flavors[flavor]["description"] = "here"
    replicas.novas[TWO].flavors[flavor]["extra_specs"]["k"] = "there"
    assert await looked(replicas, "sync") == {
        ONE: ("fits", ['changed by hand, and lost: description is "here"']),
        TWO: ("fits", ['changed by hand, and lost: specs k is "there"']),
    }
    for nova in replicas.novas.values():
        assert nova.flavors[flavor]["description"] == "wanted"
        assert nova.flavors[flavor]["extra_specs"] == {}
    count = replicas.keeping[ONE].replicator.memory.count("flavor:::m1.big")
    await looked(replicas, "sync")
    assert replicas.keeping[ONE].replicator.memory.count("flavor:::m1.big") == count


async def test_what_was_refused_is_asked_again(replicas: Replicas, flavor: str) -> None:
    """A quota that was raised meanwhile lets it through, at once."""
    replicas.novas[TWO].fails["PUT"] = 413
    path = f"/v2.1/flavors/{flavor}"
    await replicas.order("PUT", path, {"flavor": {"description": "d"}})
    await replicas.become("m1.big", **{ONE: "fits", TWO: "refused"})
    replicas.novas[TWO].fails.clear()
    assert (await looked(replicas, "check"))[TWO][0] == "fits"
    assert replicas.novas[TWO].flavors[flavor]["description"] == "d"


async def test_what_was_deleted_by_hand_stays_so(replicas: Replicas, flavor: str) -> None:
    """Somebody may have meant it."""
    del replicas.novas[TWO].flavors[flavor]
    for how in ("check", "sync"):
        assert (await looked(replicas, how))[TWO][0] == "deleted by hand"
    assert replicas.novas[TWO].flavors == {}


async def test_what_cannot_be_changed_is_not_ordered_anew(replicas: Replicas, flavor: str) -> None:
    """It stays named."""
    replicas.novas[TWO].flavors[flavor]["ram"] = 1
    assert (await looked(replicas, "sync"))[TWO] == ("drifted", ["changed by hand: ram is 1"])


async def test_other_clouds_users_mend_it_too(replicas: Replicas, flavor: str) -> None:
    """By their own right; who may order nothing is told so."""
    replicas.novas[ONE].flavors[flavor]["description"] = "here"
    assert (await looked(replicas, "sync", at=TWO))[ONE][0] == "fits"
    delegated = {**BOB["token"], "OS-TRUST:trust": {"id": "t"}}
    replicas.keystones[TWO].document = {"token": delegated}
    answered = await replicas.clouds.ask(
        TWO, "identity", f"{REPLICAS}/sync", "X-Auth-Token: another", method="POST"
    )
    assert answered.status == 401
    assert "shows nothing" in message(answered)


async def test_nobody_has_a_copy_read_all_the_time(
    replicas: Replicas, flavor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another gateway may ask as often as it likes."""
    await looked(replicas, "check")
    monkeypatch.setattr(module, "AGAIN", 3600.0)
    replicas.novas[TWO].flavors[flavor]["description"] = "there"
    assert (await looked(replicas, "check"))[TWO][0] == "fits"


async def test_without_an_account_nobody_can_say_whose_it_is(replicas: Replicas) -> None:
    """Which is said, and is no refusal."""
    await replicas.keypair()
    replicas.clouds.file.with_name("account.yaml").unlink()
    replicas.keeping[ONE].reload()
    answered = await replicas.clouds.ask(ONE, "identity", REPLICAS, "X-Auth-Token: another")
    await until(lambda: answered.status == 503)
