"""What users, and other gateways, ask of the process that keeps replicas."""

import io
import json

from gateway.keystone import message
from gateway.played import TOKEN, Answered
from gateway.replicas.playing import ONE, TWO, Replicas
from journal.keeping import until

from openstackoid.gateway.forwarding import questions
from openstackoid.gateway.replicas.messages import MAX_QUESTION
from openstackoid.message import REPLICAS


async def ask(
    replicas: Replicas, *headers: str, method: str = "GET", body: bytes = b""
) -> Answered:
    return await replicas.clouds.ask(ONE, "identity", REPLICAS, *headers, method=method, body=body)


async def test_a_user_sees_what_is_his(replicas: Replicas) -> None:
    """All of it, or one by its name or id."""
    await replicas.keypair("a")
    await replicas.keypair("b")
    assert [one["name"] for one in await replicas.shown()] == ["a", "b"]
    (one,) = await replicas.shown("b")
    assert one["id"] == f"keypair:{ONE}:{'0' * 32}:b"
    assert one["wanted"][0]["field"] == "public_key"


async def test_he_sees_nothing_of_others(replicas: Replicas) -> None:
    """Another user in another project has another list."""
    await replicas.keypair()
    await replicas.flavor()
    token = replicas.keystones[ONE].document["token"]
    replicas.keystones[ONE].document = {
        "token": {
            **token,
            "user": {**token["user"], "id": "9" * 32},
            "project": {**token["project"], "id": "8" * 32},
            "roles": [{"id": "r1", "name": "member"}],
        }
    }
    answered = await ask(replicas, "X-Auth-Token: another")
    assert json.loads(answered.body) == {"replicas": []}
    answered = await replicas.clouds.ask(
        ONE, "identity", f"{REPLICAS}?id=k", "X-Auth-Token: another"
    )
    assert answered.status == 404


async def test_whoever_is_not_known_sees_nothing(replicas: Replicas) -> None:
    """Neither without a token, nor with one that is for no project."""
    replicas.keystones[ONE].document, replicas.keystones[ONE].status = {}, "404 Not Found"
    assert (await ask(replicas, "X-Auth-Token: unknown")).status == 401
    replicas.keystones[ONE].document, replicas.keystones[ONE].status = (
        {"token": {"system": {"all": True}}},
        "200 OK",
    )
    assert (await ask(replicas, "X-Auth-Token: of-the-system")).status == 401


async def test_what_gateways_ask_all_the_time_has_a_line_only_if_it_fails(
    replicas: Replicas, logged: io.StringIO
) -> None:
    """Else an operator would see little else."""

    def statuses() -> set[int]:
        every = map(json.loads, logged.getvalue().splitlines())
        return {one["status"] for one in every if one.get("path") == REPLICAS}

    await replicas.keypair()
    await until(lambda: replicas.novas[TWO].keypairs)
    assert 200 not in statuses()
    await replicas.stop(TWO)
    site = replicas.keeping[ONE].site
    await questions.asked(site.upstream, site.federation, ONE, TWO, REPLICAS, b"{}")
    await until(lambda: 503 in statuses())


async def test_a_gateway_has_to_prove_itself(replicas: Replicas) -> None:
    """Else whoever says that he is one would learn what others have."""
    scope = json.dumps({"*": TWO, "identity": ONE})
    answered = await ask(
        replicas, f"X-Scope: {scope}", f"Via: 1.1 {TWO} (openstackoid)", method="POST", body=b"{}"
    )
    assert answered.status == 401


async def test_without_the_process_nothing_is_shown(replicas: Replicas) -> None:
    """And whoever asks is told."""
    await replicas.stop(ONE)
    answered = await ask(replicas, f"X-Auth-Token: {TOKEN}")
    assert (answered.status, "does not answer" in message(answered)) == (503, True)


async def test_a_gateway_that_keeps_none_says_so(replicas: Replicas) -> None:
    """As one does whose supervisor is of an older release."""
    handler = replicas.clouds.gateways[ONE]._handler
    object.__setattr__(handler.state, "replicas", None)
    assert (await ask(replicas, f"X-Auth-Token: {TOKEN}")).status == 503


async def test_a_question_that_is_too_long_is_refused(replicas: Replicas) -> None:
    """Before anything of it is decoded."""
    site = replicas.keeping[TWO].site
    response = await questions.asked(
        site.upstream, site.federation, TWO, ONE, REPLICAS, b"x" * (MAX_QUESTION + 1)
    )
    assert response is not None
    with response:
        assert response.status == 413
    response = await questions.asked(site.upstream, site.federation, TWO, ONE, REPLICAS, b"x")
    assert response is not None
    with response:
        assert response.status == 400
