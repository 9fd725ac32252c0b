"""The gateway's own account in its cloud's Keystone."""

import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway.backend import Answer, Connection, Received, json_answer, saying
from gateway.credentials import reload
from gateway.keystone import OURS, OWN, SECRET, Keystone, message, validate
from gateway.played import Clouds

from openstackoid.federation import load
from openstackoid.federation.internal import Permitted
from openstackoid.gateway.admission.peers import Peers
from openstackoid.gateway.admission.replay import UsedSignatures
from openstackoid.gateway.forwarding.permit import Permit
from openstackoid.gateway.forwarding.upstream import Upstream
from openstackoid.gateway.http import Client
from openstackoid.gateway.trust.local_keystone import AccountError, LocalKeystone, read
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.trust import ById, ByName, Project

DEMO = ByName("demo", "Default")
FOUND = Project(OURS, "demo", "default", "Default")
LISTED = {"id": OURS, "name": "demo", "domain_id": "default"}
LOGIN = "/v3/auth/tokens"


@pytest.fixture
async def account(clouds: Clouds, here: Keystone) -> AsyncIterator[LocalKeystone]:
    """CloudTwo's account, nothing asked yet."""
    federation = load(clouds.file)
    pool = Client(5, 5)
    peers = Peers(federation, "CloudTwo", UsedSignatures())
    permit = Permit(Permitted.of(federation, "CloudTwo"))
    yield LocalKeystone(federation, "CloudTwo", Upstream(pool, peers, permit))
    await pool.close()


def answering(clouds: Clouds, here: Keystone, answer: Answer) -> None:
    """Let CloudTwo's Keystone answer like this to all but logins."""

    async def either(received: Received, connection: Connection) -> None:
        await (here if received.line.startswith("POST") else answer)(received, connection)

    clouds.backends["CloudTwo"]["identity"].answer = either


def changed(here: Keystone, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Change what is said of each domain or project, or let there be none (None)."""
    look = here.look

    def other(path: str) -> dict[str, Any] | None:
        document = look(path)
        for key, change in changes.items():
            if document is not None and key in document:
                if change is None:
                    return None
                document[key] = change if isinstance(change, list) else document[key] | change
        return document

    monkeypatch.setattr(here, "look", other)


async def test_a_project_is_found_by_the_very_name(account: LocalKeystone, here: Keystone) -> None:
    """A database that compares without case finds another one first."""
    assert await account.project(DEMO) == FOUND


async def test_an_id_is_no_path(account: LocalKeystone, here: Keystone) -> None:
    """Whatever another cloud says that an id is, it names one project."""
    await account.project(ById("../a?b=c#d/é"))
    assert here.asked[1] == "/v3/projects/..%2Fa%3Fb%3Dc%23d%2F%C3%A9"


async def test_a_name_is_no_query(account: LocalKeystone, here: Keystone) -> None:
    """Nor does a name add parameters."""
    with pytest.raises(Distrust, match="has no project called"):
        await account.project(ByName("demo", "a&name=Default"))
    assert here.asked == [LOGIN, "/v3/domains?name=a%26name%3DDefault"]


@pytest.mark.parametrize("which", [ById(OURS), DEMO])
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"project": None, "projects": []}, "has no project"),
        ({"project": {"enabled": False}, "projects": [LISTED]}, "or it is disabled"),
        (
            {
                "project": {"is_domain": True, "domain_id": None},
                "projects": [{**LISTED, "enabled": True, "is_domain": True, "domain_id": None}],
            },
            "has no project",
        ),
        ({"domain": {"enabled": False}}, "the domain of the project .* is disabled"),
        ({"domain": None}, "the domain of the project .* is disabled"),
    ],
)
async def test_a_project_that_nobody_can_use_is_none(
    account: LocalKeystone,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    which: ById | ByName,
    changes: dict[str, Any],
    why: str,
) -> None:
    """Neither a missing nor a disabled one, nor one that stands for a domain."""
    changed(here, monkeypatch, **changes)
    with pytest.raises(Distrust, match=why):
        await account.project(which)


async def test_what_there_is_is_remembered_and_what_there_is_not_is_asked_again(
    account: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that was just created is found at once."""
    with monkeypatch.context() as before:
        changed(here, before, projects=[])
        with pytest.raises(Distrust):
            await account.project(DEMO)
    assert await account.project(DEMO) == FOUND
    asked = len(here.asked)
    assert await account.project(DEMO) == FOUND
    assert len(here.asked) == asked
    assert sum(path.startswith("/v3/domains?") for path in here.asked) == 1


async def test_a_token_that_was_revoked_is_replaced_once(
    account: LocalKeystone, here: Keystone
) -> None:
    """The account logs in again, and goes on."""
    await account.project(ById("a"))
    here.good = f"{OWN}-2"
    assert (await account.project(ById("b"))).id == "b"
    assert len(here.logins) == 2


async def test_a_token_that_is_never_taken_is_an_error(
    clouds: Clouds, account: LocalKeystone, here: Keystone
) -> None:
    """It is not asked for without end."""
    answering(clouds, here, json_answer("{}", "401 Unauthorized"))
    with pytest.raises(AccountError, match="Keystone answered 401 to GET /v3/projects/a"):
        await account.project(ById("a"))
    assert len(here.logins) == 2


async def test_a_token_that_is_about_to_end_is_not_used(
    account: LocalKeystone, here: Keystone
) -> None:
    """It could end on its way."""
    here.expires = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    await account.project(ById("a"))
    assert len(here.logins) == 2


async def break_off(_: Received, connection: Connection) -> None:
    """Answer by half a document."""
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}")
    connection.writer.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (json_answer("{}", "403 Forbidden"), "403 to GET /v3/domains; give its user the role read"),
        (json_answer("{}", "300 Multiple Choices"), "Keystone answered 300"),
        (json_answer("{}"), "an answer that is none of its own"),
        (json_answer("[]"), "an answer that is none of its own"),
        (json_answer("null"), "an answer that is none of its own"),
        (json_answer('{"domains": [{}]}'), "an answer that is none of its own"),
        (json_answer('{"domains": {"a": "b"}}'), "an answer that is none of its own"),
        (json_answer("{"), "an answer that is none of its own"),
        (json_answer("[" * 100_000), "an answer that is none of its own"),
        (break_off, "broke off"),
        (saying(b"no HTTP at all\r\n\r\n"), "cannot read"),
    ],
)
async def test_what_is_no_answer_of_keystone_is_the_operator_s_affair(
    clouds: Clouds, account: LocalKeystone, here: Keystone, answer: Answer, why: str
) -> None:
    """It says what went wrong, and never passes for "there is no such project"."""
    answering(clouds, here, answer)
    with pytest.raises(AccountError, match=why) as caught:
        await account.project(DEMO)
    assert str(caught.value).startswith("the gateway of CloudTwo cannot look up a project: ")


@pytest.mark.parametrize(
    ("changes", "which"),
    [
        ({"domains": [{}]}, DEMO),
        ({"domains": [{"name": "Default", "id": None}]}, DEMO),
        ({"projects": [{"name": "demo", "enabled": True}]}, DEMO),
        ({"project": {"domain_id": None}}, ById(OURS)),
        ({"project": {"id": 7}}, ById(OURS)),
        ({"domain": {"name": []}}, DEMO),
    ],
)
async def test_what_keystone_would_not_say_is_not_remembered(
    account: LocalKeystone,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    which: ById | ByName,
) -> None:
    """One odd answer, as of a proxy before Keystone, costs one request and not a minute's."""
    with monkeypatch.context() as before:
        changed(here, before, **changes)
        with pytest.raises(AccountError, match="an answer that is none of its own"):
            await account.project(which)
    assert await account.project(which) == FOUND


async def test_an_odd_endpoint_is_not_remembered(
    account: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog is whole again with the next answer."""
    with monkeypatch.context() as before:
        changed(here, before, endpoints=[{"id": "e", "service_id": "s"}])
        with pytest.raises(AccountError, match="an answer that is none of its own"):
            await account.catalog(FOUND)
    assert [entry["type"] for entry in await account.catalog(FOUND)] == ["block-storage"]


async def test_a_login_that_fails_names_the_file(
    clouds: Clouds, account: LocalKeystone, here: Keystone
) -> None:
    """That is where the wrong password is; it is not quoted."""
    clouds.backends["CloudTwo"]["identity"].answer = json_answer("{}", "401 Unauthorized")
    with pytest.raises(AccountError, match=r"401 to the login of .*account.yaml") as caught:
        await account.project(DEMO)
    assert SECRET not in str(caught.value)


async def test_a_keystone_that_is_down_is_told(clouds: Clouds, account: LocalKeystone) -> None:
    """Nobody is believed meanwhile."""
    await clouds.backends["CloudTwo"]["identity"].stop()
    with pytest.raises(AccountError, match="could not be reached"):
        await account.project(DEMO)


async def test_a_catalog_has_what_a_token_of_the_project_would_have(
    account: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enabled services with enabled endpoints, the project in their addresses."""
    services = [
        {"id": "a", "type": "volumev3", "name": "cinder"},
        {"id": "b", "type": "image", "enabled": False},
        {"id": "c", "type": "network"},
        {"id": "d", "type": "compute", "enabled": True},
    ]
    shared = {"interface": "public", "region_id": "R"}
    endpoints = [
        {**shared, "id": "1", "service_id": "a", "url": "http://x/%(project_id)s/$(tenant_id)s"},
        {**shared, "id": "2", "service_id": "a", "url": "http://x/%(user_id)s"},
        {**shared, "id": "3", "service_id": "b", "url": "http://x/"},
        {**shared, "id": "4", "service_id": "c", "url": "http://x/", "enabled": False},
        {"id": "5", "interface": "admin", "service_id": "d", "url": "http://x/d"},
        {**shared, "id": "6", "service_id": "gone", "url": "http://x/"},
    ]
    changed(here, monkeypatch, services=services, endpoints=endpoints)
    volume, compute = await account.catalog(FOUND)
    assert (volume["type"], volume["name"]) == ("volumev3", "cinder")
    assert [e["url"] for e in volume["endpoints"]] == [f"http://x/{OURS}/{OURS}"]
    assert (compute["type"], compute["name"]) == ("compute", "")
    assert [(e["interface"], e["region"]) for e in compute["endpoints"]] == [("admin", None)]


@pytest.mark.parametrize("change", [[{}], [[]], ["a"], [{"id": "s", "enabled": True}], {"a": 1}])
async def test_services_that_are_none_make_no_catalog(
    account: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    """They are not left out in silence either: the operator is told."""
    monkeypatch.setattr(
        here,
        "look",
        lambda path: {
            "services": change,
            "endpoints": [{"id": "e", "interface": "a", "service_id": "s", "url": "http://x"}],
        },
    )
    with pytest.raises(AccountError, match="an answer that is none of its own"):
        await account.catalog(FOUND)


def test_an_account_is_read(tmp_path: Path) -> None:
    """Two keys, or three."""
    file = tmp_path / "account.yaml"
    file.touch(0o600)
    for more in ({}, {"user_domain_name": "é"}):
        wanted = {"username": "a", "password": "b: c", **more}
        file.write_text("".join(f"{key}: '{value}'\n" for key, value in wanted.items()))
        assert read(file, "CloudTwo") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "[username, password]",
        "{username: a}",
        f"{{password: {SECRET}}}",
        f"{{username: a, password: {SECRET}, project: b}}",
        f"{{username: '', password: {SECRET}}}",
        f"{{username: 1, password: {SECRET}}}",
        f"{{username: [a], password: {SECRET}}}",
        f"{{username: a, password: {SECRET}",
        f"{{username: a, password: {SECRET}, password: {SECRET}}}",
        f"{{username: a, password: {SECRET}\udcff}}",
    ],
)
def test_a_file_that_is_no_account_is_not_quoted(tmp_path: Path, text: str) -> None:
    """The error names the file and says what has to be in it."""
    file = tmp_path / "account.yaml"
    file.touch(0o600)
    file.write_bytes(os.fsencode(text))
    with pytest.raises(AccountError, match="must be YAML with username and password") as caught:
        read(file, "CloudTwo")
    assert str(file) in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o777])
def test_a_file_for_everyone_is_not_used(tmp_path: Path, mode: int) -> None:
    """Whatever it is that others may do with it."""
    file = tmp_path / "account.yaml"
    file.write_text(f"{{username: a, password: {SECRET}}}")
    file.chmod(mode)
    with pytest.raises(AccountError, match="make it yours: chmod 600"):
        read(file, "CloudTwo")


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    """With its path, or with the key that would name one."""
    with pytest.raises(AccountError, match=r"nothing\.yaml can't be read: No such file"):
        read(tmp_path / "nothing.yaml", "CloudTwo")
    with pytest.raises(AccountError, match=r"clouds\.CloudTwo\.own\.account is missing"):
        read(None, "CloudTwo")


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


async def test_an_odd_answer_about_a_project_is_named(
    clouds: Clouds, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success that is no project's is not one of Keystone."""
    monkeypatch.setattr(here, "look", lambda _: {"version": {}})
    answered = await validate(clouds)
    assert answered.status == 503
    assert "Traceback" not in answered.body.decode()


async def test_without_an_account_the_log_says_what_to_write(
    clouds: Clouds, home: Keystone, logged: io.StringIO
) -> None:
    """Nobody is believed as long as nobody can look up the project; users are not told why."""
    del clouds.document["clouds"]["CloudTwo"]["own"]["account"]
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


async def test_an_account_s_token_that_was_revoked_is_replaced(
    account: LocalKeystone, here: Keystone
) -> None:
    """Else no service could ask whose a token is, until the account's would have ended."""
    here.status = "200 OK"
    assert await account.answered("/v3/auth/tokens", "a-service-s-own") == 200
    here.status = "404 Not Found"
    assert await account.answered("/v3/auth/tokens", "a-service-s-own") == 404
    assert len(here.logins) == 2
