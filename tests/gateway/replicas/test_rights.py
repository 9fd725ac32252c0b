"""By whose right a copy is read and written."""

import pytest
from gateway.replicas.playing import ONE, TWO, Replicas
from msgspec.structs import replace

from openstackoid.gateway.replicas import rights as module
from openstackoid.gateway.replicas.rights import NoAnswerError, NoRightError, Rights
from openstackoid.identity.assertion import claimed
from openstackoid.identity.issuer_secrets import own_token
from openstackoid.identity.witness import LASTS, read
from openstackoid.replication.apis.table import APIS
from openstackoid.replication.operation import Operation
from openstackoid.replication.parcel import Parcel, digest


async def ordered(replicas: Replicas) -> Parcel:
    """Let alice order a keypair, and return what gateways know of it."""
    assert (await replicas.keypair()).status == 200
    memory = replicas.keeping[ONE].replicator.memory
    ((parcel,),) = (memory.parcels(one) for one in memory.resources())
    return parcel


def issued(replicas: Replicas, operation: Operation, *clouds: str, by: str = ONE) -> dict[str, str]:
    """Return the rights that the gateway of a cloud gives its user for an operation."""
    keeping = replicas.keeping[by]
    route = keeping.replicator.users.route(APIS[operation.kind].service, "/")
    document = replicas.keystones[by].document
    return keeping.site.assertions.issuing.rights(document, route, digest(operation), clouds)


def rights(replicas: Replicas, cloud: str) -> Rights:
    return Rights(replicas.keeping[cloud].site.assertions.accepting, cloud)


async def test_a_right_says_who_has_ordered_what(replicas: Replicas) -> None:
    """For seven days, for one operation, one service and one cloud; no token is in it."""
    parcel = await ordered(replicas)
    for cloud in (ONE, TWO):
        claims = claimed(parcel.rights[cloud])
        assert (claims.iss, claims.aud, claims.services) == (ONE, cloud, ("compute",))
        assert claims.operation == digest(parcel.operation)
        assert claims.exp - claims.iat == LASTS
        assert claims.back == ()
        assert rights(replicas, cloud).of(parcel).claims == claims
        keys = replicas.keeping[ONE].site.peers.keys
        own = own_token(claims, [one.assertion for one in keys if one.assertion is not None])
        assert read(own) is not None


async def test_it_is_good_for_nothing_else(replicas: Replicas) -> None:
    """Another operation, another cloud, and a clock of another cloud's."""
    parcel = await ordered(replicas)
    operation = parcel.operation
    wrong = [
        (TWO, Parcel(operation, {})),
        (TWO, Parcel(operation, {TWO: parcel.rights[ONE]})),
        (TWO, Parcel(replace(operation, members=(ONE,)), parcel.rights)),
    ]
    for cloud, one in wrong:
        with pytest.raises(NoRightError):
            rights(replicas, cloud).of(one)
    other: Operation = replace(operation, at=replace(operation.at, cloud=TWO))
    made = issued(replicas, other, TWO)
    with pytest.raises(NoRightError, match="clock of the cloud"):
        rights(replicas, TWO).of(Parcel(other, made))
    with pytest.raises(NoRightError, match="too long"):
        rights(replicas, TWO).of(Parcel(operation, {TWO: "x" * (module.MAX_RIGHT + 1)}))
    crowd = {**parcel.rights, **dict.fromkeys(map(str, range(module.MAX_RIGHTS)), "x")}
    with pytest.raises(NoRightError, match="too many"):
        rights(replicas, TWO).of(Parcel(operation, crowd))


async def test_who_is_not_trusted_may_do_nothing(replicas: Replicas) -> None:
    """And is told whom to ask."""
    parcel = await ordered(replicas)
    del replicas.clouds.document["clouds"][TWO]["trust"][ONE]
    replicas.clouds.save()
    replicas.keeping[TWO].reload()
    with pytest.raises(NoRightError, match="trust"):
        await rights(replicas, TWO).token(parcel)


async def test_a_lost_role_ends_a_right(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At home and elsewhere, once it is asked."""
    parcel = await ordered(replicas)
    monkeypatch.setattr(module, "RECENT", -1)
    replicas.keystones[ONE].roles = []
    await replicas.clouds.gateways[ONE].reload()  # what it remembers ends with it
    for cloud in (ONE, TWO):
        await replicas.stop(cloud)
        await replicas.start(cloud)
        with pytest.raises(NoRightError, match="revoked"):
            await rights(replicas, cloud).token(parcel)


async def test_without_an_account_nobody_knows(replicas: Replicas) -> None:
    """Which is no refusal: it is tried again."""
    parcel = await ordered(replicas)
    await replicas.stop(ONE)
    await replicas.start(ONE)
    replicas.clouds.file.with_name("account.yaml").unlink()
    with pytest.raises(NoAnswerError):
        await rights(replicas, ONE).token(parcel)


async def test_a_credential_that_is_gone_ends_a_right(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user has restricted himself by it, and taken that back."""
    token = replicas.keystones[ONE].document["token"]
    replicas.keystones[ONE].document = {"token": {**token, "application_credential": {"id": "c"}}}
    parcel = await ordered(replicas)
    monkeypatch.setattr(module, "RECENT", -1)
    replicas.keystones[ONE].credential = False
    await replicas.stop(ONE)
    await replicas.start(ONE)
    with pytest.raises(NoRightError, match="revoked"):
        await rights(replicas, ONE).token(parcel)


async def test_a_keystone_that_does_not_say_is_no_refusal(replicas: Replicas) -> None:
    """Nor is one that says nothing of its own."""
    parcel = await ordered(replicas)
    answers: list[dict[str, list[object]]] = [{"role_assignments": [{}]}, {}]
    for answer in answers:
        replicas.keystones[ONE].said = answer
        await replicas.stop(ONE)
        await replicas.start(ONE)
        with pytest.raises(NoAnswerError):
            await rights(replicas, ONE).token(parcel)
