"""Copies wait for what they refer to, and deletions for what is in use."""

import asyncio
import json
from typing import Any

import pytest
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_naming import id_of
from journal.keeping import until

from openstackoid.gateway.replicas.services import Services
from openstackoid.replication.apis.api import Api
from openstackoid.replication.traces import Found

BOTH_FIT = {ONE: "fits", TWO: "fits"}


async def test_a_subnet_waits_for_its_network(replicas: Replicas) -> None:
    """Nothing is sent before that is there; then it is made at once."""
    neutron = replicas.neutrons[TWO]
    await replicas.stop(TWO)
    network = id_of(await replicas.network())
    await replicas.subnet(network)
    neutron.fails = {"POST": 503}
    await replicas.start(TWO)
    await replicas.become("s", **{ONE: "fits", TWO: "waiting"})
    (one,) = await replicas.shown("s")
    assert one["clouds"][1]["more"] == ["waiting for network n"]
    neutron.fails = {}
    await replicas.become("s", **BOTH_FIT)
    posts = [one for one in neutron.writes if one.startswith("POST")]
    assert posts == ["POST /v2.0/networks", "POST /v2.0/subnets"]


async def test_what_refers_to_something_deleted_is_refused(replicas: Replicas) -> None:
    """With words: it can never be made."""
    await replicas.stop(TWO)
    network = id_of(await replicas.network())
    await replicas.subnet(network)
    await replicas.order("DELETE", f"/v2.0/networks/{network}", service="network")
    await replicas.start(TWO)
    await replicas.become("s", **{ONE: "fits", TWO: "refused"})
    (one,) = await replicas.shown("s")
    assert "was deleted" in one["clouds"][1]["words"]
    assert not replicas.neutrons[TWO].has["subnets"]


async def test_what_is_in_use_is_deleted_later(replicas: Replicas) -> None:
    """It is tried again by itself; meanwhile the words of the service are shown."""
    network = id_of(await replicas.network())
    neutron = replicas.neutrons[TWO]
    neutron.used = {one["id"] for one in neutron.networks}
    path = f"/v2.0/networks/{network}"
    answered = await replicas.order("DELETE", path, service="network")
    assert answered.status == 204
    (report,) = answered.values("X-Scope-Report")
    assert json.loads(report)[1] == {"cloud": TWO, "pending": True, "message": "it is in use"}
    (one,) = await replicas.shown("n")
    assert (one["clouds"][1]["state"], one["clouds"][1]["words"]) == ("pending", "it is in use")
    neutron.used = set()
    await until(lambda: not neutron.networks)
    await replicas.become("n", **BOTH_FIT)


async def test_a_copy_that_is_found_before_its_network_is_read_again(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then nobody knows that its network is the one that was ordered."""
    network = id_of(await replicas.network())
    await replicas.subnet(network)
    await replicas.become("s", **BOTH_FIT)
    await replicas.stop(TWO)
    for file in replicas.directory(TWO).iterdir():
        file.unlink()
    go_on, before = asyncio.Event(), Services.look

    async def look(self: Services, api: Api, *about: Any) -> list[Found]:
        if api.kind.name == "network":
            await go_on.wait()
        return await before(self, api, *about)

    monkeypatch.setattr(Services, "look", look)
    await replicas.start(TWO)
    await replicas.become("s", **{ONE: "fits", TWO: "drifted"})
    go_on.set()
    await replicas.become("s", **BOTH_FIT)
    await replicas.become("n", **BOTH_FIT)
