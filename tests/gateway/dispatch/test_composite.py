"""Operators at the gateway, with services that do what real ones can't be made to do."""

import asyncio
import io
import json
import time
from collections.abc import Awaitable, Callable
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Any
from urllib.parse import parse_qsl

import pytest
from gateway.backend import Answer, Backend, Connection, Received, json_answer, saying
from gateway.played import Answered, Clouds, silence

from openstackoid.gateway.dispatch import composite
from openstackoid.gateway.dispatch import memory_budget as held
from openstackoid.gateway.dispatch.composite import WRITTEN
from openstackoid.gateway.forwarding import health
from openstackoid.gateway.http import pool
from openstackoid.gateway.server import Gateway
from openstackoid.gateway.settings import Settings

AND = "X-Scope: image=CloudOne&CloudTwo"
OR = "X-Scope: image=CloudTwo|CloudOne"
JSON = "Content-Type: application/json"
BYTES = "Content-Type: application/octet-stream"


def report(answered: Answered) -> dict[str, dict[str, Any]]:
    """Return the report of an answer, by cloud."""
    (text,) = answered.values("x-scope-report")
    return {outcome["cloud"]: outcome for outcome in json.loads(text)}


def message(answered: Answered) -> str:
    """Return the message of an error of a gateway's own."""
    error = json.loads(answered.body)["error"]
    assert error["code"] == answered.status
    return str(error["message"])


def images(backend: Backend) -> list[str]:
    """Return what was sent to a service."""
    return [request.line.removesuffix(" HTTP/1.1") for request in backend.requests]


def by_method(**answers: Answer) -> Answer:
    """Return an answer that depends on the method."""

    async def answer(received: Received, connection: Connection) -> None:
        await answers[received.line.partition(" ")[0]](received, connection)

    return answer


async def hang_up(received: Received, connection: Connection) -> None:
    """Take a request, and close the connection without an answer."""
    await connection.body(received.head)
    connection.writer.close()


async def hang_up_in_the_middle(received: Received, connection: Connection) -> None:
    """Close the connection within the answer's body."""
    received.body = await connection.body(received.head)
    head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    await connection.send(head.encode() + b'{"id": "new')
    connection.writer.close()


async def say_nothing(received: Received, connection: Connection) -> None:
    """Take a request, and never answer."""
    await connection.body(received.head)
    await connection.reader.read()


CREATED = json_answer('{"id": "new"}', "201 Created")
GONE = saying(b"HTTP/1.1 204 No Content\r\n\r\n")
NOT_THERE = json_answer("{}", "404 Not Found")


def listed(*names: str) -> Answer:
    """Return an answer with a list of images."""
    found = [{"id": name, "name": name} for name in names]
    text = {"images": found, "first": "/v2/images", "schema": "/v2/schemas/images"}
    return json_answer(json.dumps(text))


@pytest.fixture
def one(clouds: Clouds) -> Backend:
    """Return CloudOne's Glance."""
    backend = clouds.backends["CloudOne"]["image"]
    backend.answer = by_method(GET=listed("a"), POST=CREATED, DELETE=GONE)
    return backend


@pytest.fixture
def two(clouds: Clouds) -> Backend:
    """Return CloudTwo's Glance."""
    backend = clouds.backends["CloudTwo"]["image"]
    backend.answer = by_method(GET=listed("b"), POST=CREATED, DELETE=GONE)
    return backend


async def create(
    clouds: Clouds, scope: str = AND, *headers: str, body: bytes = b'{"id":"x"}'
) -> Answered:
    """Create an image, whose id the client chose if nothing else is said."""
    return await clouds.ask(
        "CloudOne", "image", "/v2/images", scope, JSON, *headers, method="POST", body=body
    )


async def test_one_answer_is_made_of_two(clouds: Clouds, one: Backend, two: Backend) -> None:
    """Each cloud is asked with a scope of its own; items are labelled, the report is a header."""
    answered = await clouds.ask("CloudOne", "image", "/v2/images?name=x", AND)
    assert [i["oid:cloud"] for i in json.loads(answered.body)["images"]] == ["CloudOne", "CloudTwo"]
    assert report(answered).keys() == {"CloudOne", "CloudTwo"}
    assert {o["status"] for o in report(answered).values()} == {200}
    assert images(one) == ["GET /image/v2/images?name=x"]
    assert images(two) == ["GET /v2/images?name=x"]


async def test_a_token_goes_to_each_with_that_cloud_s_scope(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """A service never sees an operator that was evaluated, only its own cloud."""
    await clouds.ask("CloudOne", "image", "/v2/images", AND, "X-Auth-Token: T")
    for cloud, backend in (("CloudOne", one), ("CloudTwo", two)):
        scope = f'{{"*":"CloudOne","identity":"CloudOne","image":"{cloud}"}}'
        (token,) = backend.requests[0].values("x-auth-token")
        assert token.partition("!SCOPE!")[2] == scope
        assert token.startswith("T!" if cloud == "CloudOne" else "oid1.")


async def test_the_request_s_id_is_the_same_everywhere(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """So that the logs of several clouds can be laid side by side."""
    await clouds.ask("CloudOne", "image", "/v2/images", AND)
    (id_,) = one.requests[0].values("x-openstack-request-id")
    assert two.requests[0].values("x-openstack-request-id") == [id_]


# Writes that fail half-way


@pytest.mark.parametrize(
    ("post", "delete", "status", "told", "sent"),
    [
        (
            json_answer('{"conflict": {"message": "it exists"}}', "409 Conflict"),
            GONE,
            409,
            "CloudOne: answered 201; new was removed again. CloudTwo: answered 409 (it exists).",
            ["POST"],
        ),
        (
            json_answer('{"error": {}}', "500 Internal Server Error"),
            NOT_THERE,
            500,
            "CloudTwo: answered 500; ID is not there now.",
            ["POST", "DELETE"],
        ),
        (
            hang_up,
            GONE,
            502,
            "closed the connection without an answer; the request may have been carried out",
            ["POST", "DELETE"],
        ),
        (
            hang_up_in_the_middle,
            GONE,
            502,
            "CloudTwo: the answer (201) of image of CloudTwo broke off; it may have been carried "
            "out: look in CloudTwo before you send it again",
            ["POST", "DELETE"],
        ),
        (say_nothing, GONE, 504, "has not answered for 0.25 s", ["POST", "DELETE"]),
        (
            hang_up,
            hang_up,
            502,
            "ID could not be removed: delete it there",
            ["POST", "DELETE"],
        ),
    ],
)
@silence
async def test_a_cloud_that_fails_during_or_after_a_write(
    clouds: Clouds,
    one: Backend,
    two: Backend,
    post: Answer,
    delete: Answer,
    status: int,
    told: str,
    sent: list[str],
) -> None:
    """What the other made is removed, what may be there is looked for, and the user is told."""
    two.answer = by_method(POST=post, DELETE=delete)
    answered = await create(clouds, body=b'{"name":"x"}')
    assert answered.status == status
    text = message(answered)
    assert text.startswith("POST /v2/images did not succeed in all of CloudOne&CloudTwo. ")
    assert told.replace("ID", json.loads(one.requests[0].body)["id"]) in text
    assert "CloudOne: answered 201; new was removed again" in text
    assert images(one) == ["POST /image/v2/images", "DELETE /image/v2/images/new"]
    assert [line.partition(" ")[0] for line in images(two)] == sent
    assert report(answered)["CloudOne"]["undone"] is True


async def test_what_a_client_s_id_names_may_be_older_than_the_request(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """It is not deleted where nobody knows whether this request created it."""
    two.answer = by_method(POST=hang_up, DELETE=GONE)
    answered = await create(clouds)
    assert answered.status == 502
    assert "look there before you send it again" in message(answered)
    assert images(two) == ["POST /v2/images"]


async def test_an_upload_goes_on_without_a_cloud_that_lacks_the_service(
    clouds: Clouds, one: Backend
) -> None:
    """The others get all of it, and do not wait for who takes no part."""
    del clouds.document["clouds"]["CloudTwo"]["frontends"]["image"]
    del clouds.document["clouds"]["CloudTwo"]["backends"]["image"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    one.answer = saying(b"HTTP/1.1 204 No Content\r\n\r\n")
    data = b"x" * (2 << 20)
    answered = await clouds.ask(
        "CloudOne",
        "image",
        "/v2/images/x/file",
        AND,
        "Content-Type: application/octet-stream",
        "X-Scope-Policy: any",
        method="PUT",
        body=data,
    )
    assert answered.status == 204
    assert "has no image service" in report(answered)["CloudTwo"]["message"]
    assert [len(r.body) for r in one.requests] == [len(data)]


async def test_a_cloud_that_fails_before_a_write_has_reached_it(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Nothing is looked for there; from then on nothing is sent anywhere."""
    await clouds.gateways["CloudTwo"].close()
    answered = await create(clouds)
    assert answered.status == 502
    assert "CloudOne: answered 201; new was removed again. CloudTwo: image of" in message(answered)
    assert "could not be reached: Connection refused" in message(answered)
    assert "undone" not in report(answered)["CloudTwo"]
    one.requests.clear()
    answered = await create(clouds)
    assert answered.status == 503
    assert "CloudTwo is known to be down, so nothing was sent to CloudOne&CloudTwo" in message(
        answered
    )
    assert images(one) == images(two) == []
    answered = await create(clouds, AND, "X-Scope-Policy: any")
    assert answered.status == 201
    assert report(answered)["CloudTwo"]["error"] == "CloudTwo is known to be down"


async def test_a_cloud_that_fails_during_the_undo(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """The user is told what is left, by cloud and id, and nothing is tried twice."""
    one.answer = by_method(POST=CREATED, DELETE=hang_up)
    two.answer = by_method(POST=json_answer("{}", "403 Forbidden"))
    answered = await create(clouds)
    assert answered.status == 403
    assert "CloudOne: answered 201; new could not be removed: delete it there" in message(answered)
    assert report(answered)["CloudOne"] | {"seconds": 0} == {
        "cloud": "CloudOne",
        "status": 201,
        "seconds": 0,
        "created": "new",
        "undone": False,
    }
    assert images(one) == ["POST /image/v2/images", "DELETE /image/v2/images/new"]


@pytest.mark.parametrize("failure", [hang_up, hang_up_in_the_middle, say_nothing])
@silence
async def test_or_never_writes_again_what_may_have_been_done(
    clouds: Clouds, one: Backend, two: Backend, failure: Answer
) -> None:
    """The second cloud is not asked, and the first one once."""
    two.answer = failure
    answered = await create(clouds, OR)
    assert answered.status in {502, 504}
    assert images(two) == ["POST /v2/images"]
    assert images(one) == []


async def test_or_writes_once_where_it_is_taken(clouds: Clouds, one: Backend, two: Backend) -> None:
    """What was surely not done is done by the next."""
    two.answer = json_answer("{}", "503 Service Unavailable")
    answered = await create(clouds, OR)
    assert (answered.status, json.loads(answered.body)) == (201, {"id": "new"})
    assert (images(two), images(one)) == (["POST /v2/images"], ["POST /image/v2/images"])
    assert [o.get("status") for o in report(answered).values()] == [503, 201]


async def test_a_write_is_brought_to_its_end_though_its_client_has_left(
    clouds: Clouds, one: Backend, two: Backend, logged: io.StringIO
) -> None:
    """Half of it would be an orphan nobody was told of."""
    arrived, go_on, undone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def conflict(received: Received, connection: Connection) -> None:
        arrived.set()
        await go_on.wait()
        await json_answer("{}", "409 Conflict")(received, connection)

    async def delete(received: Received, connection: Connection) -> None:
        await GONE(received, connection)
        undone.set()

    one.answer = by_method(POST=CREATED, DELETE=delete)
    two.answer = conflict
    client = await clouds.open("CloudOne", "image")
    await client.send("POST", "/v2/images", AND, JSON, body=b"{}")
    await arrived.wait()
    client.writer.transport.abort()
    go_on.set()
    await undone.wait()
    await clouds.gateways["CloudOne"].close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (line,) = [r for r in lines if r["event"] == "request" and r["gateway"] == "CloudOne"]
    assert line["error"] == "the client left"
    assert [(o["cloud"], o.get("undone")) for o in line["report"]] == [
        ("CloudOne", True),
        ("CloudTwo", None),
    ]


async def test_a_write_to_a_cloud_that_drips_has_an_end(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, but the answer does not; also after the client has left."""
    monkeypatch.setattr(held, "HELD_BODY_TIMEOUT", 0.1)
    deleted, dripping = asyncio.Event(), asyncio.Event()

    async def drip(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        dripping.set()
        await connection.send(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
        )
        while not connection.writer.is_closing():
            await connection.send(b" ")
            await asyncio.sleep(0.01)

    async def delete(received: Received, connection: Connection) -> None:
        await GONE(received, connection)
        deleted.set()

    one.answer = by_method(POST=CREATED, DELETE=delete)
    two.answer = by_method(POST=drip, DELETE=drip, GET=drip)
    answered = await create(clouds)
    assert answered.status == 502
    assert "broke off; it may have been carried out" in message(answered)
    assert deleted.is_set()
    deleted.clear()
    dripping.clear()
    client = await clouds.open("CloudOne", "image")
    await client.send("POST", "/v2/images", AND, JSON, body=b'{"id":"x"}')
    await dripping.wait()
    client.writer.transport.abort()
    await deleted.wait()
    await two.all_closed()


async def test_the_unanswered_writes_of_a_cloud_are_bounded(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that answers nobody gets no more of them, though their clients have left; reads go on."""
    monkeypatch.setattr("openstackoid.gateway.dispatch.open_writes.MAX_OPEN", 1)
    arrived, go_on, undone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(received: Received, connection: Connection) -> None:
        arrived.set()
        await go_on.wait()
        await json_answer("{}", "409 Conflict")(received, connection)

    async def delete(received: Received, connection: Connection) -> None:
        await GONE(received, connection)
        undone.set()

    two.answer = by_method(POST=wait, GET=listed("b"), DELETE=GONE)
    one.answer = by_method(POST=CREATED, GET=listed("a"), DELETE=delete)
    client = await clouds.open("CloudOne", "image")
    await client.send("POST", "/v2/images", AND, JSON, body=b"{}")
    await arrived.wait()
    client.writer.transport.abort()
    sent = len(one.requests)
    for scope in (AND, OR):
        answered = await create(clouds, scope)
        assert answered.status == 503
        assert message(answered).startswith("CloudTwo has not answered 256 writes yet; nothing")
    assert len(one.requests) == sent
    assert (await clouds.ask("CloudOne", "image", "/v2/images", AND)).status == 200
    go_on.set()
    await undone.wait()
    two.answer = by_method(POST=CREATED, DELETE=GONE)
    assert (await create(clouds)).status == 201


async def test_the_log_has_a_short_report(
    clouds: Clouds,
    one: Backend,
    two: Backend,
    logged: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That of many clouds would make the line longer than a pipe takes at once."""
    monkeypatch.setattr(composite, "MAX_LOGGED", 100)
    answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
    assert list(report(answered)) == ["CloudOne", "CloudTwo"]
    await clouds.gateways["CloudOne"].close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (said,) = [line["report"] for line in lines if "report" in line]
    assert [(entry["clouds"], entry["status"]) for entry in said] == [(2, 200)]


# Reading while something fails


HTML = saying(b"HTTP/1.1 503 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
LACKS = saying(b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")
GONE_THERE = saying(b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.mark.parametrize("policy", ["any", "all"])
@pytest.mark.parametrize(
    ("method", "first", "second"),
    [
        ("GET", HTML, json_answer('{"images": []}')),
        ("GET", LACKS, json_answer('{"id": "x"}')),
        ("POST", HTML, CREATED),
        ("DELETE", LACKS, GONE_THERE),
    ],
)
async def test_no_answer_that_is_not_used_keeps_its_connection(
    clouds: Clouds,
    one: Backend,
    two: Backend,
    method: str,
    first: Answer,
    second: Answer,
    policy: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Be it no JSON, of which nothing was read: the next request goes by the same connection."""
    monkeypatch.setattr(pool, "REST", 0)
    one.answer, two.answer = first, second
    body = b"{}" if method == "POST" else b""
    for _ in range(3):
        headers = (AND, JSON, f"X-Scope-Policy: {policy}")
        await clouds.ask("CloudOne", "image", "/v2/images/x", *headers, method=method, body=body)
    assert one.open <= 1


@pytest.mark.parametrize("query", ["", "?sort_key=name"])
@pytest.mark.parametrize(
    ("item", "told"), [('{ "id": 1e999}', "is no JSON"), ('{ "id": "\\ud8"}', "has an id")]
)
async def test_a_list_with_an_item_that_cannot_be_read_is_told_of(
    clouds: Clouds, one: Backend, two: Backend, item: str, told: str, query: str
) -> None:
    """As one that is no JSON: it is that cloud which has not answered."""
    one.answer, two.answer = listed("a"), json_answer(f'{{"images": [{item}]}}')
    answered = await clouds.ask("CloudOne", "image", f"/v2/images{query}", AND)
    assert [image["id"] for image in json.loads(answered.body)["images"]] == ["a"]
    assert told in report(answered)["CloudTwo"]["error"]


@pytest.mark.parametrize("query", ["", "?sort_key=name"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        b'"\xff"',
        b"1e999",
        b"-1e999",
        b"1" + b"0" * 5000,
        b"NaN",
        b"-Infinity",
        b"01",
        b'"\x1b"',
        b'"\\ud800"',
        b"[" * 2000,
    ],
)
async def test_an_item_that_cannot_be_read_costs_a_cloud_its_own_part(
    clouds: Clouds, one: Backend, two: Backend, query: str, value: bytes, first: bool
) -> None:
    """Wherever it is in the list, however that is sorted, and whichever cloud is asked first."""
    items = b'{"images": [{"id": "b"}, {"id": "c", "name": %b}, {"id": "d"}]}' % value
    one.answer, two.answer = (
        listed("a"),
        saying(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(items), items)
        ),
    )
    scope = "CloudTwo & CloudOne" if first else "CloudOne & CloudTwo"
    answered = await clouds.ask(
        "CloudOne", "image", f"/v2/images{query}", f"X-Scope: image={scope}"
    )
    assert [image["id"] for image in json.loads(answered.body)["images"]] == ["a"]
    assert "is no JSON" in report(answered)["CloudTwo"]["error"]
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", "X-Scope: image=CloudTwo|CloudOne"
    )
    assert [image["id"] for image in json.loads(answered.body)["images"]] == ["a"]


@pytest.mark.parametrize("query", ["", "?sort_key=name"])
async def test_a_number_of_any_length_stays_a_number(
    clouds: Clouds, one: Backend, two: Backend, query: str
) -> None:
    """Longer than a processor's, as JSON allows."""
    one.answer, two.answer = listed("a"), json_answer(f'{{"images": [{{"name": {10**400}}}]}}')
    answered = await clouds.ask("CloudOne", "image", f"/v2/images{query}", AND)
    assert 10**400 in [image["name"] for image in json.loads(answered.body)["images"]]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (hang_up, "closed the connection"),
        (hang_up_in_the_middle, "the answer (201) of image of CloudTwo broke off"),
        (say_nothing, "has not answered for 0.25 s"),
        (json_answer('{"images": ['), "is no JSON, although it says so"),
        (json_answer("[" * 100_000), "is no JSON, although it says so"),
    ],
)
@silence
async def test_a_list_is_made_of_what_can_be_read(
    clouds: Clouds, one: Backend, two: Backend, failure: Answer, told: str
) -> None:
    """The rest is in the report; by policy, the rest is the answer."""
    two.answer = failure
    answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
    assert [i["id"] for i in json.loads(answered.body)["images"]] == ["a"]
    outcome = report(answered)["CloudTwo"]
    assert told in outcome.get("error", "") + outcome.get("message", "")
    answered = await clouds.ask("CloudOne", "image", "/v2/images", AND, "X-Scope-Policy: all")
    assert answered.status in {502, 504}
    assert told in message(answered)
    assert report(answered)["CloudOne"]["status"] == 200


async def test_a_cloud_known_to_be_down_costs_nothing_until_it_is_back(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked meanwhile, and asked again as soon as it accepts connections."""
    monkeypatch.setattr(health, "INTERVAL", 0.02)
    await clouds.gateways["CloudTwo"].close()

    async def names() -> tuple[list[str], str | None]:
        answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
        found = [i["id"] for i in json.loads(answered.body)["images"]]
        return found, report(answered)["CloudTwo"].get("error")

    found, error = await names()
    assert found == ["a"]
    assert "could not be reached" in str(error)
    assert await names() == (["a"], "CloudTwo is known to be down")
    answered = await clouds.ask("CloudOne", "image", "/v2/images", OR)
    assert list(report(answered)) == ["CloudOne"]
    settings = Settings(clouds.file, "CloudTwo")
    clouds.gateways["CloudTwo"] = Gateway(settings)
    await clouds.gateways["CloudTwo"].start()
    async with asyncio.timeout(10):
        while await names() != (["a", "b"], None):
            pass


async def test_a_long_list_is_sent_while_it_is_made(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """So its length is not known; that of a short one is."""
    names = [f"{number:0500}" for number in range(2 * WRITTEN // 1000)]
    for found, framing in ((["a"], "content-length"), (names, "transfer-encoding")):
        one.answer = two.answer = listed(*found)
        answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
        assert [image["id"] for image in json.loads(answered.body)["images"]] == found * 2
        assert answered.values(framing)


async def test_all_clouds_lists_together_are_bounded(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would fit alone; it is refused whole, and nothing is left out."""
    one.answer = two.answer = listed("x" * 300)
    monkeypatch.setattr(held, "MAX_HELD", 1000)
    answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
    assert answered.status == 400
    assert "is longer than can be held; ask for it in smaller pages" in message(answered)
    assert (await clouds.ask("CloudOne", "image", "/v2/images", OR)).status == 200


async def test_values_count_besides_their_bytes(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of a million nothings takes more memory than its bytes."""
    two.answer = json_answer('{"images":[' + "[]," * 99 + "[]]}")
    monkeypatch.setattr(held, "MAX_HELD", 100 * held.VALUE)
    monkeypatch.setattr(held, "SMALL", -1)
    answered = await clouds.ask("CloudOne", "image", "/v2/images", AND)
    assert answered.status == 400
    assert "ask for it in smaller pages" in message(answered)


async def test_what_all_requests_hold_is_bounded(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes when others hold much is told to come again; then there is room."""
    held_by_others, go_on = asyncio.Event(), asyncio.Event()

    async def slow(received: Received, connection: Connection) -> None:
        await connection.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1302\r\n\r\n"
            + b'{"images":[{"id":"'.ljust(1000, b"x")
        )
        held_by_others.set()
        await go_on.wait()
        await connection.send(b'"}]}'.rjust(302, b"x"))

    one.answer, two.answer = listed("a"), slow
    first = asyncio.create_task(clouds.ask("CloudOne", "image", "/v2/images", AND))
    await held_by_others.wait()
    two.answer = listed("x" * 1100)
    monkeypatch.setattr(held, "MAX_ALL", 2000)
    refused = await clouds.ask("CloudOne", "image", "/v2/images", AND)
    assert refused.status == 503
    assert "try again later" in message(refused)
    go_on.set()
    assert (await first).status == 200
    two.answer = listed("b")
    assert (await clouds.ask("CloudOne", "image", "/v2/images", AND)).status == 200


async def test_what_was_let_go_is_not_held(
    clouds: Clouds, one: Backend, two: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk to a marker may be longer than what is held at once."""

    def paged(cloud: str) -> Answer:
        async def answer(received: Received, connection: Connection) -> None:
            path, _, rest = received.line.removesuffix(" HTTP/1.1").partition("?")
            last = dict(parse_qsl(rest)).get("marker", f"{cloud}-0")
            number = int(last.partition("-")[2]) + 1
            item = {"id": f"{cloud}-{number}", "name": f"{number}" * 300}
            if not path.endswith("/images"):
                there = path.rpartition("/")[2].startswith(cloud)
                answer = json_answer("{}", "200 OK" if there else "404 Not Found")
            else:
                page: dict[str, Any] = {"images": [item], "first": "/v2/images"}
                if number < 8:
                    page["next"] = f"/v2/images?marker={item['id']}"
                answer = json_answer(json.dumps(page))
            await answer(received, connection)

        return answer

    one.answer, two.answer = paged("a"), paged("b")
    monkeypatch.setattr(held, "MAX_HELD", 1500)
    path = "/v2/images?sort_key=name&sort_dir=asc&limit=1&marker=a-7"
    answered = await clouds.ask("CloudOne", "image", path, AND)
    assert [i["id"] for i in json.loads(answered.body)["images"]] == ["b-7"]


async def test_patience_is_one_for_all(clouds: Clouds, one: Backend, two: Backend) -> None:
    """A silent cloud is given up when the patience is over, though its connection is well."""
    two.answer = say_nothing
    settings = Settings(clouds.file, "CloudOne", idle_timeout=60, patience=0.3)
    await clouds.gateways["CloudOne"].close()
    clouds.gateways["CloudOne"] = Gateway(settings)
    await clouds.gateways["CloudOne"].start()
    for scope in (AND, OR):
        answered = await clouds.ask("CloudOne", "image", "/v2/images", scope)
        assert [i["id"] for i in json.loads(answered.body)["images"]] == ["a"]
        assert report(answered)["CloudTwo"]["error"] == "CloudTwo has not answered in time"
        await two.all_closed()


async def test_a_client_that_leaves_cancels_all_branches(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Neither cloud goes on for nobody."""
    arrived = asyncio.Barrier(3)

    async def wait(_: Received, connection: Connection) -> None:
        await arrived.wait()
        await connection.reader.read()

    one.answer = two.answer = wait
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/v2/images", AND)
    await arrived.wait()
    client.writer.transport.abort()
    await one.all_closed()
    await two.all_closed()


# Kinds of answers


async def test_what_is_no_json_is_the_first_clouds(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Bytes are streamed, not merged; its headers stay, and the report is beside them."""
    one.answer = json_answer("{}", "404 Not Found")
    two.answer = saying(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-MD5: x\r\n"
        b"Content-Length: 5\r\n\r\nbytes"
    )
    for scope in (AND, "X-Scope: image=CloudOne|CloudTwo"):
        answered = await clouds.ask("CloudOne", "image", "/v2/images/x/file", scope)
        assert (answered.status, answered.body) == (200, b"bytes")
        assert answered.values("content-md5") == ["x"]
        assert [o["status"] for o in report(answered).values()] == [404, 200]


async def test_a_location_in_another_cloud_leads_home(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Whether the answer has a body of JSON or none."""
    there = clouds.frontends["CloudTwo"]["image"]
    for kind in ("Content-Type: application/json\r\n", ""):
        head = f"HTTP/1.1 201 Created\r\n{kind}Location: {there}/v2/x\r\nContent-Length: 0\r\n\r\n"
        two.answer = saying(head.encode())
        answered = await create(clouds, OR)
        assert answered.values("location") == [f"{clouds.frontends['CloudOne']['image']}/v2/x"]


async def test_head_is_answered_without_a_body(clouds: Clouds, one: Backend, two: Backend) -> None:
    """With the length that the body would have, unless it would be edited, and the report."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: 7\r\n\r\n"
    client = await clouds.open("CloudOne", "image")
    for kind in (b"application/json", b"application/octet-stream"):
        one.answer = two.answer = saying(head % kind)
        for scope in (AND, OR):
            await client.send("HEAD", "/v2/images/x", scope)
            answered = await client.answer("HEAD")
            edited = scope == OR  # CloudTwo's image, whatever it says of its type
            assert answered.status == 200
            assert answered.values("content-length") == ([] if edited else ["7"])
            assert report(answered)


async def test_a_status_without_a_name_is_passed_on(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """TrustedProxies have some of their own."""
    one.answer = two.answer = json_answer("{}", "520 Odd")
    for scope in (AND, OR):
        assert (await clouds.ask("CloudOne", "image", "/v2/images", scope)).status == 520
        assert (await create(clouds, scope)).status in {502, 520}


@pytest.mark.parametrize(
    ("status", "told", "headers", "body"),
    [
        (
            400,
            '"all", "any" or "eventual", and',
            [JSON, "X-Scope-Policy: some"],
            b"{}",
        ),
        (400, "the body is not JSON", [JSON], b"{"),
        (400, "the body is not JSON", [JSON], b"[" * 100_000),
        (413, "at most 1048576 bytes", [JSON], b'"%b"' % (b"x" * 2**20)),
    ],
)
async def test_what_cannot_be_sent_to_several_is_sent_to_none(
    clouds: Clouds, one: Backend, two: Backend, status: int, told: str, headers: list[str],
    body: bytes,
) -> None:  # fmt: skip
    """Each refusal says what to mend."""
    for scope in (AND, OR):
        answered = await clouds.ask(
            "CloudOne", "image", "/v2/images", scope, *headers, method="POST", body=body
        )
        assert answered.status == status
        assert told in message(answered)
    assert images(one) == images(two) == []


async def test_a_login_is_in_one_keystone(clouds: Clouds) -> None:
    """Two tokens would not fit in one answer."""
    body = b'{"auth": {"identity": {"methods": []}}}'
    for operator in "&|":
        scope = f"X-Scope: identity=CloudOne{operator}CloudTwo"
        answered = await clouds.ask(
            "CloudOne", "identity", "/v3/auth/tokens", scope, JSON, method="POST", body=body
        )
        assert answered.status == 400
        assert "name one cloud for identity" in message(answered)


async def test_a_catalog_of_another_keystone_leads_home(clouds: Clouds) -> None:
    """As under one cloud, so under the first of several."""
    url = clouds.frontends["CloudTwo"]["compute"]
    endpoint = {"id": "1", "interface": "public", "region_id": "R", "region": "R", "url": url}
    entry = {"id": "1", "name": "nova", "type": "compute", "endpoints": [endpoint]}
    clouds.backends["CloudTwo"]["identity"].answer = json_answer(
        json.dumps({"token": {"catalog": [entry]}})
    )
    answered = await clouds.ask(
        "CloudOne", "identity", "/v3/auth/tokens", "X-Scope: identity=CloudTwo|CloudOne"
    )
    catalog = {e["type"]: e["endpoints"][0] for e in json.loads(answered.body)["token"]["catalog"]}
    assert catalog["compute"]["url"] == clouds.frontends["CloudOne"]["compute"]


async def test_a_service_that_a_cloud_lacks_is_that_clouds_answer(clouds: Clouds) -> None:
    """The others answer, and the report says who has none."""
    for part in ("frontends", "backends"):
        del clouds.document["clouds"]["CloudTwo"][part]["network"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    clouds.backends["CloudOne"]["network"].answer = json_answer('{"networks": []}')
    for operator in "&|":
        scope = f"X-Scope: network=CloudTwo{operator}CloudOne"
        answered = await clouds.ask("CloudOne", "network", "/v2.0/networks", scope)
        assert answered.status == 200
        assert [o["status"] for o in report(answered).values()] == [400, 200]


# Uploads


async def upload(clouds: Clouds, pieces: int, scope: str = AND, policy: str = "all") -> Answered:
    """Upload so many pieces of 64 KiB, as a client does that does not read meanwhile."""
    client = await clouds.open("CloudOne", "image")
    size = pieces * 2**16
    headers = (scope, BYTES, f"X-Scope-Policy: {policy}", f"Content-Length: {size}")
    await client.send("PUT", "/v2/images/x/file", *headers)
    try:
        for _ in range(pieces):
            client.writer.write(b"x" * 2**16)
            await client.writer.drain()
    except ConnectionError:
        pass  # nobody wants it any more
    answered = await client.answer()
    client.writer.close()
    return answered


async def test_an_upload_arrives_in_all(clouds: Clouds, one: Backend, two: Backend) -> None:
    """It is read from the client once; the slowest sets the pace, and loses nothing."""

    async def slowly(received: Received, connection: Connection) -> None:
        size = 64 * 2**16
        while len(received.body) < size:
            received.body += await connection.reader.read(2**14)
            await asyncio.sleep(0)
        await GONE(Received(b""), connection)

    one.answer, two.answer = GONE, slowly
    answered = await upload(clouds, 64)
    assert answered.status == 204
    assert one.requests[0].values("content-length") == [str(64 * 2**16)]
    assert len(two.requests[0].body) == 64 * 2**16


@pytest.mark.parametrize("size", [0, 10])
async def test_an_upload_that_fails_in_one_cloud_arrives_in_the_other(
    clouds: Clouds, one: Backend, two: Backend, size: int
) -> None:
    """One that ends early holds up nobody; the user is told where the data is."""

    async def refuse(received: Received, connection: Connection) -> None:
        await connection.reader.readexactly(size * 2**16)
        text = b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n"
        await connection.send(text)

    one.answer, two.answer = GONE, refuse
    answered = await upload(clouds, 200, policy="any")
    assert answered.status == 204
    assert report(answered)["CloudTwo"]["status"] == 507
    assert len(one.requests[0].body) == 200 * 2**16
    assert [len(b.requests) for b in (one, two)] == [1, 1]


async def test_the_first_refusal_ends_an_upload_that_all_have_to_take(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """Nobody sends 200 MB to one cloud to be told that the other takes none; each is named."""

    async def refuse(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    ended: list[int] = []

    async def take(received: Received, connection: Connection) -> None:
        while data := await connection.reader.read(2**16):
            received.body += data
        ended.append(len(received.body))

    one.answer, two.answer = take, refuse
    answered = await upload(clouds, 3200)
    assert answered.status == 413
    told = message(answered)
    assert "CloudOne: the upload was ended, for CloudTwo did not take it" in told
    assert "CloudTwo: answered 413" in told
    assert "x is still there without its data" in told
    await one.all_closed()
    assert ended[0] < 3200 * 2**16


@pytest.mark.parametrize("scope", [AND, "X-Scope: image=CloudTwo", "X-Scope: image=CloudOne"])
@silence
async def test_a_service_that_takes_no_more_of_an_upload_is_given_up(
    clouds: Clouds, one: Backend, two: Backend, scope: str
) -> None:
    """After the idle timeout, whoever else it goes to; the others get all of it."""
    given_up = asyncio.Event()

    async def stall(_: Received, connection: Connection) -> None:
        await given_up.wait()

    one.answer, two.answer = (stall if "&" not in scope else GONE), stall
    answered = await upload(clouds, 400, scope, "any")
    given_up.set()
    if "&" not in scope:
        assert answered.status == 504
        assert "has not answered for 0.25 s" in message(answered)
    else:
        assert answered.status == 204
        assert len(one.requests[0].body) == 400 * 2**16
        assert "has not answered for 0.25 s" in str(report(answered)["CloudTwo"])


@pytest.mark.parametrize("cut", ["abort", "malformed"])
async def test_an_upload_that_breaks_off_is_completed_nowhere(
    clouds: Clouds, one: Backend, two: Backend, logged: io.StringIO, cut: str
) -> None:
    """Half a chunked body must not reach a service with an end behind it; nobody waits for more."""
    seen: dict[int, bytes] = {}
    arrived = asyncio.Barrier(3)

    async def answer(received: Received, connection: Connection) -> None:
        first = await connection.reader.readexactly(9)
        await arrived.wait()
        seen[id(received)] = first + await connection.reader.read()

    one.answer = two.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/v2/images/x/file", AND, BYTES, "Transfer-Encoding: chunked")
    client.writer.write(b"4\r\nhalf\r\n")
    await arrived.wait()
    if cut == "abort":
        client.writer.transport.abort()
    else:
        client.writer.write(b"no size\r\n")
    await one.all_closed()
    await two.all_closed()
    assert not any(body.endswith(b"0\r\n\r\n") for body in seen.values())
    await clouds.gateways["CloudOne"].close()
    lines = map(json.loads, logged.getvalue().splitlines())
    errors = [r["error"] for r in lines if r.get("gateway") == "CloudOne" and "error" in r]
    assert errors == ["the client left"]


async def test_an_upload_is_not_sent_to_one_or_another(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """It is refused before it is read: what was sent to the first could not be sent again."""
    answered = await clouds.ask("CloudOne", "image", "/x", OR, BYTES, method="PUT", body=b"data")
    assert answered.status == 400
    assert "an upload cannot be sent again" in message(answered)
    assert images(one) == images(two) == []


# At once


async def test_operations_at_once_do_not_touch_one_another(clouds: Clouds) -> None:
    """Each answer has its own clouds' items, whatever else is under way."""

    def echo(cloud: str) -> Callable[[Received, Connection], Awaitable[None]]:
        async def answer(received: Received, connection: Connection) -> None:
            name = received.line.partition("name=")[2].partition(" ")[0]
            await asyncio.sleep(0.001 * (int(name) % 5))
            await listed(f"{cloud}-{name}")(received, connection)

        return answer

    for cloud, backends in clouds.backends.items():
        backends["image"].answer = echo(cloud)

    async def ask(number: int) -> None:
        scope = (AND, OR, "X-Scope: image=CloudTwo", "X-Scope: image=CloudTwo&CloudOne")[number % 4]
        answered = await clouds.ask("CloudOne", "image", f"/v2/images?name={number}", scope)
        found = [i["id"] for i in json.loads(answered.body)["images"]]
        meant = (["One", "Two"], ["Two"], ["Two"], ["Two", "One"])[number % 4]
        assert found == [f"Cloud{name}-{number}" for name in meant]

    await asyncio.gather(*map(ask, range(40)))


async def test_two_clouds_take_as_long_as_the_slower(
    clouds: Clouds, one: Backend, two: Backend
) -> None:
    """They are asked at the same time, not one after the other."""
    both = asyncio.Barrier(2)

    async def together(received: Received, connection: Connection) -> None:
        await both.wait()
        await listed("x")(received, connection)

    one.answer = two.answer = together
    start = time.monotonic()
    assert (await clouds.ask("CloudOne", "image", "/v2/images", AND)).status == 200
    assert time.monotonic() - start < 5  # alone, neither would ever answer


@silence
async def test_a_client_that_takes_no_merged_list_is_cut_off(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """A reader that reads no more does not make the gateway hold a list for ever."""
    images = ",".join(['{"id":"' + "x" * 1000 + '"}'] * 10_000)
    for cloud in ("CloudOne", "CloudTwo"):
        clouds.backends[cloud]["image"].answer = json_answer('{"images":[' + images + "]}")
    client = await clouds.open("CloudOne", "image")
    client.writer.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
    await client.send("GET", "/v2/images", AND)
    await client.reader.readuntil(b"\r\n\r\n")
    await clouds.gateways["CloudOne"].close()
    assert "the client took nothing for 0.25 s" in logged.getvalue()
