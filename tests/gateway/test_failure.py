"""What can go wrong: refusals, dead peers, silent peers, clients that leave."""

import asyncio
import io
import json
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from gateway.backend import OK, Connection, Received, saying
from gateway.played import TOKEN, Answered, Clouds, silence

from openstackoid.scope import DELIMITER

IMAGE_TWO = 'X-Scope: {"image": "CloudTwo"}'


def error(answered: Answered) -> dict[str, Any]:
    """Return the error of an answer, which must have OpenStack's shape."""
    assert answered.values("content-type") == ["application/json"]
    (date,) = answered.values("date")
    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 20
    (request_id,) = answered.values("x-openstack-request-id")
    assert request_id.startswith("req-")
    error: dict[str, Any] = json.loads(answered.body)["error"]
    assert error["code"] == answered.status
    return error


@pytest.mark.parametrize(
    ("status", "message", "headers"),
    [
        (400, "the text ends", ['X-Scope: {"image": "CloudTwo"']),
        (400, "given twice", ['X-Scope: {"image": "CloudOne", "image": "CloudTwo"}']),
        (400, "the same service", ['X-Scope: {"image": "CloudOne", "glance": "CloudTwo"}']),
        (400, 'unknown cloud "CloudTow"', ['X-Scope: {"image": "CloudTow"}']),
        (400, 'did you mean "image"', ['X-Scope: {"imge": "CloudTwo"}']),
        (400, "differ", [IMAGE_TWO, f"X-Auth-Token: {TOKEN}{DELIMITER}image=CloudOne"]),
        (
            400,
            "twice",
            [f"X-Auth-Token: {TOKEN}{DELIMITER}image=CloudOne{DELIMITER}image=CloudOne"],
        ),
        (431, "4096", ["X-Scope: " + " " * 100 + "{" + " " * 4096 + "}"]),
        (
            508,
            "CloudThree",
            [
                IMAGE_TWO.replace("{", '{"*":"CloudOne","identity":"CloudOne",'),
                "Via: 1.1 CloudThree (openstackoid)",
            ],
        ),
        (
            508,
            "takes image in CloudOne&CloudTwo",
            [
                'X-Scope: {"*":"CloudOne","identity":"CloudOne","image":"CloudOne&CloudTwo"}',
                "Via: 1.1 CloudTwo (openstackoid)",
            ],
        ),
    ],
)
async def test_what_can_be_read_in_two_ways_is_refused(
    clouds: Clouds, status: int, message: str, headers: list[str]
) -> None:
    """Each refusal names the cloud, says why, and nothing reaches a service."""
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *headers)
    assert answered.status == status
    assert message in error(answered)["message"]
    assert error(answered)["cloud"] == "CloudOne"
    assert not any(b.requests for c in clouds.backends.values() for b in c.values())


@pytest.mark.parametrize(
    "bytes_",
    [
        b"GET /image/ HTTP/1.1\r\nHost: x\r\nX-Scope: a\x01b\r\n\r\n",
        b"GET /image/ HTTP/1.1\r\nHost: x\r\nX Scope: a\r\n\r\n",
        b"GET /image/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET /image/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"G=T /image/ HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused_in_our_shape(clouds: Clouds, bytes_: bytes) -> None:
    """Unreadable requests get JSON as well, and the connection is closed."""
    client = await clouds.open("CloudOne", "image")
    client.writer.write(bytes_)
    answered = await client.answer()
    assert answered.status == 400
    assert json.loads(answered.body)["error"]["cloud"] == "CloudOne"
    assert await client.reader.read() == b""


async def test_an_unknown_address_names_those_there_are(clouds: Clouds) -> None:
    """A wrong prefix is answered by the gateway, not passed to some service."""
    client = await clouds.open("CloudOne", "image")
    client.prefix = ""
    await client.send("GET", "/nothing")
    answered = await client.answer()
    assert answered.status == 404
    assert clouds.frontends["CloudOne"]["image"] in error(answered)["message"]


async def test_an_early_refusal_is_read_by_a_client_that_goes_on_sending(clouds: Clouds) -> None:
    """The rest of an upload is taken, so that no reset destroys the answer on its way."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.reader.readexactly(4)
        await connection.send(b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        connection.writer.close()

    clouds.backends["CloudTwo"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/", IMAGE_TWO, "Content-Length: 4000000")
    client.writer.write(bytes(100_000))
    await client.writer.drain()
    assert (await client.answer()).status == 413
    client.writer.write(bytes(3_900_000))
    await client.writer.drain()
    await client.send("GET", "/")
    clouds.backends["CloudOne"]["image"].answer = saying(OK)
    assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    ("status", "message", "request_"),
    [
        (400, "as a proxy", b"CONNECT /image/ HTTP/1.1\r\nHost: x\r\n\r\n"),
        (
            501,
            "transfer coding",
            b"POST /image/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
            b"0\r\n\r\n",
        ),
    ],
)
async def test_what_cannot_be_passed_on_as_it_came_is_refused(
    clouds: Clouds, status: int, message: str, request_: bytes
) -> None:
    """Tunnels, and codings that would be forgotten, reach no service."""
    client = await clouds.open("CloudOne", "image")
    client.writer.write(request_)
    answered = await client.answer()
    assert answered.status == status
    assert message in error(answered)["message"]
    assert not clouds.backends["CloudOne"]["image"].requests


@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 9\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
)
async def test_an_answer_cut_off_is_not_taken_for_whole(clouds: Clouds, framing: bytes) -> None:
    """A service that dies in mid-answer breaks the client's connection, also over two gateways."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n" + framing)
        connection.writer.close()

    clouds.backends["CloudTwo"]["image"].answer = answer
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError, ValueError)):
        await clouds.ask("CloudOne", "image", "/", IMAGE_TWO)


async def test_a_client_that_leaves_in_mid_download_leaves_nothing(clouds: Clouds) -> None:
    """Both gateways let go of the service as soon as nobody listens any more."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            await connection.send(b"x" * 65_536)

    backend = clouds.backends["CloudTwo"]["image"]
    backend.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/v2/images/x/file", IMAGE_TWO)
    await client.reader.readexactly(100_000)
    client.writer.transport.abort()
    await backend.all_closed()


async def test_a_client_that_leaves_while_it_waits_leaves_nothing(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """The request is given up at every hop, not when the service answers some day."""
    arrived = asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        arrived.set()
        await connection.reader.read()

    backend = clouds.backends["CloudTwo"]["image"]
    backend.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/", IMAGE_TWO)
    await arrived.wait()
    client.writer.close()
    await backend.all_closed()
    await clouds.gateways["CloudTwo"].close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    errors = {line["gateway"]: line["error"] for line in lines if line["event"] == "request"}
    assert errors == {"CloudOne": "the client left", "CloudTwo": "the client left"}


@silence
@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("PUT", b"data")])
async def test_promises_of_an_answer_are_none(clouds: Clouds, method: str, body: bytes) -> None:
    """A service that says "102 Processing" again and again has not answered."""

    async def answer(received: Received, connection: Connection) -> None:
        await connection.body(received.head)
        while True:
            await connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.02)

    clouds.backends["CloudTwo"]["image"].answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send(method, "/v2/images/x/file", IMAGE_TWO, body=body)
    answered = await client.answer()
    assert answered.status == 504
    assert "has not answered for 0.25 s" in error(answered)["message"]
    await clouds.backends["CloudTwo"]["image"].all_closed()


@silence
async def test_a_client_that_stalls_is_cut_off(clouds: Clouds, logged: io.StringIO) -> None:
    """Half an upload and then silence does not occupy a service for ever."""
    backend = clouds.backends["CloudTwo"]["image"]
    client = await clouds.open("CloudTwo", "image")
    await client.send("PUT", "/v2/images/x/file", "Content-Length: 9")
    client.writer.write(b"half")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.answer()
    await backend.all_closed()
    await clouds.gateways["CloudTwo"].close()
    assert "the client sent nothing for 0.25 s" in logged.getvalue()


@silence
async def test_a_client_that_stalls_in_mid_download_is_cut_off(
    clouds: Clouds, logged: io.StringIO
) -> None:
    """A reader that reads no more does not occupy a service for ever."""

    async def answer(_: Received, connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await connection.send(bytes(1 << 20))

    backend = clouds.backends["CloudTwo"]["image"]
    backend.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", "/", IMAGE_TWO)
    await client.reader.readuntil(b"\r\n\r\n")
    await backend.all_closed()
    assert "the client took nothing for 0.25 s" in logged.getvalue()


async def test_an_upload_that_breaks_off_is_not_completed(clouds: Clouds) -> None:
    """Half a chunked body must not reach the service with an end behind it."""
    seen: list[bytes] = []
    arrived = asyncio.Event()

    async def answer(_: Received, connection: Connection) -> None:
        seen.append(await connection.reader.readexactly(4))
        arrived.set()
        seen.append(await connection.reader.read())

    backend = clouds.backends["CloudTwo"]["image"]
    backend.answer = answer
    client = await clouds.open("CloudOne", "image")
    await client.send("PUT", "/v2/images/x/file", IMAGE_TWO, "Transfer-Encoding: chunked")
    client.writer.write(b"4\r\nhalf\r\n")
    await arrived.wait()
    client.writer.close()
    await backend.all_closed()
    assert not b"".join(seen).endswith(b"0\r\n\r\n")


STRANGERS = {
    "an unknown cloud": ["X-Scope: image=CloudTow"],
    "a short one": ["X-Scope: image=C"],
    "in another case": ["X-Scope: image=cloudtwo"],
    "beside a token": [f"X-Auth-Token: {TOKEN}{DELIMITER}image=CloudTow"],
    "in a wallet": [f'X-Auth-Token: {TOKEN}{DELIMITER}{{"tokens":{{"cloudtwo":["T",null]}}}}'],
    "a service that home lacks": ["X-Scope: dns=CloudOne"],
    "from an unknown gateway": ["X-Scope: image=CloudOne", "Via: 1.1 Cloud (openstackoid)"],
    "from home itself": ["X-Scope: image=CloudOne", "Via: 1.1 CloudOne (openstackoid)"],
}


@pytest.mark.parametrize("row", STRANGERS)
@pytest.mark.parametrize("service", ["image", "identity"])
async def test_a_stranger_is_told_no_cloud_that_he_has_not_named(
    clouds: Clouds, row: str, service: str
) -> None:
    """The gateway knows only after it has asked who has a valid token, so nobody is told."""
    answered = await clouds.ask("CloudOne", service, "/v3/auth/tokens", *STRANGERS[row])
    assert b"CloudTwo" not in answered.head + answered.body


async def test_a_service_without_backend_here_says_so(clouds: Clouds) -> None:
    """A frontend may be there for other clouds' sake alone."""
    del clouds.document["clouds"]["CloudOne"]["backends"]["image"]
    clouds.save()
    await clouds.gateways["CloudOne"].reload()
    answered = await clouds.ask("CloudOne", "image")
    assert answered.status == 404
    message = "CloudOne has no image service; take it in a cloud that has one"
    assert error(answered)["message"] == message
    assert (await clouds.ask("CloudOne", "image", "/", IMAGE_TWO)).status == 200
