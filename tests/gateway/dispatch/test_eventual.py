"""Writes with the policy `eventual`, as their user sees them."""

import json

import pytest
from gateway.backend import Connection, Received
from gateway.keystone import message
from gateway.played import TOKEN
from gateway.replicas.playing import EVENTUAL, ONE, TWO, Replicas


async def test_its_user_sees_what_the_service_would_say(replicas: Replicas) -> None:
    """The status and the body, by whatever version of the API he asks for."""
    made = await replicas.flavor()
    assert made.status == 200
    identifier = json.loads(made.body)["flavor"]["id"]
    gone = await replicas.order("DELETE", f"/v2.1/flavors/{identifier}")
    assert (gone.status, gone.body) == (202, b"")


@pytest.mark.parametrize(
    ("method", "path", "document", "scope", "status", "words"),
    [
        ("POST", "/v2.1/os-aggregates", {}, None, 400, "is not replicated"),
        ("POST", "/v2.1/servers", {"server": {"name": "s"}}, None, 400, "boots from a volume"),
        ("POST", "/v2.1/os-keypairs", {"keypair": {"name": "k"}}, None, 400, "ssh-keygen"),
        ("POST", "/v2.1/os-keypairs", None, None, 400, 'no "keypair"'),
        ("DELETE", "/v2.1/os-keypairs/k", None, None, 404, "no keypair with this id"),
        ("DELETE", "/v2.1/os-keypairs/k", None, f"{ONE} | {TWO}", 400, 'leave out the "|"'),
        ("DELETE", "/v2.1/os-keypairs/k", None, f"{ONE} | {TWO}", 400, "eventual"),
    ],
)
async def test_what_cant_be_replicated_is_refused(
    replicas: Replicas,
    method: str,
    path: str,
    document: object,
    scope: str | None,
    status: int,
    words: str,
) -> None:
    """Before anything is sent anywhere, with what to do instead."""
    answered = await replicas.order(method, path, document, scope=scope or f"{ONE} & {TWO}")
    assert answered.status == status
    assert words in message(answered)
    assert not any(nova.writes for nova in replicas.novas.values())


async def test_a_body_that_is_no_json_is_refused(replicas: Replicas) -> None:
    """As under the other policies."""
    answered = await replicas.clouds.ask(
        ONE, "compute", "/v2.1/os-keypairs", f"X-Auth-Token: {TOKEN}", EVENTUAL,
        f"X-Scope: compute={ONE}&{TWO}", method="POST", body=b"{",
    )  # fmt: skip
    assert answered.status == 400
    assert "not JSON" in message(answered)


async def test_a_token_of_another_cloud_orders_nothing(replicas: Replicas) -> None:
    """Who is not known here can't be asked for later."""
    answered = await replicas.clouds.ask(
        ONE, "compute", "/v2.1/os-keypairs", f"X-Auth-Token: {TOKEN}", EVENTUAL,
        f"X-Scope: identity={TWO},compute={ONE}&{TWO}", "Content-Type: application/json",
        method="POST", body=b"{}",
    )  # fmt: skip
    assert answered.status == 403


async def test_a_token_that_nobody_knows_orders_nothing(replicas: Replicas) -> None:
    """401, as everywhere."""
    replicas.keystones[ONE].document, replicas.keystones[ONE].status = {}, "404 Not Found"
    assert (await replicas.keypair()).status == 401


async def test_reads_are_as_without_it(replicas: Replicas) -> None:
    """The policy is for writes: a client may send it with everything."""
    await replicas.keypair()
    answered = await replicas.order("GET", "/v2.1/os-keypairs/k")
    assert answered.status == 200


async def test_what_is_there_already_is_not_made_again(replicas: Replicas) -> None:
    """409, as Nova says it."""
    await replicas.keypair()
    assert (await replicas.keypair()).status == 409


async def test_clouds_that_have_no_copy_get_none_by_a_change(replicas: Replicas) -> None:
    """The clouds of a resource stay the same."""
    replicas.clouds.document["clouds"]["CloudThree"] = {
        "frontends": {"compute": "http://three:1"},
        "insecure": True,
    }
    replicas.clouds.save()
    for gateway in replicas.clouds.gateways.values():
        await gateway.reload()
    await replicas.keypair()
    scope = f"{ONE} & {TWO} & CloudThree"
    answered = await replicas.order("DELETE", "/v2.1/os-keypairs/k", scope=scope)
    assert answered.status == 409
    assert "no copy in CloudThree" in message(answered)


async def test_without_the_process_nothing_is_ordered(replicas: Replicas) -> None:
    """And whoever asks is told."""
    await replicas.stop(ONE)
    answered = await replicas.keypair()
    assert answered.status == 503
    assert "does not answer" in message(answered)


async def test_what_is_done_is_never_told_as_failed(replicas: Replicas) -> None:
    """Another cloud shows it; if none can, that is what is said."""
    identifier = await replicas.same_flavor()
    hangs_up(replicas, ONE)
    path, document = f"/v2.1/flavors/{identifier}", {"flavor": {"description": "d"}}
    answered = await replicas.order("PUT", path, document)
    assert (answered.status, json.loads(answered.body)["flavor"]["description"]) == (200, "d")
    hangs_up(replicas, TWO)
    answered = await replicas.order("PUT", path, {"flavor": {"description": "e"}})
    assert answered.status == 503
    assert "do not order it again" in message(answered)
    assert replicas.novas[ONE].flavors[identifier]["description"] == "e"


def hangs_up(replicas: Replicas, cloud: str) -> None:
    """Let a Nova answer nobody but what keeps replicas."""
    nova = replicas.novas[cloud]

    async def answer(received: Received, connection: Connection) -> None:
        if received.values("openstack-api-version"):
            await nova(received, connection)
        else:
            connection.writer.close()

    replicas.clouds.backends[cloud]["compute"].answer = answer
