"""Requests for a user who is no longer there."""

from collections.abc import AsyncIterator

import pytest
from gateway.journalled import Journal, create, journalled
from gateway.played import TOKEN, Clouds
from journal.world import Registry
from msgspec import DecodeError

from openstackoid.gateway.dispatch.unattended import Unattended, revived
from openstackoid.gateway.reporting.access_record import REQUEST_ID
from openstackoid.journal.intent import Intent, State
from openstackoid.message import Head, Headers
from openstackoid.routing import Refusal


@pytest.fixture
async def journal(clouds: Clouds) -> AsyncIterator[Journal]:
    for services in clouds.backends.values():
        services["network"].answer = Registry("network")
    async with journalled(clouds) as journal:
        yield journal


async def written(clouds: Clouds, journal: Journal, *headers: str) -> Intent:
    """Create something in both clouds; return it as it was in the middle of that."""
    seen: list[Intent] = []

    async def look(_: str) -> None:
        seen.extend(journal.all(State.OPEN))

    registry = clouds.backends["CloudTwo"]["network"].answer
    assert isinstance(registry, Registry)
    registry.before = look
    await create(clouds, "CloudOne & CloudTwo", "network", *headers)
    return seen[0]


async def test_a_request_is_revived_with_its_user_and_its_scope(
    clouds: Clouds, journal: Journal
) -> None:
    """What was about its body is left out; its id is that of the client's request."""
    intent = await written(clouds, journal, "OpenStack-API-Version: network 1.0")
    handler = clouds.gateways["CloudOne"]._handler  # the state of a worker has no public way
    context = revived(intent.sent, intent.request_id, handler.site, handler.state)
    headers = context.head.headers
    assert headers.get("x-auth-token") == TOKEN
    assert headers.get("openstack-api-version") == "network 1.0"
    assert "content-length" not in headers
    assert "content-type" not in headers
    assert headers.all(REQUEST_ID.lower()) == [intent.request_id]
    assert context.route.service == "network"
    assert str(context.route.expression) == "CloudOne&CloudTwo"
    assert context.record.make_request_id() == intent.request_id
    assert not context.request.body_exists


async def test_nothing_is_made_of_what_was_changed(clouds: Clouds, journal: Journal) -> None:
    """Nor of a scope with a cloud that has left."""
    intent = await written(clouds, journal)
    handler = clouds.gateways["CloudOne"]._handler
    with pytest.raises(DecodeError):
        revived(b"rubbish", "req", handler.site, handler.state)
    sent = intent.sent.replace(b"CloudTwo", b"CloudSix")
    with pytest.raises(Refusal):
        revived(sent, "req", handler.site, handler.state)


async def test_nobody_is_answered() -> None:
    """There is no connection, and no body."""
    request = Unattended(Head("POST", "/", Headers(()), 80), "192.0.2.1")
    assert [piece async for piece in request.pieces()] == []
    request.abort()
    with pytest.raises(NotImplementedError):
        request.answer(200, "OK", ())
    with pytest.raises(NotImplementedError):
        await request.respond(200, (), b"")
