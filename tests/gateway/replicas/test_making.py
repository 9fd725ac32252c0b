"""What exists in the own cloud is replicated from then on."""

import json
from urllib.parse import urlencode

import pytest
from gateway.keystone import OURS, THEIRS, message
from gateway.played import TOKEN, Answered
from gateway.replicas.glance import with_images
from gateway.replicas.playing import ONE, TWO, Replicas

from openstackoid.message import REPLICAS

BOTH_FIT = {ONE: "fits", TWO: "fits"}
BOTH = f"{ONE} & {TWO}"
IMAGE = "7d9b4a35-1f6c-4a52-9a2b-0c5c1f6f2a11"


async def make(
    replicas: Replicas, kind: str, identifier: str, scope: str = BOTH, service: str = "network"
) -> Answered:
    """Let alice have something replicated."""
    scoped = json.dumps({"*": ONE, service: scope})
    path = f"{REPLICAS}?{urlencode({'kind': kind, 'id': identifier})}"
    return await replicas.clouds.ask(
        ONE, "identity", path, f"X-Auth-Token: {TOKEN}", f"X-Scope: {scoped}", method="POST"
    )


def by_hand(replicas: Replicas, name: str = "n", collection: str = "networks") -> str:
    """Make something in CloudOne, without a gateway; return its id."""
    one = {"networks": "network", "security-groups": "security_group"}[collection]
    made = replicas.neutrons[ONE].answered("POST", [collection], {}, {one: {"name": name}})
    return str(made[1][one]["id"])


@pytest.mark.parametrize("by", ["id", "name"])
async def test_a_network_that_exists_gets_a_copy_elsewhere(replicas: Replicas, by: str) -> None:
    """It is the copy in its cloud itself: nothing is made there. Then all copies are changed."""
    here = by_hand(replicas)
    answered = await make(replicas, "network", here if by == "id" else "n")
    assert answered.status == 200, message(answered)
    (one,) = json.loads(answered.body)["replicas"]
    assert {copy["cloud"] for copy in one["clouds"]} == {ONE, TWO}
    await replicas.become("n", **BOTH_FIT)
    assert [one["id"] for one in replicas.neutrons[ONE].networks] == [here]
    change = {"network": {"name": "m"}}
    path = f"/v2.0/networks/{here}"
    assert (await replicas.order("PUT", path, change, service="network")).status == 200
    await replicas.become("m", **BOTH_FIT)
    assert replicas.neutrons[TWO].networks[0]["name"] == "m"
    assert (await make(replicas, "network", here)).status == 409


async def test_the_data_of_an_image_goes_with_it(replicas: Replicas) -> None:
    """From where it is to the others."""
    glances = with_images(replicas)
    glances[ONE]._answered("POST", ["images"], IMAGE_BODY)
    glances[ONE].has_data(IMAGE, b"data")
    answered = await make(replicas, "image", "debian", service="image")
    assert answered.status == 200, message(answered)
    await replicas.become("debian", **BOTH_FIT)
    assert glances[TWO].data == {IMAGE: b"data"}


async def test_a_security_group_has_its_rules_everywhere(replicas: Replicas) -> None:
    """Also without those that Neutron makes, if somebody has deleted them here."""
    group = by_hand(replicas, "g", "security-groups")
    rules = replicas.neutrons[ONE].groups[0]["security_group_rules"]
    rules.clear()
    replicas.neutrons[ONE].rule(group, protocol="tcp", port_range_min=22, port_range_max=22)
    assert (await make(replicas, "security-group", "g")).status == 200
    await replicas.become("g", **{ONE: "fits", TWO: "drifted"})
    there = replicas.neutrons[TWO].groups[0]["security_group_rules"]
    assert [one for one in there if one["protocol"] == "tcp"]


async def test_a_refusal_elsewhere_deletes_nothing_here(replicas: Replicas) -> None:
    """What exists is never withdrawn."""
    here = by_hand(replicas)
    replicas.neutrons[TWO].fails = {"POST": 403}
    answered = await make(replicas, "network", here)
    assert answered.status == 200, message(answered)
    await replicas.become("n", **{ONE: "fits", TWO: "refused"})
    assert [one["id"] for one in replicas.neutrons[ONE].networks] == [here]


@pytest.mark.parametrize(
    ("kind", "scope", "status", "words"),
    [
        ("network", TWO, 400, f"has to be in {ONE}"),
        ("network", f"{ONE} | {TWO}", 400, "alone"),
        ("flavor", BOTH, 400, "created with the policy eventual"),
        ("router", BOTH, 400, "by its kind"),
        ("network", BOTH, 404, "there is no network"),
    ],
)
async def test_what_cannot_be_is_said(
    replicas: Replicas, kind: str, scope: str, status: int, words: str
) -> None:
    """With what to do instead."""
    answered = await make(replicas, kind, "n", scope)
    assert (answered.status, words in message(answered)) == (status, True)


async def test_two_of_one_name_are_named_by_their_ids(replicas: Replicas) -> None:
    """None is chosen."""
    by_hand(replicas)
    by_hand(replicas)
    answered = await make(replicas, "network", "n")
    assert (answered.status, "give an id" in message(answered)) == (409, True)


async def test_what_is_another_projects_is_not_replicated(replicas: Replicas) -> None:
    """A shared network, say: nobody joins it with one of his own."""
    here = by_hand(replicas)
    replicas.neutrons[ONE].has["networks"][here]["project_id"] = OURS
    assert OURS != THEIRS
    assert (await make(replicas, "network", here)).status == 403
    assert not replicas.neutrons[TWO].networks


async def test_what_cannot_be_marked_is_not_replicated(replicas: Replicas) -> None:
    """Its gateway could not find it again."""
    here = by_hand(replicas)
    replicas.neutrons[ONE].fails = {"PUT": 403}
    assert (await make(replicas, "network", here)).status == 403
    assert not await replicas.shown()
    replicas.neutrons[ONE].fails = {"GET": 503}
    assert (await make(replicas, "network", here)).status == 502


IMAGE_BODY = {
    "id": IMAGE,
    "name": "debian",
    "visibility": "shared",
    "min_disk": 0,
    "min_ram": 0,
    "protected": False,
    "os_hidden": False,
    "tags": [],
    "container_format": "bare",
    "disk_format": "raw",
}
