"""The audit: each crossing of a border is an event in the shape of CADF."""

import asyncio
import io
import json
from typing import Any

import pytest
from gateway.backend import json_answer
from gateway.credentials import give_keys
from gateway.played import TOKEN, Clouds

from openstackoid.gateway.reporting.audit import fingerprint
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

COMPLETED = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPED = f"X-Auth-Token: {TOKEN}!SCOPE!{COMPLETED}"
VIA = "Via: 1.1 CloudOne (openstackoid)"
REQUEST_ID = "req-3ce7f495-187c-45a2-8a54-2d2db918c9b3"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openstackoid.gateway.reporting.audit.DELAY", 0)


def audit(logged: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines of the audit."""
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    return [line for line in lines if line["event"] == "audit"]


async def test_both_sides_of_a_hop_write_it(clouds: Clouds, logged: io.StringIO) -> None:
    """Who, from where to where, for what, how it ended, and under which request's id."""
    await give_keys(clouds, "CloudOne")
    path = "/v2/images"
    await clouds.ask("CloudOne", "image", path, SCOPED, f"X-Openstack-Request-Id: {REQUEST_ID}")
    received, sent = sorted(audit(logged), key=lambda line: line["cadf"]["action"])
    assert [sent["gateway"], received["gateway"]] == ["CloudOne", "CloudTwo"]
    assert [sent["proven"], received["proven"]] == [[], ["signature"]]
    assert [sent["cadf"]["action"], received["cadf"]["action"]] == ["send", "receive"]
    for line in (sent, received):
        event = line["cadf"]
        assert line["request_id"] == REQUEST_ID
        assert event["typeURI"] == "http://schemas.dmtf.org/cloud/audit/1.0/event"
        assert event["outcome"] == "success"
        assert event["reason"] == {"reasonType": "HTTP", "reasonCode": "200"}
        assert event["initiator"]["domain"] == "CloudOne"
        assert event["target"]["domain"] == "CloudTwo"
        assert event["target"]["name"] == "image"
        assert event["target"]["typeURI"] == "service/storage/image"
        assert event["observer"]["domain"] == line["gateway"]
    assert sent["cadf"]["initiator"]["id"] == received["cadf"]["initiator"]["id"]
    assert received["cadf"]["initiator"]["host"] == {"address": "127.0.0.1"}
    assert sent["cadf"]["initiator"]["host"] == {"address": "127.0.0.1"}


@pytest.mark.parametrize("scope", ["image=CloudTwo", "image=CloudTwo|CloudOne"])
async def test_what_is_sent_is_on_behalf_of_the_client(
    clouds: Clouds, logged: io.StringIO, scope: str
) -> None:
    """Behind a proxy too, and under operators, whose requests go each by itself."""
    clouds.document["clouds"]["CloudOne"]["own"] |= {"proxies": ["127.0.0.1"]}
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    forwarded = "X-Forwarded-For: 192.0.2.7"
    await clouds.ask("CloudOne", "image", "/v2/images", f"X-Scope: {scope}", forwarded)
    (sent,) = [line["cadf"] for line in audit(logged) if line["cadf"]["action"] == "send"]
    assert sent["initiator"]["host"] == {"address": "192.0.2.7"}


async def test_a_request_id_that_is_none_is_replaced(clouds: Clouds, logged: io.StringIO) -> None:
    """Whatever somebody writes there, a token perhaps, reaches no log and no other cloud."""
    await clouds.ask("CloudOne", "image", "/", SCOPED, f"X-Openstack-Request-Id: {TOKEN}")
    (sent,) = clouds.backends["CloudTwo"]["image"].requests[0].values("x-openstack-request-id")
    assert sent.startswith("req-")
    assert {line["request_id"] for line in audit(logged)} == {sent}


async def test_each_cloud_of_an_expression_is_a_crossing(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """What stays here crosses nothing."""
    await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudOne|CloudTwo")
    assert audit(logged) == []
    await clouds.ask("CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo|CloudOne")
    assert sorted(line["cadf"]["action"] for line in audit(logged)) == ["receive", "send"]


@pytest.mark.parametrize(
    ("headers", "status"), [([SCOPED], "401"), ([SCOPED.replace("CloudTwo", "CloudSix")], "400")]
)
async def test_a_hop_that_is_refused_is_written(
    clouds: Clouds, logged: io.StringIO, headers: list[str], status: str
) -> None:
    """With the origin that it claims, which is proven by nothing."""
    await give_keys(clouds, "CloudOne")
    await clouds.ask("CloudTwo", "image", "/v2/images", *headers, VIA)
    (line,) = audit(logged)
    assert line["proven"] == []
    assert line["cadf"]["outcome"] == "failure"
    assert line["cadf"]["reason"]["reasonCode"] == status
    assert line["cadf"]["initiator"]["domain"] == "CloudOne"


async def test_a_hop_without_an_answer_is_written(clouds: Clouds, logged: io.StringIO) -> None:
    """It may have been executed, and nobody knows."""
    await clouds.gateways["CloudTwo"].close()
    host, port, _ = clouds.address("CloudTwo", "image")

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(take, host, port):
        answered = await clouds.ask("CloudOne", "image", "/v2/images", SCOPED, method="DELETE")
    assert b'"sent": false' not in answered.body
    (line,) = audit(logged)
    assert line["cadf"]["action"] == "send"
    assert line["cadf"]["outcome"] == "unknown"
    assert "reason" not in line["cadf"]


async def test_what_does_not_get_there_has_failed(clouds: Clouds, logged: io.StringIO) -> None:
    """As the client is told: it was surely not executed."""
    await clouds.gateways["CloudTwo"].close()
    answered = await clouds.ask("CloudOne", "image", "/v2/images", SCOPED, method="DELETE")
    assert b'"sent": false' in answered.body
    (line,) = audit(logged)
    assert line["cadf"]["action"] == "send"
    assert line["cadf"]["outcome"] == "failure"
    assert "reason" not in line["cadf"]


async def test_a_request_without_a_scope_crosses_nothing(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """Even if it says that it comes from a gateway: none sends such a thing."""
    await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {TOKEN}", VIA)
    assert audit(logged) == []


async def test_two_tokens_have_two_fingerprints(clouds: Clouds, logged: io.StringIO) -> None:
    """By which an operator finds all that was done with one of them, without knowing it."""
    for token in ("one", "one", "two"):
        header = f"X-Auth-Token: {token}!SCOPE!{COMPLETED}"
        await clouds.ask("CloudOne", "image", "/v2/images", header)
    sent = [line["cadf"] for line in audit(logged) if line["cadf"]["action"] == "send"]
    one, again, two = (event["initiator"]["id"] for event in sent)
    assert one == again != two


def test_an_assertion_has_one_fingerprint_with_and_without_its_stamp() -> None:
    """What a service asks about belongs to what crossed the border."""
    crossed = fingerprint("oid1.a.b.c!SCOPE!{}")
    assert crossed == fingerprint("oid1.a.b.c~stamp") != fingerprint("oid1.a.b.d")
    assert fingerprint("token~stamp") != fingerprint("token")


@pytest.mark.parametrize("name", ["CloudSix", "C" * 60_000])
async def test_who_names_no_cloud_does_not_fill_the_audit(
    clouds: Clouds, logged: io.StringIO, name: str
) -> None:
    """Anybody can send such a Via; the access log has the request."""
    await clouds.ask("CloudOne", "image", "/", SCOPED, f"Via: 1.1 {name} (openstackoid)")
    assert name not in [line["cadf"]["initiator"]["domain"] for line in audit(logged)]
    assert max(map(len, logged.getvalue().splitlines())) < 2000


async def test_what_is_turned_away_does_not_fill_the_audit(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """It crossed nothing, and there are many of them."""
    await clouds.gateways["CloudTwo"].close()
    slow = Gateway(Settings(clouds.file, "CloudTwo", rate=1))
    clouds.gateways["CloudTwo"] = slow
    await slow.start()
    while (await clouds.ask("CloudTwo", "image", "/", SCOPED, VIA)).status != 429:
        pass
    codes = [line["cadf"]["reason"]["reasonCode"] for line in audit(logged)]
    assert codes
    assert "429" not in codes


@pytest.mark.parametrize("operator", ["&", "|"])
async def test_one_request_makes_at_most_four_kilobytes(
    clouds: Clouds, logged: io.StringIO, operator: str
) -> None:
    """Of log and audit at each gateway, whatever it names; what does not fit is counted by name."""
    document = clouds.document["clouds"]
    names = [f"C{n:02}" for n in range(80)]
    two = {k: v for k, v in document["CloudTwo"].items() if k in {"insecure"}}
    for number, name in enumerate(names, 1):  # nobody listens there
        document[name] = two | {"frontends": {"image": f"http://127.0.0.3:{number}"}}
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    logged.truncate(0)
    logged.seek(0)
    scope = f"X-Scope: image={operator.join(names)}"
    await clouds.ask("CloudOne", "image", f"/v2/{'x' * 2000}", scope, "X-Scope-Policy: any")
    lines = logged.getvalue().splitlines()
    ours = [line for line in lines if json.loads(line).get("gateway") == "CloudOne"]
    assert sum(len(line) + 1 for line in ours) <= 4096
    full = [line for line in map(json.loads, ours) if "cadf" in line]
    (rest,) = (line for line in map(json.loads, ours) if "left_out" in line)
    assert full
    assert len(full) + rest["left_out"] == len(names)
    assert sum(more["events"] for more in rest["more"]) == rest["left_out"]
    assert set(rest["more"][0]["clouds"]) < set(names)


async def test_the_user_of_a_request_that_is_sent_is_known_by_name(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """Once he has logged in by this gateway, or a service has asked it whose his token is."""
    document = json.dumps({"token": {"user": {"name": "alice", "id": "a1"}, "catalog": []}})
    identity = clouds.backends["CloudOne"]["identity"]
    password = {"user": {"name": "Bob", "domain": {"id": "default"}, "password": "p"}}
    login = json.dumps({"auth": {"identity": {"methods": ["password"], "password": password}}})
    path = "/v3/auth/tokens"
    identity.answer = json_answer(document, "201 Created", "X-Subject-Token: first")
    await clouds.ask(
        "CloudOne", "identity", path, "X-Scope: image=CloudTwo", method="POST", body=b"{}"
    )
    identity.answer = json_answer(document, "201 Created", "X-Subject-Token: second")
    await clouds.ask("CloudOne", "identity", path, method="POST", body=login.encode())
    identity.answer = json_answer(document)
    third = f"X-Subject-Token: third!SCOPE!{COMPLETED}"
    await clouds.ask("CloudOne", "identity", path, "X-Auth-Token: service", third)
    identity.answer = json_answer(document, "401 Unauthorized")
    fourth = third.replace("third", "fourth")
    await clouds.ask("CloudOne", "identity", path, "X-Auth-Token: service", fourth)
    for token in ("first", "second", "third", "fourth"):
        header = f"X-Auth-Token: {token}!SCOPE!{COMPLETED}"
        await clouds.ask("CloudOne", "image", "/v2/images", header)
    sent = [line["cadf"] for line in audit(logged) if line["cadf"]["action"] == "send"]
    names = [event["initiator"].get("name") for event in sent]
    assert names == ["alice", "bob", "alice", None]
