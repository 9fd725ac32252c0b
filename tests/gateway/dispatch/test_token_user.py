"""A user who is blocked gets past by no other login, and by no other place for a token."""

import json
import time

import pytest
from gateway.admission.test_blocklist import _soon as _soon
from gateway.admission.test_blocklist import block, told
from gateway.backend import Answer, Connection, Received, json_answer, saying
from gateway.credentials import give_keys
from gateway.equipped import know_nobody
from gateway.played import Clouds

from openstackoid.identity.sealing import Presenter, Terms, digest, seal

MALLORY = json.dumps({"token": {"user": {"name": "mallory", "id": "m1"}}})


def login(methods: list[str], **ways: object) -> bytes:
    """Return the body of a login."""
    return json.dumps({"auth": {"identity": {"methods": methods, **ways}}}).encode()


def knowing(token: str) -> Answer:
    """Return the answers of a Keystone that knows one token, which is mallory's."""

    async def answer(received: Received, connection: Connection) -> None:
        known = received.values("x-subject-token") == [token]
        say = json_answer(MALLORY) if known else json_answer("{}", "401 Unauthorized")
        await say(received, connection)

    return answer


PASSWORD = ["password"]
BY_NAME = login(PASSWORD, password={"user": {"name": "mallory", "domain": {"id": "default"}}})
BY_ID = login(PASSWORD, password={"user": {"id": "m1"}})
BY_CREDENTIAL = login(["application_credential"], application_credential={"id": "c1"})
INNOCENT = {"user": {"name": "alice", "domain": {"id": "default"}}}
BY_TOKEN = login(["token"], token={"id": "old"}, password=INNOCENT)


@pytest.mark.parametrize(
    ("blocked", "body"),
    [("m1", BY_NAME), ("mallory", BY_ID), ("mallory", BY_CREDENTIAL), ("mallory", BY_TOKEN)],
    ids=["name", "id", "credential", "token"],
)
async def test_a_login_without_a_scope_does_not_hide_its_user(
    clouds: Clouds, blocked: str, body: bytes
) -> None:
    """Its body may name the user in another way than the operator did, or name somebody else."""
    keystone = clouds.backends["CloudOne"]["identity"]
    keystone.answer = json_answer(MALLORY, "201 Created", "X-Subject-Token: t")
    await block(clouds, "user", blocked)
    path = "/v3/auth/tokens"
    await clouds.ask("CloudOne", "identity", path, method="POST", body=body)
    keystone.answer = json_answer(MALLORY)
    told(await clouds.ask("CloudOne", "image", "/v2/images", "X-Auth-Token: t"))
    assert not clouds.backends["CloudOne"]["image"].requests


async def test_a_token_that_another_cloud_does_not_know_may_be_one_of_home(clouds: Clouds) -> None:
    """Whoever sends his token as one of another cloud first is asked for at home all the same."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer(MALLORY)
    other = clouds.backends["CloudTwo"]["identity"]
    for answer in (
        json_answer('{"error": {}}', "401 Unauthorized"),
        json_answer(MALLORY.replace("m", "n")),
    ):
        other.answer = answer
        await block(clouds, "user", "mallory")
        theirs = 'X-Auth-Token: t!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}'
        await clouds.ask("CloudOne", "image", "/", theirs)
        clouds.backends["CloudOne"]["image"].requests.clear()
        told(await clouds.ask("CloudOne", "image", "/v2/images", "X-Auth-Token: t"))
        assert not clouds.backends["CloudOne"]["image"].requests


async def test_a_keystone_that_fails_knows_the_token_later(clouds: Clouds) -> None:
    """What it could not say is asked again."""
    keystone = clouds.backends["CloudOne"]["identity"]
    await block(clouds, "user", "mallory")
    for answer in (json_answer("{}", "503 Service Unavailable"), saying(b"no HTTP\r\n\r\n")):
        keystone.answer = answer
        await clouds.ask("CloudOne", "image", "/v2/images", "X-Auth-Token: t")
    keystone.answer = json_answer(MALLORY)
    told(await clouds.ask("CloudOne", "image", "/v2/images", "X-Auth-Token: t"))


@pytest.mark.parametrize("identity", ["CloudOne", "CloudTwo"])
async def test_a_wallet_hides_no_user(clouds: Clouds, identity: str) -> None:
    """The token that a service gets may be in it; whoever sent the one in front is another."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer(MALLORY)
    clouds.backends["CloudTwo"]["identity"].answer = json_answer('{"error": {}}', "401 No")
    await block(clouds, "user", "mallory@CloudOne")
    scope = f'{{"identity":"{identity}","tokens":{{"CloudOne":["t",null],"CloudTwo":["u",null]}}}}'
    token = "t" if identity == "CloudOne" else "u"
    header = f"X-Auth-Token: {token}!SCOPE!{scope}"
    told(await clouds.ask("CloudOne", "image", "/v2/images", header))
    assert not clouds.backends["CloudOne"]["image"].requests


async def test_a_sealed_token_hides_no_user(clouds: Clouds) -> None:
    """Its gateway asks whose it is once it is open."""
    pair = (await give_keys(clouds, "CloudOne", "CloudTwo"))["CloudTwo"]
    clouds.backends["CloudTwo"]["identity"].answer = knowing("u")
    await block(clouds, "user", "mallory", at="CloudTwo")
    presenters = {"CloudOne": Presenter(("image",), digest("t"))}
    terms = Terms("CloudTwo", presenters, int(time.time()) + 60)
    sealed = seal("u", terms, pair.seal)
    scope = f'{{"image":"CloudTwo","tokens":{{"*":["t",null],"CloudTwo":["{sealed}",null]}}}}'
    told(await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: t!SCOPE!{scope}"))
    assert not clouds.backends["CloudTwo"]["image"].requests


@pytest.mark.parametrize(
    "headers",
    [["X-Storage-Token: t"], ["X-Auth-Token: u", "X-Auth-Token: t"], ["X_Storage_Token: t"]],
)
async def test_no_other_header_hides_a_user(clouds: Clouds, headers: list[str]) -> None:
    """Without a scope a service may read what this gateway does not."""
    clouds.backends["CloudOne"]["identity"].answer = knowing("t")
    await block(clouds, "user", "mallory")
    told(await clouds.ask("CloudOne", "image", "/v2/images", *headers))
    assert not clouds.backends["CloudOne"]["image"].requests


async def test_a_part_of_a_request_to_several_clouds_hides_no_user(clouds: Clouds) -> None:
    """The cloud where he is blocked gets nothing of it; the report says why."""
    know_nobody(clouds, "CloudOne")
    clouds.backends["CloudOne"]["identity"].answer = json_answer(MALLORY)
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(MALLORY)
    for cloud in ("CloudOne", "CloudTwo"):
        clouds.backends[cloud]["image"].answer = json_answer('{"images": []}')
    await block(clouds, "user", "mallory@CloudTwo")
    scope = '{"image":"CloudOne & CloudTwo","tokens":{"*":["t",null],"CloudTwo":["u",null]}}'
    answered = await clouds.ask("CloudOne", "image", "/v2/images", f"X-Auth-Token: t!SCOPE!{scope}")
    assert not clouds.backends["CloudTwo"]["image"].requests
    assert "CloudTwo" in answered.values("x-scope-report")[0]
