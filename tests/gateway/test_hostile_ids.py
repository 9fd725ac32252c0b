"""Another cloud's answer with ids that are paths reaches nobody as it is."""

import json

import pytest
from gateway.backend import Connection, Received
from gateway.played import TOKEN, Clouds

EVIL = "../../../network/v2.0/networks/n"
TWO = f"X-Auth-Token: {TOKEN}!SCOPE!" + '{"image":"CloudTwo"}'
BOTH = "X-Scope: image=CloudOne & CloudTwo"
EITHER = "X-Scope: image=CloudTwo | CloudOne"
IMAGES = "/v2/images"


def answering(clouds: Clouds, cloud: str, body: bytes, kind: str = "application/json") -> None:
    """Let the image service of a cloud answer all with a body."""

    async def answer(_: Received, connection: Connection) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        await connection.send(head.encode() + body)

    clouds.backends[cloud]["image"].answer = answer


def images(*ids: str) -> bytes:
    return json.dumps({"images": [{"id": one, "name": "foo"} for one in ids]}).encode()


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
async def test_one_cloud_s_answer_with_an_unsafe_id_is_502(clouds: Clouds, kind: str) -> None:
    """Whatever it says of its type: clients decode it all the same. Its cloud is named."""
    answering(clouds, "CloudTwo", images("i", EVIL), kind)
    answered = await clouds.ask("CloudOne", "image", IMAGES, TWO)
    error = json.loads(answered.body)["error"]
    assert (answered.status, error["cloud"]) == (502, "CloudTwo")
    assert "has an id" in error["message"]
    assert "network" not in error["message"]


async def test_a_long_answer_with_an_unsafe_id_is_never_whole(clouds: Clouds) -> None:
    """Its head has gone already: the connection is cut in front of its end."""
    answering(clouds, "CloudTwo", images(*["i" * 36] * 3000, EVIL))
    client = await clouds.open("CloudOne", "image")
    await client.send("GET", IMAGES, TWO)
    received = await client.reader.read(-1)
    assert received.startswith(b"HTTP/1.1 200")
    assert not received.endswith(b"]}")


async def test_a_merged_list_leaves_an_unsafe_item_out_and_says_so(clouds: Clouds) -> None:
    """All other items are there."""
    answering(clouds, "CloudOne", images("a"))
    answering(clouds, "CloudTwo", images("b", EVIL, "c"))
    answered = await clouds.ask("CloudOne", "image", IMAGES, BOTH)
    (report,) = answered.values("x-scope-report")
    assert [image["id"] for image in json.loads(answered.body)["images"]] == ["a", "b", "c"]
    assert json.loads(report)[1]["message"] == "left out 1 with an id that is none"


async def test_one_resource_with_an_unsafe_id_is_no_answer(clouds: Clouds) -> None:
    """Under | the next cloud's is taken."""
    answering(clouds, "CloudOne", b'{"id": "a"}')
    answering(clouds, "CloudTwo", json.dumps({"id": EVIL}).encode())
    answered = await clouds.ask("CloudOne", "image", f"{IMAGES}/a", EITHER)
    assert json.loads(answered.body)["id"] == "a"


async def test_what_home_s_own_services_answer_is_theirs(clouds: Clouds) -> None:
    """The cloud that the user trusts with all may have any ids."""
    answering(clouds, "CloudOne", images(EVIL))
    answered = await clouds.ask("CloudOne", "image", IMAGES, "X-Scope: image=CloudOne")
    assert answered.body == images(EVIL)


async def test_the_data_of_an_image_is_the_user_s(clouds: Clouds) -> None:
    """Its bytes pass, be they JSON with whatever ids."""
    answering(clouds, "CloudTwo", images(EVIL))
    answered = await clouds.ask("CloudOne", "image", f"{IMAGES}/i/file", TWO)
    assert answered.body == images(EVIL)
