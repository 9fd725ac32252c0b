"""An image of another cloud leads home's compute and block storage to nothing but its data."""

import base64
import gzip
import json
import zlib
from contextlib import suppress

import pytest
import requests
from gateway.backend import Answer, json_answer, saying
from gateway.played import TOKEN, Clouds
from requests.utils import get_encoding_from_headers

EACH = ["image=CloudTwo", "image=CloudTwo | CloudOne", "image=CloudTwo & CloudOne"]
EVIL = {
    "locations": [{"url": "file:///etc/shadow", "metadata": {}}, {"url": "rbd://a/b/c/d"}],
    "direct_url": "cinder://v",
    "block_device_mapping": json.dumps([{"source_type": "volume", "volume_id": "v"}]),
}
GOOD = {"locations": [], "direct_url": "", "block_device_mapping": "[]"}
IMAGE = {"id": "i", "name": "i", "kernel_id": "k", "size": 1}


def scoped(scope: str) -> tuple[str, str]:
    return f"X-Auth-Token: {TOKEN}", f"X-Scope: {scope}"


def as_type(kind: str, body: bytes) -> Answer:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return saying(head.encode() + body)


@pytest.mark.parametrize("scope", EACH)
async def test_one_image_loses_what_only_its_own_services_may_believe(
    clouds: Clouds, scope: str
) -> None:
    """Where its data is, and volumes to attach; all else of it stays."""
    clouds.backends["CloudTwo"]["image"].answer = json_answer(json.dumps(IMAGE | EVIL))
    clouds.backends["CloudOne"]["image"].answer = json_answer("{}", "404 Not Found")
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(scope))
    assert json.loads(answered.body) == IMAGE | GOOD


@pytest.mark.parametrize("scope", EACH)
async def test_so_does_each_of_a_list(clouds: Clouds, scope: str) -> None:
    """Alone, under | and under &."""
    images = {"images": [IMAGE | EVIL, EVIL | IMAGE]}
    clouds.backends["CloudTwo"]["image"].answer = json_answer(json.dumps(images))
    clouds.backends["CloudOne"]["image"].answer = json_answer('{"images": []}')
    answered = await clouds.ask("CloudOne", "image", "/v2/images", *scoped(scope))
    for image in json.loads(answered.body)["images"]:
        image.pop("oid:cloud", None)
        assert image == IMAGE | GOOD


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "", "text/html"])
async def test_whatever_it_says_of_its_type(clouds: Clouds, kind: str) -> None:
    """Clients decode it all the same."""
    clouds.backends["CloudTwo"]["image"].answer = as_type(kind, json.dumps(EVIL).encode())
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(EACH[0]))
    assert json.loads(answered.body) == GOOD


@pytest.mark.parametrize("scope", EACH)
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("Content-Type: application/json; charset=utf-7\r\n", "utf-7"),
        ("Content-Type: application/json; charset=cp037\r\n", "cp037"),
        ("Content-Type: text/plain; Charset='cp037'\r\n", "cp037"),
        ("Content-Type: application/x\r\n", "cp037"),
        ("", "cp037"),
    ],
)
async def test_no_charset_lets_a_client_read_what_was_not_edited(
    clouds: Clouds, header: str, coding: str, status: str, scope: str
) -> None:
    """Requests, which glanceclient and openstacksdk use, decodes any charset, or guesses one."""
    text = json.dumps(IMAGE | EVIL).encode("utf-16-be" if coding == "utf-7" else coding)
    body = b"+" + base64.b64encode(text).rstrip(b"=") + b"-" if coding == "utf-7" else text
    head = f"HTTP/1.1 {status}\r\n{header}Content-Length: {len(body)}\r\n\r\n"
    clouds.backends["CloudTwo"]["image"].answer = saying(head.encode() + body)
    clouds.backends["CloudOne"]["image"].answer = json_answer("{}", "404 Not Found")
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(scope))
    response = requests.Response()
    response._content = answered.body
    for kind in answered.values("content-type"):
        response.headers["Content-Type"] = kind
    response.encoding = get_encoding_from_headers(response.headers)
    assert "file:" not in response.text
    with suppress(ValueError):
        assert "locations" not in response.json()


@pytest.mark.parametrize("first", ["identity", "", "IDENTITY "])
async def test_no_second_coding_hides_a_body(clouds: Clouds, first: str) -> None:
    """Clients undo all codings, also of several headers."""
    body = gzip.compress(zlib.compress(json.dumps(IMAGE | EVIL).encode()))
    codings = f"Content-Encoding: {first}\r\nContent-Encoding: gzip\r\n"
    head = f"HTTP/1.1 200 OK\r\n{codings}Content-Length: {len(body)}\r\n\r\n"
    clouds.backends["CloudTwo"]["image"].answer = saying(head.encode() + body)
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(EACH[0]))
    assert answered.status == 502


@pytest.mark.parametrize("key", ["direct_\\u0075rl", "loc\\u0061tions", "oid\\u003acloud"])
@pytest.mark.parametrize("blanks", [0, 64, 65, 5000])
async def test_a_key_with_escapes_is_refused(clouds: Clouds, key: str, blanks: int) -> None:
    """No service writes one, and it would be another key for a client."""
    text = f'{{"{key}"{" " * blanks}:"rbd://x"}}'
    clouds.backends["CloudTwo"]["image"].answer = json_answer(text)
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(EACH[0]))
    assert answered.status == 502


@pytest.mark.parametrize("key", ["kernel_id", "ramdisk_id"])
async def test_no_kernel_is_at_an_address(clouds: Clouds, key: str) -> None:
    """Nova would go there with its user's token."""
    image = IMAGE | {key: "http://evil.example.org/v2/images/i"}
    clouds.backends["CloudTwo"]["image"].answer = json_answer(json.dumps(image))
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped(EACH[0]))
    error = json.loads(answered.body)["error"]
    assert (answered.status, error["cloud"]) == (502, "CloudTwo")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_nobody_is_asked_where_data_is(clouds: Clouds, method: str) -> None:
    """501 makes cinder do without; home's own glance answers."""
    path = "/v2/images/i/locations"
    answered = await clouds.ask("CloudOne", "image", path, *scoped(EACH[0]), method=method)
    assert answered.status == 501
    assert clouds.executed == 0
    answered = await clouds.ask("CloudOne", "image", path, *scoped("image=CloudOne"), method=method)
    assert answered.status == 200


async def test_the_schema_of_an_image_stays_whole(clouds: Clouds) -> None:
    """Clients read it; it says of these keys what they are."""
    properties = {"locations": {"type": "array"}, "direct_url": {"type": "string"}}
    text = json.dumps({"name": "image", "properties": properties})
    clouds.backends["CloudTwo"]["image"].answer = json_answer(text)
    answered = await clouds.ask("CloudOne", "image", "/v2/schemas/image", *scoped(EACH[0]))
    assert answered.body.decode() == text


async def test_home_s_own_images_stay_as_they_are(clouds: Clouds) -> None:
    """Its compute finds their data by them."""
    text = json.dumps(IMAGE | EVIL)
    clouds.backends["CloudOne"]["image"].answer = json_answer(text)
    answered = await clouds.ask("CloudOne", "image", "/v2/images/i", *scoped("image=CloudOne"))
    assert answered.body.decode() == text


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
async def test_a_list_of_one_cloud_has_no_mark_of_its_own(clouds: Clouds, kind: str) -> None:
    """Of any service and type: an item says by it whose it is, and only a gateway may."""
    servers = {"servers": [{"id": "s", "oid:cloud": "CloudOne"}]}
    clouds.backends["CloudTwo"]["compute"].answer = as_type(kind, json.dumps(servers).encode())
    answered = await clouds.ask("CloudOne", "compute", "/v2.1/servers", *scoped("compute=CloudTwo"))
    assert json.loads(answered.body) == {"servers": [{"id": "s", "oid:cloud": ""}]}
