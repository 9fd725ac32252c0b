"""Whom the operator has blocked is refused at a running gateway."""

import asyncio
import io
import json
from pathlib import Path

import pytest
from gateway.backend import json_answer
from gateway.credentials import give_keys, reload, take_keys
from gateway.equipped import know_nobody
from gateway.played import Answered, Clouds
from gateway.trust.vouching import Vouching

from openstackoid.federation.blocked import BlockedError, Kind, change_blocked
from openstackoid.gateway.admission import blocklist
from openstackoid.gateway.admission.blocklist import Blocklist
from openstackoid.gateway.reporting import audit
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings
from openstackoid.identity.keys import ids

TWO = "X-Scope: image=CloudTwo"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocklist, "INTERVAL", 0.01)


async def block(clouds: Clouds, kind: Kind, name: str, *, at: str = "CloudOne") -> None:
    """Block somebody at a running gateway, and wait until it has read that."""
    file = clouds.file.with_name(f"blocked-{at}.json")
    change_blocked(file, lambda blocked: blocked.having(kind, name))
    await read(clouds, at)


async def read(clouds: Clouds, at: str = "CloudOne") -> None:
    """Wait until a gateway has read its list as it is now."""
    one = clouds.gateways[at]._blocklist
    file = clouds.file.with_name(f"blocked-{at}.json")
    while one._state != blocklist._state(file):  # noqa: ASYNC110  (the list is polled)
        await asyncio.sleep(0)


def told(answered: Answered) -> str:
    """Return the message of a refusal of somebody who is blocked."""
    assert answered.status == 403
    return str(json.loads(answered.body)["error"]["message"])


async def test_an_address_is_refused_at_once_until_it_is_unblocked(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """On connections that it has, too; the log and the audit have one line for many requests."""
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/")
    assert (await client.answer()).status == 200
    executed = clouds.executed
    await block(clouds, "address", "127.0.0.0/8")
    for _ in range(3):
        await client.send("GET", "/")
        answered = await client.answer()
        assert told(answered) == "the operator of CloudOne has blocked this address; ask there"
    assert clouds.executed == executed
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (request,) = (line for line in lines if line["event"] == "request" and line["status"] == 403)
    assert request["blocked"] is True
    (event,) = (line["cadf"] for line in lines if line["event"] == "audit")
    assert (event["action"], event["outcome"]) == ("deny", "failure")
    assert event["initiator"]["host"] == {"address": "127.0.0.1"}
    file = clouds.file.with_name("blocked-CloudOne.json")
    change_blocked(file, lambda blocked: blocked.without("address", "127.0.0.0/8"))
    await read(clouds)
    assert (await clouds.ask("CloudOne", "image")).status == 200


async def test_it_survives_a_restart(clouds: Clouds) -> None:
    """The first request is refused already."""
    await block(clouds, "address", "127.0.0.1")
    await clouds.gateways["CloudOne"].close()
    clouds.gateways["CloudOne"] = Gateway(Settings(clouds.file, "CloudOne"))
    await clouds.gateways["CloudOne"].start()
    told(await clouds.ask("CloudOne", "image"))


@pytest.mark.parametrize(
    "headers",
    [
        [TWO],
        ["X-Scope: image=CloudOne&CloudTwo"],
        ["X-Scope: image=CloudOne|CloudTwo"],
        ["X-Auth-Token: t!SCOPE!image=CloudTwo"],
        ['X-Scope: {"*":"CloudOne","identity":"CloudTwo"}'],
        ['X-Scope: {"*":"CloudOne","identity":"CloudOne"}', "Via: 1.1 CloudTwo (openstackoid)"],
    ],
)
async def test_a_cloud_is_asked_nothing_and_sends_nothing(
    clouds: Clouds, headers: list[str]
) -> None:
    """Neither by a scope, nor with its tokens, nor by its gateway; all else goes on."""
    take_keys(clouds)
    await reload(clouds)
    await block(clouds, "cloud", "CloudTwo")
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *headers)
    assert told(answered) == "the operator of CloudOne has blocked the cloud CloudTwo; ask there"
    assert clouds.executed == 0
    assert (await clouds.ask("CloudOne", "image")).status == 200
    assert (await clouds.ask("CloudOne", "image", "/", "X-Scope: image=CloudOne")).status == 200


async def test_the_gateway_of_a_blocked_cloud_is_refused(clouds: Clouds) -> None:
    """Though it proves itself."""
    await give_keys(clouds, "CloudOne")
    await block(clouds, "cloud", "CloudOne", at="CloudTwo")
    assert "CloudTwo has blocked the cloud CloudOne" in told(
        await clouds.ask("CloudOne", "image", "/v2/images", TWO)
    )


@pytest.mark.parametrize("name", ["mallory", "MALLORY", "m1", "m1@CloudOne", "fingerprint"])
@pytest.mark.parametrize("scope", ["X-Any: 1", TWO, "X-Scope: image=CloudOne&CloudTwo"])
async def test_a_user_is_refused_with_any_token(
    clouds: Clouds, logged: io.StringIO, name: str, scope: str
) -> None:
    """By name, id, or the id in the audit; the gateway asks Keystone whose a new token is, once."""
    document = json.dumps({"token": {"user": {"name": "mallory", "id": "m1"}}})
    keystone = clouds.backends["CloudOne"]["identity"]
    keystone.answer = json_answer(document)
    await block(clouds, "user", audit.fingerprint("t") if name == "fingerprint" else name)
    for _ in range(2):
        answered = await clouds.ask("CloudOne", "image", "/v2/images", scope, "X-Auth-Token: t")
        assert "CloudOne has blocked this user" in told(answered)
    assert clouds.executed == len(keystone.requests) == 1
    keystone.answer = json_answer(document.replace("m", "n"))
    other = await clouds.ask("CloudOne", "image", "/v2/images", scope, "X-Auth-Token: u")
    assert other.status == 200


async def test_a_user_of_another_cloud_is_asked_for_there(clouds: Clouds) -> None:
    """A name with a cloud is a user of that cloud alone."""
    know_nobody(clouds, "CloudOne")
    document = json.dumps({"token": {"user": {"name": "mallory", "id": "m1"}}})
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(document)
    clouds.backends["CloudOne"]["identity"].answer = json_answer(document)
    await block(clouds, "user", "mallory@CloudTwo")
    theirs = 'X-Auth-Token: t!SCOPE!{"*":"CloudOne","identity":"CloudTwo"}'
    assert "blocked this user" in told(await clouds.ask("CloudOne", "image", "/", theirs))
    assert (await clouds.ask("CloudOne", "image", "/", "X-Auth-Token: u")).status == 200


@pytest.mark.parametrize("scope", ["X-Any: 1", "X-Scope: image=CloudTwo"])
@pytest.mark.parametrize(
    "name", ["Mallory", "m\xe4llory", "mal\u00adlory", "\uff2dallory ", "m\0allory"]
)
async def test_a_blocked_user_does_not_log_in(clouds: Clouds, name: str, scope: str) -> None:
    """The password is not even tried, in no spelling that a database takes for his name."""
    await block(clouds, "user", "mallory")
    user = {"name": name, "domain": {"id": "default"}, "password": "p"}
    document = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    answered = await clouds.ask(
        "CloudOne",
        "identity",
        "/v3/auth/tokens",
        scope,
        method="POST",
        body=json.dumps(document).encode(),
    )
    assert "blocked this user" in told(answered)
    assert clouds.executed == 0


async def test_a_token_that_keystone_does_not_know_is_for_the_service_to_refuse(
    clouds: Clouds,
) -> None:
    """Keystone is asked once."""
    keystone = clouds.backends["CloudOne"]["identity"]
    keystone.answer = json_answer('{"error": {}}', "401 Unauthorized")
    await block(clouds, "user", "mallory")
    for _ in range(3):
        assert (await clouds.ask("CloudOne", "image", "/", "X-Auth-Token: t")).status == 200
    assert len(keystone.requests) == 1


async def test_what_a_stolen_key_has_signed_is_refused_at_once(clouds: Clouds) -> None:
    """An assertion, whoever's gateway brings it; one that was taken before, and has its stamp."""
    alice = Vouching(clouds)
    assertion = alice.assertion()
    assert (await alice.present(assertion)).status == 200
    stamped = alice.received("CloudTwo")
    sign, signs_assertions = ids(alice.keys("CloudOne").public)
    await block(clouds, "key", signs_assertions, at="CloudTwo")
    executed = clouds.executed
    for answered in (
        await alice.present(assertion),
        await alice.present(alice.assertion(sub="1" * 32)),
        await alice.present(stamped.partition("!")[0], by=None),
    ):
        assert told(answered) == (
            f"the operator of CloudTwo has blocked the key {signs_assertions}; ask there"
        )
    asked = await alice.whose(stamped)
    assert asked.status == 404  # a service refuses its user; a 403 it would take for a fault
    assert "has blocked the key" in json.loads(asked.body)["error"]["message"]
    assert clouds.executed == executed
    assert (await clouds.ask("CloudTwo", "image", "/v2/images")).status == 200
    assert sign not in str(clouds.gateways["CloudTwo"]._blocklist._blocked)


async def test_what_a_stolen_key_proves_is_refused(clouds: Clouds) -> None:
    """Whatever token is in the request; the service gets nothing of it."""
    alice = Vouching(clouds)
    sign, _ = ids(alice.keys("CloudOne").public)
    await block(clouds, "key", sign, at="CloudTwo")
    assert told(await alice.present(alice.assertion())) == (
        f"the operator of CloudTwo has blocked the key {sign}; ask there"
    )
    assert f"blocked the key {sign}" in told(await clouds.ask("CloudOne", "image", "/", TWO))
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_what_is_asked_about_a_key_is_whether_it_is_blocked(clouds: Clouds) -> None:
    """By its id alone: what it has signed may come as the answer to a question."""
    _, assertion = ids(Vouching(clouds).keys("CloudOne").public)
    blocked = clouds.gateways["CloudTwo"]._blocklist
    assert not blocked.has_key(assertion)
    await block(clouds, "key", assertion, at="CloudTwo")
    assert blocked.has_key(assertion)
    assert not blocked.has_key("A" * 16)


async def test_the_key_of_another_cloud_does_not_concern(clouds: Clouds) -> None:
    """Nor what is no assertion, but begins like one: it is refused for that."""
    alice = Vouching(clouds)
    await block(clouds, "key", ids(alice.keys("CloudTwo").public)[1], at="CloudTwo")
    assert (await alice.present(alice.assertion())).status == 200
    assert (await alice.present("oid1.x")).status == 401


async def test_a_blocked_user_s_assertion_is_nobody_s(clouds: Clouds) -> None:
    """Where a service asks about one that it has had before."""
    alice = Vouching(clouds)
    await alice.present(alice.assertion())
    stamped = alice.received("CloudTwo")
    assert (await alice.whose(stamped)).status == 200
    await block(clouds, "user", "alice@CloudOne", at="CloudTwo")
    assert (await alice.whose(stamped)).status == 404


async def test_a_list_that_is_broken_changes_nothing(clouds: Clouds, logged: io.StringIO) -> None:
    """Who was blocked stays so, and the log says why; at a start the gateway says it and ends."""
    await block(clouds, "address", "127.0.0.1")
    file = clouds.file.with_name("blocked-CloudOne.json")
    file.write_text("{")
    await read(clouds)
    told(await clouds.ask("CloudOne", "image"))
    assert "block list not read" in logged.getvalue()
    with pytest.raises(BlockedError, match="mend it, or delete it"):
        Gateway(Settings(clouds.file, "CloudOne"))


async def test_a_reload_may_name_another_file(clouds: Clouds) -> None:
    """It counts from then on."""
    other = clouds.file.with_name("other.json")
    change_blocked(other, lambda blocked: blocked.having("address", "127.0.0.1"))
    clouds.document["clouds"]["CloudOne"]["own"]["blocked"] = "other.json"
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    told(await clouds.ask("CloudOne", "image"))


async def test_a_name_that_nobody_sees_blocks_nobody_else(clouds: Clouds) -> None:
    """A login that gives no name is not one of his."""
    await block(clouds, "user", "\u0301")
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", "X-Any: 1", method="POST", body=b"{}"
    )
    assert answered.status == 200


def test_an_address_that_is_none_is_not_blocked(tmp_path: Path) -> None:
    """A Unix socket's peer has no address."""
    file = tmp_path / "blocked.json"
    change_blocked(file, lambda blocked: blocked.having("address", "2001:db8::/64"))
    one = Blocklist("One", lambda: file)
    one.check_address("")
    one.check_address("2001:db8:0:1::1")
    with pytest.raises(blocklist.BlockedRefusal):
        one.check_address("2001:db8::ffff")
