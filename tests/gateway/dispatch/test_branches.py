"""A client's request as it goes to each of several clouds, and what is made of each answer."""

import json

import pytest
from gateway.backend import Backend, Connection, Received, json_answer, saying
from gateway.credentials import reload
from gateway.played import Clouds

from openstackoid.gateway.dispatch import memory_budget

BOTH = "X-Scope: image=CloudOne&CloudTwo"


@pytest.fixture
def services(clouds: Clouds) -> tuple[Backend, Backend]:
    return clouds.backends["CloudOne"]["image"], clouds.backends["CloudTwo"]["image"]


def listing(name: str) -> str:
    return json.dumps({"images": [{"id": name}]})


async def test_what_is_for_the_first_gateway_goes_no_farther(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """No service is asked to compress what is merged, or told of a policy."""
    headers = ("Accept-Encoding: gzip", "X-Scope-Policy: any", "X-Openstack-Request-Id: odd")
    for service in services:
        service.answer = json_answer(listing(str(service.port)))
    await clouds.ask("CloudOne", "image", "/v2/images", BOTH, *headers)
    for service in services:
        (received,) = service.requests
        assert received.values("accept-encoding") == received.values("x-scope-policy") == []
        assert received.values("x-openstack-request-id") != ["odd"]


@pytest.mark.parametrize("body", [b'{"images": [', b"x" * 20])
async def test_a_write_with_an_answer_that_breaks_off_may_have_been_carried_out(
    clouds: Clouds, services: tuple[Backend, Backend], body: bytes
) -> None:
    """Where that was is said, and that one has to look there."""

    async def break_off(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        head = (
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
        )
        await connection.send(head + body)
        connection.writer.close()

    services[0].answer = json_answer('{"id": "a"}', "201 Created")
    services[1].answer = break_off
    answered = await clouds.ask(
        "CloudOne",
        "image",
        "/v2/images",
        BOTH,
        "Content-Type: application/json",
        method="POST",
        body=b'{"name": "a"}',
    )
    assert answered.status >= 500
    assert "look in CloudTwo before you send it again" in answered.body.decode()


async def test_an_error_with_an_answer_that_breaks_off_was_not_carried_out(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """A cloud that refused did nothing, whatever else it wanted to say."""

    async def break_off(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        head = b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        await connection.send(head)
        connection.writer.close()

    services[1].answer = break_off
    answered = await clouds.ask(
        "CloudTwo",
        "image",
        "/v2/images",
        BOTH,
        "Content-Type: application/json",
        method="POST",
        body=b'{"name": "a"}',
    )
    assert answered.status >= 400
    assert "may have been carried out" not in answered.body.decode()


async def test_a_part_of_an_answer_is_not_read_as_json(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """206 says that the rest is missing, though what there is may look whole."""
    part = (
        b"HTTP/1.1 206 Partial Content\r\nContent-Type: application/json\r\n"
        b"Content-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n[]"
    )
    for service in services:
        service.answer = saying(part)
    answered = await clouds.ask("CloudOne", "image", "/v2/x", "X-Scope: image=CloudOne|CloudTwo")
    assert (answered.status, answered.body) == (206, b"[]")
    assert answered.values("content-range") == ["bytes 0-1/9"]


async def test_a_length_is_that_of_what_is_sent(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """Of a merged list, not of its parts; to HEAD, what the service says."""
    for service in services:
        service.answer = json_answer(listing(str(service.port)))
    answered = await clouds.ask("CloudOne", "image", "/v2/images", BOTH)
    assert len(json.loads(answered.body)["images"]) == 2
    for length in answered.values("content-length"):
        assert int(length) == len(answered.body)


async def test_a_service_that_a_cloud_lacks_is_what_that_cloud_answers(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """Under `|` the next cloud is asked, and nobody has to know why."""
    del clouds.document["clouds"]["CloudOne"]["backends"]["image"]
    await reload(clouds)
    services[1].answer = json_answer(listing("two"))
    answered = await clouds.ask("CloudOne", "image", "/v2/x", "X-Scope: image=CloudOne|CloudTwo")
    assert (answered.status, answered.body) == (200, listing("two").encode())
    assert services[0].requests == []


async def test_an_upload_goes_to_each_cloud_as_it_comes(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """The same bytes, in each."""
    for service in services:
        service.answer = saying(b"HTTP/1.1 204 No Content\r\n\r\n")
    kind = "Content-Type: application/octet-stream"
    body = bytes(range(256)) * 100
    path = "/v2/images/x/file"
    answered = await clouds.ask("CloudOne", "image", path, BOTH, kind, method="PUT", body=body)
    assert answered.status == 204
    assert [service.requests[0].body for service in services] == [body, body]


async def test_an_upload_that_one_cloud_refuses_is_ended_in_the_other(
    clouds: Clouds, services: tuple[Backend, Backend]
) -> None:
    """The answer names the cloud that did not take it, not the one whose upload was cut."""

    async def refuse(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n")

    services[1].answer = refuse
    client = await clouds.open("CloudOne", "image")
    kind = "Content-Type: application/octet-stream"
    await client.send("PUT", "/v2/images/x/file", BOTH, kind, "Content-Length: 1000000")
    answered = await client.answer("PUT")
    assert answered.status == 409
    (report,) = answered.values("x-scope-report")
    assert "CloudTwo did not take it" in report
    await services[0].all_closed()


async def test_a_list_too_long_to_be_held_is_the_request_s_fault(
    clouds: Clouds, services: tuple[Backend, Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By chance it was this cloud's and not another's: nothing is said of an outage."""
    monkeypatch.setattr(memory_budget, "MAX_HELD", 1000)
    for service in services:
        service.answer = json_answer(json.dumps({"images": [{"id": "a" * 2000}]}))
    answered = await clouds.ask("CloudOne", "image", "/v2/images", BOTH)
    assert answered.status == 400
    assert "CloudOne&CloudTwo" in json.loads(answered.body)["error"]["message"]
