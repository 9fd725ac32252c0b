"""Nothing but a merged list is ever encoded by the gateway: all else passes as bytes."""

import gzip
import json

import pytest
from gateway.backend import Backend, Connection, Received
from gateway.played import TOKEN, Clouds

AUTH = f"X-Auth-Token: {TOKEN}"
OBJECT = "/v1/AUTH_x/c/o"
ANY_ORDER = pytest.mark.parametrize("operator", ["|", "&"])


def answering(backend: Backend, body: bytes, *headers: str, status: str = "200 OK") -> None:
    """Let a service answer all with a body, by default as JSON."""

    async def answer(received: Received, connection: Connection) -> None:
        if length := received.values("content-length"):
            received.body = await connection.reader.readexactly(int(length[0]))
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        await connection.send("\r\n".join(lines).encode() + body)

    backend.answer = answer


JSON = "Content-Type: application/json"
BODIES = [
    b'{ "a" : 1.50 }',
    b'[ {"path": "/s/1"} ]',
    b'{"a": 1e400, "b": 12345678901234567890123}',
    b'{"a": 1}\n{"a": 2}\n',
    b'rsion": 4',
    b'{"href": "http://127.0.0.2:1/v1/x", "id": "../../x"}',
]


@ANY_ORDER
@pytest.mark.parametrize("body", BODIES)
async def test_an_object_that_is_json_keeps_its_bytes(
    clouds: Clouds, body: bytes, operator: str
) -> None:
    """Blanks, numbers, lines and ids are its owner's; its ETag stays true."""
    for cloud in ("CloudOne", "CloudTwo"):
        answering(clouds.backends[cloud]["object-store"], body, JSON, "ETag: e")
    for first, second in (("CloudOne", "CloudTwo"), ("CloudTwo", "CloudOne")):
        scope = f"X-Scope: object-store={first}{operator}{second}"
        answered = await clouds.ask("CloudOne", "object-store", OBJECT, AUTH, scope)
        assert (answered.status, answered.body) == (200, body)
        assert answered.values("etag") == ["e"]
        assert answered.values("content-type") == ["application/json"]
        assert answered.values("content-length") == [str(len(body))]


@ANY_ORDER
async def test_a_range_of_an_object_is_no_json(clouds: Clouds, operator: str) -> None:
    """Whatever its type says: it is a part of one."""
    for cloud in ("CloudOne", "CloudTwo"):
        backend = clouds.backends[cloud]["object-store"]
        answering(backend, b'rsion": 4', JSON, "Content-Range: bytes 3-11/30", status="206 Part")
    scope = f"X-Scope: object-store=CloudOne{operator}CloudTwo"
    answered = await clouds.ask("CloudOne", "object-store", OBJECT, AUTH, scope)
    assert (answered.status, answered.body) == (206, b'rsion": 4')
    assert answered.values("content-range") == ["bytes 3-11/30"]


async def test_containers_of_both_clouds_are_one_list(clouds: Clouds) -> None:
    """Of object-store, the listings of an account and of a container are lists."""
    for cloud, name in (("CloudOne", "a"), ("CloudTwo", "b")):
        body = json.dumps([{"name": name, "count": 1}]).encode()
        answering(clouds.backends[cloud]["object-store"], body, JSON)
    scope = "X-Scope: object-store=CloudOne&CloudTwo"
    for path in ("/v1/AUTH_x", "/v1/AUTH_x/c?format=json"):
        answered = await clouds.ask("CloudOne", "object-store", path, AUTH, scope)
        assert [item["name"] for item in json.loads(answered.body)] == ["a", "b"]


@pytest.mark.parametrize("body", [*BODIES, b"x" * 2_000_000, b"{" + b" " * 1_200_000 + b"}"])
async def test_an_upload_that_is_json_keeps_its_bytes(clouds: Clouds, body: bytes) -> None:
    """In every cloud, of any length, with its type and its ETag."""
    for cloud in ("CloudOne", "CloudTwo"):
        answering(clouds.backends[cloud]["object-store"], b"", status="201 Created")
    scope = "X-Scope: object-store=CloudOne&CloudTwo"
    answered = await clouds.ask(
        "CloudOne", "object-store", OBJECT, AUTH, scope, JSON, "ETag: e", method="PUT", body=body
    )
    assert answered.status == 201
    for cloud in ("CloudOne", "CloudTwo"):
        (received,) = clouds.backends[cloud]["object-store"].requests
        assert received.body == body
        assert received.values("content-type") == ["application/json"]
        assert received.values("etag") == ["e"]


@ANY_ORDER
@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_empty_body_has_a_length_and_a_type(
    clouds: Clouds, method: str, operator: str
) -> None:
    """Without them a Swift answers 411, or gives the object another type."""
    for cloud in ("CloudOne", "CloudTwo"):
        answering(clouds.backends[cloud]["object-store"], b"", status="201 Created")
    scope = f"X-Scope: object-store=CloudOne{operator}CloudTwo"
    headers = (AUTH, scope, "Content-Type: text/plain", "Content-Length: 0")
    answered = await clouds.ask("CloudOne", "object-store", OBJECT, *headers, method=method)
    assert answered.status == 201
    (received,) = clouds.backends["CloudOne"]["object-store"].requests
    assert received.values("content-length") == ["0"]
    assert received.values("content-type") == ["text/plain"]


async def test_an_api_s_request_keeps_its_bytes_but_for_an_id_of_ours(clouds: Clouds) -> None:
    """Numbers and blanks of a request to several clouds are the client's."""
    body = b'{ "server": {"name": "x", "n": 1.50, "big": 12345678901234567890123} }'
    for cloud in ("CloudOne", "CloudTwo"):
        answering(clouds.backends[cloud]["compute"], b'{"server": {"id": "s"}}', JSON)
    scope = "X-Scope: compute=CloudOne&CloudTwo"
    await clouds.ask(
        "CloudOne", "compute", "/v2.1/servers", AUTH, scope, JSON, method="POST", body=body
    )
    for cloud in ("CloudOne", "CloudTwo"):
        assert [r.body for r in clouds.backends[cloud]["compute"].requests] == [body]


async def test_a_manifest_keeps_its_digest_and_its_links_lead_home(clouds: Clouds) -> None:
    """Any JSON that is chosen under | passes as bytes, links led home within them."""
    there = clouds.frontends["CloudTwo"]["image"]
    home = clouds.frontends["CloudOne"]["image"]
    body = b'{ "schemaVersion" : 2,\n  "self": "%b/v2/x" }'
    answering(clouds.backends["CloudOne"]["image"], b"{}", JSON, status="404 Not Found")
    kind = "Content-Type: application/vnd.docker.distribution.manifest.v2+json"
    answering(clouds.backends["CloudTwo"]["image"], body % there.encode(), kind)
    scope = "X-Scope: image=CloudOne|CloudTwo"
    answered = await clouds.ask("CloudOne", "image", "/v2/x/manifests/latest", AUTH, scope)
    assert answered.body == body % home.encode()


@ANY_ORDER
@pytest.mark.parametrize("query", ["prefix=%E9&x=%C3%A9", "a=b+c%20d&A=&&b", "x=1;y=2"])
async def test_a_query_stays_as_it_came(clouds: Clouds, query: str, operator: str) -> None:
    """Where nothing of ours is added, be it no UTF-8."""
    for cloud in ("CloudOne", "CloudTwo"):
        answering(clouds.backends[cloud]["image"], b'{"images": []}', JSON)
    scope = f"X-Scope: image=CloudOne{operator}CloudTwo"
    await clouds.ask("CloudOne", "image", f"/v2/images?{query}", AUTH, scope)
    (received,) = clouds.backends["CloudOne"]["image"].requests
    assert received.line.split()[1].partition("?")[2] == query


async def test_a_query_that_is_not_utf_8_goes_on_to_the_next_page(clouds: Clouds) -> None:
    """What is added to it changes nothing of the rest."""
    for cloud, name in (("CloudOne", "a"), ("CloudTwo", "b")):
        body = json.dumps({"images": [{"id": name}], "next": "/v2/images?marker=x"}).encode()
        answering(clouds.backends[cloud]["image"], body, JSON)
    scope = "X-Scope: image=CloudOne&CloudTwo"
    path = "/v2/images?prefix=%E9&limit=1"
    answered = await clouds.ask("CloudOne", "image", path, AUTH, scope)
    assert b"oid:page=" in answered.body.replace(b"%3A", b":")
    assert b"prefix=%E9" in answered.body


async def test_a_compressed_list_is_no_part_of_a_merged_one_and_says_why(clouds: Clouds) -> None:
    """Nobody asked for it; what cannot be read is not passed on unread."""
    answering(clouds.backends["CloudOne"]["image"], b'{"images": [{"id": "a"}]}', JSON)
    body = gzip.compress(b'{"images": [{"id": "b"}]}')
    answering(clouds.backends["CloudTwo"]["image"], body, JSON, "Content-Encoding: gzip")
    headers = (AUTH, "Accept-Encoding: gzip")
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", *headers, "X-Scope: image=CloudOne&CloudTwo"
    )
    assert [image["id"] for image in json.loads(answered.body)["images"]] == ["a"]
    assert "is compressed" in answered.values("x-scope-report")[0]
    answered = await clouds.ask(
        "CloudOne", "image", "/v2/images", *headers, "X-Scope: image=CloudTwo"
    )
    assert answered.status == 502
    assert "is compressed" in json.loads(answered.body)["error"]["message"]
    for received in clouds.backends["CloudTwo"]["image"].requests:
        assert received.values("accept-encoding") == []


async def test_a_compressed_object_passes_as_it_is(clouds: Clouds) -> None:
    """It is the user's own."""
    body = gzip.compress(b"{}")
    answering(clouds.backends["CloudTwo"]["object-store"], body, JSON, "Content-Encoding: gzip")
    scope = "X-Scope: object-store=CloudTwo"
    answered = await clouds.ask("CloudOne", "object-store", OBJECT, AUTH, scope)
    assert (answered.body, answered.values("content-encoding")) == (body, ["gzip"])
