"""Tokens of other clouds at running gateways: believed as the federation file says."""

import asyncio
import contextlib
import io
import json
from typing import Any

import pytest
from gateway.admission.test_blocklist import _soon as _soon
from gateway.admission.test_blocklist import block
from gateway.admission.test_blocklist import told as blocked
from gateway.backend import Connection, Received, json_answer, saying
from gateway.credentials import reload
from gateway.keystone import OURS, SCOPED, THEIRS, Keystone, message, token, validate
from gateway.played import TOKEN, Clouds
from gateway.trust.clock import Clock
from gateway.trust.vouching import BACK, Vouching

from openstackoid.gateway.forwarding import downstream as answers
from openstackoid.gateway.trust import foreign_tokens, remembered
from openstackoid.gateway.trust.home_tokens import UNKNOWN
from openstackoid.scope import DELIMITER


async def test_a_service_sees_what_the_rules_make_of_a_token(
    clouds: Clouds, here: Keystone
) -> None:
    """A marked user, the project here of the same name, mapped roles, this cloud's catalog."""
    answered = await validate(clouds)
    assert answered.status == 200
    seen = json.loads(answered.body)["token"]
    assert seen["user"]["id"] == "0" * 32 + "@CloudOne"
    assert seen["user"]["name"] == "alice@CloudOne"
    assert seen["user"]["domain"] == {"id": "@CloudOne", "name": "CloudOne"}
    assert seen["project"] == {
        "id": OURS,
        "name": "demo",
        "domain": {"id": "default", "name": "Default"},
    }
    assert [role["name"] for role in seen["roles"]] == ["member", "reader"]
    assert seen["is_admin_project"] is False
    (endpoint,) = seen["catalog"][0]["endpoints"]
    assert endpoint["url"] == f"http://127.0.0.2:8776/v3/{OURS}"
    assert endpoint["region_id"] == "RegionTwo"


async def test_a_service_elsewhere_is_asked_with_the_issuer_s_project(
    clouds: Clouds, here: Keystone
) -> None:
    """No other cloud knows what the project is called here."""
    scope = '{"*":"CloudOne","identity":"CloudOne","object-store":"CloudOne"}'
    answered = await validate(clouds, f"{TOKEN}{DELIMITER}{scope}")
    urls = {
        entry["type"]: entry["endpoints"][0]["url"]
        for entry in json.loads(answered.body)["token"]["catalog"]
    }
    store = clouds.frontends["CloudTwo"]["object-store"]
    assert urls["object-store"] == f"{store}/v1/AUTH_{THEIRS}"


async def test_each_validation_asks_the_issuer_again(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """What is remembered is this cloud's own: so a revoked token is one at once."""
    for _ in range(3):
        assert (await validate(clouds)).status == 200
    assert len(home.asked) == 3
    assert len(here.logins) == 1
    # Whether it is its own; login, domains, projects, domain, services, endpoints.
    assert len(here.asked) == 7
    home.status = "401 Unauthorized"
    assert (await validate(clouds)).status == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"roles": [{"name": "admin"}]}, "no role in CloudOne that counts here"),
        ({"project": None}, "it is for no project"),
        ({"system": {"all": True}}, "it is for the system"),
        ({"user": {"id": "x\n", "name": "x"}}, "the id of its user"),
    ],
)
async def test_a_token_that_becomes_nobody_is_unknown(
    clouds: Clouds, home: Keystone, here: Keystone, change: dict[str, Any], why: str
) -> None:
    """404, keystonemiddleware's word for that, and the reason."""
    home.document = token(**change)
    answered = await validate(clouds)
    assert answered.status == 404
    assert why in message(answered)


@pytest.mark.parametrize("rule", ["same-name", "same-id"])
@pytest.mark.parametrize("name", ["admin", "service", "ops"])
async def test_nobody_of_another_cloud_gets_into_the_administrators_project(
    clouds: Clouds,
    home: Keystone,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    name: str,
) -> None:
    """404 for the service that asks, 401 for the user, and the service gets no path of it."""
    trust = {"projects": rule, "excluded": ["Ops"], "roles": {"member": "member"}}
    clouds.document["clouds"]["CloudTwo"]["trust"] = {"CloudOne": trust}
    await reload(clouds)
    domain = {"id": "default", "name": "Default"}
    home.document = token(project={"id": THEIRS, "name": name, "domain": domain})
    project = {"id": OURS, "name": name, "domain_id": "default", "enabled": True}
    look = here.look

    def other(path: str) -> Any:
        document = look(path) or {}
        return {
            k: {"project": project, "projects": [project]}.get(k, v) for k, v in document.items()
        }

    monkeypatch.setattr(here, "look", other)
    answered = await validate(clouds)
    assert answered.status == 404
    assert f'nobody of CloudOne gets into the project "{name}" here' in message(answered)
    used = await clouds.ask(*in_project())
    assert used.status == 401
    assert clouds.backends["CloudTwo"]["compute"].requests == []


@pytest.mark.parametrize("status", ["201 Created", "302 Found", "307 Temporary Redirect"])
async def test_an_issuer_s_odd_answers_do_not_get_through(
    clouds: Clouds, home: Keystone, here: Keystone, status: str
) -> None:
    """Clients believe any success, and follow a redirection with the password's token."""
    home.status = status
    answered = await validate(clouds)
    assert answered.status == 502
    assert b"roles" not in answered.body


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("identity", ["CloudOne", "CloudOne|CloudTwo", "CloudOne&CloudTwo"])
async def test_of_a_token_elsewhere_one_asks_whose_it_is_alone(
    clouds: Clouds, home: Keystone, here: Keystone, method: str, identity: str
) -> None:
    """The issuer's own document is not passed on, nor is the token ended in its owner's name."""
    answered = await validate(clouds, f'{TOKEN}!SCOPE!{{"identity":"{identity}"}}', method)
    assert b"roles" not in answered.body
    assert home.asked == []
    if identity == "CloudOne":
        assert answered.status == 403


async def test_a_token_elsewhere_is_asked_about_without_a_document(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """By HEAD."""
    there = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    clouds.backends["CloudOne"]["identity"].answer = there
    answered = await validate(clouds, method="HEAD")
    assert (answered.status, answered.body) == (200, b"")


async def test_an_issuer_that_drips_is_not_waited_for(
    clouds: Clouds, home: Keystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece in time, and the whole never."""
    monkeypatch.setattr(answers, "KEYSTONE_BODY_TIMEOUT", 0.1)

    async def drip(_: Received, connection: Connection) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
        connection.writer.write(head)
        with contextlib.suppress(ConnectionError):
            while not connection.writer.is_closing():
                connection.writer.write(b" ")
                await connection.writer.drain()
                await asyncio.sleep(0.01)

    clouds.backends["CloudOne"]["identity"].answer = drip
    answered = await validate(clouds)
    assert answered.status == 404
    assert "broke off" in message(answered)


async def test_without_trust_nothing_is_asked(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """The refusal says which line is missing, and where."""
    del clouds.document["clouds"]["CloudTwo"]["trust"]
    await reload(clouds)
    answered = await validate(clouds)
    assert answered.status == 404
    assert "no clouds.CloudTwo.trust.CloudOne" in message(answered)
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {SCOPED}")
    assert answered.status == 401
    assert "no clouds.CloudTwo.trust.CloudOne" in message(answered)
    assert home.asked == []
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_without_trust_a_request_from_afar_is_refused(clouds: Clouds, home: Keystone) -> None:
    """By the cloud that does not trust; its service is not reached, alone or beside another."""
    del clouds.document["clouds"]["CloudTwo"]["trust"]
    await reload(clouds)
    for scope in ("image=CloudTwo", '{"identity":"CloudOne","image":"CloudTwo"}'):
        answered = await clouds.ask(
            "CloudOne", "image", "/v2/images", f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}"
        )
        assert answered.status == 401
        assert "no clouds.CloudTwo.trust.CloudOne" in message(answered)
    two = {"identity": "CloudOne", "image": "CloudOne & CloudTwo"}
    headers = (f"X-Auth-Token: {TOKEN}", f"X-Scope: {json.dumps(two)}", "X-Scope-Policy: all")
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", *headers)
    assert answered.status == 401
    assert clouds.backends["CloudTwo"]["image"].requests == []


async def test_without_a_token_there_is_nobody_to_believe(clouds: Clouds) -> None:
    """Version discovery of another cloud needs no trust."""
    del clouds.document["clouds"]["CloudTwo"]["trust"]
    await reload(clouds)
    answered = await clouds.ask("CloudOne", "image", "/", "X-Scope: image=CloudTwo")
    assert answered.status == 200


async def test_the_project_in_a_path_is_the_one_here(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """On the way in, and in the links on the way back; it is asked for once a minute."""
    link = f"{clouds.frontends['CloudTwo']['compute']}/v3/{OURS}/volumes/1"
    body = json.dumps({"id": OURS, "links": [{"href": link}]})
    backend = clouds.backends["CloudTwo"]["compute"]
    backend.answer = json_answer(body, "202 Accepted", f"Location: {link}")
    for _ in range(2):
        answered = await clouds.ask(
            "CloudOne",
            "compute",
            f"/v3/{THEIRS}/volumes",
            f"X-Auth-Token: {TOKEN}",
            "X-Scope: compute=CloudTwo",
        )
        assert answered.status == 202
    mine = f"{clouds.frontends['CloudOne']['compute']}/v3/{THEIRS}/volumes/1"
    assert answered.values("location") == [mine]
    assert json.loads(answered.body) == {"id": OURS, "links": [{"href": mine}]}
    assert [r.line for r in backend.requests] == [f"GET /v3/{OURS}/volumes HTTP/1.1"] * 2
    assert home.asked == ["/v3/auth/tokens", "/v3/auth/tokens?nocatalog=1"]


async def test_the_project_in_a_path_of_several_clouds(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """Each cloud's own, and whoever asked finds his own in the links."""
    here.status = "404 Not Found"
    for cloud in ("CloudOne", "CloudTwo"):
        project = THEIRS if cloud == "CloudOne" else OURS
        link = f"{clouds.frontends[cloud]['compute']}/v3/{project}/volumes/{cloud}"
        body = json.dumps({"volumes": [{"id": cloud, "links": [{"href": link}]}]})
        clouds.backends[cloud]["compute"].answer = json_answer(body)
    scope = '{"identity":"CloudOne","compute":"CloudOne&CloudTwo"}'
    headers = (f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}")
    answered = await clouds.ask("CloudTwo", "compute", f"/v3/{THEIRS}/volumes", *headers)
    lines = {c: clouds.backends[c]["compute"].requests[0].line for c in clouds.backends}
    assert f"/v3/{THEIRS}/volumes" in lines["CloudOne"]
    assert f"/v3/{OURS}/volumes" in lines["CloudTwo"]
    links = [v["links"][0]["href"] for v in json.loads(answered.body)["volumes"]]
    base = clouds.frontends["CloudTwo"]["compute"]
    assert links == [f"{base}/v3/{THEIRS}/volumes/{cloud}" for cloud in ("CloudOne", "CloudTwo")]


async def test_a_refusal_of_the_service_is_explained(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """The service says 401 and no more; the gateway knows why."""
    home.document = token(roles=[{"name": "admin"}])
    clouds.backends["CloudTwo"]["image"].answer = json_answer("{}", "401 Unauthorized")
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {SCOPED}")
    assert answered.status == 401
    assert "no role in CloudOne that counts here; these do: member" in message(answered)


@pytest.mark.parametrize("operator", ["|", "&"])
async def test_under_operators_no_other_keystone_is_asked(
    clouds: Clouds, home: Keystone, here: Keystone, operator: str
) -> None:
    """Nobody can tell whose the token is, so none but the Keystone here sees it."""
    scope = f'{{"*":"CloudOne","identity":"CloudTwo{operator}CloudOne"}}'
    here.document = token(user={"id": "1" * 32, "name": "bob"})
    answered = await validate(clouds, f"{TOKEN}{DELIMITER}{scope}")
    assert json.loads(answered.body)["token"]["user"]["name"] == "bob"
    here.status, here.document = "404 Not Found", {"error": {"code": 404, "message": "no"}}
    assert (await validate(clouds, f"{TOKEN}{DELIMITER}{scope}")).status == 404
    assert home.asked == []


async def test_whose_token_was_believed_is_audited(
    clouds: Clouds, home: Keystone, here: Keystone, logged: io.StringIO
) -> None:
    """Or was not: the user by name, the issuer, and how it ended."""
    await validate(clouds)
    home.status = "401 Unauthorized"
    await validate(clouds)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    good, bad = (
        line["cadf"]
        for line in lines
        if line["event"] == "audit" and line["cadf"]["action"] == "authenticate"
    )
    assert [good["outcome"], bad["outcome"]] == ["success", "failure"]
    assert good["initiator"]["name"] == "alice@CloudOne"
    assert good["initiator"]["domain"] == bad["initiator"]["domain"] == "CloudOne"
    assert good["target"]["domain"] == "CloudTwo"


async def test_a_foreign_token_is_audited_with_the_address_of_its_client(
    clouds: Clouds, home: Keystone, here: Keystone, logged: io.StringIO
) -> None:
    """Not with that of the service that asks whose it is."""
    clouds.document["clouds"]["CloudTwo"]["own"]["proxies"] = ["127.0.0.1"]
    clouds.save()
    await clouds.gateways["CloudTwo"].reload()
    client = ("X-Forwarded-For: 192.0.2.7", f"X-Auth-Token: {SCOPED}")
    await clouds.ask("CloudTwo", "image", "/v2/images", *client)
    await validate(clouds)
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    events = [line["cadf"] for line in lines if "cadf" in line]
    (event,) = (event for event in events if event["action"] == "authenticate")
    assert event["initiator"]["host"] == {"address": "192.0.2.7"}


@pytest.mark.parametrize(
    ("scope", "explained"),
    [
        ('{"*":"CloudTwo"}', True),
        ('{"*":"CloudOne","identity":"CloudTwo","image":"CloudTwo"}', False),
    ],
)
async def test_a_star_that_moves_identity_is_told_where_a_service_elsewhere_answers_401(
    clouds: Clouds, scope: str, explained: bool
) -> None:
    """Without an account, home cannot tell whose a token is: so Glance does, and says so in HTML.

    A scope that names identity has said what it means.
    """
    del clouds.document["clouds"]["CloudOne"]["own"]["account"]
    await reload(clouds)
    clouds.backends["CloudTwo"]["image"].answer = saying(
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhtml"
    )
    header = f"X-Auth-Token: {TOKEN}!SCOPE!{scope}"
    answered = await clouds.ask("CloudOne", "image", "/v2/images", header)
    assert answered.status == 401
    assert len(clouds.backends["CloudTwo"]["image"].requests) == 1
    assert (b'add \\"identity\\": \\"CloudOne\\"' in answered.body) is explained


async def test_of_an_assertion_that_is_brought_back_a_401_is_not_explained(clouds: Clouds) -> None:
    """It says itself whose it is, so nothing is to be added to its scope."""
    alice = Vouching(clouds)
    assertion = alice.assertion(services=("compute",), back=("image",))
    await alice.present(assertion, service="compute", scope=BACK, path="/v2.1/flavors")
    stamped = alice.received("CloudTwo", "compute")
    clouds.backends["CloudOne"]["image"].answer = saying(
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhtml"
    )
    answered = await clouds.ask("CloudTwo", "image", "/v2/images", f"X-Auth-Token: {stamped}")
    assert answered.status == 401
    assert clouds.backends["CloudOne"]["image"].requests
    assert b"identity" not in answered.body


def in_project(token: str = TOKEN) -> tuple[str, ...]:
    """Return what asks CloudTwo's compute for something in a project of CloudOne."""
    scope = '{"*":"CloudOne","identity":"CloudOne","compute":"CloudTwo"}'
    return (
        "CloudTwo",
        "compute",
        f"/v3/{THEIRS}/volumes",
        f"X-Auth-Token: {token}{DELIMITER}{scope}",
    )


async def test_a_project_with_the_same_id_stays_in_the_path(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """Where the rules say so, nothing is rewritten, in the path or in links."""
    clouds.document["clouds"]["CloudTwo"]["trust"]["CloudOne"] = {
        "projects": "same-id",
        "roles": {"member": ["member"]},
    }
    await reload(clouds)
    assert (await clouds.ask(*in_project())).status == 200
    (received,) = clouds.backends["CloudTwo"]["compute"].requests
    assert received.line == f"GET /v3/{THEIRS}/volumes HTTP/1.1"


async def test_without_an_account_no_project_in_a_path_is_taken(
    clouds: Clouds, home: Keystone
) -> None:
    """Nor passed to the service as it is, which may have one with that id."""
    del clouds.document["clouds"]["CloudTwo"]["own"]["account"]
    await reload(clouds)
    answered = await clouds.ask(*in_project())
    assert answered.status == 503
    assert "its log" in message(answered)
    assert clouds.backends["CloudTwo"]["compute"].requests == []


async def test_while_its_issuer_is_away_the_service_judges_a_token(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """It may know the token still; the path stays as it came."""
    await clouds.gateways["CloudOne"].close()
    assert (await clouds.ask(*in_project())).status == 200
    (received,) = clouds.backends["CloudTwo"]["compute"].requests
    assert received.line == f"GET /v3/{THEIRS}/volumes HTTP/1.1"


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized"])
async def test_a_token_that_its_issuer_does_not_know_is_asked_about_once(
    clouds: Clouds, home: Keystone, here: Keystone, status: str
) -> None:
    """For its user, for the project in the path, and for what to say of the service's 401."""
    await block(clouds, "user", "mallory", at="CloudTwo")
    home.status = status
    clouds.backends["CloudTwo"]["compute"].answer = json_answer("{}", "401 Unauthorized")
    for _ in range(2):
        assert (await clouds.ask(*in_project())).status == 401
    assert home.asked == ["/v3/auth/tokens?nocatalog=1"]


@pytest.mark.parametrize("name", ["alice", "alice@CloudOne", "0" * 32])
async def test_a_user_who_is_blocked_is_known_by_what_his_cloud_says(
    clouds: Clouds, home: Keystone, here: Keystone, name: str
) -> None:
    """Of his token, or in an assertion; as himself at home, and elsewhere."""
    alice = Vouching(clouds)
    await block(clouds, "user", name, at="CloudTwo")
    blocked(await clouds.ask(*in_project()))
    blocked(await alice.present(alice.assertion()))
    await block(clouds, "user", name, at="CloudOne")
    another = f"X-Auth-Token: {TOKEN}-another"  # which has not passed yet
    blocked(await clouds.ask("CloudOne", "image", "/v2/images", another))
    assert clouds.backends["CloudOne"]["image"].requests == []
    assert clouds.backends["CloudTwo"]["image"].requests == []
    assert clouds.backends["CloudTwo"]["compute"].requests == []


async def test_nobody_is_blocked_for_what_nobody_can_say(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """An issuer that says no JSON, and an assertion that is none, are for others to refuse."""
    await block(clouds, "user", "alice", at="CloudTwo")
    alice = Vouching(clouds)
    assert (await alice.present("oid1.no.such.thing")).status == 401
    clouds.backends["CloudOne"]["identity"].answer = json_answer("{")
    assert (await clouds.ask(*in_project())).status == 401


async def test_another_cloud_is_not_asked_about_a_token_of_this_one(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """Whatever the scope behind it says: it would see the token."""
    here.document, here.status = token(), "200 OK"
    answered = await validate(clouds)
    assert answered.status == 404
    assert "this token is of CloudTwo" in message(answered)
    assert home.asked == []


async def test_while_the_account_fails_no_other_keystone_is_asked(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """Nobody can tell whether the token is one of this cloud's, which the other would see."""
    clouds.backends["CloudTwo"]["identity"].answer = json_answer("{}", "500 Server Error")
    answered = await validate(clouds)
    assert answered.status == 503
    assert "its log" in message(answered)
    assert home.asked == []


async def test_that_a_token_is_unknown_is_remembered_for_a_moment(
    clouds: Clouds, home: Keystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its issuer may know it a little later; that it is not well is not remembered at all."""
    clock = Clock(monkeypatch, remembered)
    for home.status, now in (
        ("503 Service Unavailable", 0),
        ("404 Not Found", 0),
        ("200 OK", UNKNOWN - 0.1),
    ):
        clock.now = now
        assert (await clouds.ask(*in_project())).status == 200
    assert len(home.asked) == 2
    clock.now = UNKNOWN
    clouds.backends["CloudTwo"]["compute"].requests.clear()
    assert (await clouds.ask(*in_project())).status == 200
    (received,) = clouds.backends["CloudTwo"]["compute"].requests
    assert received.line == f"GET /v3/{OURS}/volumes HTTP/1.1"


async def test_what_is_remembered_of_tokens_is_bounded(
    clouds: Clouds, home: Keystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten, and its issuer asked again; the newest is not."""
    monkeypatch.setattr(foreign_tokens, "MAX_TOKENS", 2)
    await reload(clouds)
    for name, asked in (("a", 1), ("b", 2), ("c", 3), ("c", 3), ("b", 3), ("a", 4)):
        assert (await clouds.ask(*in_project(f"{TOKEN}-{name}"))).status == 200
        assert len(home.asked) == asked


@pytest.mark.parametrize("body", ["", "{", "token", "[" * 100_000])
async def test_an_issuer_that_does_not_say_json_is_not_believed(
    clouds: Clouds, home: Keystone, here: Keystone, body: str
) -> None:
    """Deeply nested or broken, it is nobody's token here."""
    clouds.backends["CloudOne"]["identity"].answer = json_answer(body)
    answered = await validate(clouds)
    assert answered.status == 404
    assert "the answer of its Keystone is no JSON" in message(answered)
