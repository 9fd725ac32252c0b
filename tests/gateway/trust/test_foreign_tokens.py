"""Tokens of other clouds at running gateways: believed as the federation file says."""

import asyncio
import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway.backend import Connection, Received, json_answer, saying
from gateway.credentials import reload
from gateway.played import TOKEN, Answered, Clouds

from openstackoid.gateway.forwarding import downstream as answers
from openstackoid.scope import DELIMITER

THEIRS, OURS = "1" * 32, "2" * 32
OWN = "gAAAAAB-the-gateway's-own"
SECRET = "the-gateway's-password"
SCOPE = '{"*":"CloudOne","identity":"CloudOne","image":"CloudTwo"}'
SCOPED = f"{TOKEN}{DELIMITER}{SCOPE}"


def token(**other: object) -> dict[str, Any]:
    """Return what CloudOne's Keystone says of alice's token."""
    document: dict[str, Any] = {
        "methods": ["password"],
        "audit_ids": ["3T2dc1CGQxyJsHdDu1xkcw"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2099-01-01T00:00:00.000000Z",
        "user": {
            "id": "0" * 32,
            "name": "alice",
            "domain": {"id": "default", "name": "Default"},
        },
        "project": {
            "id": THEIRS,
            "name": "demo",
            "domain": {"id": "default", "name": "Default"},
        },
        "roles": [{"id": "r1", "name": "member"}, {"id": "r2", "name": "admin"}],
        "is_domain": False,
        "catalog": [],
    }
    return {"token": document | other}


class Keystone:
    """A Keystone that is played: who a token is, and what a reader on the system may see."""

    def __init__(self, document: dict[str, Any], status: str = "200 OK") -> None:
        self.document = document
        self.status = status
        self.asked: list[str] = []
        self.logins: list[Any] = []
        self.good = OWN

    async def __call__(self, received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method, target, _ = received.line.split(" ")
        path = target[target.index("/v3/") :]
        self.asked.append(path)
        if method == "POST":
            self.logins.append(json.loads(received.body))
            login = {"token": {"expires_at": "2099-01-01T00:00:00.000000Z"}}
            header = f"X-Subject-Token: {self.good}"
            answer = json_answer(json.dumps(login), "201 Created", header)
        elif path.startswith("/v3/auth/tokens"):
            answer = json_answer(json.dumps(self.document), self.status)
        elif received.values("x-auth-token") != [self.good]:
            answer = json_answer("{}", "401 Unauthorized")
        else:
            answer = json_answer(json.dumps(self._look(path)))
        await answer(Received(b""), connection)  # whose body has been read

    def _look(self, path: str) -> dict[str, Any]:
        domain = {"id": "default", "name": "Default", "enabled": True}
        project = {"id": OURS, "name": "demo", "domain_id": "default", "enabled": True}
        endpoint = {"region_id": "RegionTwo", "interface": "public", "enabled": True}
        match path.partition("?")[0].split("/")[2:]:
            case ["domains"]:
                return {"domains": [domain]}
            case ["domains", _]:
                return {"domain": domain}
            case ["projects"]:
                return {"projects": [{**project, "name": "DEMO", "id": "f" * 32}, project]}
            case ["projects", id_]:
                return {"project": {**project, "id": id_}}
            case ["services"]:
                return {"services": [{"id": "s", "type": "block-storage", "name": "cinder"}]}
            case _:
                url = "http://127.0.0.2:8776/v3/%(tenant_id)s"
                return {"endpoints": [{**endpoint, "id": "e", "service_id": "s", "url": url}]}


@pytest.fixture
async def home(clouds: Clouds, tmp_path: Path) -> Keystone:
    """Let both Keystones be played, give CloudTwo's gateway an account; return CloudOne's."""
    account = tmp_path / "account.yaml"
    account.write_text(f"username: gateway\npassword: {SECRET}\n")
    account.chmod(0o600)
    clouds.document["clouds"]["CloudTwo"]["own"] = {"account": "account.yaml"}
    await reload(clouds)
    there = Keystone(token())
    clouds.backends["CloudOne"]["identity"].answer = there
    clouds.backends["CloudTwo"]["identity"].answer = Keystone({})
    return there


@pytest.fixture
def here(clouds: Clouds, home: Keystone, logged: Any) -> Iterator[Keystone]:
    """Return CloudTwo's Keystone; nothing of the gateway's account may be logged."""
    keystone = clouds.backends["CloudTwo"]["identity"].answer
    assert isinstance(keystone, Keystone)
    yield keystone
    assert SECRET not in logged.getvalue()
    assert OWN not in logged.getvalue()


async def validate(clouds: Clouds, scoped: str = SCOPED, method: str = "GET") -> Answered:
    """Ask CloudTwo's gateway about a token of CloudOne, as CloudTwo's Glance does."""
    return await clouds.ask(
        "CloudTwo",
        "identity",
        "/v3/auth/tokens",
        "X-Auth-Token: glances-own",
        f"X-Subject-Token: {scoped}",
        method=method,
    )


def message(answered: Answered) -> str:
    """Return the message of a refusal."""
    return str(json.loads(answered.body)["error"]["message"])


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
    assert len(here.asked) == 6  # login, domains, projects, domain, services, endpoints
    home.status = "401 Unauthorized"
    assert (await validate(clouds)).status == 404


async def test_the_account_logs_in_as_a_reader_on_the_system(
    clouds: Clouds, here: Keystone
) -> None:
    """With the file's name and password, and again once its token is not taken any more."""
    await validate(clouds)
    (login,) = here.logins
    user = login["auth"]["identity"]["password"]["user"]
    assert user == {"name": "gateway", "password": SECRET, "domain": {"name": "Default"}}
    assert login["auth"]["scope"] == {"system": {"all": True}}
    here.good = "another"
    await reload(clouds)
    assert (await validate(clouds)).status == 200


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


async def test_an_odd_answer_about_a_project_is_named(
    clouds: Clouds, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success that is no project's is not one of Keystone."""
    monkeypatch.setattr(here, "_look", lambda _: {"version": {}})
    answered = await validate(clouds)
    assert answered.status == 503
    assert "Traceback" not in answered.body.decode()


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


async def test_without_an_account_the_log_says_what_to_write(
    clouds: Clouds, home: Keystone, logged: io.StringIO
) -> None:
    """Nobody is believed as long as nobody can look up the project; users are not told why."""
    del clouds.document["clouds"]["CloudTwo"]["own"]
    await reload(clouds)
    answered = await validate(clouds)
    assert answered.status == 503
    assert "own.account" not in message(answered)
    assert "clouds.CloudTwo.own.account is missing" in logged.getvalue()


async def test_an_account_that_is_none_is_not_quoted(
    clouds: Clouds, home: Keystone, here: Keystone, tmp_path: Path, logged: io.StringIO
) -> None:
    """The log says what the file must have, and users not even where it is."""
    account = tmp_path / "account.yaml"
    account.write_text(f"password: {SECRET}\n")
    answered = await validate(clouds)
    assert answered.status == 503
    assert "must be YAML with username and password" in logged.getvalue()
    account.chmod(0o604)
    assert str(account) not in message(await validate(clouds))
    assert "can be read by everyone" in logged.getvalue()
    assert SECRET not in logged.getvalue()


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
    assert home.asked == ["/v3/auth/tokens?nocatalog=1"]


async def test_the_project_in_a_path_of_several_clouds(
    clouds: Clouds, home: Keystone, here: Keystone
) -> None:
    """Each cloud's own, and whoever asked finds his own in the links."""
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
async def test_under_operators_each_issuer_s_rules_hold(
    clouds: Clouds, home: Keystone, here: Keystone, operator: str
) -> None:
    """A token whose issuer is here or there is rewritten, too, where it is not one's own."""
    here.status, here.document = "404 Not Found", {"error": {"code": 404, "message": "no"}}
    scope = f'{{"*":"CloudOne","identity":"CloudTwo{operator}CloudOne"}}'
    answered = await validate(clouds, f"{TOKEN}{DELIMITER}{scope}")
    assert answered.status == 200, answered.body
    assert json.loads(answered.body)["token"]["user"]["name"] == "alice@CloudOne"


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


@pytest.mark.parametrize(
    ("scope", "explained"),
    [
        ('{"*":"CloudTwo"}', True),
        ('{"*":"CloudTwo","identity":"CloudOne"}', False),
        ('{"image":"CloudTwo"}', False),
    ],
)
async def test_a_star_that_moves_identity_is_told_where_a_service_elsewhere_answers_401(
    clouds: Clouds, scope: str, explained: bool
) -> None:
    """A token of home is none of the cloud that * takes identity to; Glance says so in HTML."""
    clouds.backends["CloudTwo"]["image"].answer = saying(
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\nhtml"
    )
    header = f"X-Auth-Token: {TOKEN}!SCOPE!{scope}"
    answered = await clouds.ask("CloudOne", "image", "/v2/images", header)
    assert answered.status == 401
    assert (b'add \\"identity\\": \\"CloudOne\\"' in answered.body) is explained
