"""What services of this cloud are sent, and what they say."""

import json
from typing import Any

import pytest
from gateway.backend import Connection, Received, json_answer, saying
from gateway.played import Clouds
from gateway.replicas.parcels import at

from openstackoid.gateway.replicas import services as module
from openstackoid.gateway.replicas.services import Came, NotReadError, Services
from openstackoid.replication.apis.flavor import FLAVOR
from openstackoid.replication.apis.image import IMAGE
from openstackoid.replication.apis.keypair import KEYPAIR
from openstackoid.replication.desired import desired
from openstackoid.replication.plan import Change, Create, Delete, Replica

ONE = "CloudOne"
CREATE = Create(at(1), {("public_key", None): '"k"', ("type", None): '"ssh"'})
COPY = Replica("1", at(1), None)
STATE = desired([], KEYPAIR.kind)


@pytest.fixture
def services(clouds: Clouds) -> Services:
    site = clouds.gateways[ONE]._handler.site
    return Services(site.federation, ONE, site.upstream)


async def carried_out(services: Services, order: Any = CREATE, *, sends: bool = True) -> Came:
    return await services.carry_out(KEYPAIR, "k", order, None, "t", lambda: sends, 5)


async def test_what_is_created_has_its_id(clouds: Clouds, services: Services) -> None:
    """It is sent by the version of the API that is meant, with the token that is given."""
    backend = clouds.backends[ONE]["compute"]
    backend.answer = json_answer("{}", "201 Created")
    assert await carried_out(services) == Came(201, "k")
    (request,) = backend.requests
    assert request.values("x-auth-token") == ["t"]
    assert request.values("openstack-api-version") == ["compute 2.2"]
    assert await carried_out(services, Delete("k", at(1))) == Came(201)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"forbidden": {"message": "no \\n room", "code": 403}}', "no room"),
        ('{"error": "plain"}', "plain"),
        ("<html>no</html>", "<html>no</html>"),
        ('{"a": []}', ""),
        ("", ""),
        ('{"message": "\\u001b[2J"}', "[2J"),
    ],
)
async def test_a_refusal_is_in_the_words_of_the_service(
    clouds: Clouds, services: Services, body: str, words: str
) -> None:
    """In one line, without anything that could not be printed."""
    clouds.backends[ONE]["compute"].answer = json_answer(body, "403 Forbidden")
    assert await carried_out(services) == Came(403, words=words)


async def test_nothing_is_sent_too_late(clouds: Clouds, services: Services) -> None:
    """Another process may have gone on."""
    assert await carried_out(services, sends=False) == Came(None)
    assert not clouds.backends[ONE]["compute"].requests


async def test_a_service_that_hangs_up_has_said_nothing(clouds: Clouds, services: Services) -> None:
    """So nobody knows what came of it; when it is read, that is said, too."""

    async def hang_up(_: Received, connection: Connection) -> None:
        connection.writer.close()

    clouds.backends[ONE]["compute"].answer = hang_up
    assert await carried_out(services) == Came(None)
    with pytest.raises(NotReadError):
        await services.read(KEYPAIR, "k", "t")


async def test_a_change_ends_at_the_first_refusal(clouds: Clouds, services: Services) -> None:
    """What is gone already is as it should be."""
    answers = {"PUT": "200 OK", "DELETE": "404 Not Found", "POST": "403 Forbidden"}

    async def answer(received: Received, connection: Connection) -> None:
        received.body = await connection.body(received.head)
        method = received.line.partition(" ")[0]
        await json_answer("{}", answers[method])(Received(b""), connection)

    backend = clouds.backends[ONE]["compute"]
    backend.answer = answer
    order = Change({("description", None): '"d"', ("specs", "a"): None}, at(1))
    came = await services.carry_out(FLAVOR, "f", order, COPY, "t", lambda: True, 5)
    assert came == Came(404)
    order = Change({("specs", "a"): None, ("specs", "b"): '"1"'}, at(1))
    came = await services.carry_out(FLAVOR, "f", order, COPY, "t", lambda: True, 5)
    assert (came.status, len(backend.requests)) == (403, 3)


async def test_what_is_not_there_is_none(clouds: Clouds, services: Services) -> None:
    """A service says so, in its own way."""
    clouds.backends[ONE]["compute"].answer = json_answer("{}", "404 Not Found")
    assert await services.read(KEYPAIR, "k", "t") is None
    assert await services.look(KEYPAIR, "k", STATE, 1, "t") == []


@pytest.mark.parametrize(
    ("status", "body"),
    [("403 Forbidden", '{"forbidden": {"message": "no"}}'), ("200 OK", "[]"), ("200 OK", "{}")],
)
async def test_what_cant_be_read_is_said(
    clouds: Clouds, services: Services, status: str, body: str
) -> None:
    """Nothing follows from it: it is tried again."""
    clouds.backends[ONE]["compute"].answer = json_answer(body, status)
    with pytest.raises(NotReadError):
        await services.read(KEYPAIR, "k", "t")
    with pytest.raises(NotReadError):
        await services.look(KEYPAIR, "k", STATE, 1, "t")


async def test_members_that_glance_does_not_show_are_none(
    clouds: Clouds, services: Services
) -> None:
    """For an image that is not shared; but an error is one."""
    image = {
        "id": "7", "name": "x", "visibility": "private", "min_disk": 0, "min_ram": 0,
        "protected": False, "os_hidden": False, "tags": [], "container_format": None,
        "disk_format": None,
    }  # fmt: skip
    members = "403 Forbidden"

    async def answer(received: Received, connection: Connection) -> None:
        of_members = "/members" in received.line
        status, body = (members, {}) if of_members else ("200 OK", image)
        await json_answer(json.dumps(body), status)(Received(b""), connection)

    clouds.backends[ONE]["image"].answer = answer
    seen = await services.read(IMAGE, "7", "t")
    assert seen is not None
    assert seen.values["visibility", None] == '"private"'
    members = "500 Broken"
    with pytest.raises(NotReadError):
        await services.read(IMAGE, "7", "t")


async def test_a_long_answer_is_not_read(
    clouds: Clouds, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that is broken fills no memory."""
    monkeypatch.setattr(module, "MAX_BODY", 10)
    clouds.backends[ONE]["compute"].answer = json_answer(json.dumps({"keypair": "x" * 20}))
    with pytest.raises(NotReadError, match="longer"):
        await services.read(KEYPAIR, "k", "t")


async def test_a_service_that_is_slow_is_not_waited_for(
    clouds: Clouds, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For ever: it is tried again."""
    monkeypatch.setattr(module, "READ", 0.1)
    clouds.backends[ONE]["compute"].answer = saying(b"")
    with pytest.raises(NotReadError, match="does not answer"):
        await services.read(KEYPAIR, "k", "t")
