"""What the gateway looks up in its cloud's Keystone."""

import asyncio
from typing import Any

import pytest
from gateway.backend import Answer, Connection, Received, json_answer, saying
from gateway.keystone import OURS, Keystone, answering, validate
from gateway.played import Clouds

from openstackoid.gateway.trust.local_keystone import LocalKeystone
from openstackoid.gateway.trust.service_account import AccountError, ServiceAccount
from openstackoid.identity.token_document import Distrust
from openstackoid.identity.trust import ById, ByName, Project

DEMO = ByName("demo", "Default")
FOUND = Project(OURS, "demo", "default", "Default")
LISTED = {"id": OURS, "name": "demo", "domain_id": "default"}
LOGIN = "/v3/auth/tokens"


@pytest.fixture
def keystone(account: ServiceAccount) -> LocalKeystone:
    """CloudTwo's Keystone, nothing asked yet."""
    return LocalKeystone(account)


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


async def test_a_project_is_found_by_the_very_name(keystone: LocalKeystone, here: Keystone) -> None:
    """A database that compares without case finds another one first."""
    assert await keystone.project(DEMO) == FOUND


async def test_an_id_is_no_path(keystone: LocalKeystone, here: Keystone) -> None:
    """Whatever another cloud says that an id is, it names one project."""
    await keystone.project(ById("../a?b=c#d/é"))
    assert here.asked[1] == "/v3/projects/..%2Fa%3Fb%3Dc%23d%2F%C3%A9"


async def test_a_name_is_no_query(keystone: LocalKeystone, here: Keystone) -> None:
    """Nor does a name add parameters."""
    with pytest.raises(Distrust, match="has no project called"):
        await keystone.project(ByName("demo", "a&name=Default"))
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
    keystone: LocalKeystone,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    which: ById | ByName,
    changes: dict[str, Any],
    why: str,
) -> None:
    """Neither a missing nor a disabled one, nor one that stands for a domain."""
    changed(here, monkeypatch, **changes)
    with pytest.raises(Distrust, match=why):
        await keystone.project(which)


async def test_what_there_is_is_remembered_and_what_there_is_not_is_asked_again(
    keystone: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project that was just created is found at once."""
    with monkeypatch.context() as before:
        changed(here, before, projects=[])
        with pytest.raises(Distrust):
            await keystone.project(DEMO)
    assert await keystone.project(DEMO) == FOUND
    asked = len(here.asked)
    assert await keystone.project(DEMO) == FOUND
    assert len(here.asked) == asked
    assert sum(path.startswith("/v3/domains?") for path in here.asked) == 1


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
    clouds: Clouds, keystone: LocalKeystone, here: Keystone, answer: Answer, why: str
) -> None:
    """It says what went wrong, and never passes for "there is no such project"."""
    answering(clouds, here, answer)
    with pytest.raises(AccountError, match=why) as caught:
        await keystone.project(DEMO)
    assert str(caught.value).startswith("the gateway of CloudTwo cannot ask its Keystone: ")


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
    keystone: LocalKeystone,
    here: Keystone,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    which: ById | ByName,
) -> None:
    """One odd answer, as of a proxy before Keystone, costs one request and not a minute's."""
    with monkeypatch.context() as before:
        changed(here, before, **changes)
        with pytest.raises(AccountError, match="an answer that is none of its own"):
            await keystone.project(which)
    assert await keystone.project(which) == FOUND


async def test_an_odd_endpoint_is_not_remembered(
    keystone: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog is whole again with the next answer."""
    with monkeypatch.context() as before:
        changed(here, before, endpoints=[{"id": "e", "service_id": "s"}])
        with pytest.raises(AccountError, match="an answer that is none of its own"):
            await keystone.catalog(OURS)
    assert [entry["type"] for entry in await keystone.catalog(OURS)] == ["block-storage"]


async def test_a_catalog_has_what_a_token_of_the_project_would_have(
    keystone: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch
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
    volume, compute = await keystone.catalog(OURS)
    assert (volume["type"], volume["name"]) == ("volumev3", "cinder")
    assert [e["url"] for e in volume["endpoints"]] == [f"http://x/{OURS}/{OURS}"]
    assert (compute["type"], compute["name"]) == ("compute", "")
    assert [(e["interface"], e["region"]) for e in compute["endpoints"]] == [("admin", None)]


@pytest.mark.parametrize("change", [[{}], [[]], ["a"], [{"id": "s", "enabled": True}], {"a": 1}])
async def test_services_that_are_none_make_no_catalog(
    keystone: LocalKeystone, here: Keystone, monkeypatch: pytest.MonkeyPatch, change: Any
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
        await keystone.catalog(OURS)


async def test_an_odd_answer_about_a_project_is_named(
    clouds: Clouds, here: Keystone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success that is no project's is not one of Keystone."""
    monkeypatch.setattr(here, "look", lambda _: {"version": {}})
    answered = await validate(clouds)
    assert answered.status == 503
    assert "Traceback" not in answered.body.decode()


async def test_requests_at_once_look_up_once(keystone: LocalKeystone, here: Keystone) -> None:
    """Many validations begin when a gateway does."""
    await asyncio.gather(*(keystone.project(ById(OURS)) for _ in range(20)))
    assert here.asked == [LOGIN, f"/v3/projects/{OURS}", "/v3/domains/default"]
