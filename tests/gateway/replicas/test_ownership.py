"""Whose resources are, in each of their clouds."""

import pytest
from gateway.keystone import OURS, THEIRS
from gateway.replicas.playing import ONE, TWO, Replicas
from gateway.replicas.test_rights import issued, rights
from journal.keeping import until

from openstackoid.gateway.replicas.ownership import Ownership, Party
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError
from openstackoid.gateway.trust.answering import Acting
from openstackoid.replication.clock import Timestamp
from openstackoid.replication.operation import Action, Operation, Write
from openstackoid.replication.parcel import Parcel, Resource

IMAGE = Resource("image", ONE, THEIRS, "7d9b4a35-1f6c-4a52-9a2b-0c5c1f6f2a11").id
NAME = (Write("name", '"debian"'),)


def ownership(replicas: Replicas, cloud: str) -> Ownership:
    keeping = replicas.keeping[cloud]
    return Ownership(
        keeping.replicator.memory, rights(replicas, cloud), keeping.site.assertions.answering
    )


def parcel(replicas: Replicas, at: int, cloud: str, action: Action, resource: str) -> Parcel:
    """Return what the user of a cloud orders."""
    members = (ONE, TWO) if action is Action.CREATE else ()
    writes = () if action is Action.DELETE else NAME
    time = Timestamp(at, 1, cloud, 1)
    operation = Operation(time, resource, "image", action, (), members, writes)
    return Parcel(operation, issued(replicas, operation, ONE, TWO, by=cloud))


async def test_a_project_is_that_of_other_clouds_users_too(replicas: Replicas) -> None:
    """Bob acts in alice's project where she made an image, and she in his where it has a copy."""
    create = parcel(replicas, 1, ONE, Action.CREATE, IMAGE)
    change = parcel(replicas, 2, TWO, Action.CHANGE, IMAGE)
    for cloud in (ONE, TWO):
        here = ownership(replicas, cloud)
        await here.check(create)
        await here.check(change, [create])
    memory = replicas.keeping[TWO].replicator.memory
    memory.learn([create])
    here = ownership(replicas, TWO)
    bob = here.user(replicas.keystones[TWO].document)
    assert await here.owned(bob) == [IMAGE]
    assert await here.owned(bob._replace(project="9" * 32)) == []


async def test_nobody_else_may_order(replicas: Replicas) -> None:
    """Neither who is in another project, nor whose cloud is not trusted, nor before its create."""
    create = parcel(replicas, 1, ONE, Action.CREATE, IMAGE)
    document = replicas.keystones[TWO].document["token"]
    change = parcel(replicas, 2, TWO, Action.CHANGE, IMAGE)
    with pytest.raises(NoRightError, match="does not own"):
        await ownership(replicas, TWO).check(change)
    elsewhere = {**document["project"], "id": "9" * 32, "name": "other"}
    replicas.keystones[TWO].document = {"token": {**document, "project": elsewhere}}
    other = parcel(replicas, 2, TWO, Action.CHANGE, IMAGE)
    with pytest.raises(NoRightError):
        await ownership(replicas, TWO).check(other, [create])
    del replicas.clouds.document["clouds"][ONE]["trust"][TWO]
    replicas.clouds.save()
    replicas.keeping[ONE].reload()
    with pytest.raises(NoRightError, match="trust"):
        await ownership(replicas, ONE).check(change, [create])


async def test_nobody_makes_what_is_called_like_anothers(replicas: Replicas) -> None:
    """Though he may change it: a create is its maker's, whose id is in that of the resource."""
    create = parcel(replicas, 1, ONE, Action.CREATE, IMAGE)
    again = parcel(replicas, 2, TWO, Action.CREATE, IMAGE)
    with pytest.raises(NoRightError, match="does not own"):
        await ownership(replicas, TWO).check(again, [create])
    claimed = Resource("image", ONE, OURS, "k").id
    with pytest.raises(NoRightError, match="does not own"):
        await ownership(replicas, TWO).check(parcel(replicas, 1, ONE, Action.CREATE, claimed))


async def test_nobody_names_what_is_not_his(replicas: Replicas) -> None:
    """A subnet is of a network of its own project, as each of its clouds sees that."""

    def subnet(network: Resource, cloud: str) -> Parcel:
        owner = {ONE: THEIRS, TWO: OURS}[cloud]
        resource = Resource("subnet", cloud, owner, "8d9b4a35-1f6c-4a52-9a2b-0c5c1f6f2a11").id
        operation = Operation(
            Timestamp(2, 1, cloud, 1), resource, "subnet", Action.CREATE, (), (ONE, TWO),
            (Write("network", f'"{network.id}"'),),
        )  # fmt: skip
        return Parcel(operation, issued(replicas, operation, ONE, TWO, by=cloud))

    mine = Resource("network", ONE, THEIRS, "7d9b4a35-1f6c-4a52-9a2b-0c5c1f6f2a11")
    create = Operation(
        Timestamp(1, 1, ONE, 1), mine.id, "network", Action.CREATE, (), (ONE, TWO), NAME
    )
    made = Parcel(create, issued(replicas, create, ONE, TWO))
    for cloud in (ONE, TWO):
        here = ownership(replicas, cloud)
        await here.check(subnet(mine, ONE), [made])
        await here.check(subnet(mine, TWO), [made])
        with pytest.raises(NoRightError, match="names a network"):
            await here.check(subnet(mine._replace(owner="9" * 32), ONE), [made])


async def test_a_keystone_that_is_away_is_no_refusal(replicas: Replicas) -> None:
    """It is judged again, and nothing is lost meanwhile."""
    create = parcel(replicas, 1, ONE, Action.CREATE, IMAGE)
    change = parcel(replicas, 2, TWO, Action.CHANGE, IMAGE)
    replicas.clouds.file.with_name("account.yaml").unlink()
    replicas.keeping[ONE].reload()
    with pytest.raises(NoAnswerError):
        await ownership(replicas, ONE).check(change, [create])


async def test_two_orders_on_both_sides_of_a_cut_are_one_resource(replicas: Replicas) -> None:
    """Of a flavor that is made differently, both clouds say so until somebody chooses."""
    await replicas.stop(TWO)
    assert (await replicas.flavor()).status == 200
    await replicas.stop(ONE)
    await replicas.start(TWO)
    assert (await replicas.flavor(at=TWO, ram=1024)).status == 200
    await replicas.start(ONE)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "conflicting"})
    (shown,) = await replicas.shown("m1.big", at=TWO)
    assert [one["field"] for one in shown["conflicts"]] == ["ram"]
    (identifier,) = replicas.novas[ONE].flavors
    assert (await replicas.order("DELETE", f"/v2.1/flavors/{identifier}", at=TWO)).status == 202
    await until(lambda: not replicas.novas[ONE].flavors and not replicas.novas[TWO].flavors)


async def test_the_later_change_wins_on_both_sides_of_a_cut(replicas: Replicas) -> None:
    """And whoever lost is named on both."""
    identifier = await replicas.same_flavor()
    path = f"/v2.1/flavors/{identifier}"
    await replicas.stop(TWO)
    await replicas.order("PUT", path, {"flavor": {"description": "alice's"}})
    await replicas.stop(ONE)
    await replicas.start(TWO)
    await replicas.order("PUT", path, {"flavor": {"description": "bob's"}}, at=TWO)
    await replicas.start(ONE)
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    novas = replicas.novas.values()
    await until(lambda: all(one.flavors[identifier]["description"] == "bob's" for one in novas))
    for cloud in (ONE, TWO):
        (shown,) = await replicas.shown("m1.big", at=cloud)
        (lost,) = shown["lost"]
        assert (lost["cloud"], lost["value"]) == (ONE, '"alice\'s"')


async def test_what_a_cloud_does_not_take_is_named(replicas: Replicas) -> None:
    """In both: it stays without what was ordered, and goes on with what is ordered next."""
    identifier = await replicas.same_flavor()
    path = f"/v2.1/flavors/{identifier}"
    del replicas.clouds.document["clouds"][ONE]["trust"][TWO]["roles"]["admin"]
    replicas.clouds.save()
    replicas.keeping[ONE].reload()
    await replicas.order("PUT", path, {"flavor": {"description": "bob's"}}, at=TWO)
    (shown,) = await replicas.shown("m1.big", at=TWO)
    one, two = shown["clouds"]
    assert (one["state"], two["state"]) == ("refused", "fits")
    assert "takes the role admin" in one["words"]
    (shown,) = await replicas.shown("m1.big")
    assert [copy["state"] for copy in shown["clouds"]] == ["fits", "fits"]
    (line,) = shown["clouds"][0]["more"]
    assert line.startswith("not taken: ordered at")
    await replicas.order("PUT", path, {"flavor": {"description": "alice's"}})
    await replicas.become("m1.big", **{ONE: "fits", TWO: "fits"})
    novas = replicas.novas.values()
    await until(lambda: all(one.flavors[identifier]["description"] == "alice's" for one in novas))


async def test_what_is_nobodys_here_is_not_asked_about_again(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of such resources make the orders of others slow once a minute at most."""
    await replicas.network()
    await replicas.become("n", **{ONE: "fits", TWO: "fits"})
    its = replicas.keeping[TWO].replicator.ownership
    bob = Party(TWO, "b" * 32, OURS, ("member",))
    asked = []

    async def nobody(party: Party) -> Acting:
        if party.claims is None:
            return Acting(party.project, party.roles)
        asked.append(party)
        raise NoRightError("there is no such project")

    monkeypatch.setattr(its, "_acting", nobody)
    monkeypatch.setattr(its, "_projects", {})
    assert await its.owned(bob) == await its.owned(bob) == []
    assert len(asked) == 1
